package main

import (
	"context"
	"errors"

	"github.com/glmtray/glmtray/internal/store"
)

// admit takes the predecessor's client keys over and makes sure that a proxy
// which wants client keys has any: with none it could only refuse everybody.
// Keys that are revoked later, all of them even, change nothing about that.
func (a *app) admit(ctx context.Context) error {
	set := a.settings()
	if set.IncomingKeyDB != "" {
		a.importClients(ctx, set.IncomingKeyDB)
	}
	if set.RequireClientKey && set.ClientKey.Empty() && a.clients.Active() == 0 {
		return hint(
			errors.New(string(set.Origins["require_client_key"])+": clients must show a key, but there is none"),
			"make one with: glmtray clients add NAME, or set LITELLM_MASTER_KEY or GLMTRAY_CLIENT_KEY",
		)
	}
	return nil
}

// importClients copies what is new in the file. A file that cannot be read is
// told and no reason not to serve: admit sees whether there is any key at all.
func (a *app) importClients(ctx context.Context, file string) {
	got, err := a.store.ImportClients(ctx, file, false)
	if err == nil {
		err = a.clients.Reload(ctx)
	}
	if err != nil {
		a.log.Warn("INCOMING_KEY_DB: its client keys are not taken over", "error", err)
		return
	}
	a.log.Info("INCOMING_KEY_DB: client keys are copied at start; later changes to the file do not count, use: glmtray clients",
		"file", file, "new", got.Added, "known", got.Known, "removed here", got.Removed, "unusable", got.Unusable)
	if got.Weak > 0 {
		a.log.Warn("INCOMING_KEY_DB: some keys are short enough to be guessed; give those clients others", "keys", got.Weak)
	}
}

// checkClients says who may use a proxy that is started now.
func (d *doctor) checkClients(list []store.Client) {
	const name = "clients"
	set := d.settings
	active := statsOf(list).Active
	if !set.ClientKey.Empty() {
		active++
	}
	switch {
	case !set.RequireClientKey:
		d.ok(name, "no key is wanted of them; %s known", plural(active, "key"))
	case active > 0:
		d.ok(name, "must show one of %s", plural(active, "key"))
	case set.IncomingKeyDB != "":
		d.warn(name, "", "there is no key yet; those of %s are taken over at start", set.IncomingKeyDB)
	default:
		d.fail(name, "glmtray clients add NAME", "must show a key (%s), and there is none: the proxy does not start", set.Origins["require_client_key"])
	}
}

// openStore opens the database for a command, beside a running proxy or
// without one.
func (e *env) openStore() (*store.Store, error) {
	_, dataDir, err := e.places()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(e.ctx, dataDir, nil)
	if err != nil {
		return nil, err
	}
	for _, n := range s.Notices() {
		e.note("%s", n)
	}
	return s, nil
}

// withStore runs fn on the database.
func (e *env) withStore(fn func(*store.Store) error) error {
	s, err := e.openStore()
	if err != nil {
		return err
	}
	return errors.Join(fn(s), s.Close())
}
