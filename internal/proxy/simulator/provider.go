package simulator

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxBody is the largest request that is read.
const maxBody = 64 << 20

// Provider is the simulated provider: an http.Handler.
type Provider struct {
	fast    atomic.Pointer[fastAnswers]
	control atomic.Bool

	mu       sync.Mutex
	script   *Script
	accounts map[string]*account
	faults   []*faultState
	calls    []*Call
	counts   map[string]int
	n        int // calls so far
	told     int // answers that could have told of limits
}

// New makes a provider. It panics if the script is wrong, as regexp.MustCompile
// does; check a script from outside with Script.Check first.
func New(s Script) *Provider {
	p := &Provider{counts: map[string]int{}}
	if err := p.SetScript(s); err != nil {
		panic("simulator: " + err.Error())
	}
	return p
}

// SetScript replaces the script: limits are full again and faults start anew.
// The call log stays. A wrong script changes nothing.
func (p *Provider) SetScript(s Script) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("checking script: %w", err)
	}
	p.fast.Store(newFast(&s))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script, p.accounts = &s, map[string]*account{}
	p.setFaults(s.Faults)
	return nil
}

// SetFaults replaces the script's faults and leaves its limits as they are.
func (p *Provider) SetFaults(faults ...Fault) error {
	for i := range faults {
		if err := faults[i].check(); err != nil {
			return fmt.Errorf("checking fault %d: %w", i, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setFaults(faults)
	return nil
}

// Reset forgets the calls, fills the limits and starts the faults anew.
func (p *Provider) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.counts, p.n, p.told = nil, map[string]int{}, 0, 0
	p.accounts = map[string]*account{}
	for _, f := range p.faults {
		f.seen, f.fired, f.since = 0, 0, time.Now()
	}
}

// AllowControl lets the provider be driven over HTTP, under /_sim/.
func (p *Provider) AllowControl() { p.control.Store(true) }

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
	limits  http.Header
	chat    bool // POST …/chat/completions
}

// ServeHTTP answers one request.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	chat := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/chat/completions")
	if f := p.fast.Load(); f != nil && chat {
		f.serve(w, r)
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
	x := &exchange{p: p, chat: chat}
	if chat {
		x.q = readRequest(body)
	}
	rep := x.decide(r, body)
	defer x.end(r)
	rep.play(w, r)
}

// decide finds what is answered.
func (x *exchange) decide(r *http.Request, body []byte) *reply {
	now := time.Now()
	x.p.mu.Lock()
	x.s = x.p.script
	key, refused := x.identify(r)
	x.begin(r, body, key, now)
	rep := x.faulty(r, now)
	if rep == nil && refused != "" {
		rep = x.refuse(refused, words{}, now)
	}
	if rep == nil && x.chat {
		rep = x.admit(key, now)
	}
	x.p.mu.Unlock()
	switch {
	case rep != nil:
	case x.chat:
		rep = x.answer(now)
	default:
		rep = x.other(r, body)
	}
	x.finish(rep, r, now)
	return rep
}

// identify finds the key. refused is the fixture for one that is not good.
// Provider.mu is held.
func (x *exchange) identify(r *http.Request) (key KeyScript, refused string) {
	play := vendors[x.s.vendor()]
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		if strings.HasPrefix(r.URL.Path, "/public/") {
			return KeyScript{Name: "none", Account: "none"}, ""
		}
		return KeyScript{Name: "none", Account: "none"}, play.key
	}
	if len(x.s.Keys) == 0 {
		return KeyScript{Name: "any", Account: "any"}, ""
	}
	key, ok = x.s.Keys[token]
	if !ok {
		return KeyScript{Name: "unknown", Account: "unknown"}, play.key
	}
	if key.Account == "" {
		key.Account = key.Name
	}
	switch {
	case key.Fault != "":
		return key, key.Fault
	case !strings.HasPrefix(r.URL.Path, key.Path):
		return key, play.stopped
	}
	return key, ""
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
		Time: now, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Key: key.Name, Account: key.Account,
		Model: x.q.model, Stream: x.q.stream, Images: x.q.images, BodyBytes: len(body), Cooling: now.Before(a.coolUntil),
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
	c.headers(r.Header)
	x.call = c
	x.p.record(c)
}

// admit checks a chat request and reserves what it may cost; nil is yes.
// Provider.mu is held.
func (x *exchange) admit(key KeyScript, now time.Time) *reply {
	play := vendors[x.s.vendor()]
	if fixture, v := x.q.refusal(x.s); fixture != "" {
		return x.refuse(fixture, v, now)
	}
	if slices.Contains(key.NoModels, x.q.model) {
		return x.refuse(play.entitlement, words{}, now)
	}
	if x.account.full(x.q.model) {
		return x.refuse(play.concurrency, words{}, now)
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

// overLimit is the refusal of an account whose bucket is short. Provider.mu is held.
func (x *exchange) overLimit(short *bucket, wait time.Duration, now time.Time) *reply {
	v := words{window: short.Per, wait: wait}
	rep := x.refuse(vendors[x.s.vendor()].rate(short.Rate)+"+bare", v, now)
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

// refuse answers with a fixture. Provider.mu is held.
func (x *exchange) refuse(name string, v words, now time.Time) *reply {
	f, err := lookup(name)
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
	v.id = answerID(ZAI, x.call.N, now)
	v.now = now.Add(time.Duration(x.s.Headers.ClockSkew))
	if f.Scope == "account-window" && v.wait > 0 {
		x.account.cool(now, v.wait)
	}
	f = v.fill(f)
	return &reply{status: f.Status, header: f.Header, body: []byte(f.Body), fault: name}
}

// answer is what a request gets that nothing is wrong with.
func (x *exchange) answer(now time.Time) *reply {
	a := x.s.answer(x.q.model)
	r := compose(x.s, &x.q, x.call, now)
	x.spent = r.usage.Total
	rep := &reply{
		status: http.StatusOK, header: http.Header{}, first: time.Duration(a.FirstDelay), pace: time.Duration(a.Pace),
		together: a.WriteTogether, made: r,
	}
	if x.q.stream {
		rep.stream, rep.events, rep.late = true, r.events(), time.Duration(a.HeaderDelay)
	} else {
		rep.body = r.whole()
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
	if skew := time.Duration(x.s.Headers.ClockSkew); skew != 0 {
		rep.header.Set("Date", now.Add(skew).UTC().Format(http.TimeFormat))
	}
	accepted := strings.Contains(r.Header.Get("Accept-Encoding"), x.s.Compress)
	if x.s.Compress != "" && (accepted || x.s.ForceCompress) && rep.header.Get("Content-Encoding") == "" {
		rep.encoding = x.s.Compress
	}
	x.p.mu.Lock()
	defer x.p.mu.Unlock()
	x.call.Fault, x.call.Status = rep.fault, rep.status
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

func (x *exchange) silentAboutLimits() bool {
	h := x.s.Headers
	return h.MissingEvery > 0 && x.p.told%h.MissingEvery == 0
}

// tell gives the headers that say what is left. Provider.mu is held.
//
// Cerebras' form: a float of seconds, recorded by dcdpr/jp in 2026. Synthetic's
// x-synthetic-quotas: slkiser/opencode-quota#276, September 2026.
func (x *exchange) tell(now time.Time) http.Header {
	h := http.Header{}
	if x.s.Headers.NoLimits || x.silentAboutLimits() {
		return h
	}
	switch x.s.vendor() {
	case Cerebras, DemoShape:
		for _, b := range x.account.buckets {
			name := b.Of + "-" + strings.ReplaceAll(b.Per, " ", "-")
			h.Set("X-Ratelimit-Limit-"+name, strconv.FormatInt(b.Max, 10))
			h.Set("X-Ratelimit-Remaining-"+name, strconv.FormatInt(b.remaining(), 10))
			h.Set("X-Ratelimit-Reset-"+name, strconv.FormatFloat(b.reset(now).Seconds(), 'f', -1, 64))
		}
	case Synthetic:
		for _, b := range x.account.buckets {
			if b.Of == "requests" {
				h.Set("X-Synthetic-Quotas", string(encode(quotas(b, now.Add(time.Duration(x.s.Headers.ClockSkew)), now))))
				break
			}
		}
	}
	return h
}

func quotas(b *bucket, shown, now time.Time) map[string]any {
	at := shown.Add(b.reset(now)).UTC().Format(time.RFC3339)
	return map[string]any{
		"subscription": map[string]any{"limit": b.Max, "requests": b.Max - b.remaining(), "renewsAt": at},
		"rollingFiveHourLimit": map[string]any{
			"nextTickAt": at, "tickPercent": 0.05, "remaining": b.remaining(), "max": b.Max, "limited": b.remaining() == 0,
		},
	}
}
