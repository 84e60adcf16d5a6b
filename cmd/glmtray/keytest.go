package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

type keyTestCmd struct {
	Provider string `arg:"" help:"The provider: cerebras, synthetic, zai, or one of the settings."`
	Name     string `arg:"" optional:"" help:"The key's name; without it all keys of the provider are tested."`
	JSON     bool   `name:"json" help:"As JSON."`
	Yes      bool   `name:"yes" short:"y" help:"Agree to every question beforehand."`
}

// Help is the rest of --help.
func (c *keyTestCmd) Help() string {
	return `One short question is sent to the provider's small model, which costs next to nothing. For Z.ai it also finds
out whether the key belongs to the coding plan or to pay-as-you-go, and stores which. If the proxy runs, it is told
whether to use the key.`
}

// testPatience bounds one call.
const testPatience = time.Minute

// keyTest is what one key's test has shown.
type keyTest struct {
	Provider string           `json:"provider"`
	Name     string           `json:"name"`
	Endpoint string           `json:"endpoint,omitempty"` // that answered
	Works    bool             `json:"works"`
	Result   string           `json:"result"` // the class of the answer, in words
	Reason   string           `json:"reason,omitempty"`
	Status   int              `json:"status,omitempty"`
	Model    string           `json:"model,omitempty"` // that answered
	TookMS   int64            `json:"took_ms"`
	Limits   []keyLimit       `json:"limits,omitempty"`
	Until    time.Time        `json:"until,omitzero"`   // when it may be used again
	Stored   string           `json:"stored,omitempty"` // the endpoint that the settings name from now on
	Note     string           `json:"note,omitempty"`
	astray   bool             // it works, but not where requests would go
	class    upstream.Class   // of the answer
	provider *config.Provider // that was asked
	key      *config.Key
}

// keyLimit is one limit that the answer's headers told of.
type keyLimit struct {
	Kind      string    `json:"kind"`
	Window    string    `json:"window"`
	Limit     int64     `json:"limit"`
	Remaining int64     `json:"remaining"`
	Reset     time.Time `json:"reset,omitzero"`
}

// Run tests one key or all of a provider's.
func (c *keyTestCmd) Run(e *env) error {
	t, err := c.prepare(e)
	if err != nil {
		return err
	}
	defer t.app.close()
	names := []string{c.Name}
	if c.Name == "" {
		names = names[:0]
		for _, k := range t.provider.Keys {
			names = append(names, k.Name)
		}
	}
	results := make([]*keyTest, 0, len(names))
	failed := false
	for _, name := range names {
		k := t.test(e.ctx, name)
		if e.ctx.Err() != nil {
			return errDeclined
		}
		t.learn(k)
		failed = failed || !k.Works || k.astray
		results = append(results, k)
		if !c.JSON {
			k.print(e.stdout)
		}
	}
	if c.JSON {
		if err := printJSON(e.stdout, results); err != nil {
			return err
		}
	}
	if failed {
		return errQuiet
	}
	return nil
}

// tester is what testing keys takes.
type tester struct {
	app      *app
	room     *keyRoom
	ask      *asker
	sender   *upstream.Sender
	proxy    *runFile // nil: none runs
	provider *config.Provider
}

func (c *keyTestCmd) prepare(e *env) (*tester, error) {
	r, err := e.keyRoom()
	if err != nil {
		return nil, err
	}
	if _, err := r.provider(c.Provider); err != nil {
		return nil, err
	}
	a, err := e.quietApp(appOptions{noDemo: true})
	if err != nil {
		return nil, err
	}
	t := &tester{app: a, room: r, ask: newAsker(e, c.Yes)}
	if t.provider, err = t.find(c); err != nil {
		a.close()
		return nil, err
	}
	set := a.settings()
	t.sender, err = upstream.New(upstream.Options{
		Proxy: set.Proxy, CAFile: set.CAFile, UserAgent: "glmtray/" + version, Scrub: a.scrub, Log: a.log,
	})
	if err != nil {
		a.close()
		return nil, err
	}
	t.proxy, _ = running(e.ctx, r.dataDir)
	return t, nil
}

// find gives the provider with the keys of this environment.
func (t *tester) find(c *keyTestCmd) (*config.Provider, error) {
	p := t.app.settings().Provider(c.Provider)
	switch {
	case p == nil || len(p.Keys) == 0:
		return nil, hint(fmt.Errorf("%s has no key", c.Provider), "add one with: glmtray keys add "+c.Provider)
	case c.Name != "" && keyOf(p, c.Name) == nil:
		return nil, hint(fmt.Errorf("%s has no key %s", p.ID, short(c.Name)), "it has "+keyNames(p))
	}
	return p, nil
}

// test asks with one key. Where a provider has two endpoints and the one that
// is noted refuses the key, the other is asked as well.
func (t *tester) test(ctx context.Context, name string) *keyTest {
	k := keyOf(t.provider, name)
	noted := t.provider.Endpoint(k.Endpoint)
	first := &keyTest{Provider: t.provider.ID, Name: name, provider: t.provider, key: k}
	if k.Secret.Empty() {
		first.Result, first.Reason, first.class = "missing", k.Problem, upstream.KeyRejected
		return first
	}
	t.call(ctx, first, noted)
	if first.Works || !mayBelongElsewhere(first) {
		return first
	}
	for i := range t.provider.Endpoints {
		other := &t.provider.Endpoints[i]
		// A key goes to no other host than the one it was stored for.
		if other.ID == noted.ID || config.Host(other.URL) != config.Host(noted.URL) {
			continue
		}
		second := &keyTest{Provider: t.provider.ID, Name: name, provider: t.provider, key: k}
		if t.call(ctx, second, other); second.Works {
			second.Note = "at the " + noted.ID + " endpoint it was refused: " + first.Reason
			return second
		}
	}
	return first
}

// mayBelongElsewhere reports whether a refusal is one that keys of the other
// endpoint get: Z.ai answers 429 code 1113 to a plan key at its pay-as-you-go
// endpoint (docs.z.ai/api-reference/api-code, 2026-11-20). A warning for misuse
// (1313) is never answered with a further try.
func mayBelongElsewhere(k *keyTest) bool {
	switch k.class {
	case upstream.AccountStopped, upstream.KeyRejected, upstream.NotEntitled:
		return !strings.Contains(k.Reason, "1313")
	}
	return false
}

// call makes the one cheap call, with the first model of the small role that
// the provider still has.
func (t *tester) call(ctx context.Context, k *keyTest, endpoint *config.Endpoint) {
	k.Endpoint = endpoint.ID
	k.Result, k.Reason, k.class = "not tried", "the settings name no model for it", upstream.ModelGone
	for _, model := range testModels(t.provider) {
		reply, took := t.send(ctx, k, endpoint, model)
		k.take(reply, took)
		if k.class != upstream.ModelGone && k.class != upstream.NotEntitled {
			return
		}
	}
}

func testModels(p *config.Provider) []string {
	var ids []string
	for _, role := range []config.Role{config.Small, config.Large} {
		for _, id := range p.Roles[role] {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func (t *tester) send(ctx context.Context, k *keyTest, endpoint *config.Endpoint, model string) (*upstream.Reply, time.Duration) {
	body, _ := json.Marshal(map[string]any{ // texts and numbers always encode
		"model":      model,
		"messages":   []map[string]string{{"role": "user", "content": "Reply with the word ok"}},
		"max_tokens": 16,
		"stream":     false,
	})
	address := endpoint.Address(config.OpenAI)
	behind := dialect.Name(address.Dialect)
	if request, err := dialect.Read(dialect.OpenAI, body); err == nil { // it always can be read
		fit := dialect.Fit{Dialect: behind, Provider: t.provider.ID, Model: model, Refuses: dialect.Refuses(t.provider.Refuses)}
		if sent, e := request.For(fit, nil); e == nil { // and be said everywhere
			body = sent.Body
		}
	}
	start := time.Now()
	reply := t.sender.Send(ctx, &upstream.Call{
		Provider: t.provider, Address: address, Method: http.MethodPost, Path: dialect.Path(behind),
		Header: http.Header{}, Body: body, Secret: k.key.Secret, Model: model, Patience: testPatience,
	})
	defer reply.Close()
	return reply, time.Since(start)
}

// take reads what an answer says.
func (k *keyTest) take(reply *upstream.Reply, took time.Duration) {
	k.class, k.Status, k.TookMS = reply.Class, reply.Status, took.Milliseconds()
	k.Works, k.Result, k.Reason, k.Until = reply.Class == upstream.OK, reply.Class.String(), reply.Reason, reply.Until
	if k.Works {
		k.Model = dialect.ModelOf(reply.Head)
	}
	k.Limits = nil
	for _, l := range reply.Limits {
		k.Limits = append(k.Limits, keyLimit{Kind: l.Kind, Window: l.Window, Limit: l.Limit, Remaining: l.Remaining, Reset: l.Reset})
	}
}

// learn keeps what a test has shown: the endpoint in the settings, the key's
// state in the running proxy or else in the database.
func (t *tester) learn(k *keyTest) {
	if k.key.Secret.Empty() {
		return
	}
	if k.Works && len(t.provider.Endpoints) > 1 && k.key.Endpoint != k.Endpoint {
		t.storeEndpoint(k)
	}
	k.astray = k.Works && k.Stored == "" && t.provider.Endpoint(k.key.Endpoint).ID != k.Endpoint
	switch {
	case k.astray:
	case t.proxy != nil:
		t.tellProxy(k)
	case k.Works:
		_ = t.app.pool.Enable(k.Provider, k.Name) // it is there: the settings are the pool's
	case k.class == upstream.KeyRejected || k.class == upstream.AccountStopped:
		_ = t.app.pool.Park(k.Provider, k.Name, k.Reason)
	}
}

// storeEndpoint notes to which endpoint a key belongs. A plan's terms are
// stated and asked about again, since the key may have been added as another.
func (t *tester) storeEndpoint(k *keyTest) {
	if k.key.Origin != config.FromKeychain {
		if k.key.Endpoint != "" {
			k.addNote("it is from " + string(k.key.Origin) + ": set its base URL in the environment to that of the " + k.Endpoint + " endpoint")
		}
		return
	}
	if k.key.Endpoint != "" || t.provider.Endpoint("").ID != k.Endpoint {
		if err := agree(t.ask, t.provider, k.Endpoint); err != nil {
			k.addNote("not stored: " + err.Error())
			return
		}
	}
	err := t.room.edit(func(d *config.Doc) error { return d.SetKeyEndpoint(k.Provider, k.Name, k.Endpoint) })
	if err != nil {
		k.addNote("not stored: " + err.Error())
		return
	}
	k.Stored = k.Endpoint
	if t.proxy != nil {
		if err := t.proxy.control(t.room.e.ctx, "reload", nil, nil); err != nil {
			k.addNote("the running proxy keeps its old settings: " + err.Error())
		}
	}
}

func (k *keyTest) addNote(text string) {
	if k.Note != "" {
		text = k.Note + "; " + text
	}
	k.Note = text
}

// tellProxy enables or parks the key in the running proxy, if it is the same
// key there.
func (t *tester) tellProxy(k *keyTest) {
	verb := ""
	switch {
	case k.Works:
		verb = "enable"
	case k.class == upstream.KeyRejected || k.class == upstream.AccountStopped:
		verb = "park"
	}
	if verb == "" || !t.sameInProxy(k) {
		return
	}
	err := t.proxy.control(t.room.e.ctx, keyPath(k.Provider, k.Name, verb), nil, nil)
	if err != nil {
		k.addNote("the running proxy was not told: " + err.Error())
	}
}

func (t *tester) sameInProxy(k *keyTest) bool {
	st, err := t.proxy.status(t.room.e)
	if err != nil {
		return false
	}
	print := ""
	for _, s := range t.app.pool.Provider(k.Provider) {
		if s.Name == k.Name {
			print = s.Fingerprint
		}
	}
	for i := range st.Providers {
		if slices.ContainsFunc(st.Providers[i].Keys, func(s keypool.State) bool {
			return s.Provider == k.Provider && s.Name == k.Name && s.Fingerprint == print
		}) {
			return true
		}
	}
	return false
}
