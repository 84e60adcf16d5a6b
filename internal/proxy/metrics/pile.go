package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// pile adds up what the tables tell apart and a metric does not, since each
// combination of labels may be exported once only.
type pile struct {
	totals     map[pileKey]float64
	histograms map[pileKey]*histogram
}

type pileKey struct {
	desc   *prometheus.Desc
	labels string // joined by what is in no label
}

const between = "\xff"

func keyOf(d *prometheus.Desc, labels []string) pileKey {
	return pileKey{d, strings.Join(labels, between)}
}

func (k pileKey) list() []string { return strings.Split(k.labels, between) }

// add adds to a total; one that has not begun is not exported.
func (p *pile) add(d *prometheus.Desc, v float64, labels ...string) {
	if v > 0 {
		p.totals[keyOf(d, labels)] += v
	}
}

func (p *pile) merge(d *prometheus.Desc, h *histogram, labels ...string) {
	k := keyOf(d, labels)
	sum := p.histograms[k]
	if sum == nil {
		fresh := newHistogram(h.bounds)
		sum = &fresh
		p.histograms[k] = sum
	}
	sum.merge(h)
}

func (p *pile) write(out chan<- prometheus.Metric) {
	for k, v := range p.totals {
		out <- prometheus.MustNewConstMetric(k.desc, prometheus.CounterValue, v, k.list()...)
	}
	for k, h := range p.histograms {
		if m := h.metric(k.desc, k.list()...); m != nil {
			out <- m
		}
	}
}

func (p *pile) requests(b *Book) {
	for k, row := range b.http.all() {
		p.add(zaiRequests, float64(row.seconds.count()), k.method, k.route, k.status, k.variant)
		p.merge(zaiDuration, &row.seconds, k.method, k.route, k.status, k.variant)
		p.merge(zaiRequestSize, &row.in, k.method, k.route, k.variant)
		p.merge(zaiAnswerSize, &row.out, k.method, k.route, k.status, k.variant)
	}
	for variant, row := range b.waits.all() {
		p.merge(zaiWaits, &row.zai, variant)
		p.merge(ownWait, &row.own, variant)
	}
	for variant, n := range b.rejected.all() {
		p.add(zaiRejections, float64(n.Load()), variant)
	}
}

func (p *pile) chats(b *Book) {
	for k, row := range b.chats.all() {
		p.add(ownRequests, float64(row.seconds.count()), k.provider, k.model, k.outcome, k.variant)
		p.merge(ownSpeed, &row.speed, k.provider, k.model, k.variant)
		gen := []string{"chat", system(k.provider), k.asked, k.model}
		p.merge(genTokenUsage, &row.prompt, append(gen, "input")...)
		p.merge(genTokenUsage, &row.completion, append(gen, "output")...)
		p.merge(genDuration, &row.seconds, append(gen, errorType(k.outcome))...)
		p.merge(genFirst, &row.first, gen...)
	}
}

// system is a provider by OpenTelemetry's names.
func system(provider string) string {
	if provider == "zai" {
		return "z_ai"
	}
	return provider
}

// errorType is an outcome as OpenTelemetry's error.type has it: absent where
// there was no error.
func errorType(outcome string) string {
	if outcome == outcomeOK {
		return ""
	}
	return outcome
}

func (p *pile) tokens(b *Book) {
	for k, row := range b.tokens.all() {
		direction := func(name string, n uint64) { p.add(zaiTokens, float64(n), name, k.model, k.variant, k.tier) }
		direction("input", row.input.Load())
		direction("output", row.output.Load())
		direction("cache_read", row.cached.Load())
		direction("cache_write", row.written.Load())
		p.merge(zaiTokenRate, &row.speed, "output", k.model, k.variant)
		p.add(zaiCost, row.cost.value()+row.plan.value(), k.model, k.variant, k.tier)
		p.add(ownCost, row.cost.value(), k.provider, k.model, k.variant, "use")
		p.add(ownCost, row.plan.value(), k.provider, k.model, k.variant, "plan")
		p.add(ownReasoning, float64(row.reasoning.Load()), k.provider, k.model, k.variant)
		p.add(ownUnpriced, float64(row.unpriced.Load()), k.provider, k.model, k.variant)
	}
}

func (p *pile) tries(b *Book) {
	for k, n := range b.tries.all() {
		p.add(ownAttempts, float64(n.Load()), k.provider, k.class, k.variant)
	}
	for k, n := range b.moves.all() {
		p.add(ownFailovers, float64(n.Load()), k.from, k.to, k.reason)
	}
	for k, n := range b.faults.all() {
		p.add(zaiFaults, float64(n.Load()), k.kind, k.variant)
	}
	for k, n := range b.retries.all() {
		p.add(zaiRetries, float64(n.Load()), k.kind, k.variant)
	}
}
