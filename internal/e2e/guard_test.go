package e2e

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestNoWebPageGetsIn(t *testing.T) {
	t.Parallel()
	r := startTrio(t, launch{environ: []string{"GLMTRAY_ALLOWED_HOSTS=tray.lan", "GLMTRAY_ALLOWED_ORIGINS=http://localhost:3000"}})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	routes := []struct{ method, path string }{
		{http.MethodPost, path},
		{http.MethodOptions, path}, // a preflight
		{http.MethodGet, "/v1/models"},
		{http.MethodGet, "/_status"},
		{http.MethodGet, "/_events"},
		{http.MethodGet, "/healthz"},
		{http.MethodPost, "/_control/pause"},
		{http.MethodPost, "/v1/files"},
	}
	foreign := [][]string{
		{"Host", "evil.example"},
		{"Host", "evil.example:" + port},
		{"Host", "localhost.evil.example"},
		{"Host", "127.0.0.1.evil.example:" + port},
		{"Host", "192.168.1.7:" + port},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", "http://127.0.0.1:" + port}, // our own page says same-origin as well, and no script can
		{"Sec-Fetch-Site", "cross-site"},
		{"Origin", "https://evil.example", "Content-Type", "text/plain", "Access-Control-Request-Method", "POST"},
	}
	for _, route := range routes {
		for _, header := range foreign {
			got := r.do(route.method, route.path, chatBody(false, "hello"), header...)
			if got.status != http.StatusForbidden {
				t.Errorf("%s %s with %q: %d", route.method, route.path, header, got.status)
			}
			noCORS(t, got)
		}
	}
	if n := len(chats(r.cerebras.Calls())) + len(r.synthetic.Calls()) - len(models(r.synthetic.Calls())); n != 0 {
		t.Errorf("%d requests of pages reached a provider", n)
	}
	if st := r.status(); st.State != "serving" {
		t.Errorf("a page has it %s", st.State)
	}
	for _, header := range [][]string{
		{},
		{"Host", "localhost:" + port},
		{"Host", "LOCALHOST"},
		{"Host", "glm.localhost:" + port},
		{"Host", "127.0.0.1"},
		{"Host", "[::1]:" + port},
		{"Host", "tray.lan"},
		{"Origin", "http://localhost:3000"},
		{"Sec-Fetch-Site", "same-origin"},
	} {
		got := r.ask(false, header...)
		if got.status != 200 {
			t.Errorf("with %q: %d %.200s", header, got.status, got.body)
		}
		noCORS(t, got)
	}
	reachable6(t, r.program, port)
}

// noCORS wants no word that lets a page read the answer.
func noCORS(t *testing.T, r *reply) {
	t.Helper()
	for name := range r.header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Timing-Allow-Origin" {
			t.Errorf("%s: %q", name, r.header[name])
		}
	}
}

// reachable6 asks by IPv6, which "localhost" means to some clients.
func reachable6(t *testing.T, p *program, port string) {
	t.Helper()
	probe, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		t.Log("this machine has no IPv6 loopback")
		return
	}
	_ = probe.Close()
	six := *p
	six.url = "http://[::1]:" + port
	six.ask(false).want(200, "cerebras")
}
