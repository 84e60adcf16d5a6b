package simulator

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// exchange is one request on its way through the provider.
type exchange struct {
	p       *Provider
	s       *Script
	q       request
	call    *Call
	account *account
	fault   *Fault
	slot    string // what it counts under while it runs
	holds   bool   // it counts
	charged int    // tokens reserved
	spent   int    // tokens truly used
	tokens  Tokens // that the answer takes
	turn    int    // of Answer.Turns that was answered, from 1
	limits  http.Header
	dialect string      // of the path; "": it has none
	asked   bool        // an answer of the model is asked for
	counts  bool        // only its tokens are to be counted
	header  http.Header // of the request
}

// ServeHTTP answers one request.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := p.fast.Load(); f != nil && f.serve(w, r) {
		return
	}
	if p.control.Load() && strings.HasPrefix(r.URL.Path, "/_sim/") {
		p.serveControl(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "reading the request: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	x := &exchange{p: p, dialect: dialectOf(r), counts: countsTokens(r), header: r.Header}
	if x.dialect != "" || x.counts {
		x.q = readRequest(cmp.Or(x.dialect, Messages), body)
	}
	rep := x.decide(r, body)
	defer x.end(r)
	rep.play(w, r)
}

// dialectOf tells the dialect of a request for an answer; "": it is none.
func dialectOf(r *http.Request) string {
	switch {
	case r.Method != http.MethodPost:
		return ""
	case strings.HasSuffix(r.URL.Path, "/chat/completions"):
		return Chat
	case strings.HasSuffix(r.URL.Path, "/messages"):
		return Messages
	}
	return ""
}

func countsTokens(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages/count_tokens")
}

// decide finds what is answered.
func (x *exchange) decide(r *http.Request, body []byte) *reply {
	now := time.Now()
	x.p.mu.Lock()
	x.s = x.p.script
	x.asked = x.dialect != "" && x.s.speaks(x.dialect)
	key, refused := x.identify(r)
	x.begin(r, body, key, now)
	rep := x.faulty(r, now)
	if rep == nil && refused != "" {
		rep = x.refuse(refused, words{}, now)
	}
	if rep == nil {
		rep = x.atOnce(key, len(body), now)
	}
	x.p.mu.Unlock()
	switch {
	case rep != nil:
	case x.asked:
		rep = x.answer(now)
	default:
		rep = x.other(r, body)
	}
	x.finish(rep, r, now)
	return rep
}

// atOnce is what needs no answer of the model: refusals, and counting. nil: it
// does need one, or is none of the dialects' business. Provider.mu is held.
func (x *exchange) atOnce(key KeyScript, size int, now time.Time) *reply {
	own := x.s.vendor() == Anthropic
	switch {
	case x.dialect != "" && !x.asked, x.counts && !own:
		return x.refuse("no-such-path", words{}, now)
	case x.asked && own && size > maxMessages:
		return x.refuse("anthropic/too-large", words{}, now)
	case x.asked:
		return x.admit(key, now)
	case x.counts:
		return x.count(now)
	}
	return nil
}

// count tells how many tokens a request has. Provider.mu is held.
func (x *exchange) count(now time.Time) *reply {
	if fixture, v := x.refusal(); fixture != "" {
		return x.refuse(fixture, v, now)
	}
	rep := &reply{status: http.StatusOK, header: http.Header{}, body: encode(map[string]int{"input_tokens": x.q.input})}
	rep.contentType()
	return rep
}

// occasions are the vendor's fixtures in the request's dialect.
func (x *exchange) occasions() *occasions {
	play := vendors[x.s.vendor()]
	if x.inMessages() && play.messages != nil {
		return play.messages
	}
	return &play.occasions
}

// inMessages reports whether the request came in Anthropic's dialect.
func (x *exchange) inMessages() bool { return x.dialect == Messages || x.counts }

// token is the key's text as it came.
func (x *exchange) token(r *http.Request) (string, bool) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && token != "" {
		return token, true
	}
	token := r.Header.Get("X-Api-Key")
	return token, token != "" && x.takesAPIKey()
}

// takesAPIKey reports whether the key may come as Anthropic's own clients send it.
func (x *exchange) takesAPIKey() bool {
	return vendors[x.s.vendor()].apiKey && (x.inMessages() || !x.s.speaks(Chat)) && x.s.speaks(Messages)
}

// identify finds the key. refused is the fixture for one that is not good.
// Provider.mu is held.
func (x *exchange) identify(r *http.Request) (key KeyScript, refused string) {
	on := x.occasions()
	token, ok := x.token(r)
	if !ok {
		if strings.HasPrefix(r.URL.Path, "/public/") {
			return KeyScript{Name: "none", Account: "none"}, ""
		}
		return KeyScript{Name: "none", Account: "none"}, on.key
	}
	if len(x.s.Keys) == 0 {
		return KeyScript{Name: "any", Account: "any"}, ""
	}
	key, ok = x.s.Keys[token]
	if !ok {
		return KeyScript{Name: "unknown", Account: "unknown"}, on.key
	}
	if key.Account == "" {
		key.Account = key.Name
	}
	switch {
	case key.Fault != "":
		return key, key.Fault
	case !key.belongs(r.URL.Path):
		return key, on.stopped
	}
	return key, ""
}

// belongs reports whether the key may be used at a path.
func (k KeyScript) belongs(path string) bool {
	bases := strings.Fields(k.Path)
	return len(bases) == 0 || slices.ContainsFunc(bases, func(base string) bool { return strings.HasPrefix(path, base) })
}

// begin records the call. Provider.mu is held.
func (x *exchange) begin(r *http.Request, body []byte, key KeyScript, now time.Time) {
	a := x.p.accounts[key.Account]
	if a == nil {
		limits, ok := x.s.Accounts[key.Account]
		if !ok {
			limits = x.s.Accounts["*"]
		}
		a = newAccount(key.Account, limits, now)
		x.p.accounts[key.Account] = a
	}
	x.account, x.slot = a, a.slot(x.q.model)
	c := &Call{
		Time: now, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Dialect: x.dialect,
		Key: key.Name, Account: key.Account, Model: x.q.model, Stream: x.q.stream, Images: x.q.images, BodyBytes: len(body), Cooling: now.Before(a.coolUntil),
	}
	if c.Cooling {
		c.CoolingFor = Duration(now.Sub(a.coolSince))
	}
	for _, n := range a.running {
		c.InFlight += n
	}
	if x.s.KeepBodies {
		c.Body = string(body)
	}
	c.headers(r.Header, x.takesAPIKey())
	x.call = c
	x.p.record(c)
}

// admit checks a request for an answer and reserves what it may cost; nil is yes.
// Provider.mu is held.
func (x *exchange) admit(key KeyScript, now time.Time) *reply {
	on := x.occasions()
	if fixture, v := x.refusal(); fixture != "" {
		return x.refuse(fixture, v, now)
	}
	if slices.Contains(key.NoModels, x.q.model) {
		return x.refuse(on.entitlement, words{}, now)
	}
	if x.account.full(x.q.model) {
		return x.refuse(on.concurrency, words{}, now)
	}
	model, _ := x.s.model(x.q.model)
	output := x.q.output
	if output == 0 {
		output = model.MaxOutput
	}
	x.charged = x.q.input + output
	short, wait := x.account.admit(x.charged, now)
	x.p.told++
	x.limits = x.tell(now)
	if short != nil {
		x.charged = 0
		return x.overLimit(short, wait, now)
	}
	x.holds = true
	x.account.running[x.slot]++
	return nil
}

// answer is what a request gets that nothing is wrong with.
func (x *exchange) answer(now time.Time) *reply {
	a := x.s.answer(x.q.model)
	r := compose(x.s, &x.q, x.call, now)
	x.spent, x.turn = r.spent.prompt+r.spent.output, r.turn
	x.tokens = Tokens{r.spent.prompt, r.spent.cached, r.spent.written, r.spent.output, r.spent.thinking}
	made := r.form(x.dialect)
	rep := &reply{
		status: http.StatusOK, header: http.Header{}, first: time.Duration(a.FirstDelay), pace: time.Duration(a.Pace),
		together: a.WriteTogether, made: made,
	}
	if x.q.stream {
		rep.stream, rep.events, rep.late = true, made.events(), time.Duration(a.HeaderDelay)
	} else {
		rep.body = made.whole()
		rep.first += rep.pace * time.Duration(len(r.text)+len(r.reasoning)+len(r.calls))
	}
	rep.contentType()
	if x.fault != nil {
		faults[x.fault.What].apply(rep, x.fault)
		rep.fault = x.fault.What
	}
	return rep
}

// finish adds what every answer has.
func (x *exchange) finish(rep *reply, r *http.Request, now time.Time) {
	for name, values := range x.limits {
		rep.header[name] = values
	}
	if x.s.vendor() == Anthropic {
		rep.header.Set("Request-Id", requestID(Anthropic, x.call.N, now))
	}
	if skew := time.Duration(x.s.Headers.ClockSkew); skew != 0 {
		rep.header.Set("Date", now.Add(skew).UTC().Format(http.TimeFormat))
	}
	accepted := strings.Contains(r.Header.Get("Accept-Encoding"), x.s.Compress)
	if x.s.Compress != "" && (accepted || x.s.ForceCompress) && rep.header.Get("Content-Encoding") == "" {
		rep.encoding = x.s.Compress
	}
	x.p.mu.Lock()
	defer x.p.mu.Unlock()
	x.call.Fault, x.call.Status, x.call.Turn, x.call.Tokens = rep.fault, rep.status, x.turn, x.tokens
	if rep.before != goOn {
		x.call.Status = 0
	}
}

// end settles the account when the answer is over or the client went away.
func (x *exchange) end(r *http.Request) {
	now := time.Now()
	x.p.mu.Lock()
	defer x.p.mu.Unlock()
	x.call.Done, x.call.Took = true, Duration(now.Sub(x.call.Time))
	x.call.Cancelled = r.Context().Err() != nil
	if x.holds {
		x.account.running[x.slot]--
	}
	if x.charged > 0 {
		x.account.refund(x.charged-x.spent, now)
	}
}
