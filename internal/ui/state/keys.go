package state

import "time"

// What Server.State says.
const (
	Serving  = "serving"
	Paused   = "paused"
	Stopping = "stopping"
	Failed   = "failed"
	Starting = "starting"
)

// What Key.State says; the words of the key pool.
const (
	Ready    = "ready"
	Cooling  = "cooling"
	Busy     = "busy"
	Parked   = "parked"
	Disabled = "disabled"
	Missing  = "missing"
)

// Mark is a state's shape. Each has a colour of its own as well, and never a
// colour alone.
type Mark int

// The four marks, and that of what is neither well nor ill.
const (
	Good    Mark = iota // ● green
	Waiting             // ◐ amber
	Bad                 // ▲ red
	Off                 // ❚❚ grey
	Plain               // · grey
)

// String is the mark as a character, for texts without pictures.
func (m Mark) String() string {
	switch m {
	case Good:
		return "●"
	case Waiting:
		return "◐"
	case Bad:
		return "▲"
	case Plain:
		return "·"
	}
	return "❚❚"
}

// KeyRow is one key as a line of the window.
type KeyRow struct {
	Key
	Mark             Mark
	Word             string // "ready", "back in 0:11"
	Detail           string // why; "" if there is nothing to say, as of a key that is ready
	Tokens, Requests Gauge  // what is left of its limits
	Fixed            bool   // brought by the environment: it is not changed here
}

// FromKeychain is the origin of a key that can be changed in the window.
const FromKeychain = "keychain"

// Keys are the rows of all keys, in their order.
func (s *State) Keys(now time.Time) []KeyRow {
	rows := make([]KeyRow, len(s.keys))
	for i := range s.keys {
		rows[i] = s.keys[i].row(now, fine)
		rows[i].Tokens, rows[i].Requests = s.gauge(&s.keys[i], "tokens", now), s.gauge(&s.keys[i], "requests", now)
	}
	return rows
}

// left is how long a key still cools; 0 if it does not.
func (k *Key) left(now time.Time) time.Duration {
	if k.State != Cooling || k.CoolUntil.IsZero() {
		return 0
	}
	return max(k.CoolUntil.Sub(now), 0)
}

// over reports that a cooldown has run out: nobody need tell, the time does.
func (k *Key) over(now time.Time) bool {
	return k.State == Cooling && !k.CoolUntil.IsZero() && !now.Before(k.CoolUntil)
}

func (k *Key) row(now time.Time, step func(time.Duration) time.Duration) KeyRow {
	r := KeyRow{Key: *k, Detail: Told(k.Reason), Fixed: k.Origin != FromKeychain}
	if k.over(now) {
		r.State, r.CoolUntil = Ready, time.Time{}
	}
	if r.State == Ready {
		r.Detail = "" // the reason is that of its last error, and no longer why it stands so
	}
	mark, known := keyMarks[r.State]
	if !known {
		mark = Waiting
	}
	r.Mark, r.Word = mark, Told(r.State)
	if d := k.left(now); d > 0 {
		r.Word = Tr("back in {{.Time}}", "Time", left(d, step(d)))
	}
	return r
}

// keyMarks are the shapes of a key's states.
var keyMarks = map[string]Mark{Ready: Good, Cooling: Waiting, Busy: Waiting, Disabled: Off, Parked: Bad, Missing: Bad}

// tally counts keys for the state line and the icon. Those that were switched
// off are no part of all.
type tally struct{ all, ready, cooling, off int }

func (s *State) tally(now time.Time) tally {
	var t tally
	for i := range s.keys {
		state := s.keys[i].State
		if s.keys[i].over(now) {
			state = Ready
		}
		if state == Disabled {
			t.off++
			continue
		}
		t.all++
		switch state {
		case Ready, Busy:
			t.ready++
		case Cooling:
			t.cooling++
		}
	}
	return t
}

// CoolShare is how much of a cooldown is left, of 1: it begins with the use
// that was refused. ok is false if that is not known.
func (r *KeyRow) CoolShare(now time.Time) (share float64, ok bool) {
	whole := r.CoolUntil.Sub(r.LastUsed)
	if r.State != Cooling || r.LastUsed.IsZero() || whole <= 0 {
		return 0, false
	}
	return min(float64(max(r.CoolUntil.Sub(now), 0))/float64(whole), 1), true
}
