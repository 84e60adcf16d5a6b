package keypool

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// vendor is a provider that tells nothing: a bucket of its own, and an answer or
// a refusal a moment later.
type vendor struct {
	mu    sync.Mutex
	rate  float64
	burst float64
	level float64
	at    time.Time
	tries int
	ok    int
	no    int
}

func (v *vendor) admit() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	v.level = min(v.burst, v.level+v.rate*now.Sub(v.at).Seconds())
	v.at = now
	v.tries++
	if v.level+1e-9 < 1 {
		v.no++
		return false
	}
	v.level--
	v.ok++
	return true
}

func (v *vendor) counts() (ok, no int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ok, v.no
}

// load keeps n requests going until the time is over.
func (v *vendor) load(t *testing.T, p *Pool, n int, d time.Duration, retryAfter time.Duration) {
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for time.Now().Before(end) {
				l, err := p.Acquire(t.Context(), Ask{Provider: prov, Wait: 90 * time.Second})
				if err != nil {
					time.Sleep(time.Second)
					continue
				}
				time.Sleep(20 * time.Millisecond)
				if v.admit() {
					l.OK()
					time.Sleep(200 * time.Millisecond)
				} else {
					until := time.Time{}
					if retryAfter > 0 {
						until = in(retryAfter)
					}
					l.Throttle(until, "429")
				}
				l.Release()
			}
		})
	}
	wg.Wait()
}

func TestAPaceIsFoundWithinTwoMinutes(t *testing.T) {
	for _, rate := range []float64{0.133, 1, 5, 20} {
		for _, told := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprintf("%v per second, told %v", rate, told), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := New(Options{Cooldown: 5 * time.Second})
					p.Set(keys("a"), 0)
					v := &vendor{rate: rate, burst: max(1, rate), level: max(1, rate), at: time.Now()}
					v.load(t, p, 30, 2*time.Minute, told)
					ok0, no0 := v.counts()
					v.load(t, p, 30, 20*time.Minute, told)
					ok, no := v.counts()
					ok, no = ok-ok0, no-no0
					share := float64(no) / float64(ok+no)
					t.Logf("first 2 min: %d served, %d refused; the next 20: %d served (%.2f/s), %d refused: %.1f %%",
						ok0, no0, ok, float64(ok)/1200, no, 100*share)
					if share >= 0.05 {
						t.Errorf("%.1f %% refused after two minutes", 100*share)
					}
					if no0 > 30+12 { // the first 30 go at once: nobody knows anything yet
						t.Errorf("%d refusals until the pace was found", no0)
					}
					if used := float64(ok) / 1200 / rate; used < 0.4 {
						t.Errorf("only %.0f %% of what the provider allows", 100*used)
					}
					idle(t, p)
				})
			})
		}
	}
}

func TestNoPaceUntilARefusalThatNothingExplains(t *testing.T) {
	for _, c := range []struct {
		name  string
		rates Rates
		do    func(*testing.T, *Pool)
		paced bool
	}{
		{"nothing refused", Rates{}, func(*testing.T, *Pool) {}, false},
		{"an initial pace", Rates{Initial: 10}, func(*testing.T, *Pool) {}, true},
		{"a quota used up", Rates{}, func(t *testing.T, p *Pool) { take(t, p, Ask{}).Cool(in(time.Second), "") }, false},
		{"too fast", Rates{}, func(t *testing.T, p *Pool) { take(t, p, Ask{}).Throttle(in(time.Second), "") }, true},
		{"too fast, as told", Rates{}, func(t *testing.T, p *Pool) {
			l := take(t, p, costs(500))
			l.Told([]Limit{minute(30_000, 100)})
			l.Throttle(in(time.Second), "")
		}, false},
		{"too fast, though the told limits have room", Rates{}, func(t *testing.T, p *Pool) {
			l := take(t, p, costs(500))
			l.Told([]Limit{minute(30_000, 30_000)})
			l.Throttle(in(time.Second), "")
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := New(Options{Rates: c.rates})
				p.Set(keys("a"), 0)
				c.do(t, p)
				want(t, "paced", stateOf(t, p, "a").Rate > 0, c.paced)
			})
		})
	}
}

func TestAnAttemptTakesItsTokenAndARefusalNeverRaisesThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Rates: Rates{Initial: 4, Min: 0.5}})
		p.Set(keys("a"), 0)
		take(t, p, Ask{}).Release() // nothing came of it, and still it was an attempt
		u := refused(t, p, Ask{})
		want(t, "text", u.Error(), "cerebras: a paced at 4 requests per second; next in 1 s")
		want(t, "next", time.Until(u.Until).Round(time.Millisecond), 250*time.Millisecond)
		last := 4.0
		for range 8 {
			time.Sleep(5 * time.Second)
			take(t, p, Ask{}).Throttle(in(time.Second), "429")
			now := stateOf(t, p, "a").Rate
			if now > last {
				t.Errorf("a refusal raised the pace from %v to %v", last, now)
			}
			last = now
		}
		want(t, "never below the floor", last, 0.5)
	})
}

func TestAPaceThatNobodyUsesDoesNotRise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Rates: Rates{Initial: 1, Max: 50}})
		p.Set(keys("a"), 0)
		take(t, p, Ask{}).Throttle(in(time.Second), "429")
		was := stateOf(t, p, "a").Rate
		p.ring(prov).keys[0].acct.pace.rate = 20 // so that one request a second is far below it
		for range 100 {
			time.Sleep(time.Second)
			serve(t, p, Ask{})
		}
		want(t, "pace", stateOf(t, p, "a").Rate, 20)
		if was >= 1 {
			t.Errorf("a refusal left the pace at %v", was)
		}
	})
}

func TestALearnedPaceSurvivesARestart(t *testing.T) {
	for _, c := range []struct {
		name string
		away time.Duration
		kept bool
	}{{"an hour later", time.Hour, true}, {"a day later", 24 * time.Hour, false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := poolOf("a")
				take(t, first, Ask{}).Throttle(in(time.Second), "429")
				saved := first.Export()
				want(t, "saved", saved[0].Rate, stateOf(t, first, "a").Rate)
				time.Sleep(c.away)
				next := poolOf("a")
				next.Restore(saved)
				want(t, "kept", stateOf(t, next, "a").Rate > 0, c.kept)
			})
		})
	}
}
