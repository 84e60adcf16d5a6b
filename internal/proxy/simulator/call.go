package simulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxCalls bounds the call log; the older half is forgotten beyond it.
const maxCalls = 40_000

// Call is one request as the provider saw it. No key text stands in it.
type Call struct {
	N              int // from 1, in order of arrival
	Time           time.Time
	Took           Duration // until the answer ended; 0 while it runs
	Method         string
	Path           string
	Query          string
	Dialect        string // Chat or Messages: the path asks for an answer; "": it does not
	Key            string // KeyScript.Name; "any" if the script names no keys, "unknown" or "none"
	Account        string
	Model          string
	Stream         bool
	Images         int
	Status         int      // 0: closed without an answer
	Turn           int      // which of Answer.Turns was answered, from 1; 0: none
	Tokens         Tokens   // that the answer took, whatever it told of them
	Fault          string   // the fixture or fault it met; "" if it was answered
	BodyBytes      int      //
	Body           string   // with Script.KeepBodies
	Headers        []string // names, sorted
	Forbidden      []string // headers that should never reach a provider
	UserAgent      string
	AcceptEncoding string
	InFlight       int      // other requests of the account that ran when it came
	Cooling        bool     // the account had been told to wait, and the time was not over
	CoolingFor     Duration // how long ago it was first told; a call within the network's own delay of it is nobody's fault
	Done           bool     // the answer ended
	Cancelled      bool     // the client went away before it did
}

// Tokens are what an answer took. Prompt includes Cached and Written, Output
// includes Thinking.
type Tokens struct{ Prompt, Cached, Written, Output, Thinking int }

// Calls gives what was asked so far, in order. Control requests are not in it.
func (p *Provider) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Call, len(p.calls))
	for i, c := range p.calls {
		all[i] = *c
	}
	return all
}

// Count gives the number of calls per key name.
func (p *Provider) Count() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// record adds a call. Provider.mu is held.
func (p *Provider) record(c *Call) {
	p.n++
	c.N = p.n
	if len(p.calls) == maxCalls {
		p.calls = slices.Clone(p.calls[maxCalls/2:])
	}
	p.calls = append(p.calls, c)
	p.counts[c.Key]++
}

// forbidden are headers of a client that are no business of a provider:
// credentials, traces of a browser, and what belongs to one hop only.
var forbidden = []string{
	"Cookie", "X-Api-Key", "Api-Key", "Proxy-Authorization", "Origin", "Referer", "Forwarded", "Via", "X-Real-Ip",
	"Te", "Trailer", "Upgrade", "Keep-Alive", "Proxy-Connection", "Connection", "Expect",
}

// headers notes what came. apiKey: x-api-key may carry the key, if nothing else does.
func (c *Call) headers(h http.Header, apiKey bool) {
	for name, values := range h {
		c.Headers = append(c.Headers, name)
		switch {
		case name == "X-Api-Key" && apiKey && h.Get("Authorization") == "":
		case slices.Contains(forbidden, name), strings.HasPrefix(name, "X-Forwarded-"), strings.HasPrefix(name, "Sec-"),
			strings.HasPrefix(name, "X-Glmtray-"), name == "Authorization" && len(values) > 1:
			c.Forbidden = append(c.Forbidden, name)
		}
	}
	slices.Sort(c.Headers)
	slices.Sort(c.Forbidden)
	c.UserAgent, c.AcceptEncoding = h.Get("User-Agent"), h.Get("Accept-Encoding")
}
