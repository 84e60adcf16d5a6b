package main

import (
	"fmt"
	"strings"
	"time"
)

// aim is one row of what glmtray wants to reach.
type aim struct {
	what, wanted string
	shown        []figure
}

// figure is one measured value beside its limit.
type figure struct {
	text string
	met  bool
}

// aims is the table of what is wanted and what was measured. Rows whose cases
// did not run are left out.
func (r *report) aims() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| measure | aim | measured | met |\n|---|---|---|---|\n")
	for _, a := range r.all() {
		if len(a.shown) == 0 {
			continue
		}
		var texts []string
		met := "yes"
		for _, f := range a.shown {
			texts = append(texts, f.text)
			if !f.met {
				met = "no"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", a.what, a.wanted, strings.Join(texts, " / "), met)
	}
	fmt.Fprintf(&b, "\n× is against a bare `httputil.ReverseProxy` in the same run; %s, %s.\n", r.machine, r.when.Format(time.DateOnly))
	return b.String()
}

func (r *report) all() []aim {
	return []aim{
		{"added p50, 1 KB, 1 / 16 / 64 parallel", "≤ 1.0 ×", r.ratios(smallCase, most(1), p50, 1, 16, 64)},
		{"added p99, the same", "≤ 1.3 ×", r.ratios(smallCase, most(1.3), p99, 1, 16, 64)},
		{"requests per second, 16 / 64 parallel", "≥ 1.0 ×", r.rates(smallCase, 16, 64)},
		{"CPU per request, 1 / 16 / 64 parallel", "≤ 1.0 ×", r.costs(smallCase, 1, 1, 16, 64)},
		{"added p50, 100 KB prompt, 20 KB answer, 1 / 16 / 64 parallel", "≤ 1.0 ×", r.ratios(largeCase, most(1), p50, 1, 16, 64)},
		{"CPU per event of a stream at full speed, 1 / 16 / 64 parallel", "≤ 1.1 ×", r.costs(streamCase, 1.1, 1, 16, 64)},
		{"added first byte of a stream at 1,000 events per second, 1 / 16 parallel", "≤ 1.0 ×", r.ratios(pacedCase, most(1), first, 1, 16)},
		{"added lag of its events", "≤ 20 µs", r.lags(20*time.Microsecond, 1, 16)},
		{"Anthropic in front of OpenAI, CPU per event, 1 / 16 / 64 parallel", "≤ 3 µs", r.perEvent(3*time.Microsecond, 1, 16, 64)},
		{fmt.Sprintf("resident memory, idle / %v after all loads, 256 prompts of 1 MB at once among them", restAfter), "≤ 20 / ≤ 50 MiB", r.held(20, 50)},
		{"start to first answer, median of 11", "≤ 50 ms", r.started(50 * time.Millisecond)},
		{fmt.Sprintf("CPU when idle, over %v", r.rest.span), "0.0 %", r.idle()},
		{"broken or lost answers under all loads", "0", r.lost()},
	}
}

func most(limit float64) func(float64) bool { return func(x float64) bool { return x <= limit } }

// of finds the cases with a name, in the order of parallel.
func (r *report) of(name string, parallel []int) []measured {
	var out []measured
	for _, n := range parallel {
		for _, c := range r.cases {
			if c.name == name && c.parallel == n {
				out = append(out, c)
			}
		}
	}
	return out
}

// ratios are of a time that is added to the direct call.
func (r *report) ratios(name string, met func(float64) bool, of func(sample) time.Duration, parallel ...int) []figure {
	var out []figure
	for _, c := range r.of(name, parallel) {
		tray, floor := of(c.tray)-of(c.direct), of(c.floor)-of(c.direct)
		f := figure{text: ratio(tray, floor), met: true} // a floor lost in the noise tells nothing against us
		if floor > 0 {
			f.met = met(float64(tray) / float64(floor))
		}
		out = append(out, f)
	}
	return out
}

func (r *report) rates(name string, parallel ...int) []figure {
	var out []figure
	for _, c := range r.of(name, parallel) {
		x := c.tray.perSecond / c.floor.perSecond
		out = append(out, figure{fmt.Sprintf("%.2f", x), x >= 1})
	}
	return out
}

func (r *report) costs(name string, limit float64, parallel ...int) []figure {
	var out []figure
	for _, c := range r.of(name, parallel) {
		x := float64(c.tray.cpu) / float64(c.floor.cpu)
		out = append(out, figure{fmt.Sprintf("%.2f", x), x <= limit})
	}
	return out
}

func (r *report) lags(limit time.Duration, parallel ...int) []figure {
	var out []figure
	for _, c := range r.of(pacedCase, parallel) {
		more := c.tray.lag - c.floor.lag
		out = append(out, figure{micros(more) + " over the floor", more <= limit})
	}
	return out
}

func (r *report) perEvent(limit time.Duration, parallel ...int) []figure {
	var out []figure
	for _, c := range r.of(streamCase+translated, parallel) {
		each := c.tray.cpu / time.Duration(c.events)
		out = append(out, figure{fmt.Sprintf("%.1f µs", us(each)), each <= limit})
	}
	return out
}

func (r *report) held(idle, after float64) []figure {
	out := []figure{{fmt.Sprintf("%.0f", r.rest.rss), r.rest.rss <= idle}}
	var most float64
	for _, m := range r.memory {
		most = max(most, m.after)
	}
	return append(out, figure{fmt.Sprintf("%.0f", most), most <= after})
}

func (r *report) started(limit time.Duration) []figure {
	median := r.starts[len(r.starts)/2]
	return []figure{{fmt.Sprintf("%d ms", median.Milliseconds()), median <= limit}}
}

func (r *report) idle() []figure {
	share := 100 * float64(r.rest.cpu) / float64(r.rest.span)
	return []figure{{fmt.Sprintf("%.2f %%", share), share < 0.05}}
}

func (r *report) lost() []figure {
	broken, calls := 0, 0
	for _, c := range r.cases {
		broken, calls = broken+c.tray.broken, calls+c.tray.n
	}
	if calls == 0 {
		return nil
	}
	return []figure{{fmt.Sprintf("%d of %d", broken, calls), broken == 0}}
}
