package state

import (
	"cmp"
	"strings"
	"time"
)

// Limit is one limit as a provider told it last, with an answer.
type Limit struct {
	Provider, Account string // Account is a key's name where the key has none
	Kind              string // "tokens", "requests"
	Window            string // "minute", "day"
	Limit, Remaining  int64
	Reset             time.Time
}

// Gauge is how much of a limit is left.
type Gauge struct {
	Known  bool
	Share  float64 // of 1
	Text   string  // "71 %"
	Detail string  // "42,600 of 60,000 per minute"
}

// tells reports whether a limit says how much of a kind is left. A share of a
// plan counts as tokens.
func (l *Limit) tells(kind string) bool {
	if l.Limit <= 0 || l.Remaining < 0 {
		return false
	}
	return strings.HasSuffix(l.Kind, kind) || (kind == "tokens" && l.Kind == "percent")
}

// gauge finds the tightest limit of a kind that is still true: after its reset
// nobody has told what is left.
func (s *State) gauge(k *Key, kind string, now time.Time) Gauge {
	var g Gauge
	for i := range s.limits {
		l := &s.limits[i]
		if l.Provider != k.Provider || l.Account != cmp.Or(k.Account, k.Name) || !l.tells(kind) {
			continue
		}
		if !l.Reset.IsZero() && !now.Before(l.Reset) {
			continue
		}
		share := float64(max(l.Remaining, 0)) / float64(l.Limit)
		if g.Known && share >= g.Share {
			continue
		}
		g = Gauge{Known: true, Share: min(share, 1), Text: Percent(share), Detail: Tr("{{.Left}} of {{.Limit}} per {{.Window}}",
			"Left", Thousands(int(max(l.Remaining, 0))), "Limit", Thousands(int(l.Limit)), "Window", Told(cmp.Or(l.Window, "window")))}
	}
	return g
}
