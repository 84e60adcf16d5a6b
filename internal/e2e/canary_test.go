package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// noise is a text of its own for each name, the same in every run.
func noise(name string) string {
	sum := sha256.Sum256([]byte("canary " + name))
	return hex.EncodeToString(sum[:])
}

// The keys of the canary test: in the vendors' shapes, and in one that nobody
// could know for a key.
var (
	canaries = map[string]string{
		"cerebras/shaped": "csk-" + noise("c1")[:44],
		"cerebras/odd":    "Zx" + noise("c2")[:30],
		"synthetic":       "syn_" + noise("s1")[:32],
		"zai":             noise("z1")[:32] + "." + noise("z2")[:16],
		"proxy password":  "pw" + noise("p1")[:30],
	}
	clientCanaries = map[string]string{
		"the client's key":    "ck" + noise("k1")[:30],
		"X-Api-Key":           "xk" + noise("k2")[:30],
		"the client's cookie": "cc" + noise("k3")[:30],
		"a key in the query":  "qk" + noise("k4")[:30],
		"Proxy-Authorization": "pa" + noise("k5")[:30],
	}
)

// nest is the program with canaries for keys, in front of echoing providers.
type nest struct {
	*program
	sims      map[string]*simulator.Provider
	vendors   map[string]*echoing // in front of sims
	keys      *search             // the program's
	clients   *search             // the clients'
	environ   []string
	mu        sync.Mutex
	collected map[string][]byte // what was shown to anybody, by what it is
	what      string            // the failure of the moment
}

func newNest(t *testing.T) *nest {
	t.Helper()
	n := &nest{
		sims: map[string]*simulator.Provider{}, vendors: map[string]*echoing{}, keys: searchFor(canaries), clients: searchFor(clientCanaries),
		collected: map[string][]byte{},
	}
	urls := map[string]string{}
	for _, vendor := range []string{simulator.Cerebras, simulator.Synthetic, simulator.ZAI} {
		s := simulator.Script{Vendor: vendor, Keys: map[string]simulator.KeyScript{}, Answer: simulator.Answer{Text: said}}
		for name, key := range canaries {
			if name == vendor || strings.HasPrefix(name, vendor+"/") {
				s.Keys[key] = simulator.KeyScript{Name: name}
			}
		}
		n.sims[vendor] = simulator.New(s)
		n.vendors[vendor] = &echoing{next: n.sims[vendor], clients: n.clients}
		server := httptest.NewServer(n.vendors[vendor])
		t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
		urls[vendor] = server.URL
	}
	n.environ = []string{
		fmt.Sprintf(`CEREBRAS_API_KEYS={"shaped":%q,"odd":%q}`, canaries["cerebras/shaped"], canaries["cerebras/odd"]),
		"CEREBRAS_BASE_URL=" + urls["cerebras"] + "/v1",
		"SYNTHETIC_API_KEY=" + canaries["synthetic"], "SYNTHETIC_BASE_URL=" + urls["synthetic"] + "/openai/v1",
		"ZAI_API_KEY=" + canaries["zai"], "ZAI_BASE_URL=" + urls["zai"] + "/api/paas/v4",
		"GLMTRAY_CLIENT_KEY=" + clientCanaries["the client's key"],
		"GLMTRAY_PROXY=http://somebody:" + canaries["proxy password"] + "@127.0.0.1:9",
		"LOG_REQUESTS=true", "GLMTRAY_LOG_LEVEL=debug",
		// Whoever is silent is left soon, and nobody is waited for.
		"GLMTRAY_MAX_WAIT=0", "GLMTRAY_SHORT_WAIT=0", "GLMTRAY_LAST_PATIENCE=150ms",
	}
	limits := ""
	for vendor := range n.sims {
		limits += "[provider." + vendor + ".limits]\nfirst_event = \"150ms\"\nidle = \"150ms\"\nwhole_answer = \"150ms\"\n"
	}
	n.program = start(t, launch{settings: limits, environ: n.environ})
	return n
}

// keep collects what somebody was shown.
func (n *nest) keep(what string, data []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.collected[what] = append(append(n.collected[what], data...), '\n')
}

// send makes one request with every kind of credential in it.
func (n *nest) send(method, at string, body []byte) int {
	n.t.Helper()
	c := clientCanaries
	resp, err := n.client.Do(n.request(method, at+"?beta=1&api_key="+c["a key in the query"]+"&session="+c["the client's key"], body,
		"Authorization", "Bearer "+c["the client's key"], "X-Api-Key", c["X-Api-Key"], "Cookie", "session="+c["the client's cookie"],
		"Proxy-Authorization", "Bearer "+c["Proxy-Authorization"], "Openai-Organization", c["X-Api-Key"]))
	if err != nil {
		return 0 // broken off before the first byte, as the provider's answer was
	}
	raw, err := readAll(resp)
	var head bytes.Buffer
	_ = resp.Header.Write(&head) // to memory
	n.keep("an answer's header at "+n.what, head.Bytes())
	// What is forwarded as it is, and calls itself good, is not looked into.
	if at == path || resp.StatusCode >= 400 {
		n.keep("an answer at "+n.what, raw)
	}
	if err != nil {
		n.keep("an error", []byte(err.Error()))
	}
	return resp.StatusCode
}

// fail makes every provider fail in one way and asks in every way there is.
func (n *nest) fail(t *testing.T, i int, what string) {
	t.Helper()
	id := model
	if !slices.Contains(simulator.Faults(), what) {
		id = fmt.Sprintf("canary-%d", i) // a model that one fixture has taken away is gone for all
	}
	for vendor, sim := range n.sims {
		err := sim.SetFaults(simulator.Fault{What: what}, simulator.Fault{What: what, When: simulator.When{Path: "/embeddings"}})
		if err != nil {
			t.Fatal(vendor, err)
		}
	}
	before := len(n.sims["cerebras"].Calls())
	for _, stream := range []bool{true, false} {
		for _, pin := range []string{"", "synthetic", "zai"} {
			if pin == "" {
				n.control("unpin")
			} else {
				n.control("pin?for=1h&provider=" + pin)
			}
			for name := range canaries {
				if provider, key, ok := strings.Cut(name, "/"); ok {
					n.fresh(provider, key)
				} else if name == "synthetic" || name == "zai" {
					n.fresh(name, "env")
				}
			}
			body := bytes.Replace(chatBody(stream, "hello"), []byte(model), []byte(id), 1)
			n.send(http.MethodPost, path, body)
		}
	}
	n.control("unpin")
	n.send(http.MethodPost, "/v1/embeddings", []byte(`{"input":"hello"}`))
	for _, path := range []string{"/_status", "/metrics", "/_ui/data?range=7d"} {
		n.keep(path, n.do(http.MethodGet, path, nil, "Authorization", "Bearer "+clientCanaries["the client's key"]).body)
	}
	met := slices.ContainsFunc(n.sims["cerebras"].Calls()[before:], func(c simulator.Call) bool { return c.Fault == what })
	if !met {
		t.Errorf("%s did not happen", what)
	}
}

// drown has the providers answer with errors that are too long to be kept whole,
// so that a key stands where they are cut.
func (n *nest) drown() {
	n.t.Helper()
	for vendor, e := range n.vendors {
		n.control("pin?for=1h&provider=" + vendor)
		e.flood.Store(true)
		n.what = "flood of " + vendor
		for _, stream := range []bool{true, false} {
			status := n.send(http.MethodPost, path, chatBody(stream, "hello"))
			// Patience is short here, so that silence costs little; on a busy machine
			// the flood itself may take longer.
			for tries := 0; status == http.StatusGatewayTimeout && tries < 8; tries++ {
				status = n.send(http.MethodPost, path, chatBody(stream, "hello"))
			}
			if status != http.StatusUnprocessableEntity {
				n.t.Errorf("%s: %d", n.what, status)
			}
		}
		e.flood.Store(false)
	}
	n.control("unpin")
}

// fresh makes a key ready, whatever became of it.
func (n *nest) fresh(provider, key string) {
	n.t.Helper()
	n.control("keys/" + provider + "/" + key + "/enable")
	n.control("keys/" + provider + "/" + key + "/clear")
}

// failures are all ways to fail, dealt out to so many hands. Those that take a
// model away come last. What a vendor is known to say with a status, gateways say
// within a 200 as well: one of each kind does.
func failures(t *testing.T, hands int) [][]string {
	t.Helper()
	var all, gone []string
	seen := map[string]bool{}
	for _, name := range simulator.Fixtures() {
		f, err := simulator.FixtureNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		variants := []string{name}
		vendor, _, _ := strings.Cut(name, "/")
		if kind := vendor + f.Scope; f.Status >= 400 && json.Valid([]byte(f.Body)) && !seen[kind] {
			seen[kind] = true
			variants = append(variants, name+"+event", name+"+data")
		}
		if f.Scope == "model" {
			gone = append(gone, variants...)
			continue
		}
		all = append(all, variants...)
	}
	dealt := make([][]string, hands)
	for i, what := range slices.Concat(simulator.Faults(), all, gone) {
		dealt[i%hands] = append(dealt[i%hands], what)
	}
	return dealt
}

func TestNoKeyIsEverShownWhateverFailsAndWhoeverEchoesIt(t *testing.T) {
	t.Parallel()
	// Most of the time is spent on waiting for who is silent: four programs wait
	// side by side.
	for i, hand := range failures(t, 4) {
		t.Run(fmt.Sprintf("part %d", i+1), func(t *testing.T) {
			t.Parallel()
			newNest(t).failAll(t, hand)
		})
	}
}

func (n *nest) failAll(t *testing.T, failures []string) {
	t.Helper()
	events := n.open(http.MethodGet, "/_events", nil, "Authorization", "Bearer "+clientCanaries["the client's key"])
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		raw, _ := io.ReadAll(events.Body) // until the program ends
		n.keep("/_events", raw)
	}()
	if status := n.send(http.MethodPost, path, chatBody(true, "hello")); status != 200 {
		t.Fatalf("nothing fails, and yet: %d", status)
	}
	n.drown()
	for i, what := range failures {
		n.what = what
		n.fail(t, i, what)
	}
	n.commands(t)
	n.keep("the list of models", n.do(http.MethodGet, "/v1/models", nil, "Authorization", "Bearer "+clientCanaries["the client's key"]).body)
	n.keep("an unknown client's answer", n.do(http.MethodGet, "/v1/models", nil, "Authorization", "Bearer wrong").body)

	// While it runs the database has a log beside it; afterwards it is whole.
	running := n.look(t)
	n.stop()
	<-watched
	ended := n.look(t)
	for _, want := range []string{"glmtray.db-wal", "run.json", "logs"} {
		if !slices.ContainsFunc(running, func(f string) bool { return strings.HasPrefix(f, want) }) {
			t.Errorf("no %s was looked into", want)
		}
	}
	if asked := len(n.stderr.Requests()); len(ended) < asked {
		t.Errorf("%d files were looked into after %d requests", len(ended), asked)
	}
	for what, data := range n.collected {
		n.keys.in(t, what, data)
		n.clients.in(t, what, data)
	}
	for _, out := range []fmt.Stringer{n.stdout, n.stderr} {
		n.keys.in(t, "its output", []byte(out.String()))
		n.clients.in(t, "its output", []byte(out.String()))
	}
	n.arrived(t)
}

// look searches the data folder.
func (n *nest) look(t *testing.T) []string {
	t.Helper()
	n.clients.under(t, n.dir)
	return n.keys.under(t, n.dir)
}

// commands runs those that show something, while every provider rejects every
// key.
func (n *nest) commands(t *testing.T) {
	t.Helper()
	for _, sim := range n.sims {
		if err := sim.SetFaults(simulator.Fault{What: "openai/wrong-key"}, simulator.Fault{What: "openai/wrong-key", When: simulator.When{Path: "/models"}}); err != nil {
			t.Fatal(err)
		}
	}
	request := filepath.Join(t.TempDir(), "request.json")
	write(t, request, string(chatBody(false, "hello")))
	for _, args := range [][]string{
		{"status"},
		{"status", "--json"},
		{"keys", "list"},
		{"keys", "list", "--json"},
		{"explain", request},
		{"explain", request, "--json"},
		{"doctor"},
		{"doctor", "--json"},
		{"keys", "test", "cerebras"},
	} {
		c := run(t, launch{dir: n.dir, environ: n.environ, args: args})
		<-c.Gone
		n.keep("glmtray "+args[0], []byte(c.stdout.String()+c.stderr.String()))
		if len(c.stdout.String()) < 20 {
			t.Errorf("glmtray %q says %q", args, c.stdout)
		}
	}
}

// arrived wants nothing of a client's at a provider but what stands in the
// allow-list.
func (n *nest) arrived(t *testing.T) {
	t.Helper()
	allowed := []string{"Accept", "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "User-Agent", "X-Request-Id"}
	for vendor, sim := range n.sims {
		if first := n.vendors[vendor].arrived; first != "" {
			t.Errorf("%s got %s", vendor, first)
		}
		bad := 0
		for _, c := range sim.Calls() {
			foreign := slices.DeleteFunc(slices.Clone(c.Headers), func(h string) bool { return slices.Contains(allowed, h) })
			query := c.Query == "" || c.Query == "beta=1"
			if len(c.Forbidden) > 0 || len(foreign) > 0 || !strings.HasPrefix(c.UserAgent, "glmtray/") || !query || c.Key == "unknown" || c.Key == "none" {
				if bad++; bad == 1 {
					t.Errorf("%s got %q and %q from %q with key %s and query %q", vendor, c.Forbidden, foreign, c.UserAgent, c.Key, c.Query)
				}
			}
		}
	}
}
