package state

import (
	"strconv"
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
	Icon   Icon
	Lines  []string // the state line, one for each key, the last route
	Keys   int      // how many of Lines, after the first, are keys
	Paused bool
	URL    string // "" if there is none to copy
}

// Same reports whether nothing that is drawn differs.
func (v TrayView) Same(w TrayView) bool {
	return v.Icon == w.Icon && v.Paused == w.Paused && v.URL == w.URL &&
		strings.Join(v.Lines, "\n") == strings.Join(w.Lines, "\n")
}

// trayKeys is how many keys a menu names before it says "and 3 more".
const trayKeys = 12

// trayWidth is how long a line of the menu may be, in characters.
const trayWidth = 90

// Tray is what the tray shows at a time.
func (s *State) Tray(now time.Time) TrayView {
	v := TrayView{Icon: s.icon(now), Lines: []string{s.Headline(now)}, Paused: s.server.State == Paused, URL: s.server.URL}
	for i := range s.keys {
		if i == trayKeys && len(s.keys) > trayKeys+1 {
			v.Lines = append(v.Lines, "and "+strconv.Itoa(len(s.keys)-i)+" more")
			break
		}
		v.Lines = append(v.Lines, s.keys[i].line(now))
	}
	v.Keys = len(v.Lines) - 1
	if d := s.last(); d != nil {
		v.Lines = append(v.Lines, d.lastRoute())
	}
	for i := range v.Lines {
		v.Lines[i] = clip(v.Lines[i], trayWidth)
	}
	return v
}

func (s *State) icon(now time.Time) Icon {
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
	addr := strings.TrimPrefix(s.server.URL, "http://")
	var line string
	switch s.server.State {
	case Serving:
		line = "Serving on " + orNone(addr)
		if s.server.Demo {
			line = "Demo on " + orNone(addr)
		}
	case Paused:
		line = "Paused: clients are told to wait"
	case Failed:
		if s.server.Problem == "" {
			return "Not serving"
		}
		return "Not serving: " + s.server.Problem
	case Stopping:
		return "Stopping"
	default:
		return "Starting"
	}
	line += " · " + s.tally(now).words()
	if p := s.server.Pinned; p != "" && now.Before(s.server.PinUntil) {
		line += " · " + p + " pinned"
	}
	return line
}

func (t tally) words() string {
	switch {
	case t.all == 0 && t.off > 0:
		return "every key is disabled"
	case t.all == 0:
		return "no key yet"
	case t.all == 1 && t.ready == 1:
		return "1 key ready"
	case t.all == t.ready:
		return strconv.Itoa(t.all) + " keys ready"
	}
	return strconv.Itoa(t.ready) + " of " + plural(t.all, "key") + " ready"
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

func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return strconv.Itoa(n) + " " + word
}

// clip cuts a text after n characters.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n-1]) + "…"
}
