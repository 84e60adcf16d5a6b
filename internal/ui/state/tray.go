package state

import (
	"slices"
	"strings"
	"time"
)

// Icon is which picture the tray shows.
type Icon string

// The tray's pictures.
const (
	IconServing Icon = "serving"
	IconCooling Icon = "cooling" // serving, and a key cools
	IconNone    Icon = "none"    // no key can serve
	IconPaused  Icon = "paused"  // or not serving yet, or no longer
	IconError   Icon = "error"
)

// TrayView is all that the tray shows.
type TrayView struct {
	Icon      Icon
	Lines     []string // the state line, one for each key, the last route, what was used today
	Keys      int      // how many of Lines, after the first, are keys
	Last      string   // the request that the last route tells of; "" if there is no such line
	Paused    bool
	URL       string // "" if there is none to copy
	Providers []Provider
	Pinned    string // the provider that is; "" if none is
	PinnedFor string // "zai until 14:20"
	Agents    []TrayAgent
	AtLogin   Switch
}

// TrayAgent is an agent that can be connected from the tray.
type TrayAgent struct {
	ID, Name  string
	Connected bool
}

// Same reports whether nothing that is drawn differs.
func (v TrayView) Same(w TrayView) bool {
	return v.Icon == w.Icon && v.Paused == w.Paused && v.URL == w.URL && v.Last == w.Last && v.Pinned == w.Pinned &&
		v.PinnedFor == w.PinnedFor && v.AtLogin == w.AtLogin && slices.Equal(v.Lines, w.Lines) &&
		slices.Equal(v.Providers, w.Providers) && slices.Equal(v.Agents, w.Agents)
}

// Urgent reports whether what differs was a person's doing, who waits for it:
// it is shown at once.
func (v TrayView) Urgent(w TrayView) bool {
	return v.Icon != w.Icon || v.Paused != w.Paused || v.URL != w.URL || v.Pinned != w.Pinned || v.AtLogin != w.AtLogin ||
		!slices.Equal(v.Agents, w.Agents)
}

// trayKeys is how many keys a menu names before it says "and 3 more".
const trayKeys = 12

// trayWidth is how long a line of the menu may be, in characters.
const trayWidth = 90

// Tray is what the tray shows at a time.
func (s *State) Tray(now time.Time) TrayView {
	v := TrayView{
		Icon: s.Icon(now), Lines: []string{s.Headline(now)}, Paused: s.server.State == Paused, URL: s.server.URL,
		Providers: s.providers, AtLogin: s.atLogin,
	}
	if p := s.server.Pinned; p != "" && now.Before(s.server.PinUntil) {
		v.Pinned, v.PinnedFor = p, Tr("{{.Name}} until {{.Time}}", "Name", p, "Time", s.server.PinUntil.Local().Format("15:04"))
	}
	v.Agents = s.trayAgents()
	for i := range s.keys {
		if i == trayKeys && len(s.keys) > trayKeys+1 {
			v.Lines = append(v.Lines, Tr("and {{.Count}} more", "Count", len(s.keys)-i))
			break
		}
		v.Lines = append(v.Lines, s.keys[i].line(now))
	}
	v.Keys = len(v.Lines) - 1
	if d := s.last(); d != nil {
		v.Lines = append(v.Lines, d.lastRoute())
		v.Last = d.ID
	}
	if d := s.Today(now); d.Requests > 0 {
		v.Lines = append(v.Lines, d.line())
	}
	for i := range v.Lines {
		v.Lines[i] = Clip(v.Lines[i], trayWidth)
	}
	return v
}

// trayAgents are the agents that are here, and whose files can be written.
func (s *State) trayAgents() (list []TrayAgent) {
	for i := range s.agents {
		if a := &s.agents[i]; a.Writes && (a.Found != "" || a.Connected) {
			list = append(list, TrayAgent{a.ID, a.Name, a.Connected})
		}
	}
	return list
}

// Icon is the tray's picture at a time.
func (s *State) Icon(now time.Time) Icon {
	switch s.server.State {
	case Failed:
		return IconError
	case Serving:
	default:
		return IconPaused
	}
	t := s.tally(now)
	switch {
	case t.all == 0 && s.server.Demo:
		return IconServing
	case t.ready == 0:
		return IconNone
	case t.cooling > 0:
		return IconCooling
	}
	return IconServing
}

// Headline is the state in one line: "Serving on 127.0.0.1:18080 · 2 of 3 keys
// ready".
func (s *State) Headline(now time.Time) string {
	addr := orNone(strings.TrimPrefix(s.server.URL, "http://"))
	var line string
	switch s.server.State {
	case Serving:
		line = Tr("Serving on {{.Address}}", "Address", addr)
		if s.server.Demo {
			line = Tr("Demo on {{.Address}}", "Address", addr)
		}
	case Paused:
		line = Tr("Paused: clients are told to wait")
	case Failed:
		if s.server.Problem == "" {
			return Tr("Not serving")
		}
		return Tr("Not serving: {{.Why}}", "Why", s.server.Problem)
	case Stopping:
		return Tr("Stopping")
	default:
		return Tr("Starting")
	}
	line += " · " + s.tally(now).words()
	if p := s.server.Pinned; p != "" && now.Before(s.server.PinUntil) {
		line += " · " + Tr("{{.Name}} pinned", "Name", p)
	}
	return line
}

// KeysReady says how many keys can serve: "2 of 3 keys ready".
func (s *State) KeysReady(now time.Time) string { return s.tally(now).words() }

func (t tally) words() string {
	switch {
	case t.all == 0 && t.off > 0:
		return Tr("every key is disabled")
	case t.all == 0:
		return Tr("no key yet")
	case t.all == t.ready:
		return TrN(t.all, "{{.Count}} key ready", "{{.Count}} keys ready")
	}
	return TrN(t.all, "{{.Ready}} of {{.Count}} key ready", "{{.Ready}} of {{.Count}} keys ready", "Ready", t.ready)
}

// line is a key in the tray: "cerebras/desk: back in 0:11".
func (k *Key) line(now time.Time) string {
	r := k.row(now, coarse)
	text := k.Provider + "/" + k.Name + ": " + r.Word
	if r.Mark == Bad && r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// Clip cuts a text after n characters.
func Clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n-1]) + "…"
}
