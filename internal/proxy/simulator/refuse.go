package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// overLimit is the refusal of an account whose bucket is short. Provider.mu is held.
func (x *exchange) overLimit(short *bucket, wait time.Duration, now time.Time) *reply {
	v := words{window: short.Per, wait: wait}
	rep := x.refuse(x.occasions().rate(short.Rate)+"+bare", v, now)
	rep.fault = strings.TrimSuffix(rep.fault, "+bare")
	x.account.cool(now, wait)
	if x.silentAboutLimits() {
		return rep
	}
	original, _ := lookup(rep.fault)
	mode := x.s.Headers.RetryAfter
	if mode == "" && original.Header.Get("Retry-After") != "" {
		mode = "seconds"
	}
	switch mode {
	case "seconds":
		rep.header.Set("Retry-After", strconv.Itoa(seconds(wait)))
	case "date":
		at := now.Add(wait + time.Second - 1 + time.Duration(x.s.Headers.ClockSkew))
		rep.header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
	case "ms":
		rep.header.Set("Retry-After-Ms", strconv.FormatInt(wait.Milliseconds()+1, 10))
	}
	return rep
}

// inDialect names the fixture in Anthropic's envelope if the request came in
// that dialect and the fixture is an error of an API in another.
func (x *exchange) inDialect(name string) string {
	base, variants, more := strings.Cut(name, "+")
	f, err := lookup(base)
	if !x.inMessages() || err != nil || !f.translates() || strings.Contains(variants, "anthropic") {
		return name
	}
	if base += "+anthropic"; more {
		base += "+" + variants
	}
	return base
}

// refuse answers with a fixture. Provider.mu is held.
func (x *exchange) refuse(name string, v words, now time.Time) *reply {
	f, err := lookup(x.inDialect(name))
	if err != nil {
		return &reply{status: http.StatusNotImplemented, header: http.Header{}, body: []byte(err.Error()), fault: name}
	}
	if v.model == "" {
		v.model = x.q.model
	}
	if v.wait == 0 {
		v.wait = f.Wait
	}
	if v.limit == 0 {
		v.limit, v.current = 131072, 200000
	}
	if v.problem == "" {
		at := "messages.2.assistant.reasoning_content"
		v.problem = at + ": property '" + at + "' is unsupported"
	}
	v.id = requestID(x.s.vendor(), x.call.N, now)
	v.now = now.Add(time.Duration(x.s.Headers.ClockSkew))
	if f.Scope == "account-window" && v.wait > 0 {
		x.account.cool(now, v.wait)
	}
	f = v.fill(f)
	return &reply{status: f.Status, header: f.Header, body: []byte(f.Body), fault: name}
}
