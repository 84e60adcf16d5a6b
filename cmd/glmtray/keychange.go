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

// Run forgets a key.
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
	return r.remove(c.Provider, c.Name)
}

// remove forgets a key. The name goes first: a name without a key would be an
// error at every start, a key without a name is only litter.
func (r *keyRoom) remove(provider, name string) error {
	p, k, err := r.key(provider, name)
	if err != nil {
		return err
	}
	id := p.ID + "/" + k.Name
	if err := r.edit(func(d *config.Doc) error { return d.RemoveKey(p.ID, name) }); err != nil {
		return err
	}
	p.Keys = slices.DeleteFunc(p.Keys, func(k config.Key) bool { return k.Name == name })
	err = r.chain.Delete(r.e.ctx, p.ID, name)
	if errors.Is(err, keychain.ErrNotFound) {
		err = nil
	}
	r.forgetState(p.ID, name)
	r.say("Removed %s. %s", id, inventory(p))
	r.poke()
	if err != nil {
		return chainError(fmt.Errorf("the settings do not name it any more, but its key is still in the keychain (service glmtray, user %s): %w", id, err))
	}
	return nil
}

// forgetState drops what the database remembers of a key.
func (r *keyRoom) forgetState(provider, name string) {
	if !store.Exists(r.dataDir) {
		return
	}
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

// Run renames a key.
func (c *keyRenameCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	return r.rename(c.Provider, c.Name, c.New)
}

// rename gives a key another name: copy, name, delete, so that at no moment a
// name stands without its key.
func (r *keyRoom) rename(provider, name, to string) error {
	p, k, err := r.key(provider, name)
	if err != nil {
		return err
	}
	if err := checkName(to); err != nil {
		return err
	}
	if to == name {
		return fmt.Errorf("%s/%s has this name already", p.ID, name)
	}
	if keyOf(p, to) != nil {
		return fmt.Errorf("%s has a key %q already", p.ID, to)
	}
	rename := func(d *config.Doc) error { return d.RenameKey(p.ID, name, to) }
	item, err := r.chain.Get(r.e.ctx, p.ID, name)
	switch {
	case err == nil:
		err = r.both(p.ID, to, item, rename)
	case errors.Is(err, keychain.ErrNotFound):
		r.note("there is no key of %s/%s in the keychain; only its name is changed", p.ID, name)
		err = r.edit(rename)
	default:
		err = chainError(err)
	}
	if err != nil {
		return err
	}
	if err := r.chain.Delete(r.e.ctx, p.ID, name); err != nil && !errors.Is(err, keychain.ErrNotFound) {
		r.note("the key is still in the keychain under its old name, too (service glmtray, user %s/%s): %v", p.ID, name, err)
	}
	r.forgetState(p.ID, name)
	k.Name = to
	r.say("Renamed %s/%s to %s. %s", p.ID, name, to, inventory(p))
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
	before := c.Before
	if c.First {
		p, _, err := r.key(c.Provider, c.Name)
		if err != nil {
			return err
		}
		before = p.Keys[0].Name
	}
	return r.move(c.Provider, c.Name, before)
}

// move puts a key before another one; before "" means to the end.
func (r *keyRoom) move(provider, name, before string) error {
	p, k, err := r.key(provider, name)
	if err != nil {
		return err
	}
	if before != "" {
		if _, _, err := r.key(provider, before); err != nil {
			return err
		}
	}
	moved := *k
	if before != name {
		if err := r.edit(func(d *config.Doc) error { return d.MoveKey(p.ID, name, before) }); err != nil {
			return err
		}
		p.Keys = slices.DeleteFunc(p.Keys, func(k config.Key) bool { return k.Name == name })
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

// Run switches a key on.
func (c *keyEnableCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	return r.enable(c.Provider, c.Name)
}

// enable switches a key on. A parked key becomes usable again: in the running
// proxy if there is one, else in the database.
func (r *keyRoom) enable(provider, name string) error {
	proxy, _ := running(r.e.ctx, r.dataDir)
	p, _, err := r.key(provider, name)
	if err != nil {
		// A key of the environment stands in no file, but it can be parked.
		if proxy != nil && r.fromEnvironment(provider, name) != "" {
			return keyVerb(r.e, keyRef{provider, name}, "enable", "enabled")
		}
		return err
	}
	if err := r.edit(func(d *config.Doc) error { return d.SetKeyEnabled(p.ID, name, true) }); err != nil {
		return err
	}
	if proxy == nil {
		r.forgetState(p.ID, name)
		r.say("Enabled %s/%s.", p.ID, name)
		return nil
	}
	r.say("Enabled %s/%s.", p.ID, name)
	r.poke()
	if err := proxy.control(r.e.ctx, keyPath(p.ID, name, "enable"), nil, nil); err != nil {
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
	return r.disable(c.Provider, c.Name)
}

// disable switches a key off.
func (r *keyRoom) disable(provider, name string) error {
	p, k, err := r.key(provider, name)
	if err != nil {
		return err
	}
	if err := r.edit(func(d *config.Doc) error { return d.SetKeyEnabled(p.ID, name, false) }); err != nil {
		return err
	}
	k.Disabled = true
	on := slices.ContainsFunc(p.Keys, func(k config.Key) bool { return !k.Disabled })
	r.say("Disabled %s/%s.", p.ID, name)
	if !on {
		r.note("no key of %s is switched on now; requests go to the other providers", p.Name)
	}
	r.poke()
	return nil
}
