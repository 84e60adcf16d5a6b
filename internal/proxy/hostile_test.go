package proxy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// fronts are the requests of the three dialects, with a hole for what a hostile
// client puts into them.
var fronts = []struct{ path, body string }{
	{"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"hole":%s}`},
	{"/v1/chat/completions", `{"model":"m","messages":%s}`},
	{"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":%s}]}`},
	{"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":%s}`},
	{"/v1/chat/completions", `{"model":"m","messages":[{"role":"assistant","tool_calls":%s}]}`},
	{"/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":%s}]}`},
	{"/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":%s}]}]}`},
	{"/v1/messages", `{"model":"m","max_tokens":9,"system":%s,"messages":[{"role":"user","content":"x"}]}`},
	{"/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":%s}]}`},
	{"/v1/responses", `{"model":"m","input":%s}`},
	{"/v1/responses", `{"model":"m","input":[{"type":"function_call","call_id":"a","name":"f","arguments":%s}]}`},
	{"/v1/responses", `{"model":"m","input":"x","tools":%s}`},
}

func TestNoPageGetsInWhateverItCallsItsBody(t *testing.T) {
	r := newRig(t, setup{})
	for _, kind := range []string{
		"text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", // need no preflight
		"application/json", "application/octet-stream", "text/event-stream", "application/reports+json", "application/csp-report", "",
	} {
		for _, from := range [][]string{
			{"Origin", "https://evil.example"},
			{"Origin", "null"},
			{"Origin", r.url},
			{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"},
			{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate"},
			{"Origin", "https://evil.example", "Sec-Fetch-Site", "none"},
		} {
			for _, to := range []struct{ method, path string }{
				{"POST", "/v1/chat/completions"},
				{"POST", "/v1/messages"},
				{"POST", "/v1/responses"},
				{"POST", "/v1/messages/count_tokens"},
				{"POST", "/v1/embeddings"},
				{"PUT", "/v1/files"},
				{"POST", "/_control/pause"},
				{"POST", "/admin/reset-rate-limit"},
				{"POST", "/healthz"},
				{"POST", "/_ui/data"},
			} {
				p := r.do(to.method, to.path, chatBody("gpt-oss-120b", false, "x"), append(from, "Content-Type", kind)...)
				if p.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s as %q with %q: %d", to.method, to.path, kind, from, p.StatusCode)
				}
			}
		}
	}
	if n := len(r.cerebras.Calls()) + len(r.synthetic.Calls()) + len(r.zai.Calls()); n != 0 || r.server.Snapshot().State != "serving" {
		t.Errorf("%d requests of pages reached a provider, and the proxy is %s", n, r.server.Snapshot().State)
	}
}

// send writes bytes to the proxy, then a last request, and reads all answers
// until it closes.
func (r *rig) send(text string) (answers []int) {
	r.t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(r.t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err = io.WriteString(conn, text); err != nil {
		return nil // it has closed already
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // else one that waits for more would wait for ever
	for in := bufio.NewReader(conn); ; {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return answers
		}
		if _, err = io.Copy(io.Discard, resp.Body); err != nil {
			return answers
		}
		_ = resp.Body.Close()
		if answers = append(answers, resp.StatusCode); len(answers) == 1 {
			_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") // it may be closed
		}
	}
}

// A request whose end two readers could see at different places is refused, or
// seen by the provider as this proxy sees it: never as two.
func TestWhatReachesAProviderIsOneRequest(t *testing.T) {
	var got []string
	r := newRig(t, vendor(t, func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		got = append(got, fmt.Sprintf("%s %s %d %v %s %v", q.Method, q.URL.Path, q.ContentLength, q.TransferEncoding, body, err))
		_, _ = io.WriteString(w, "ok")
	}))
	const second = "POST /v1/smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
	const head = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\n"
	for _, c := range []struct {
		name, text string
		want       string // what the provider saw
	}{
		{"a length and chunks", head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "POST /v1/files 3 [] abc <nil>"},
		{"a length that hides a request behind chunks", head + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s", 5+len(second), second), ""},
		{"two lengths", head + "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc", ""},
		{"two lengths in one", head + "Content-Length: 3, 0\r\n\r\nabc", ""},
		{"a signed length", head + "Content-Length: +3\r\n\r\nabc", ""},
		{"a length in hex", head + "Content-Length: 0x3\r\n\r\nabc", ""},
		{"a negative length", head + "Content-Length: -1\r\n\r\nabc", ""},
		{"a blank before the colon", head + "Content-Length : 3\r\n\r\nabc", ""},
		{"an unknown coding", head + "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", ""},
		{"two codings", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n", ""},
		{"a folded coding", head + "Transfer-Encoding:\r\n chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "POST /v1/files 3 [] abc <nil>"},
		{"a vertical tab", head + "Transfer-Encoding: \vchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", ""},
		{"a chunk of a broken size", head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nabc\r\n0\r\n\r\n", ""},
		{"a chunk that is longer than it says", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", ""},
		{"a bare line feed in a header", "POST /v1/files HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n", "POST /v1/files 0 [] ~<nil>"},
		{"a carriage return in a header", head + "X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
		{"two hosts", head + "Host: evil.example\r\nContent-Length: 0\r\n\r\n", ""},
		{"a path with a line in it", "POST /v1/files\rX: y HTTP/1.1\r\nHost: localhost\r\n\r\n", ""},
		{"an encoded line in the path", "POST /v1/files%0d%0aX:%20y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "POST /v1/files\r\nX: y 0 [] ~<nil>"},
		{"a trailer that changes the length", head + "Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 0\r\n\r\n", ""},
	} {
		got = nil
		answers := r.send(c.text)
		saw := strings.ReplaceAll(strings.Join(got, "; "), "[]  <nil>", "[] ~<nil>")
		switch {
		case strings.Contains(saw, "smuggled") && len(answers) < 2:
			t.Errorf("%s: a request within a request reached the provider: %s", c.name, saw)
		case strings.Contains(saw, "smuggled"): // two requests of one client, each with its own answer
		case saw != c.want:
			t.Errorf("%s: the provider saw %q, want %q (answers %d)", c.name, saw, c.want, answers)
		}
	}
}

func TestNoWordOfAClientBecomesAHeader(t *testing.T) {
	var seen http.Header
	r := newRig(t, vendor(t, func(w http.ResponseWriter, q *http.Request) {
		seen = q.Header.Clone()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"ok"}}]}`)
	}))
	const bad = "a\r\nX-Injected: yes\r\n\r\nHTTP/1.1 200 OK"
	model, _ := json.Marshal(bad)
	p := r.do(http.MethodPost, "/v1/chat/completions", fmt.Appendf(nil, `{"model":%s,"messages":[{"role":"user","content":"x"}]}`, model)).want(t, 200, "cerebras")
	for name := range p.Header {
		if strings.Contains(name, "Injected") {
			t.Errorf("the client got %v", p.Header)
		}
	}
	if !strings.Contains(p.Header.Get("X-Glmtray-Model")+p.Header.Get("X-Glmtray-Route"), `\r\n`) {
		t.Errorf("the test is blind: the model's name is in no header: %v", p.Header)
	}
	r.raw("POST /v1/files%0d%0aX-Injected:%20yes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Type: a\x00b\r\nOpenai-Beta: a\x7fb")
	r.raw("POST /v1/files?a=%0d%0aX-Injected:%20yes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0").want(t, 200, "cerebras")
	for name := range seen {
		if strings.Contains(name, "Injected") {
			t.Errorf("the provider got %v", seen)
		}
	}
}

// raws stands in for Cerebras and answers with bytes.
func raws(t *testing.T, answer string) setup {
	t.Helper()
	return vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	})
}

func TestNoWordOfAProviderBecomesAHeaderOrASecondAnswer(t *testing.T) {
	const body = "Content-Length: 2\r\n\r\nok"
	for name, answer := range map[string]string{
		"a carriage return":      "HTTP/1.1 200 OK\r\nX-A: b\rX-Injected: yes\r\n" + body,
		"a null byte":            "HTTP/1.1 200 OK\r\nX-A: b\x00c\r\n" + body,
		"a name with a blank":    "HTTP/1.1 200 OK\r\nX A: b\r\n" + body,
		"a name with a line":     "HTTP/1.1 200 OK\r\nX\rInjected: b\r\n" + body,
		"a folded value":         "HTTP/1.1 200 OK\r\nX-A: b\r\n X-Injected: yes\r\n" + body,
		"a second answer":        "HTTP/1.1 200 OK\r\n" + body + "HTTP/1.1 200 OK\r\nX-Injected: yes\r\n" + body,
		"words of this proxy":    "HTTP/1.1 200 OK\r\nX-Glmtray-Variant: forged\r\nX-Glmtray-Anything: forged\r\n" + body,
		"leave for pages":        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Private-Network: true\r\nTiming-Allow-Origin: *\r\n" + body,
		"orders for browsers":    "HTTP/1.1 200 OK\r\nClear-Site-Data: \"*\"\r\nRefresh: 0;url=http://evil.example\r\nService-Worker-Allowed: /\r\nSet-Cookie: a=b\r\n" + body,
		"two lengths":            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\nok",
		"a length and chunks":    "HTTP/1.1 200 OK\r\nContent-Length: 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"a trailer":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Injected\r\n\r\n2\r\nok\r\n0\r\nX-Injected: yes\r\n\r\n",
		"a switch of protocols":  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nX-Injected: yes",
		"an endless header":      "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", 1<<20) + "\r\n" + body,
		"many headers":           "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: b\r\n", 100_000) + body,
		"a thousand early hints": strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: <"+strings.Repeat("a", 1000)+">\r\n\r\n", 1000) + "HTTP/1.1 200 OK\r\n" + body,
	} {
		r := newRig(t, raws(t, answer))
		for _, p := range []*reply{r.do(http.MethodGet, "/v1/files", nil), r.ask("gpt-oss-120b", false)} {
			for header, values := range p.Header {
				forbidden := strings.Contains(header, "Injected") || strings.HasPrefix(header, "Access-Control-") || strings.Contains(strings.Join(values, ""), "forged")
				switch header {
				case "Timing-Allow-Origin", "Clear-Site-Data", "Refresh", "Service-Worker-Allowed", "Set-Cookie":
					forbidden = true
				}
				if forbidden {
					t.Errorf("%s: the client got %s: %.100q", name, header, values)
				}
			}
			if p.Trailer.Get("X-Injected") != "" || p.StatusCode == http.StatusOK && bytes.Contains(p.body, []byte("Injected")) {
				t.Errorf("%s: the client got %.200q and %v", name, p.body, p.Trailer)
			}
		}
		r.settled()
	}
}

func TestAForwardedAnswerIsNoPageOfThisOrigin(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src *")
		_, _ = io.WriteString(w, "<script>fetch('/_status')</script>")
	}))
	p := r.do(http.MethodGet, "/v1/files", nil).want(t, 200, "cerebras")
	policy := p.Header["Content-Security-Policy"]
	if len(policy) != 1 || !strings.Contains(policy[0], "sandbox") || !strings.Contains(policy[0], "default-src 'none'") || p.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a browser would run it: %v", p.Header)
	}
}

// deep is JSON that nests n times.
func deep(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }

func TestJSONThatNestsWithoutEndIsRefusedAndTheServerLives(t *testing.T) {
	r := newRig(t, setup{})
	bombs := []string{deep(15 << 20), strings.Repeat("[", 30<<20), strings.Repeat(`{"a":`, 5<<20), strings.Repeat(`{"content":[`, 2<<20), strings.Repeat(`[{"type":"tool_result","content":`, 1<<19)}
	for i, f := range fronts {
		bomb := bombs[i%len(bombs)]
		p := r.do(http.MethodPost, f.path, []byte(strings.Replace(f.body, "%s", bomb, 1)))
		if p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s %.70s: %d %.200s", f.path, f.body, p.StatusCode, p.body)
		}
	}
	// Within a string it is a text like any other.
	for _, path := range []string{"/v1/chat/completions", "/v1/messages", "/v1/responses"} {
		text, _ := json.Marshal(strings.Repeat("[", 14<<20))
		body := fmt.Sprintf(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":%s}}]}],"input":[{"type":"function_call","call_id":"a","name":"f","arguments":%[1]s}]}`, text)
		if p := r.do(http.MethodPost, path, []byte(body)); p.StatusCode >= 500 {
			t.Errorf("%s with brackets in a text: %d %.200s", path, p.StatusCode, p.body)
		}
	}
	r.do(http.MethodPost, "/v1/embeddings", []byte(strings.Repeat("[", 30<<20))) // as it is, to a provider: the demo's is in this process
	r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")
}

func TestAProvidersBombIsNoAnswerAndTheServerLives(t *testing.T) {
	answers := map[string]string{
		"a whole answer":             strings.Repeat("[", 30<<20),
		"a whole answer that is one": `{"choices":[{"message":{"content":"ok","x":` + deep(10<<20) + `}}]}`,
		"an event":                   "data: " + strings.Repeat("[", 15<<20) + "\n\n",
		"an error":                   `{"error":` + strings.Repeat("[", 20<<20),
		"arguments":                  `{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"apply_patch","arguments":"` + strings.Repeat("[", 20<<20) + `"}}]},"finish_reason":"tool_calls"}]}`,
	}
	for name, text := range answers {
		r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
			kind, status := "application/json", http.StatusOK
			if strings.HasPrefix(text, "data:") {
				kind = "text/event-stream"
			}
			if strings.HasPrefix(text, `{"error`) {
				status = http.StatusBadRequest
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}))
		for _, stream := range []string{"false", "true"} {
			for path, body := range map[string]string{
				"/v1/chat/completions": `{"model":"gpt-oss-120b","stream":%s,"messages":[{"role":"user","content":"x"}]}`,
				"/v1/messages":         `{"model":"gpt-oss-120b","stream":%s,"max_tokens":9,"messages":[{"role":"user","content":"x"}]}`,
				"/v1/responses":        `{"model":"gpt-oss-120b","stream":%s,"input":"x","tools":[{"type":"custom","name":"apply_patch"}]}`,
			} {
				r.do(http.MethodPost, path, []byte(strings.Replace(body, "%s", stream, 1)))
			}
		}
		r.settled()
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAModelsNameIsBounded(t *testing.T) {
	r := newRig(t, setup{})
	for n, want := range map[int]int{512: 200, 513: 400, 20 << 20: 400} {
		p := r.ask(strings.Repeat("a", n), false)
		if p.StatusCode != want || len(p.body) > 4096 {
			t.Errorf("%d bytes: %d %.200s", n, p.StatusCode, p.body)
		}
	}
	if n := len(r.log.String()); n > 64<<10 {
		t.Errorf("the log has %d bytes", n)
	}
}

func TestNoWordOfAClientIsALineOfTheLog(t *testing.T) {
	r := newRig(t, setup{})
	const line = "\ntime=2026-01-01T00:00:00Z level=ERROR msg=forged\x1b[2J\u202e\u2028"
	model, _ := json.Marshal("m" + line)
	r.do(http.MethodPost, "/v1/chat/completions", fmt.Appendf(nil, `{"model":%s,"messages":[{"role":"user","content":"x"}],%s:1}`, model, model))
	r.do(http.MethodPost, "/v1/chat/completions", fmt.Appendf(nil, `{"model":"m","messages":[{"role":%s,"content":"x"}]}`, model))
	r.do(http.MethodPost, "/v1/responses", fmt.Appendf(nil, `{"model":%s,"input":"x","reasoning":{"effort":%[1]s}}`, model))
	r.raw("GET /v1/%0atime=2026%1b[2J%e2%80%ae HTTP/1.1\r\nHost: localhost\r\nX-Session-Id: a\tb")
	r.raw("GET /healthz HTTP/1.1\r\nHost: evil%0atime=2026 level=ERROR msg=forged")
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/param"})
	r.ask("m"+line, true)
	r.settled()
	log := r.log.String()
	if !strings.Contains(log, "forged") {
		t.Fatal("the test is blind: nothing of it is in the log")
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(log, "\n"), "\n") {
		if !strings.HasPrefix(l, "time=20") || strings.HasPrefix(l, "time=2026-01-01") || strings.ContainsAny(l, "\x1b\u202e\u2028\r\x00") {
			t.Errorf("a line of the log is %q", l)
		}
	}
}

func TestAnAnswerThatNeverEndsIsEnded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a quarter of a gigabyte is left out")
	}
	event := []byte(`data: {"choices":[{"delta":{"content":"` + strings.Repeat("x", 1<<20) + `"}}]}` + "\n\n")
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			if _, err := w.Write(event); err != nil {
				return
			}
		}
	}))
	body := `{"model":"gpt-oss-120b","stream":true,"input":"x"}`
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/responses", strings.NewReader(body))
	req.RequestURI = ""
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	tail := new(tailed)
	if n, err := io.Copy(tail, resp.Body); err != nil || n > 2<<30 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if !strings.Contains(string(tail.last), "response.failed") {
		t.Errorf("it ends in %.300q", tail.last)
	}
}

// tailed keeps the end of what is written to it.
type tailed struct{ last []byte }

func (t *tailed) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(0, len(p)-4096):]...)
	t.last = t.last[max(0, len(t.last)-4096):]
	return len(p), nil
}
