package upstream

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

func TestACAFileMakesAPrivateAuthorityTrusted(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asJSON(w)
		w.Header().Set("X-Proto", r.Proto)
		write(w, answerJSON)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()

	r := newSender(t).Send(t.Context(), chatCall(srv.URL, false))
	wantClass(t, r, Refused)
	if r.Sent || !strings.Contains(r.Reason, "CA file") {
		t.Errorf("sent %v, reason %q", r.Sent, r.Reason)
	}

	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{CAFile: file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.CloseIdle()
	r = s.Send(t.Context(), chatCall(srv.URL, false))
	wantClass(t, r, OK)
	if r.Header.Get("X-Proto") != "HTTP/2.0" {
		t.Errorf("spoke %s", r.Header.Get("X-Proto"))
	}
}

func TestHTTP2StreamsStallBreakAndEnd(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asStream(w)
		write(w, textEvent)
		switch r.Header.Get("X-Request-Id") {
		case "break":
			panic(http.ErrAbortHandler)
		case "stall":
			<-r.Context().Done()
		default:
			write(w, stopEvent+doneEvent)
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	s := newSender(t)
	s.roots = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for id, want := range map[string]error{"": nil, "stall": ErrIdle, "break": io.ErrUnexpectedEOF} {
		c := chatCall(srv.URL, true)
		c.RequestID, c.Provider.Limits.Idle = id, 50*time.Millisecond
		if id == "" {
			c.Provider.Limits.Idle = 0
		}
		r := s.Send(t.Context(), c)
		if id == "break" && (r.Class == Reset || r.Class == Malformed) {
			continue // it broke before the event was read
		}
		wantClass(t, r, OK)
		_, err := io.ReadAll(r.Body)
		if (want == nil) != (err == nil) || (want == ErrIdle) != (err == ErrIdle) { //nolint:errorlint // the contract is the value itself
			t.Errorf("%q: %v, want %v", id, err, want)
		}
		r.Close()
	}
}

func TestBadOptionsAreToldWithoutTheirSecrets(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{
		{Proxy: "user:hunter2@proxy:3128"},
		{Proxy: "ftp://user:hunter2@proxy"},
		{Proxy: "http://user:hunter2@pro xy:1"},
		{Proxy: "::"},
		{CAFile: empty},
		{CAFile: empty + "x"},
	} {
		_, err := New(o)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestTheOutboundProxyIsAskedForOthersAndNotForLoopback(t *testing.T) {
	var asked []string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusProxyAuthRequired)
	})
	direct := serve(t, func(w http.ResponseWriter, _ *http.Request) { asJSON(w); write(w, answerJSON) })
	t.Setenv("NO_PROXY", "skipped.example")
	s, err := New(Options{Proxy: proxy})
	if err != nil {
		t.Fatal(err)
	}
	defer s.CloseIdle()
	r := s.Send(t.Context(), chatCall("https://api.example", false))
	wantClass(t, r, Refused)
	if r.Sent || fmt.Sprint(asked) != "[CONNECT api.example:443]" {
		t.Errorf("sent %v, asked %v", r.Sent, asked)
	}
	wantClass(t, s.Send(t.Context(), chatCall(direct, false)), OK)
	if len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
	if u, err := s.proxy(mustURL(t, "https://skipped.example/")); u != nil || err != nil {
		t.Errorf("NO_PROXY is not honoured: %v, %v", u, err)
	}
}

func TestTheEnvironmentsProxyIsAsked(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
	t.Setenv("NO_PROXY", "")
	s := newSender(t)
	if u, err := s.proxy(mustURL(t, "https://api.example/")); err != nil || u == nil || u.Host != "127.0.0.1:3128" {
		t.Errorf("%v, %v", u, err)
	}
}

func TestOneHostHasOnePool(t *testing.T) {
	s := newSender(t)
	a, _ := s.target("https://api.z.ai/api/paas/v4", time.Second)
	b, _ := s.target("https://api.z.ai/api/coding/paas/v4", time.Second)
	c, _ := s.target("https://api.cerebras.ai/v1", time.Second)
	if a.pool != b.pool || a.pool == c.pool || len(s.pools) != 2 {
		t.Error("pools are shared where they should not be, or not where they should")
	}
}

func TestModels(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []Model
	}{
		{
			"Cerebras", `{"object":"list","data":[{"id":"gpt-oss-120b","object":"model","created":0,"owned_by":"Cerebras"},{"id":"qwen-3.8-27b","object":"model","created":0,"owned_by":"Cerebras"}]}`,
			[]Model{{ID: "gpt-oss-120b"}, {ID: "qwen-3.8-27b"}},
		},
		{
			"Cerebras' public catalogue", `{"data":[{"id":"gpt-oss-120b","capabilities":{"vision":false},"limits":{"max_context_length":131072,"max_completion_tokens":40960,"requests_per_minute":null}},{"id":"q","capabilities":{"vision":true}}]}`,
			[]Model{{"gpt-oss-120b", 131072, 40960, false}, {"q", 0, 0, true}},
		},
		{
			"Synthetic", `{"data":[{"id":"syn:large:text","context_length":524288,"max_output_length":65536,"input_modalities":["text"]},{"id":"hf:Qwen/Qwen3.6-27B","context_length":262144,"max_output_length":null,"input_modalities":["text","image"]}]}`,
			[]Model{{"syn:large:text", 524288, 65536, false}, {"hf:Qwen/Qwen3.6-27B", 262144, 0, true}},
		},
		{"a bare list", `[{"id":"a"},{"noid":1},{"id":""},5]`, []Model{{ID: "a"}}},
		{"models", `{"models":[{"name":"b","architecture":{"input_modalities":["image"]},"max_model_len":-4}]}`, []Model{{ID: "b", Vision: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/v1/models" || r.ContentLength > 0 || r.Header.Get("Content-Type") != "" {
					t.Errorf("asked %s %s", r.Method, r.URL)
				}
				asJSON(w)
				write(w, c.body)
			})
			call := chatCall(url, false)
			got, r := newSender(t).Models(t.Context(), call.Provider, &call.Provider.Endpoints[0], call.Secret)
			wantClass(t, r, OK)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestModelListsThatAreNone(t *testing.T) {
	for body, want := range map[string]Class{
		`{"data":[]}`: Malformed, `{}`: Malformed, `x`: Malformed, `{"data":{"id":"a"}}`: Malformed,
		`{"error":{"code":"1002","message":"x"}}`: KeyRejected,
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { asJSON(w); write(w, body) })
		c := chatCall(url, false)
		models, r := newSender(t).Models(t.Context(), c.Provider, &c.Provider.Endpoints[0], c.Secret)
		if wantClass(t, r, want); models != nil {
			t.Errorf("%s: %v", body, models)
		}
	}
}

func TestWordsAreScrubbedBeforeTheyAreCut(t *testing.T) {
	known := secret.New("a-known-key-of-no-shape")
	scrub := &secret.Scrubber{}
	scrub.Set(known)
	s := &Sender{opt: Options{Scrub: scrub}}
	for n := range 300 {
		text := strings.Repeat("x", n) + " a-known-key-of-no-shape csk-0123456789abcdef0123456789 \x1b[31m\r\n\t  end"
		if got := s.say(text); strings.Contains(got, "a-kn") || strings.Contains(got, "csk-") || strings.ContainsAny(got, "\x1b\r\n\t") {
			t.Fatalf("after %d: %q", n, got)
		}
	}
	if got := s.say("  a\n\n b\x00\xffc  "); got != "a bc" && got != "a b c" {
		t.Errorf("%q", got)
	}
}

func FuzzReadAll(f *testing.F) {
	f.Add([]byte("head"), []byte("rest"), int64(4), 100)
	f.Add([]byte(""), bytes.Repeat([]byte("x"), 9000), int64(-1), 4000)
	f.Fuzz(func(t *testing.T, head, rest []byte, size int64, limit int) {
		if limit < 0 || limit > 1<<16 || size > 1<<16 {
			return
		}
		got, err := readAll(head, bytes.NewReader(rest), size, limit)
		want := append(append([]byte{}, head...), rest...)
		if (err != nil) != (len(want) > limit) || !bytes.Equal(got, want[:min(len(want), limit)]) {
			t.Errorf("%d of %d bytes, %v", len(got), len(want), err)
		}
	})
}

func FuzzOpening(f *testing.F) {
	f.Add([]byte(roleEvent + textEvent))
	f.Add([]byte("event: error\r\ndata: {\"error\":\"x\"}\r\n\r\n"))
	f.Add([]byte(`data: {"choices":[{"delta":{"content":"API Error: 403 {"}}]}` + "\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole opening
		at := whole.look(text)
		if at == waiting {
			at = whole.last(text)
		}
		var pieces opening // the same bytes, one by one
		got := waiting
		for i := 0; i <= len(text) && got == waiting; i++ {
			got = pieces.look(text[:i])
		}
		if got == waiting {
			got = pieces.last(text)
		}
		if got != at {
			t.Errorf("in one piece %d, byte by byte %d", at, got)
		}
	})
}

// BenchmarkSend measures Send beside the bare RoundTrip that it is made of; in
// bytes and allocations what lies between them is ours.
func BenchmarkSend(b *testing.B) {
	answer := strings.Replace(answerJSON, "hello", strings.Repeat("x", 900), 1)
	h := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asJSON(w)
		_, _ = io.WriteString(w, answer)
	}
	request := []byte(`{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("x", 900) + `"}]}`)
	b.Run("bare", func(b *testing.B) {
		url := serve(b, h)
		s := newSender(b)
		t, err := s.target(url+"/v1", time.Second)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/v1/chat/completions", bytes.NewReader(request))
			if err != nil {
				b.Fatal(err)
			}
			resp, err := t.pool.RoundTrip(r)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				b.Fatal(err)
			}
			_ = resp.Body.Close()
		}
	})
	b.Run("send", func(b *testing.B) {
		c := chatCall(serve(b, h), false)
		c.Body = request
		s := newSender(b)
		b.ReportAllocs()
		for b.Loop() {
			if r := s.Send(context.Background(), c); r.Class != OK {
				b.Fatal(r.Reason)
			}
		}
	})
}

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
