package state

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// NoticeKind is a kind of notice, as the setting notify_… is called.
type NoticeKind string

// The kinds of notices.
const (
	NoticeCooling  NoticeKind = "cooling"  // no key can serve, and one cools
	NoticeRejected NoticeKind = "rejected" // a key was parked
	NoticeFallback NoticeKind = "fallback" // another provider took over, or gave back
	NoticeModels   NoticeKind = "models"   // a provider no longer has a model
	NoticeFamily   NoticeKind = "family"   // another family of models answers
	NoticeQuota    NoticeKind = "quota"    // a told limit is nearly used up
)

// Notice is something that a person may want to know while nobody looks.
type Notice struct {
	Kind NoticeKind
	Text string
}

const (
	noticeEvery = time.Minute      // between two notices of one kind
	worthTold   = 10 * time.Second // a shorter wait is over before anybody has read of it
	nearlyUsed  = 0.10             // of a limit: what is left
	usedWindow  = 10 * time.Minute
	failedMost  = 256 // requests whose failed tries are remembered
)

// Notices decides of what a person is told. It follows the same events as a
// State, each after the State has taken it in, and says everything once: when it
// begins. It is not safe for concurrent use.
type Notices struct {
	last     map[NoticeKind]time.Time
	cooling  bool
	fallback string          // who answers in the primary's place; "" if nobody does
	failed   map[string]bool // requests at which the primary failed
	parked   map[string]bool
	low      map[Limit]bool // by what it belongs to; its figures are 0
}

// Look gives the notices that an event, or a snapshot (nil), is worth.
func (n *Notices) Look(s *State, e event.Event, now time.Time) (list []Notice) {
	for _, x := range []Notice{n.worth(s, e, now), {NoticeCooling, n.allCool(s, now)}} {
		if x.Text == "" || !n.last[x.Kind].IsZero() && now.Sub(n.last[x.Kind]) < noticeEvery {
			continue
		}
		if n.last == nil {
			n.last = map[NoticeKind]time.Time{}
		}
		n.last[x.Kind] = now
		list = append(list, x)
	}
	return list
}

// worth is what one event, or a snapshot, is worth; without a text nothing.
func (n *Notices) worth(s *State, e event.Event, now time.Time) Notice {
	switch e := e.(type) {
	case event.KeyChanged:
		return Notice{NoticeRejected, n.rejected(&e)}
	case event.Attempted:
		if e.Provider == s.server.Primary && e.Class != "ok" && len(n.failed) < failedMost {
			n.failed = with(n.failed, e.ID)
		}
	case event.Finished:
		text := n.tookOver(s, &e, now)
		delete(n.failed, e.ID)
		return Notice{NoticeFallback, text}
	case event.ServerChanged:
		kind := NoticeKind(e.State) // two of its states are called as the kinds are
		if kind == NoticeModels || kind == NoticeFamily {
			return Notice{kind, e.Detail}
		}
	case nil:
		return Notice{NoticeQuota, n.quota(s, now)}
	}
	return Notice{}
}

func with[K comparable](set map[K]bool, x K) map[K]bool {
	if set == nil {
		set = map[K]bool{}
	}
	set[x] = true
	return set
}

// rejected tells of a key that was parked, unless a person did that.
func (n *Notices) rejected(e *event.KeyChanged) string {
	id := e.Provider + "/" + e.Key
	was := n.parked[id]
	if e.State != Parked {
		delete(n.parked, id)
		return ""
	}
	n.parked = with(n.parked, id)
	if was || e.Reason == "" || strings.Contains(e.Reason, "by hand") {
		return ""
	}
	return id + ": " + e.Reason + ". Test the key, or replace it."
}

// allCool tells that no key is left, once.
func (n *Notices) allCool(s *State, now time.Time) string {
	t := s.tally(now)
	was := n.cooling
	n.cooling = s.server.State == Serving && t.all > 0 && t.ready == 0 && t.cooling > 0
	if !n.cooling || was {
		return ""
	}
	var first *Key
	for i := range s.keys {
		k := &s.keys[i]
		if k.left(now) > 0 && (first == nil || k.CoolUntil.Before(first.CoolUntil)) {
			first = k
		}
	}
	if first == nil || first.left(now) < worthTold {
		return ""
	}
	return first.Provider + "/" + first.Name + " is the first that is back, in " + Left(first.left(now)) + ". Requests wait until then."
}

// tookOver tells that another provider answers in the primary's place because
// the primary cannot, and that the primary does again.
func (n *Notices) tookOver(s *State, e *event.Finished, now time.Time) string {
	primary := s.server.Primary
	if primary == "" || e.Outcome != "ok" || e.Provider == "" || e.Demo {
		return ""
	}
	if e.Provider == primary {
		was := n.fallback
		n.fallback = ""
		if was == "" {
			return ""
		}
		return primary + " answers again; " + was + " gave back."
	}
	pinned := s.server.Pinned != "" && now.Before(s.server.PinUntil)
	if pinned || n.fallback != "" || !n.failed[e.ID] && s.canServe(primary, now) {
		return "" // it was meant to go there
	}
	n.fallback = e.Provider
	return e.Provider + " took over: " + s.whyNot(primary, now)
}

// canServe reports whether a provider has a key that is ready.
func (s *State) canServe(provider string, now time.Time) bool {
	for i := range s.keys {
		k := &s.keys[i]
		if k.Provider == provider && (k.State == Ready || k.State == Busy || k.over(now)) {
			return true
		}
	}
	return false
}

// whyNot says why a provider does not serve.
func (s *State) whyNot(provider string, now time.Time) string {
	for i := range s.keys {
		k := &s.keys[i]
		if d := k.left(now); k.Provider == provider && d > 0 {
			return provider + "/" + k.Name + " is back in " + Left(d) + "."
		}
	}
	return provider + " does not answer now."
}

// quota tells of a limit of which little is left. The short ones are left out: a
// minute's tokens are used up and back before anybody has read of it.
func (n *Notices) quota(s *State, now time.Time) string {
	text := ""
	for i := range s.limits {
		l := s.limits[i]
		id := Limit{Provider: l.Provider, Account: l.Account, Kind: l.Kind, Window: l.Window}
		left := l.Reset.Sub(now)
		low := l.Limit > 0 && float64(l.Remaining) < nearlyUsed*float64(l.Limit) && left > usedWindow
		if low && !n.low[id] {
			text = l.Provider + "/" + l.Account + ": " + strconv.Itoa(int(100*max(l.Remaining, 0)/l.Limit)) + " % of the " + l.Kind +
				" of this " + cmp.Or(l.Window, "window") + " are left; more in " + Left(left) + "."
			n.low = with(n.low, id)
		}
		if !low {
			delete(n.low, id)
		}
	}
	return text
}
