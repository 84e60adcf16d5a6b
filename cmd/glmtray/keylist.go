package main

import (
	"errors"
	"fmt"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
)

type keyListCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// What a listed key's state is if no pool has it.
const (
	stateStandby = "standby" // keys of the environment are used in its place
	stateUnknown = "unknown" // the keychain cannot be read
)

// Run shows the keys in the order of their use.
func (c *keyListCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	st, live, err := e.view()
	unread := errors.Is(err, config.ErrKeychain)
	if err != nil && !unread {
		return err
	}
	rows := listRows(r.settings, &st, unread)
	if c.JSON {
		return printJSON(e.stdout, rows)
	}
	if unread {
		r.note("%v", err)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(e.stdout, "There is no key yet. Add one with: glmtray keys add cerebras")
		return err
	}
	err = table(e.stdout, func(row func(...string)) {
		row("PROVIDER", "NAME", "ACCOUNT", "ENDPOINT", "FINGERPRINT", "STATE", "ORIGIN")
		for i := range rows {
			s := &rows[i]
			row(s.Provider, s.Name, dash(s.Account), dash(s.Endpoint), dash(s.Fingerprint), keyWords(s), dash(s.Origin))
		}
	})
	if err != nil {
		return err
	}
	noteOrigins(r, rows)
	if live && st.Demo {
		r.note("the running proxy answers from the built-in demo provider")
	}
	return nil
}

// listRows are the keys that are in use, then those the settings name beside.
func listRows(settings *config.Settings, st *proxy.Status, unread bool) []keypool.State {
	rows := []keypool.State{}
	used := map[[2]string]bool{}
	stands := map[string]string{} // provider -> variable that stands in for its keys
	for i := range st.Providers {
		for _, s := range st.Providers[i].Keys {
			rows = append(rows, s)
			used[[2]string{s.Provider, s.Name}] = !fromVariable(s.Origin)
			if fromVariable(s.Origin) {
				stands[s.Provider] = s.Origin
			}
		}
	}
	for i := range settings.Providers {
		p := &settings.Providers[i]
		for _, k := range p.Keys {
			if used[[2]string{p.ID, k.Name}] {
				continue
			}
			s := keypool.State{
				Provider: p.ID, Name: k.Name, Account: k.Account, Endpoint: p.Endpoint(k.Endpoint).ID,
				Origin: string(config.FromKeychain), State: stateUnknown,
			}
			switch origin := stands[p.ID]; {
			case k.Disabled:
				s.State = keypool.Disabled
			case origin != "":
				s.State, s.Reason = stateStandby, origin+" is used in its place"
			case unread:
				s.Reason = config.ErrKeychain.Error()
			}
			rows = append(rows, s)
		}
	}
	return rows
}

// fromVariable reports whether a key came from the environment.
func fromVariable(origin string) bool {
	return origin != "" && origin != string(config.FromKeychain) && origin != "demo"
}

// noteOrigins says where keys of the environment stand in for others.
func noteOrigins(r *keyRoom, rows []keypool.State) {
	said := map[string]bool{}
	for i := range rows {
		s := &rows[i]
		if !fromVariable(s.Origin) || said[s.Provider+s.Origin] {
			continue
		}
		said[s.Provider+s.Origin] = true
		r.note("%s replaces the keychain's keys of %s for this run", s.Origin, s.Provider)
	}
}
