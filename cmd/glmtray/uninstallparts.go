package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

// agents puts back what stood in the agents' files.
func (u *uninstall) agents() part {
	p := part{name: "agents", nothing: "none is connected", do: u.putBack}
	list, err := u.r.connector.PlanRestore()
	u.failed = errors.Join(u.failed, err)
	for i := range list {
		client, _ := connect.Find(list[i].Client)
		p.plan = append(p.plan, client.Name)
		if !client.Writes() {
			p.plan = append(p.plan, "  its key is accepted no longer; what you have written by hand stays")
		}
		for _, f := range list[i].Files {
			p.plan = append(p.plan, "  "+undoneWords(&f))
		}
		p.stays = append(p.stays, client.Name+": connected, as it was")
	}
	if err != nil {
		p.plan = append(p.plan, strings.Split("not all of it can be put back: "+err.Error(), "\n")...)
	}
	p.agree = func() error {
		return u.ask.confirm("Put back what stood in the agents' settings?", "putting back the agents' settings")
	}
	return p
}

func (u *uninstall) putBack() error {
	list, err := u.r.restore()
	u.r.giveUpKeys(list)
	for i := range list {
		client, _ := connect.Find(list[i].Client)
		if list[i].Failed {
			u.left = append(u.left, client.Name+": still connected, not all of its files could be put back")
		} else {
			u.done = append(u.done, client.Name+": disconnected")
		}
		if !client.Writes() {
			u.left = append(u.left, client.Name+": what you have written by hand; its key is accepted no longer")
		}
		for _, f := range list[i].Files {
			if len(f.Kept) > 0 || f.Gone || f.FromCopy { // the rest is as it was
				u.done = append(u.done, "  "+undoneWords(&f))
			}
		}
	}
	return err
}

// login removes what starts us at login.
func (u *uninstall) login() part {
	p := part{name: "start at login", nothing: "it does not start at login"}
	there, err := startsAtLogin(u.r.e)
	place, placeErr := loginPlace(u.r.e)
	if err = errors.Join(err, placeErr); err != nil {
		u.failed = errors.Join(u.failed, wrapErr(err, "looking what starts at login"))
		place = "the entry, which cannot be looked at: " + err.Error()
	}
	if !there && err == nil {
		return p
	}
	p.plan = []string{place + ": removed"}
	p.stays = []string{"start at login: " + place}
	p.agree = func() error {
		return u.ask.confirm("Remove the entry that starts glmtray at login?", "removing the entry that starts glmtray at login")
	}
	p.do = func() error {
		if err := startAtLoginOr(u.r.e, false); err != nil {
			u.left = append(u.left, p.stays...)
			return err
		}
		u.done = append(u.done, "start at login: "+place+" removed")
		return nil
	}
	return p
}

// keychain removes the keys that the settings name.
func (u *uninstall) keychain() part {
	p := part{name: "keychain", nothing: "the settings name no key"}
	quiet := *u.r.e
	quiet.stdout = io.Discard // what is done is said at the end
	keys, err := quiet.keyRoom()
	if err != nil {
		u.failed = errors.Join(u.failed, err)
		u.named = true
		p.plan = []string{"which keys there are cannot be read: " + err.Error()}
		p.agree = func() error { return nil }
		p.do = func() error {
			u.left = append(u.left, "keychain: the items of the service glmtray, since the settings that name them cannot be read")
			return hint(wrapErr(err, "reading which keys are in the keychain"), "mend the settings, or remove the items of the service glmtray by hand")
		}
		return p
	}
	if _, err := os.Stat(keys.file); err != nil {
		p.nothing = "there are no settings to name keys; items of the service glmtray, if there are any, stay"
	}
	var list []keyRef
	for i := range keys.settings.Providers {
		provider := &keys.settings.Providers[i]
		for j := range provider.Keys {
			k := keyRef{provider.ID, provider.Keys[j].Name}
			list = append(list, k)
			p.plan = append(p.plan, k.Provider+"/"+k.Name+": removed")
			p.stays = append(p.stays, "keychain: "+k.Provider+"/"+k.Name)
		}
	}
	u.named = len(list) > 0
	p.agree = func() error {
		question := fmt.Sprintf("Remove %s from the keychain? It cannot be taken back.", plural(len(list), "key"))
		return u.ask.confirm(question, "removing keys from the keychain")
	}
	p.do = func() (failed error) {
		u.named = false
		for i, k := range list {
			if err := keys.removeBoth(k); err != nil {
				failed = errors.Join(failed, wrapErr(err, "removing "+k.Provider+"/"+k.Name))
				u.left = append(u.left, p.stays[i])
				u.named = true
				continue
			}
			u.done = append(u.done, p.stays[i]+" removed")
		}
		return failed
	}
	return p
}

// removeBoth removes a key and then its name. With a keychain that is locked the
// name has to stay, so that the same can be tried once more.
func (r *keyRoom) removeBoth(k keyRef) error {
	if err := r.chain.Delete(r.e.ctx, k.Provider, k.Name); err != nil && !errors.Is(err, keychain.ErrNotFound) {
		return chainError(err)
	}
	return r.remove(k.Provider, k.Name)
}
