package simulator

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// faultState is a fault with what it has seen. Provider.mu guards it.
type faultState struct {
	Fault
	since time.Time
	seen  int // requests that matched in kind
	fired int
}

func (p *Provider) setFaults(list []Fault) {
	p.faults = nil
	for _, f := range list {
		p.faults = append(p.faults, &faultState{Fault: f, since: time.Now()})
	}
}

// faulty looks whether a fault befalls the request. Fixtures, and faults that
// need no answer, are answered at once; others wait in x.fault for the answer.
// Provider.mu is held.
func (x *exchange) faulty(r *http.Request, now time.Time) *reply {
	for _, f := range x.p.faults {
		if !f.matches(x, r.URL.Path) || !f.fires(x, now) {
			continue
		}
		kind, transport := faults[f.What]
		if !transport {
			return x.refuse(f.What, words{wait: time.Duration(f.Wait)}, now)
		}
		if kind.alone || !x.asked { // where no answer is asked for there are no events to break: an empty body is
			rep := &reply{status: http.StatusOK, header: http.Header{}, stream: x.q.stream, fault: f.What}
			rep.contentType()
			kind.apply(rep, &f.Fault)
			return rep
		}
		x.fault = &f.Fault
		x.prepare(now)
		return nil
	}
	return nil
}

// prepare fills in the fixture of an error event. Provider.mu is held.
func (x *exchange) prepare(now time.Time) {
	if !strings.HasPrefix(x.fault.What, "error-event-") {
		return
	}
	f := *x.fault
	if f.With == "" {
		f.With = x.occasions().overload
	}
	f.With = string(x.refuse(f.With, words{wait: time.Duration(f.Wait)}, now).body)
	x.fault = &f
}

func (f *faultState) matches(x *exchange, path string) bool {
	w := f.When
	if w.Path == "" && !x.asked || !strings.HasSuffix(path, w.Path) {
		return false
	}
	return fits(w.Key, x.call.Key) && fits(w.Account, x.call.Account) && fits(w.Model, x.call.Model) &&
		fitsBool(w.Stream, x.q.stream) && fitsBool(w.Images, x.q.images > 0)
}

func fits(want, is string) bool { return want == "" || want == is }

func fitsBool(want *bool, is bool) bool { return want == nil || *want == is }

func (f *faultState) fires(x *exchange, now time.Time) bool {
	w := f.When
	f.seen++
	if !w.counts(f.seen) || w.Times > 0 && f.fired >= w.Times {
		return false
	}
	if w.For > 0 && now.Sub(f.since) >= time.Duration(w.For) || w.Chance > 0 && chance(x.s.Seed, x.call.N) >= w.Chance {
		return false
	}
	f.fired++
	return true
}

// counts reports whether the n-th matching request is meant.
func (w When) counts(n int) bool {
	return (w.Nth == 0 || n == w.Nth) && (w.Every == 0 || n%w.Every == 0) && n > w.After
}

// chance is a number in 0..1 that is the same in every run.
func chance(seed uint64, n int) float64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%d", seed, n) // a hash never fails
	return float64(h.Sum64()%1_000_003) / 1_000_003
}

// kind is one way in which transport or stream break.
type kind struct {
	about string
	alone bool // needs no answer that would be broken
	apply func(*reply, *Fault)
}

// Faults lists the faults below HTTP and in streams, sorted.
func Faults() []string { return slices.Sorted(maps.Keys(faults)) }

// AboutFault says what a fault of Faults does.
func AboutFault(name string) string { return faults[name].about }

var faults = map[string]kind{
	"refuse":               {"the connection is closed before anything is said", true, func(r *reply, _ *Fault) { r.before = closeConn }},
	"reset":                {"the connection is reset before the headers", true, func(r *reply, _ *Fault) { r.before = resetConn }},
	"silent":               {"nothing is answered until the client goes", true, func(r *reply, _ *Fault) { r.before = stayConn }},
	"reset-after-headers":  {"the connection is reset after the headers", true, func(r *reply, _ *Fault) { r.open, r.end = true, resetConn }},
	"silent-after-headers": {"headers, then nothing until the client goes", true, func(r *reply, _ *Fault) { r.open, r.end = true, stayConn }},
	"empty-200":            {"200 without a body", true, func(*reply, *Fault) {}},
	"bad-gzip":             {"says gzip and is not", true, badGzip},
	"slow-first":           {"the headers come late", false, func(r *reply, f *Fault) { r.first += f.late() }},
	"slow-event":           {"the headers come at once, the first event late", false, func(r *reply, f *Fault) { r.open, r.late = true, r.late+f.late() }},
	"stall":                {"stops in the middle and stays", false, func(r *reply, f *Fault) { r.keep(f); r.end = stayConn }},
	"cut":                  {"the connection closes in the middle, without the end of the body", false, func(r *reply, f *Fault) { r.keep(f); r.end = closeConn }},
	"cut-clean":            {"the body ends in the middle as if it were complete", false, func(r *reply, f *Fault) { r.keep(f) }},
	"cut-event":            {"the body ends in the middle of a data line", false, cutEvent},
	"reset-mid":            {"the connection is reset in the middle", false, func(r *reply, f *Fault) { r.keep(f); r.end = resetConn }},
	"malformed-line":       {"one data line in the middle is no JSON", false, malformed},
	"no-done":              {"the stream ends without [DONE] (message_stop)", false, func(r *reply, _ *Fault) { r.drop(kindDone) }},
	"no-finish":            {"the stream ends with [DONE] (message_stop) and without a finish (message_delta)", false, func(r *reply, _ *Fault) { r.drop(kindFinish) }},
	"json-for-sse":         {"a stream was asked for, a whole answer comes", false, jsonForSSE},
	"sse-for-json":         {"a whole answer was asked for, a stream comes", false, sseForJSON},
	"short-content-length": {"the body is shorter than its Content-Length", false, shortBody},
	"huge-event":           {"one event in the middle is huge", false, hugeEvent},
	"error-event-first":    {"the first event of a 200 is the error of Fault.With", false, func(r *reply, f *Fault) { r.fail(f, 0) }},
	"error-event-mid":      {"an error event in the middle of a stream", false, func(r *reply, f *Fault) { r.fail(f, r.place(f)) }},
	"role-then-silent":     {"the role (message_start), then nothing until the client goes", false, roleThenSilent},
	"nul-content":          {"a stray NUL as content, as Cerebras has sent it", false, func(r *reply, f *Fault) { r.insertText(f, "\x00") }},
	"crlf":                 {"lines end in CRLF", false, func(r *reply, _ *Fault) { r.each("\n", "\r\n") }},
	"no-space":             {"data: (and event:) without a space behind it", false, noSpace},
	"no-start":             {"the stream lacks what it opens with", false, func(r *reply, _ *Fault) { r.drop(kindRole) }},
	"no-event-lines":       {"the stream's events are not named, as Anthropic's must be", false, noEventLines},
	"comments":             {"a comment line before every event", false, comments},
	"slow-bytes": {"the answer comes a few bytes at a time", false, func(r *reply, f *Fault) {
		r.step, r.gap = max(f.Size, 1), cmp.Or(time.Duration(f.Late), time.Millisecond)
	}},
	"raw":            {"bytes that may be no HTTP at all", true, rawBytes},
	"last-line-open": {"the last event lacks its blank line", false, lastLineOpen},
}

func (f *Fault) late() time.Duration {
	if f.Late > 0 {
		return time.Duration(f.Late)
	}
	return 15 * time.Second
}

// place is the index behind the f.At-th content event.
func (r *reply) place(f *Fault) int {
	at := f.At
	if at == 0 {
		at = 2
	}
	for i, e := range r.events {
		if e.content() {
			if at--; at == 0 {
				return i + 1
			}
		}
	}
	return len(r.events)
}

// keep leaves the beginning of the answer only.
func (r *reply) keep(f *Fault) {
	if r.stream {
		r.events = r.events[:r.place(f)]
		return
	}
	r.body, r.open = r.body[:len(r.body)/2], true
}

func (r *reply) drop(kind int) {
	r.events = slices.DeleteFunc(r.events, func(e event) bool { return e.kind == kind })
}

func (r *reply) insert(at int, data []byte) {
	r.events = slices.Insert(r.events, at, event{kind: kindOther, data: data})
}

func (r *reply) insertText(f *Fault, text string) {
	if !r.stream {
		return
	}
	at, behind := r.place(f), event{kind: kindOther}
	if at > 0 {
		behind = r.events[at-1]
	}
	r.insert(at, r.made.more(behind, text).data)
}

func (r *reply) each(old, with string) {
	for i := range r.events {
		r.events[i].data = bytes.ReplaceAll(r.events[i].data, []byte(old), []byte(with))
	}
}

// fail puts an error event and ends the stream with it. A whole answer becomes
// the error, with its 200.
func (r *reply) fail(f *Fault, at int) {
	if !r.stream {
		r.body = []byte(f.With)
		return
	}
	data := line(oneLine([]byte(f.With)))
	if r.made != nil {
		data = r.made.failure([]byte(f.With))
	}
	r.events = append(slices.Clip(r.events[:at]), event{kind: kindOther, data: data})
}

// ends are what Fault.End may say.
var ends = map[string]conn{"": closeConn, "close": closeConn, "reset": resetConn, "stay": stayConn}

func rawBytes(r *reply, f *Fault) {
	r.before, r.raw = ends[f.End], f.Raw
	if len(r.raw) == 0 {
		r.raw = []byte("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
	}
}

func badGzip(r *reply, _ *Fault) {
	r.header.Set("Content-Encoding", "gzip")
	r.stream, r.body = false, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xffthis is not gzip")
}

func cutEvent(r *reply, f *Fault) {
	r.keep(f)
	if n := len(r.events); n > 0 {
		data := r.events[n-1].data
		r.events[n-1].data = data[:len(data)/2]
	}
}

func malformed(r *reply, f *Fault) {
	if !r.stream {
		r.body = append(slices.Clip(r.body[:len(r.body)/2]), `,"broken`...)
		return
	}
	if r.made != nil {
		r.insert(r.place(f), r.made.broken())
	}
}

func jsonForSSE(r *reply, _ *Fault) {
	if r.made == nil {
		return
	}
	r.stream, r.events, r.body = false, nil, r.made.whole()
	r.contentType()
}

func sseForJSON(r *reply, _ *Fault) {
	if r.made == nil {
		return
	}
	r.stream, r.events, r.body = true, r.made.events(), nil
	r.contentType()
}

func shortBody(r *reply, _ *Fault) {
	if r.stream {
		r.stream, r.body = false, bytes.Join(r.wire(), nil)
	}
	r.announce, r.body = len(r.body), r.body[:len(r.body)/2]
}

func hugeEvent(r *reply, f *Fault) {
	size := f.Size
	if size == 0 {
		size = 1 << 20
	}
	r.insertText(f, strings.Repeat("x", size))
}

func roleThenSilent(r *reply, _ *Fault) {
	r.open, r.end = true, stayConn
	r.body, r.events = nil, nil
	if r.made != nil {
		r.events = []event{r.made.opening()}
	}
}

func comments(r *reply, _ *Fault) {
	for i := range r.events {
		r.events[i].data = append([]byte(": keep-alive\n\n"), r.events[i].data...)
	}
}

func noSpace(r *reply, _ *Fault) {
	r.each("data: ", "data:")
	r.each("event: ", "event:")
}

func noEventLines(r *reply, _ *Fault) {
	for i := range r.events {
		if name, rest, ok := bytes.Cut(r.events[i].data, []byte("\n")); ok && bytes.HasPrefix(name, []byte("event:")) {
			r.events[i].data = rest
		}
	}
}

func lastLineOpen(r *reply, _ *Fault) {
	if n := len(r.events); n > 0 {
		r.events[n-1].data = bytes.TrimSuffix(r.events[n-1].data, []byte("\n\n"))
	}
}
