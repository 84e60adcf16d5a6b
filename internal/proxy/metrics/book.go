package metrics

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Request is one request that is over.
type Request struct {
	event.Finished
	Route    string // a word for the path, one of a few: see [Book.Request]
	InFlight int    // requests that ran when this one ended, itself included
	Chat     bool   // a turn of a conversation, as against a forwarded path
}

// Attempt is one try at one provider.
type Attempt struct {
	Variant, Provider string
	Class             string // "ok", or what came back in a word or two
	Status            int    // 0: no answer came
	Before            string // class of the try before it in this request; "" for the first
	From              string // provider of the try before it, or that the rule would have asked first
}

// Refused stands for the class of a provider that was not even asked, because it
// had no key to give.
const Refused = "no key"

type (
	httpKey  struct{ method, route, status, variant string }
	httpRow  struct{ seconds, in, out histogram }
	chatKey  struct{ provider, asked, model, variant, outcome string }
	chatRow  struct{ seconds, first, prompt, completion, speed histogram }
	tokenKey struct{ provider, model, variant, tier string }
	tokenRow struct {
		input, cached, written, output, reasoning, unpriced atomic.Uint64
		cost, plan                                          amount    // USD; of keys that pay by use, and of plans' keys
		speed                                               histogram // of zai_proxy_token_rate
	}
	tryKey   struct{ provider, class, variant string }
	moveKey  struct{ from, to, reason string }
	errorKey struct{ kind, variant string }
	waitRow  struct{ zai, own histogram }
)

// Book is everything that is counted.
type Book struct {
	models    names
	http      *table[httpKey, httpRow]
	chats     *table[chatKey, chatRow]
	tokens    *table[tokenKey, tokenRow]
	tries     *table[tryKey, atomic.Uint64]
	moves     *table[moveKey, atomic.Uint64]
	faults    *table[errorKey, atomic.Uint64] // zai_proxy_upstream_errors_total
	retries   *table[errorKey, atomic.Uint64] // zai_proxy_retry_attempts_total
	rejected  *table[string, atomic.Uint64]   // zai_proxy_rate_limit_rejections_total
	waits     *table[string, waitRow]
	intervals intervals
	recent    recent
}

// New makes an empty Book.
func New() *Book {
	counter := func() *atomic.Uint64 { return new(atomic.Uint64) }
	return &Book{
		http: newTable(httpKey{other, other, other, other}, func() *httpRow {
			return &httpRow{newHistogram(zaiSeconds), newHistogram(zaiBytes), newHistogram(zaiBytes)}
		}),
		chats: newTable(chatKey{other, other, other, other, other}, func() *chatRow {
			return &chatRow{
				newHistogram(genSeconds), newHistogram(genSeconds), newHistogram(genTokens), newHistogram(genTokens), newHistogram(speeds),
			}
		}),
		tokens: newTable(tokenKey{other, other, other, ""}, func() *tokenRow { return &tokenRow{speed: newHistogram(zaiRate)} }),
		tries:  newTable(tryKey{other, other, other}, counter), moves: newTable(moveKey{other, other, other}, counter),
		faults: newTable(errorKey{other, other}, counter), retries: newTable(errorKey{other, other}, counter),
		rejected: newTable(other, counter),
		waits:    newTable(other, func() *waitRow { return &waitRow{newHistogram(zaiWait), newHistogram(waitSeconds)} }),
	}
}

// Request counts a request that is over. Its Route is one of the caller's words,
// a handful: what clients write in their paths is no label.
func (b *Book) Request(r *Request) {
	h := b.http.of(httpKey{method(r.Method), r.Route, status(r.Status), r.Variant})
	h.seconds.observe(r.Took.Seconds())
	h.in.observe(float64(r.In))
	h.out.observe(float64(r.Out))
	w := b.waits.of(r.Variant)
	w.zai.observe(r.Waited.Seconds())
	w.own.observe(r.Waited.Seconds())
	if r.Status == tooMany && r.Provider == "" {
		b.rejected.of(r.Variant).Add(1)
	}
	if r.Chat {
		b.chat(r)
	}
	b.intervals.request(r)
	b.recent.put(&r.Finished)
}

const tooMany = 429

// chat counts what is only known of a turn of a conversation.
func (b *Book) chat(r *Request) {
	asked, model := b.models.label(r.Asked), b.models.label(r.Model)
	row := b.chats.of(chatKey{r.Provider, asked, model, r.Variant, r.Outcome})
	row.seconds.observe(r.Took.Seconds())
	if r.Stream && r.Outcome == outcomeOK {
		row.first.observe(r.FirstByte.Seconds())
	}
	t := &r.Tokens
	if t.Prompt == 0 && t.Completion == 0 {
		return
	}
	row.prompt.observe(float64(t.Prompt))
	row.completion.observe(float64(t.Completion))
	sum := b.tokens.of(tokenKey{r.Provider, model, r.Variant, tier(r.Provider, r.Time)})
	sum.cached.Add(count(t.Cached))
	sum.written.Add(count(t.CacheWrite))
	sum.input.Add(count(t.Prompt - t.Cached - t.CacheWrite))
	sum.output.Add(count(t.Completion))
	sum.reasoning.Add(count(t.Reasoning))
	switch {
	case r.Cost == nil:
		sum.unpriced.Add(1)
	case r.CostEquivalent:
		sum.plan.add(*r.Cost)
	default:
		sum.cost.add(*r.Cost)
	}
	if v, ok := Speed(&r.Finished); ok {
		row.speed.observe(v)
		sum.speed.observe(v)
	}
}

func count(n int) uint64 { return uint64(max(n, 0)) }

const (
	outcomeOK        = "ok"
	outcomeCancelled = "cancelled" // the client left: nobody's failure
)

// leastPace is the shortest stream that a pace can be told of: in less time, what
// is measured is the network's packets.
const leastPace = 10 * time.Millisecond

// Speed is how fast a stream's tokens came, per second, from the first byte to
// the last. Whole answers have no pace.
func Speed(f *event.Finished) (perSecond float64, ok bool) {
	took := f.Took - f.FirstByte
	if !f.Stream || f.Tokens.Completion <= 0 || took < leastPace {
		return 0, false
	}
	return float64(f.Tokens.Completion) / took.Seconds(), true
}

// Attempt counts a try.
func (b *Book) Attempt(a *Attempt) {
	b.tries.of(tryKey{a.Provider, a.Class, a.Variant}).Add(1)
	if a.Class != outcomeOK && a.Class != outcomeCancelled {
		b.faults.of(errorKey{faultOf(a), a.Variant}).Add(1)
	}
	if a.Before != "" && a.Before != Refused {
		b.retries.of(errorKey{retryOf(a.Before), a.Variant}).Add(1)
	}
	moved := a.From != "" && a.From != a.Provider
	if moved {
		b.moves.of(moveKey{a.From, a.Provider, a.Before}).Add(1)
	}
	b.intervals.attempt(a, moved)
}

// method is one of those that HTTP has, or "other".
func method(text string) string {
	switch text {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return text
	}
	return other
}

// statuses spares a conversion per request.
var statuses = func() (all [600]string) {
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return all
}()

func status(n int) string {
	if n < 0 || n >= len(statuses) {
		return other
	}
	return statuses[n]
}

// faultOf is the predecessor's word for a failure: the status if there is one.
func faultOf(a *Attempt) string {
	switch {
	case a.Status >= 400:
		return status(a.Status)
	case a.Class == "no connection" || a.Class == "connection reset":
		return "upstream_connection"
	case a.Class == "silent":
		return "empty_streaming"
	case a.Class == "malformed answer":
		return "truncated_response"
	}
	return a.Class
}

// retryOf is the predecessor's word for why it tried again.
func retryOf(class string) string {
	switch class {
	case "rate limited", "too many at once", "quota used up":
		return "429"
	case "no connection", "connection reset":
		return "network_error"
	case "silent":
		return "empty_streaming"
	case "malformed answer":
		return "truncated_response"
	}
	return "retry"
}

// tier is Z.ai's price of the hour: 14:00 to 18:00 in UTC+8 is peak (docs.z.ai,
// 2026-11). The predecessor's window was an hour late all year. Other vendors
// have no such hours, and no such label.
func tier(provider string, at time.Time) string {
	if provider != "zai" {
		return ""
	}
	if h := at.UTC().Hour(); h >= 6 && h < 10 {
		return "peak"
	}
	return "off_peak"
}
