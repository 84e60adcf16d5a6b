package proxy_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

// raw sends bytes that net/http's client would not, and reads one answer. The
// text ends in its last header; the rest is added.
func (r *rig) raw(text string) *reply {
	r.t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(r.t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err = io.WriteString(conn, text+"\r\nConnection: close\r\n\r\n"); err != nil {
		r.t.Fatal(err)
	}
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		r.t.Fatalf("%q: %v", text, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return &reply{resp, body, err}
}

func TestOnlyLoopbackAndAllowedHostsAreAnswered(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.AllowedHosts = []string{"Box.example", "other.example:8443"} }})
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:1": 200, "localhost.": 200, "localhost.:80": 200, "app.localhost:3000": 200,
		"127.0.0.1": 200, "127.0.0.1:9": 200, "127.9.9.9": 200, "[::1]": 200, "[::1]:80": 200, "[::ffff:127.0.0.1]": 200,
		"box.example": 200, "BOX.example:99": 200, "box.example.": 200, "other.example:8443": 200, "Other.Example:8443": 200,
		"evil.example": 403, "localhost.evil.example": 403, "evil.example:18080": 403, "127.0.0.1.evil.example": 403,
		"10.0.0.1": 403, "0.0.0.0": 403, "0.0.0.0:18080": 403, "[fe80::1]": 403, "[::]": 403, "169.254.169.254": 403,
		"other.example": 403, "other.example:8444": 403, "notlocalhost": 403, "2130706433": 403,
	} {
		if p := r.raw("GET /healthz HTTP/1.1\r\nHost: " + host); p.StatusCode != want {
			t.Errorf("Host %q: %d, want %d", host, p.StatusCode, want)
		}
	}
	for request, want := range map[string]int{
		"GET /healthz HTTP/1.0\r\nX: y":                                          403, // no Host at all
		"GET /healthz HTTP/1.1\r\nHost: ":                                        403,
		"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost":            403, // absolute form: its host counts
		"GET http://evil.example/_status HTTP/1.1\r\nHost: 127.0.0.1:18080":      403,
		"GET http://localhost/healthz HTTP/1.1\r\nHost: localhost":               200,
		"POST http://evil.example/_control/pause HTTP/1.1\r\nHost: localhost":    403,
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.com": 200,
	} {
		if p := r.raw(request); p.StatusCode != want {
			t.Errorf("%q: %d, want %d", request, p.StatusCode, want)
		}
	}
}

func TestPagesInABrowserAreRefused(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.AllowedOrigins = []string{"http://localhost:3000"} }})
	for _, c := range []struct {
		header, value string
		want          int
	}{
		{"Origin", "null", 403},
		{"Origin", "https://evil.example", 403},
		{"Origin", "http://localhost", 403},
		{"Origin", "http://127.0.0.1:18080", 403},
		{"Origin", "http://localhost:3000", 200},
		{"Sec-Fetch-Site", "cross-site", 403},
		{"Sec-Fetch-Site", "same-site", 403},
		{"Sec-Fetch-Site", "none", 200},
	} {
		for method, path := range map[string]string{http.MethodGet: "/_status", http.MethodPost: "/v1/chat/completions"} {
			p := r.do(method, path, chatBody("gpt-oss-120b", false, "x"), c.header, c.value)
			if p.StatusCode != c.want {
				t.Errorf("%s with %s %s: %d, want %d", path, c.header, c.value, p.StatusCode, c.want)
			}
			for name := range p.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s was said to a page", c.header, c.value, name)
				}
			}
		}
	}
	before := len(r.cerebras.Calls())
	r.do(http.MethodOptions, "/v1/chat/completions", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST").want(t, 403, "")
	if len(r.cerebras.Calls()) != before {
		t.Error("a page's question reached a provider")
	}
}

const clientKey = "gt-client-0123456789abcdef"

// people knows one further client key.
type people struct{}

func (people) Who(presented string) (string, bool) {
	return "alice", presented == "gt-alice-0123456789"
}

func needsKey(s *config.Settings) { s.RequireClientKey, s.ClientKey = true, secret.New(clientKey) }

func TestAClientKeyIsWantedWhereItIsRequired(t *testing.T) {
	r := newRig(t, setup{tune: needsKey, options: func(o *proxy.Options) { o.Clients = people{} }})
	for i, c := range []struct {
		bearer, api, code, client string
	}{
		{"", "", "missing_authorization", ""},
		{"Basic dXNlcjpwYXNz", "", "invalid_authorization", ""},
		{"Bearer", "", "invalid_authorization", ""},
		{"Bearer wrong", "", "invalid_api_key", ""},
		{"", "wrong", "invalid_api_key", ""},
		{"Bearer wrong", "wrong", "invalid_api_key", ""},
		{"Bearer " + keyA, "", "invalid_api_key", ""},
		{"Bearer " + clientKey, "", "", "master"},
		{"bearer  " + clientKey, "", "", "master"},
		{"", clientKey, "", "master"},
		{"Bearer wrong", clientKey, "", "master"},
		{"Bearer " + clientKey, "wrong", "", "master"},
		{"Basic dXNlcjpwYXNz", clientKey, "", "master"},
		{"Bearer gt-alice-0123456789", "", "", "alice"},
	} {
		var header []string
		if c.bearer != "" {
			header = append(header, "Authorization", c.bearer)
		}
		if c.api != "" {
			header = append(header, "X-Api-Key", c.api)
		}
		p := r.ask("gpt-oss-120b", false, header...)
		if c.code == "" {
			p.want(t, 200, "cerebras")
			if got := r.records.last(t, i+1).Client; got != c.client {
				t.Errorf("%q %q: client %q, want %q", c.bearer, c.api, got, c.client)
			}
			continue
		}
		if code, _ := p.want(t, 401, "").errorOf(t); code != c.code || p.Header.Get("X-Should-Retry") != "false" {
			t.Errorf("%q %q: %s, want %s", c.bearer, c.api, code, c.code)
		}
	}
	for path, want := range map[string]int{
		"/_status": 401, "/_events": 401, "/v1/models": 401, "/models": 401, "/v1/batches": 401, "/v1/chat/completions": 401,
		"/": 401, "/healthz": 200, "/health": 200,
	} {
		if p := r.do(http.MethodGet, path, nil); p.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, p.StatusCode, want)
		}
	}
}

func TestTheControlTokenOpensControlAndNothingElseDoes(t *testing.T) {
	r := newRig(t, setup{tune: needsKey})
	for _, c := range []struct {
		method, token, path string
		want                int
	}{
		{"POST", "control-token", "pause", 200},
		{"POST", "control-token", "resume", 200},
		{"POST", "", "pause", 403},
		{"POST", "wrong", "pause", 403},
		{"POST", clientKey, "pause", 403},
		{"GET", "control-token", "pause", 405},
		{"GET", "", "pause", 403},
		{"POST", "control-token", "nothing", 404},
		{"POST", "control-token", "", 404},
		{"POST", "control-token", "reload", 404}, // nobody gave a Reload
		{"POST", "control-token", "keys/cerebras/a/nothing", 404},
		{"POST", "control-token", "keys/cerebras/nobody/park", 400},
		{"POST", "control-token", "pin?provider=zai", 400},
		{"POST", "control-token", "pin?provider=zai&for=-1s", 400},
		{"POST", "control-token", "pin?provider=nobody&for=1m", 400},
	} {
		p := r.do(c.method, "/_control/"+c.path, nil, proxy.ControlHeader, c.token, "Authorization", "Bearer "+clientKey)
		if p.StatusCode != c.want {
			t.Errorf("%s %s with %q: %d, want %d: %s", c.method, c.path, c.token, p.StatusCode, c.want, p.body)
		}
	}
	if r.server.Snapshot().State != "serving" {
		t.Error("paused by somebody without the token")
	}
	off := newRig(t, setup{options: func(o *proxy.Options) { o.Control = "" }})
	off.do(http.MethodPost, "/_control/pause", nil, proxy.ControlHeader, "").want(t, 403, "")
}

func TestNoCredentialOfAClientReachesAProvider(t *testing.T) {
	r := newRig(t, setup{tune: needsKey, options: func(o *proxy.Options) { o.Clients = people{} }})
	s := script(simulator.Cerebras)
	s.KeepBodies = true
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"keep=1&key=a&API_KEY=b&Token=c&access_token=d&flag": "keep=1&flag",
		"a=" + clientKey + "&b=gt-alice-0123456789&c=3":      "c=3",
		"k%65y=a&x=%41":                  "x=%41",
		"a=gt-client%2D0123456789abcdef": "",
		"a=1;key=" + clientKey + "&b=2":  "b=2",
		"bad=%zz&ok=1":                   "ok=1",
		"":                               "",
	} {
		p := r.do(http.MethodGet, "/v1/echo?"+query, nil, "Authorization", "Bearer "+clientKey).want(t, 200, "cerebras")
		var echo struct{ Query string }
		if err := json.Unmarshal(p.body, &echo); err != nil || echo.Query != want {
			t.Errorf("%q became %q, want %q", query, echo.Query, want)
		}
	}
	r.ask("gpt-oss-120b", true, "Authorization", "Bearer "+clientKey, "X-Api-Key", clientKey, "Cookie", "a=b", "Referer", "http://x/",
		"X-Forwarded-For", "10.0.0.1", "Te", "trailers", "X-Glmtray-Control", "control-token", "Forwarded", "for=x").want(t, 200, "cerebras")
	for _, c := range r.cerebras.Calls() {
		if len(c.Forbidden) > 0 || c.UserAgent != "glmtray/test" {
			t.Errorf("%s %s: provider saw %v from %s", c.Method, c.Path, c.Forbidden, c.UserAgent)
		}
	}
	if text := r.scrub.Text("it said " + clientKey); strings.Contains(text, clientKey) {
		t.Error("the client key is not scrubbed")
	}
}
