package metrics

import (
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// State is what is asked for when somebody reads the metrics.
type State struct {
	Variant  string // what the requests are called that no canary took
	Version  string
	InFlight int
	Waiting  int
	Workers  int
	Paused   bool
	Keys     []Key
	Limits   []Limit
}

// Key is one key, by its name.
type Key struct {
	Provider, Name, State string
	CoolUntil             time.Time // zero: it does not cool
	InFlight, Errors      int
	Uses                  uint64
	Rate                  float64 // requests per second; 0: no pace
}

// Limit is what a provider told of an account.
type Limit struct {
	Provider, Account, Kind, Window string
	Limit, Remaining                int64     // -1: not told
	Reset                           time.Time // zero: not told
}

// Registry gathers the book, the state, and what the Go runtime and the system
// tell of the process.
func (b *Book) Registry(state func() State) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&collector{b, state},
	)
	return r
}

type collector struct {
	book  *Book
	state func() State
}

// Describe tells all there may be.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range everything {
		out <- d
	}
}

// Collect gives all there is.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	e := exporter{out}
	s := c.state()
	e.process(&s)
	for i := range s.Keys {
		e.key(&s.Keys[i])
	}
	for i := range s.Limits {
		e.limit(&s.Limits[i])
	}
	p := pile{totals: map[pileKey]float64{}, histograms: map[pileKey]*histogram{}}
	p.requests(c.book)
	p.chats(c.book)
	p.tokens(c.book)
	p.tries(c.book)
	p.write(out)
}

// exporter writes metrics in Prometheus' form.
type exporter struct{ out chan<- prometheus.Metric }

func (e exporter) gauge(d *prometheus.Desc, v float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (e exporter) total(d *prometheus.Desc, v float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (e exporter) process(s *State) {
	e.gauge(zaiConcurrent, float64(s.InFlight), s.Variant)
	e.gauge(zaiWorkers, float64(s.Workers), s.Variant)
	e.gauge(zaiUtilization, float64(s.InFlight)/float64(max(s.Workers, 1)), s.Variant)
	e.gauge(zaiBuild, 1, s.Version, s.Variant, vcs("vcs.revision"), vcs("vcs.time"))
	e.gauge(ownInFlight, float64(s.InFlight))
	e.gauge(ownWaiting, float64(s.Waiting))
	paused := 0.
	if s.Paused {
		paused = 1
	}
	e.gauge(ownPaused, paused)
}

// vcs is what the program was built from, as far as the build knew.
func vcs(name string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == name {
				return s.Value
			}
		}
	}
	return "unknown"
}

func (e exporter) key(k *Key) {
	e.gauge(ownKeyState, 1, k.Provider, k.Name, k.State)
	cool := 0.
	if !k.CoolUntil.IsZero() {
		cool = max(0, time.Until(k.CoolUntil).Seconds())
	}
	e.gauge(ownKeyCool, cool, k.Provider, k.Name)
	e.gauge(ownKeyFlight, float64(k.InFlight), k.Provider, k.Name)
	e.gauge(ownKeyErrors, float64(k.Errors), k.Provider, k.Name)
	if k.Rate > 0 {
		e.gauge(ownKeyRate, k.Rate, k.Provider, k.Name)
	}
	e.total(ownKeyUses, float64(k.Uses), k.Provider, k.Name)
}

func (e exporter) limit(l *Limit) {
	labels := []string{l.Provider, l.Account, l.Kind, l.Window}
	if l.Limit >= 0 {
		e.gauge(ownLimit, float64(l.Limit), labels...)
	}
	if l.Remaining >= 0 {
		e.gauge(ownRemaining, float64(l.Remaining), labels...)
	}
	if !l.Reset.IsZero() {
		e.gauge(ownReset, max(0, time.Until(l.Reset).Seconds()), labels...)
	}
}
