package keypool

import "time"

// Rates say how the pace of an account that is told no limits is learned. The
// zero value of a field stands for its default.
type Rates struct {
	Initial float64       // requests per second of an account that nothing is known of; 0: no pace until the first refusal
	Min     float64       // lowest pace; 0: one a minute
	Max     float64       // highest; a learned pace that gets there is dropped. 0: 50
	Alpha   float64       // weight of the newest refusal in the ceiling, (0, 1]; 0: 0.3
	Hold    float64       // how far below the ceiling the pace stays, and by how much it then tries more, (0, 1); 0: 0.02
	Probe   int           // clean answers in a row at the pace that let it rise; 0: 10
	MaxAge  time.Duration // how long a learned pace is worth anything over a restart; 0: 6 hours
}

// The defaults are the predecessor's but for the lowest pace: its 1 a second
// never found a limit of "2400 in 5 hours", which is 0.133 a second.
const (
	defaultMin    = 1. / 60
	defaultMax    = 50
	defaultAlpha  = 0.3
	defaultHold   = 0.02
	defaultProbe  = 10
	defaultMaxAge = 6 * time.Hour
)

func (r Rates) orDefaults() Rates {
	or := func(v *float64, def float64) {
		if *v <= 0 {
			*v = def
		}
	}
	or(&r.Min, defaultMin)
	or(&r.Max, defaultMax)
	or(&r.Alpha, defaultAlpha)
	or(&r.Hold, defaultHold)
	if r.Max = max(r.Max, r.Min); r.Initial > 0 {
		r.Initial = min(max(r.Initial, r.Min), r.Max)
	}
	if r.Probe <= 0 {
		r.Probe = defaultProbe
	}
	if r.MaxAge <= 0 {
		r.MaxAge = defaultMaxAge
	}
	return r
}

// Tune changes how paces are learned. A pace that was learned stays.
func (p *Pool) Tune(r Rates) {
	r = r.orDefaults()
	p.rates.Store(&r)
}

const (
	calm     = 10 * time.Second // this long without a request ends a measurement: silence is no goodput
	shortest = time.Second      // shortest time a goodput is measured over
	shortRun = 5 * time.Second  // a pace has gone well after so long at the earliest: a provider's burst hides more
	firstTry = 1                // requests per second where a refusal came before any answer
	maxRise  = 0.5              // of the pace, per rise beyond the ceiling
	recover2 = 2                // the way back to the ceiling is halved per rise
)

// pace is a token bucket in front of an account: additive increase would be
// too slow for paces that differ by a factor of 100, so it rises by halving the
// way to the ceiling (where refusals came), and from there by steps that double.
// It falls to half of what truly went through.
type pace struct {
	rate    float64 // requests per second; 0: off
	ceiling float64 // smoothed rate at which refusals came
	level   float64
	at      time.Time
	clean   int     // answers at the pace since it last changed
	good    float64 // highest pace that went well since the last refusal; 0: none yet
	step    float64 // the last rise beyond the ceiling, as a share
	since   time.Time
	oks     int // answers since then
	last    time.Time
	changed time.Time // when it was last learned
}

func (p *pace) burst() float64 { return max(1, p.rate/4) }

func (p *pace) refill(now time.Time) {
	p.level = min(p.burst(), p.level+p.rate*now.Sub(p.at).Seconds())
	p.at = now
}

// next is when a request may go; zero: now.
func (p *pace) next(now time.Time) time.Time {
	if p.rate <= 0 {
		return time.Time{}
	}
	p.refill(now)
	if p.level >= 1-1e-9 {
		return time.Time{}
	}
	return now.Add(time.Duration((1-p.level)/p.rate*float64(time.Second)) + time.Microsecond)
}

// take counts an attempt and reports whether the pace was what limited it. idle
// is until when nothing could be sent anyway.
func (p *pace) take(now, idle time.Time) (tight bool) {
	gap := calm
	if p.rate > 0 {
		gap = max(gap, time.Duration(3/p.rate*float64(time.Second)))
	}
	if idle.After(p.last) {
		p.last = idle
	}
	if p.since.IsZero() || now.Sub(p.last) > gap {
		p.since, p.oks = now, 0
	}
	p.last = now
	if p.rate <= 0 {
		return false
	}
	p.refill(now)
	p.level--
	return p.level < 1
}

// ok counts a clean answer. Only one that the pace has held back may raise it: a
// pace that nobody uses is not known to be right. It tells whether it rose.
func (p *pace) ok(tight bool, r *Rates, now time.Time) (risen bool) {
	p.oks++
	if p.rate <= 0 || !tight {
		return false
	}
	if p.clean++; p.clean < r.Probe || now.Sub(p.changed) < shortRun {
		return false
	}
	p.refill(now)
	p.clean, p.changed, p.good = 0, now, p.rate
	if hold := p.ceiling * (1 - r.Hold); p.rate < hold*0.99 {
		p.rate += (hold - p.rate) / recover2
	} else {
		p.step = min(max(2*p.step, r.Hold), maxRise)
		p.rate *= 1 + p.step
	}
	if p.rate >= r.Max {
		p.rate = r.Max
		if r.Initial <= 0 {
			*p = pace{since: p.since, oks: p.oks, last: p.last}
		}
	}
	return true
}

// refused learns from a refusal that no told limit explains.
func (p *pace) refused(r *Rates, now time.Time) {
	// What went through was held back by the pace itself for most of the time, so
	// the pace that last went well counts, if it is more.
	got := max(float64(p.oks)/max(now.Sub(p.since), shortest).Seconds(), p.good)
	switch {
	case got == 0 && p.rate == 0:
		got = 2 * firstTry
	case got == 0:
		got = p.rate
	case p.rate > 0:
		got = min(got, p.rate)
	}
	if p.good == 0 {
		p.ceiling = got // nothing has gone well there: it was no ceiling
	}
	p.good = 0
	p.ceiling = max(r.Alpha*got+(1-r.Alpha)*min(p.ceiling, r.Max), r.Min)
	p.rate = min(max(got/2, r.Min), r.Max)
	p.level, p.at = 0, now
	p.clean, p.step = 0, 0
	p.since, p.oks, p.changed = now, 0, now
}

// begin gives a new account the pace that is configured.
func (p *pace) begin(r *Rates, now time.Time) {
	if r.Initial > 0 && p.rate == 0 {
		p.rate, p.at, p.ceiling = r.Initial, now, r.Max
		p.level = p.burst()
	}
}

// restore takes up a pace that was learned before a restart, if it is not stale
// and nothing was learned since.
func (p *pace) restore(rate, ceiling float64, at time.Time, r *Rates, now time.Time) {
	age := now.Round(0).Sub(at.Round(0))
	if rate <= 0 || at.IsZero() || age < 0 || age > r.MaxAge || !p.changed.IsZero() {
		return
	}
	p.rate = min(max(rate, r.Min), r.Max)
	p.ceiling = min(max(ceiling, p.rate), r.Max)
	p.at, p.level, p.changed = now, 1, now.Add(-age)
}
