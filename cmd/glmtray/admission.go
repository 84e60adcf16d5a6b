package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/glmtray/glmtray/internal/store"
)

// admit takes the predecessor's client keys over and makes sure that a proxy
// which wants client keys has any: with none it could only refuse everybody.
// Keys that are revoked later, all of them even, change nothing about that.
// first reports that this proxy may make the first one itself, see firstClient.
func (a *app) admit(ctx context.Context) (first bool, err error) {
	set := a.settings()
	if set.IncomingKeyDB != "" {
		a.importClients(ctx, set.IncomingKeyDB)
	}
	if !set.RequireClientKey || !set.ClientKey.Empty() || a.clients.Active() > 0 {
		return false, nil
	}
	known, err := a.store.AllClients(ctx)
	if err != nil {
		return false, err
	}
	if len(known) == 0 && a.mayPrintKey() {
		return true, nil
	}
	return false, hint(
		errors.New(string(set.Origins["require_client_key"])+": clients must show a key, but there is none"),
		"make one with: glmtray clients add NAME, or set LITELLM_MASTER_KEY or GLMTRAY_CLIENT_KEY",
	)
}

// mayPrintKey reports whether this is a server that others reach, a container as
// a rule, where nobody may be able to run a second command. A window has no
// standard output, and systemd would keep what is printed in its journal
// (JOURNAL_STREAM, man 5 systemd.exec).
func (a *app) mayPrintKey() bool {
	return a.settings().AllowRemote && !a.opt.window && a.around.Var("JOURNAL_STREAM") == ""
}

// firstClient makes the client that a new server begins with and prints its key,
// this once: it is on standard output alone, never in the log. One whose key
// nobody could read is taken back.
func (a *app) firstClient(ctx context.Context, stdout io.Writer) error {
	made, key, err := a.store.AddClient(ctx, "first")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "there was no client key yet, so one was made; it is not shown again: %s\n", key)
	if err != nil {
		return errors.Join(fmt.Errorf("printing the first client's key: %w", err), a.store.RemoveClient(ctx, made.ID))
	}
	return a.clients.Reload(ctx)
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
	case set.AllowRemote && len(list) == 0:
		d.warn(name, "", "there is no key yet; the first start of glmtray serve makes one and prints it, once")
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
