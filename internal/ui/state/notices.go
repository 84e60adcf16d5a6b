package state

import (
	"cmp"
	"slices"
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
	noticeLines = 4                // of one notice that tells of several things
	worthTold   = 10 * time.Second // a shorter wait is over before anybody has read of it
	nearlyUsed  = 0.10             // of a limit: what is left
	usedWindow  = 10 * time.Minute
	failedMost  = 256 // requests whose failed tries are remembered
)

// Notices decides of what a person is told. It follows the same events as a
// State, each after the State has taken it in, and says everything once: when it
// begins. What comes within a minute of another notice of its kind waits for the
// minute's end, and is told then if it is still true. It is not safe for
// concurrent use.
type Notices struct {
	last     map[NoticeKind]time.Time
	waiting  []pending // in the order in which they came
	cooling  bool
	fallback string          // who answers in the primary's place; "" if nobody does
	failed   map[string]bool // requests at which the primary failed
	parked   map[string]bool
	low      map[Limit]bool // by what it belongs to; its figures are 0
}

// pending is what is yet to be told of one thing.
type pending struct {
	kind  NoticeKind
	about string
	text  func(now time.Time) string // may count down
}

// tell has a text told as soon as its kind may speak. Of one thing only the
// newest is.
func (n *Notices) tell(kind NoticeKind, about string, text func(time.Time) string) {
	n.forget(kind, about)
	n.waiting = append(n.waiting, pending{kind, about, text})
}

// forget takes back what is no longer true and was not told yet.
func (n *Notices) forget(kind NoticeKind, about string) {
	n.waiting = slices.DeleteFunc(n.waiting, func(w pending) bool { return w.kind == kind && w.about == about })
}

func fixed(text string) func(time.Time) string { return func(time.Time) string { return text } }

// Look gives the notices that an event, or a snapshot (nil), is worth, and what
// has waited for its minute.
func (n *Notices) Look(s *State, e event.Event, now time.Time) []Notice {
	n.worth(s, e, now)
	return n.Due(s, now)
}

// Due gives the notices whose kinds may speak now, one of each.
func (n *Notices) Due(s *State, now time.Time) (list []Notice) {
	n.allCool(s, now)
	texts := map[NoticeKind][]string{}
	n.waiting = slices.DeleteFunc(n.waiting, func(w pending) bool {
		if n.wait(w.kind, now) > 0 {
			return false
		}
		if texts[w.kind] == nil {
			list = append(list, Notice{Kind: w.kind})
		}
		texts[w.kind] = append(texts[w.kind], w.text(now))
		return true
	})
	for i := range list {
		lines := texts[list[i].Kind]
		if over := len(lines) - noticeLines; over > 0 {
			lines = append(lines[:noticeLines:noticeLines], Tr("and {{.Count}} more", "Count", over))
		}
		list[i].Text = strings.Join(lines, "\n")
		if n.last == nil {
			n.last = map[NoticeKind]time.Time{}
		}
		n.last[list[i].Kind] = now
	}
	return list
}

// wait is how long a kind has to be silent still; 0: it may speak.
func (n *Notices) wait(kind NoticeKind, now time.Time) time.Duration {
	last := n.last[kind]
	if last.IsZero() {
		return 0
	}
	return max(noticeEvery-now.Sub(last), 0)
}

// Tick is in how long something is told by itself; 0 if nothing waits.
func (n *Notices) Tick(now time.Time) (soonest time.Duration) {
	for _, w := range n.waiting {
		if d := max(n.wait(w.kind, now), time.Millisecond); soonest == 0 || d < soonest {
			soonest = d
		}
	}
	return soonest
}

// worth takes in one event, or a snapshot.
func (n *Notices) worth(s *State, e event.Event, now time.Time) {
	switch e := e.(type) {
	case event.KeyChanged:
		n.rejected(&e)
	case event.Attempted:
		if e.Provider != s.server.Primary || e.Class == "ok" {
			return
		}
		if len(n.failed) >= failedMost { // their ends were lost
			clear(n.failed)
		}
		n.failed = with(n.failed, e.ID)
	case event.Finished:
		n.tookOver(s, &e, now)
		delete(n.failed, e.ID)
	case event.ServerChanged:
		kind := NoticeKind(e.State) // two of its states are called as the kinds are
		if kind == NoticeModels || kind == NoticeFamily {
			n.tell(kind, e.Detail, fixed(Told(e.Detail)))
		}
	case nil:
		n.quota(s, now)
	}
}

func with[K comparable](set map[K]bool, x K) map[K]bool {
	if set == nil {
		set = map[K]bool{}
	}
	set[x] = true
	return set
}

// rejected tells of a key that was parked, unless a person did that.
func (n *Notices) rejected(e *event.KeyChanged) {
	id := e.Provider + "/" + e.Key
	was := n.parked[id]
	if e.State != Parked {
		delete(n.parked, id)
		n.forget(NoticeRejected, id)
		return
	}
	n.parked = with(n.parked, id)
	if was || e.Reason == "" || strings.Contains(e.Reason, "by hand") {
		return
	}
	n.tell(NoticeRejected, id, fixed(Tr("{{.Key}}: {{.Why}}. Test the key, or replace it.", "Key", id, "Why", Told(e.Reason))))
}

// allCool tells that no key is left, once.
func (n *Notices) allCool(s *State, now time.Time) {
	t := s.tally(now)
	was, first := n.cooling, s.firstBack(now)
	n.cooling = s.server.State == Serving && t.all > 0 && t.ready == 0 && first != nil
	switch {
	case !n.cooling:
		n.forget(NoticeCooling, "")
	case !was && first.left(now) >= worthTold:
		n.tell(NoticeCooling, "", func(now time.Time) string {
			k := s.firstBack(now) // there is one, else it would have been forgotten
			return Tr("{{.Key}} is the first that is back, in {{.Time}}. Requests wait until then.",
				"Key", k.Provider+"/"+k.Name, "Time", Left(k.left(now)))
		})
	}
}

// firstBack is the key whose cooldown ends first; nil if none cools.
func (s *State) firstBack(now time.Time) (first *Key) {
	for i := range s.keys {
		k := &s.keys[i]
		if k.left(now) > 0 && (first == nil || k.CoolUntil.Before(first.CoolUntil)) {
			first = k
		}
	}
	return first
}

// tookOver tells that another provider answers in the primary's place because
// the primary cannot, and that the primary does again.
func (n *Notices) tookOver(s *State, e *event.Finished, now time.Time) {
	primary := s.server.Primary
	if primary == "" || e.Outcome != "ok" || e.Provider == "" || e.Demo {
		return
	}
	if e.Provider == primary {
		was := n.fallback
		n.fallback = ""
		if was != "" {
			n.tell(NoticeFallback, "", fixed(Tr("{{.First}} answers again; {{.Other}} gave back.", "First", primary, "Other", was)))
		}
		return
	}
	pinned := s.server.Pinned != "" && now.Before(s.server.PinUntil)
	if pinned || n.fallback != "" || !n.failed[e.ID] && s.canServe(primary, now) {
		return // it was meant to go there
	}
	n.fallback = e.Provider
	other := e.Provider
	n.tell(NoticeFallback, "", func(now time.Time) string {
		return Tr("{{.Other}} took over: {{.Why}}", "Other", other, "Why", s.whyNot(primary, now))
	})
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
			return Tr("{{.Key}} is back in {{.Time}}.", "Key", provider+"/"+k.Name, "Time", Left(d))
		}
	}
	return Tr("{{.Name}} does not answer now.", "Name", provider)
}

// quota tells of the limits of which little is left. The short ones are left out:
// a minute's tokens are used up and back before anybody has read of it.
func (n *Notices) quota(s *State, now time.Time) {
	for i := range s.limits {
		l := s.limits[i]
		id := Limit{Provider: l.Provider, Account: l.Account, Kind: l.Kind, Window: l.Window}
		about := strings.Join([]string{l.Provider, l.Account, l.Kind, l.Window}, " ")
		low := l.Limit > 0 && float64(l.Remaining) < nearlyUsed*float64(l.Limit) && l.Reset.Sub(now) > usedWindow
		switch {
		case !low:
			delete(n.low, id)
			n.forget(NoticeQuota, about)
		case !n.low[id]:
			n.low = with(n.low, id)
			n.tell(NoticeQuota, about, func(now time.Time) string {
				return Tr("{{.Account}}: {{.Share}} % of the {{.Kind}} of this {{.Window}} are left; more in {{.Time}}.",
					"Account", l.Provider+"/"+l.Account, "Share", int(100*max(l.Remaining, 0)/l.Limit),
					"Window", Told(cmp.Or(l.Window, "window")), "Kind", Told(l.Kind), "Time", Left(l.Reset.Sub(now)))
			})
		}
	}
}
