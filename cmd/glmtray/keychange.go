package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

type keyRemoveCmd struct {
	keyRef
	Yes bool `name:"yes" short:"y" help:"Do not ask."`
}

// Run forgets a key. The name goes first: a name without a key would be an
// error at every start, a key without a name is only litter.
func (c *keyRemoveCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	p, k, err := r.key(c.Provider, c.Name)
	if err != nil {
		return err
	}
	id := p.ID + "/" + k.Name
	if err := newAsker(e, c.Yes).confirm("Remove "+id+" from the settings and the keychain?", "removing "+id); err != nil {
		return err
	}
	if err := r.edit(func(d *config.Doc) error { return d.RemoveKey(p.ID, c.Name) }); err != nil {
		return err
	}
	p.Keys = slices.DeleteFunc(p.Keys, func(k config.Key) bool { return k.Name == c.Name })
	err = r.chain.Delete(e.ctx, p.ID, c.Name)
	if errors.Is(err, keychain.ErrNotFound) {
		err = nil
	}
	r.forgetState(p.ID, c.Name)
	r.say("Removed %s. %s", id, inventory(p))
	r.poke()
	if err != nil {
		return chainError(fmt.Errorf("the settings do not name it any more, but its key is still in the keychain (service glmtray, user %s): %w", id, err))
	}
	return nil
}

// forgetState drops what the database remembers of a key.
func (r *keyRoom) forgetState(provider, name string) {
	s, err := store.Open(r.e.ctx, r.dataDir, nil)
	if err == nil {
		err = errors.Join(s.DeleteKeyState(r.e.ctx, provider, name), s.Close())
	}
	if err != nil {
		r.note("its cooldown is still remembered: %v", err)
	}
}

type keyRenameCmd struct {
	keyRef
	New string `arg:"" help:"Its new name."`
}

// Run renames a key: copy, name, delete, so that at no moment a name stands
// without its key.
func (c *keyRenameCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	p, k, err := r.key(c.Provider, c.Name)
	if err != nil {
		return err
	}
	if err := checkName(c.New); err != nil {
		return err
	}
	if c.New == c.Name {
		return fmt.Errorf("%s/%s has this name already", p.ID, c.Name)
	}
	if keyOf(p, c.New) != nil {
		return fmt.Errorf("%s has a key %q already", p.ID, c.New)
	}
	rename := func(d *config.Doc) error { return d.RenameKey(p.ID, c.Name, c.New) }
	item, err := r.chain.Get(e.ctx, p.ID, c.Name)
	switch {
	case err == nil:
		err = r.both(p.ID, c.New, item, rename)
	case errors.Is(err, keychain.ErrNotFound):
		r.note("there is no key of %s/%s in the keychain; only its name is changed", p.ID, c.Name)
		err = r.edit(rename)
	default:
		err = chainError(err)
	}
	if err != nil {
		return err
	}
	if err := r.chain.Delete(e.ctx, p.ID, c.Name); err != nil && !errors.Is(err, keychain.ErrNotFound) {
		r.note("the key is still in the keychain under its old name, too (service glmtray, user %s/%s): %v", p.ID, c.Name, err)
	}
	r.forgetState(p.ID, c.Name)
	k.Name = c.New
	r.say("Renamed %s/%s to %s. %s", p.ID, c.Name, c.New, inventory(p))
	r.poke()
	return nil
}

type keyMoveCmd struct {
	keyRef
	First  bool   `name:"first" xor:"where" help:"Use it before all others."`
	Last   bool   `name:"last" xor:"where" help:"Use it after all others."`
	Before string `name:"before" placeholder:"OTHER" xor:"where" help:"Use it before this one."`
}

// Validate wants one of the places.
func (c *keyMoveCmd) Validate() error {
	if !c.First && !c.Last && c.Before == "" {
		return errors.New("say where to: --first, --last or --before=OTHER")
	}
	return nil
}

// Run changes the order.
func (c *keyMoveCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	p, k, err := r.key(c.Provider, c.Name)
	if err != nil {
		return err
	}
	moved := *k
	before := c.Before
	if before != "" {
		if _, _, err := r.key(c.Provider, before); err != nil {
			return err
		}
	}
	if c.First {
		before = p.Keys[0].Name
	}
	if before != c.Name {
		if err := r.edit(func(d *config.Doc) error { return d.MoveKey(p.ID, c.Name, before) }); err != nil {
			return err
		}
		p.Keys = slices.DeleteFunc(p.Keys, func(k config.Key) bool { return k.Name == c.Name })
		at := slices.IndexFunc(p.Keys, func(k config.Key) bool { return k.Name == before })
		if at < 0 {
			at = len(p.Keys)
		}
		p.Keys = slices.Insert(p.Keys, at, moved)
	}
	r.say("%s", inventory(p))
	r.poke()
	return nil
}

type keyEnableCmd struct{ keyRef }

// Run switches a key on. A parked key becomes usable again: in the running
// proxy if there is one, else in the database.
func (c *keyEnableCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	proxy, _ := running(e.ctx, r.dataDir)
	p, _, err := r.key(c.Provider, c.Name)
	if err != nil {
		// A key of the environment stands in no file, but it can be parked.
		if proxy != nil && r.fromEnvironment(c.Provider, c.Name) != "" {
			return keyVerb(e, c.keyRef, "enable", "enabled")
		}
		return err
	}
	if err := r.edit(func(d *config.Doc) error { return d.SetKeyEnabled(p.ID, c.Name, true) }); err != nil {
		return err
	}
	if proxy == nil {
		r.forgetState(p.ID, c.Name)
		r.say("Enabled %s/%s.", p.ID, c.Name)
		return nil
	}
	r.say("Enabled %s/%s.", p.ID, c.Name)
	r.poke()
	if err := proxy.control(e.ctx, keyPath(p.ID, c.Name, "enable"), nil, nil); err != nil {
		r.note("the running proxy: %v", err)
	}
	return nil
}

type keyDisableCmd struct{ keyRef }

// Run switches a key off.
func (c *keyDisableCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	p, k, err := r.key(c.Provider, c.Name)
	if err != nil {
		return err
	}
	if err := r.edit(func(d *config.Doc) error { return d.SetKeyEnabled(p.ID, c.Name, false) }); err != nil {
		return err
	}
	k.Disabled = true
	on := slices.ContainsFunc(p.Keys, func(k config.Key) bool { return !k.Disabled })
	r.say("Disabled %s/%s.", p.ID, c.Name)
	if !on {
		r.note("no key of %s is switched on now; requests go to the other providers", p.Name)
	}
	r.poke()
	return nil
}
