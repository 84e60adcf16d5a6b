package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glmtray/glmtray/internal/connect"
)

// clientState is a client in `connect --list` for programs.
type clientState struct {
	Client      string   `json:"client"`
	Name        string   `json:"name"`
	State       string   `json:"state"` // connected, changed, installed, not found, by hand, unreachable
	Found       string   `json:"found,omitempty"`
	BaseURL     string   `json:"base_url,omitempty"`
	Since       string   `json:"since,omitempty"`
	Files       []string `json:"files,omitempty"`
	Changed     []string `json:"changed,omitempty"`
	Unreachable string   `json:"unreachable,omitempty"`
}

// list shows every client.
func (r *connectRoom) list(asJSON bool) error {
	states, err := r.states()
	views := make([]clientState, len(states))
	for i := range states {
		views[i] = stateOf(&states[i])
	}
	if asJSON {
		return errors.Join(printJSON(r.e.stdout, map[string]any{
			"clients": views, "overrides": append([]connect.Override{}, connect.Overrides(r.surroundings, baseOf(states))...),
			"elsewhere": append([]string{}, connect.Elsewhere(r.surroundings)...),
		}), err)
	}
	tableErr := table(r.e.stdout, func(row func(...string)) {
		row("CLIENT", "NAME", "STATE", "FILES")
		for _, v := range views {
			row(v.Client, v.Name, v.words(), dash(strings.Join(v.Files, " ")))
		}
	})
	for _, v := range views {
		for _, name := range v.Changed {
			r.e.note("%s was changed by somebody else since: it stays so. To use glmtray again: glmtray connect %s", name, v.Client)
		}
	}
	r.wish.BaseURL = baseOf(states)
	r.tellSurroundings()
	return errors.Join(tableErr, err)
}

func stateOf(s *connect.State) clientState {
	v := clientState{
		Client: s.Client.ID, Name: s.Client.Name, Found: s.Found, BaseURL: s.BaseURL, Files: s.Files, Changed: s.Changed,
		Unreachable: s.Client.Unreachable,
	}
	switch {
	case s.Connected && len(s.Changed) > 0:
		v.State = "changed"
	case s.Connected:
		v.State = "connected"
	case s.Client.Unreachable != "":
		v.State = "unreachable"
	case !s.Client.Writes():
		v.State = "by hand"
	case s.Found != "":
		v.State = "installed"
	default:
		v.State = "not found"
	}
	if s.Connected {
		v.Since = day(s.Since)
	}
	return v
}

func (v *clientState) words() string {
	switch v.State {
	case "connected":
		return fmt.Sprintf("connected to %s since %s", v.BaseURL, v.Since)
	case "changed":
		return fmt.Sprintf("connected to %s, but changed since", v.BaseURL)
	case "unreachable":
		return "cannot reach localhost"
	case "by hand":
		if v.Found != "" {
			return "installed; by hand, see glmtray connect " + v.Client
		}
		return "by hand"
	}
	return v.State
}

// baseOf is the address that the connected clients have.
func baseOf(states []connect.State) string {
	for i := range states {
		if states[i].BaseURL != "" {
			return states[i].BaseURL
		}
	}
	return ""
}
