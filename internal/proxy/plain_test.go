package proxy_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// vendor stands in for Cerebras where a test needs answers that the simulator
// does not give.
func vendor(t *testing.T, answer http.HandlerFunc) setup {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return setup{environ: []string{"CEREBRAS_BASE_URL=" + s.URL + "/v1"}}
}

// settled waits until nothing is held any more: no request, no key's slot.
func (r *rig) settled() {
	r.t.Helper()
	eventually(r.t, "everything is given back", func() bool {
		for _, k := range r.pool.Snapshot() {
			if k.InFlight != 0 {
				return false
			}
		}
		return r.server.Snapshot().Requests.InFlight == 0
	})
}

func TestAnyOtherPathGoesToThePrimaryAsItIs(t *testing.T) {
	r := newRig(t, setup{})
	for _, c := range []struct{ method, path, body, to string }{
		{"GET", "/v1/batches?limit=3", "", "/v1/batches"},
		{"GET", "/batches", "", "/v1/batches"},
		{"POST", "/v1/embeddings", `{"input":"x"}`, "/v1/embeddings"},
		{"DELETE", "/v1/files/a..b", "", "/v1/files/a..b"},
		{"PATCH", "/v1beta/x", "not json", "/v1/v1beta/x"},
		{"GET", "/v1/chat/completions", "", "/v1/chat/completions"},
		{"POST", "/v1/files/a%20b%3Fc", "x", "/v1/files/a b?c"},
	} {
		p := r.do(c.method, c.path, []byte(c.body)).want(t, 200, "cerebras")
		var echo struct{ Method, Path, Body string }
		if err := json.Unmarshal(p.body, &echo); err != nil || echo.Method != c.method || echo.Path != c.to || echo.Body != c.body {
			t.Errorf("%s %s became %+v", c.method, c.path, echo)
		}
		if !strings.HasPrefix(p.Header.Get("X-Glmtray-Route"), "forward: ") || p.Header.Get("X-Glmtray-Key") != "a" || p.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s %s: header %v", c.method, c.path, p.Header)
		}
	}
	r.settled()
}

func TestAPathThatLeavesTheBaseURLIsNotForwarded(t *testing.T) {
	var seen atomic.Value
	r := newRig(t, vendor(t, func(_ http.ResponseWriter, q *http.Request) { seen.Store(q.RequestURI) }))
	for _, path := range []string{
		"/v1/../admin", "/v1/%2e%2e/admin", "/v1/%2E%2e/%2e%2E/admin", "/v1/..%2fadmin", "/v1/a/./b", "/v1/%2e/b",
		"/v1/..%5cadmin", "//evil.example/x", "/v1//x", "/v1/%2F/x", "/v1/x%00y", "/v1/..",
	} {
		if p := r.raw("GET " + path + " HTTP/1.1\r\nHost: localhost"); p.StatusCode != 400 {
			t.Errorf("%s: %d", path, p.StatusCode)
		}
	}
	for request, want := range map[string]int{
		"TRACE /v1/x HTTP/1.1\r\nHost: localhost":          405, // it would show the key
		"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost": 405,
		"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: x":   403,
	} {
		if p := r.raw(request); p.StatusCode != want {
			t.Errorf("%q: %d, want %d", request, p.StatusCode, want)
		}
	}
	if uri := seen.Load(); uri != nil {
		t.Fatalf("the provider was asked for %v", uri)
	}
	r.raw("GET /v1/files/a%2Fb;c=%C3%A4?x=%41 HTTP/1.1\r\nHost: localhost").want(t, 200, "cerebras")
	if uri := seen.Load(); uri != "/v1/files/a%2Fb;c=%C3%A4?x=%41" {
		t.Errorf("the provider was asked for %v", uri)
	}
	r.raw("GET /v1 HTTP/1.1\r\nHost: localhost").want(t, 200, "cerebras")
	if uri := seen.Load(); uri != "/v1" {
		t.Errorf("/v1 became %v", uri)
	}
}

func TestAForwardedRequestTakesTheNextKeyWithItsBody(t *testing.T) {
	for _, fault := range []string{"cerebras/rpm", "cerebras/wrong-key", "cerebras/payment"} {
		r := newRig(t, setup{})
		faults(t, r.cerebras, simulator.Fault{What: fault, When: simulator.When{Path: "/embeddings", Times: 1}})
		p := r.do(http.MethodPost, "/v1/embeddings", []byte(`{"input":"x"}`)).want(t, 200, "cerebras")
		if !strings.Contains(string(p.body), `{\"input\":\"x\"}`) || p.Header.Get("X-Glmtray-Key") != "b" || p.Header.Get("X-Glmtray-Attempts") != "2" {
			t.Errorf("%s: %s %v", fault, p.body, p.Header)
		}
		r.settled()
	}
}

func TestAForwardedRefusalIsTheProvidersOwnAndSaysNothingOfTheKey(t *testing.T) {
	for _, c := range []struct {
		fault, method string
		status, asked int
	}{
		{"cerebras/not-entitled", "GET", 403, 1},
		{"cerebras/model", "GET", 404, 1},
		{"html-403", "GET", 403, 1},
		{"cerebras/param", "POST", 400, 1},
		{"cerebras/context", "POST", 400, 1},
		{"nginx-503", "POST", 503, 1},
		{"cerebras/500", "POST", 500, 1}, // it may have been carried out
		{"cerebras/500", "GET", 500, 2},
	} {
		r := newRig(t, setup{})
		for range 2 {
			before := len(r.cerebras.Calls())
			faults(t, r.cerebras, simulator.Fault{What: c.fault, When: simulator.When{Path: "/batches"}})
			p := r.do(c.method, "/v1/batches", nil).want(t, c.status, "cerebras")
			direct := *r
			direct.url = r.cerebras.URL
			n := len(r.cerebras.Calls()) - before
			if d := direct.do(c.method, "/v1/batches", nil, "Authorization", "Bearer "+keyA); !bytes.Equal(p.body, d.body) || n != c.asked {
				t.Errorf("%s %s: asked %d times, got %s, want %s", c.method, c.fault, n, p.body, d.body)
			}
		}
		for _, k := range r.pool.Provider("cerebras") {
			if k.State != "ready" || len(k.Barred) > 0 || k.Errors > 0 {
				t.Errorf("%s: key %+v", c.fault, k)
			}
		}
		r.settled()
	}
}

func TestHeadersOfAProviderArePassedOnButForThoseOfTheConnection(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, q *http.Request) {
		h := w.Header()
		h["Link"] = []string{"<a>", "<b>"}
		h.Set("Connection", "X-Hop, x-other-hop")
		for _, name := range []string{"X-Hop", "X-Other-Hop", "Keep-Alive", "Proxy-Authenticate", "Set-Cookie", "Strict-Transport-Security", "Access-Control-Allow-Origin", "X-Glmtray-Key"} {
			h.Set(name, "theirs")
		}
		h.Set("X-Kept", "yes")
		h.Set("X-Request-Id", "theirs")
		h.Set("Content-Type", "text/plain")
		if strings.HasSuffix(q.URL.Path, "/packed") {
			h.Set("Content-Encoding", "compress")
		}
		h.Set("Content-Length", "5")
		if strings.HasSuffix(q.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, "12345")
	}))
	p := r.do(http.MethodGet, "/v1/x", nil).want(t, 200, "cerebras")
	if got := p.Header["Link"]; !slices.Equal(got, []string{"<a>", "<b>"}) || p.Header.Get("X-Kept") != "yes" {
		t.Errorf("header %v", p.Header)
	}
	for _, name := range []string{"X-Hop", "X-Other-Hop", "Keep-Alive", "Proxy-Authenticate", "Set-Cookie", "Strict-Transport-Security", "Access-Control-Allow-Origin"} {
		if p.Header.Get(name) != "" {
			t.Errorf("%s came through", name)
		}
	}
	if p.Header.Get("X-Glmtray-Key") != "a" || p.Header.Get("X-Request-Id") == "theirs" {
		t.Errorf("header %v", p.Header)
	}
	if p := r.do(http.MethodGet, "/v1/packed", nil); p.Header.Get("Content-Encoding") != "compress" || string(p.body) != "12345" {
		t.Errorf("an unknown encoding: %v %q", p.Header, p.body)
	}
	for path, status := range map[string]int{"/v1/x": 200, "/v1/missing": 404} {
		if p := r.do(http.MethodHead, path, nil).want(t, status, "cerebras"); p.ContentLength != 5 || len(p.body) != 0 {
			t.Errorf("HEAD %s: Content-Length %d", path, p.ContentLength)
		}
	}
	if p := r.do(http.MethodHead, "/v1/models", nil); p.StatusCode != 200 || len(p.body) != 0 {
		t.Errorf("HEAD /v1/models: %d", p.StatusCode)
	}
}

func TestALargeForwardedAnswerIsPassedOnAsItComes(t *testing.T) {
	const size = 8 << 20
	goOn := make(chan struct{})
	r := newRig(t, vendor(t, func(w http.ResponseWriter, q *http.Request) {
		half := bytes.Repeat([]byte("x"), size/2)
		_, _ = w.Write(half)
		w.(http.Flusher).Flush()
		<-goOn
		if strings.HasSuffix(q.URL.Path, "/cut") {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(half)
	}))
	for path, whole := range map[string]bool{"/v1/file": true, "/v1/cut": false} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, size/2)
		if _, err = io.ReadFull(resp.Body, first); err != nil {
			t.Fatalf("the first half: %v", err) // else this would wait for ever
		}
		goOn <- struct{}{}
		rest, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if whole != (err == nil && len(rest) == size/2) {
			t.Errorf("%s: %d bytes more, %v", path, len(rest), err)
		}
	}
	r.settled()
}
