package state

import (
	"cmp"
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// SpeedPoints is how many seconds the line of a speed goes back.
const SpeedPoints = 60

// lastStreams is how many answers a speed is told by.
const lastStreams = 20

// Speed is how fast a provider answers.
type Speed struct {
	PerSecond float64              // tokens of an answer while it came, of the last 20; 0: not known
	First     time.Duration        // until the first byte, the middle of the last 20; 0: not known
	Line      [SpeedPoints]float64 // tokens in each of the last seconds, the newest last; see meter for when they are told
}

// meter measures one provider. An answer's tokens are told at its end, and are
// spread over the seconds in which they came.
type meter struct {
	perSecond [SpeedPoints]float64 // by second modulo SpeedPoints
	newest    int64                // second up to which perSecond is true
	last      []stream             // the newest last
}

type stream struct {
	tokens      int
	first, came time.Duration
}

// streamed is how long an answer came, from its first byte to its last; 0 if
// that says nothing about its speed.
func streamed(e *event.Finished) time.Duration {
	const least = 10 * time.Millisecond // below it is buffers that are measured
	if d := e.Took - e.FirstByte; e.Stream && e.FirstByte > 0 && d >= least {
		return d
	}
	return 0
}

func (m *meter) add(e *event.Finished) {
	if e.FirstByte > 0 {
		s := stream{first: e.FirstByte, came: streamed(e)}
		if s.came > 0 {
			s.tokens = e.Tokens.Completion
		}
		if m.last = append(m.last, s); len(m.last) > lastStreams {
			m.last = slices.Delete(m.last, 0, len(m.last)-lastStreams)
		}
	}
	if e.Tokens.Completion <= 0 {
		return
	}
	end := e.Time.Add(e.Took)
	begin := end.Add(-max(streamed(e), time.Millisecond))
	if !e.Stream {
		begin = e.Time
	}
	m.roll(end.Unix())
	whole := max(end.Sub(begin), time.Millisecond)
	for sec := max(begin.Unix(), m.newest-SpeedPoints+1); sec <= min(end.Unix(), m.newest); sec++ {
		from, to := time.Unix(sec, 0), time.Unix(sec+1, 0)
		if begin.After(from) {
			from = begin
		}
		if end.Before(to) {
			to = end
		}
		m.perSecond[sec%SpeedPoints] += float64(e.Tokens.Completion) * float64(to.Sub(from)) / float64(whole)
	}
}

// roll brings the seconds up to now.
func (m *meter) roll(now int64) {
	for sec := max(m.newest+1, now-SpeedPoints+1); sec <= now; sec++ {
		m.perSecond[sec%SpeedPoints] = 0
	}
	m.newest = max(m.newest, now)
}

// runs reports whether the line shows anything but nothing.
func (m *meter) runs(now int64) bool {
	m.roll(now)
	return m.perSecond != [SpeedPoints]float64{}
}

func (m *meter) speed(now int64) Speed {
	m.roll(now)
	var s Speed
	for i := range s.Line {
		s.Line[i] = m.perSecond[(now-SpeedPoints+1+int64(i)+SpeedPoints)%SpeedPoints]
	}
	var tokens int
	var came time.Duration
	var firsts []time.Duration
	for _, a := range m.last {
		if a.tokens > 0 {
			tokens, came = tokens+a.tokens, came+a.came
		}
		firsts = append(firsts, a.first)
	}
	if came > 0 {
		s.PerSecond = float64(tokens) / came.Seconds()
	}
	if len(firsts) > 0 {
		slices.Sort(firsts)
		s.First = firsts[len(firsts)/2]
	}
	return s
}

// Speed is how fast a provider answers.
func (s *State) Speed(provider string, now time.Time) Speed {
	m := s.meters[provider]
	if m == nil {
		return Speed{}
	}
	return m.speed(now.Unix())
}

// SpeedTick is in how long a line of speeds changes by itself; 0 if all stand
// still.
func (s *State) SpeedTick(now time.Time) time.Duration {
	const twice = 500 * time.Millisecond // a second, which is drawn at 2 Hz so that none is missed
	for _, m := range s.meters {
		if m.runs(now.Unix()) {
			return twice
		}
	}
	return 0
}

func (s *State) meter(provider string) *meter {
	m := s.meters[provider]
	if m == nil {
		m = new(meter)
		s.meters[provider] = m
	}
	return m
}

// ProviderRow is a provider with its keys.
type ProviderRow struct {
	ID, Name string
	Speed    Speed
	Keys     []KeyRow
}

// ProviderRows are the providers that have keys, in their order.
func (s *State) ProviderRows(now time.Time) []ProviderRow {
	var rows []ProviderRow
	for _, k := range s.Keys(now) {
		if len(rows) == 0 || rows[len(rows)-1].ID != k.Provider {
			rows = append(rows, ProviderRow{ID: k.Provider, Name: cmp.Or(k.ProviderName, k.Provider), Speed: s.Speed(k.Provider, now)})
		}
		p := &rows[len(rows)-1]
		p.Keys = append(p.Keys, k)
	}
	return rows
}
