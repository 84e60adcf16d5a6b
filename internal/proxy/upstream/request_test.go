package upstream

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAForwardedPathIsHandedOnAsItComes(t *testing.T) {
	more := make(chan struct{})
	var asked http.Header
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		w.Header().Set("Content-Type", "audio/mpeg")
		if r.URL.String() != "/v1/audio/a%2Fb?x=1&y" || r.Method != http.MethodPut {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		write(w, "first ")
		wait(r, more)
		write(w, "second")
	})
	c := chatCall(url, false)
	c.Plain, c.Method, c.Path, c.Query = true, http.MethodPut, "/audio/a%2Fb", "x=1&y"
	c.Header = http.Header{"Content-Type": {"multipart/form-data; boundary=x"}, "Accept": {"audio/*"}}
	r := newSender(t).Send(t.Context(), c)
	wantClass(t, r, OK)
	if len(r.Head) != 0 || r.Whole || r.Body == nil {
		t.Fatalf("it was not handed on: %+v", r)
	}
	close(more) // the header came before the body's end
	if got := all(t, r); got != "first second" {
		t.Errorf("body %q", got)
	}
	if asked.Get("Content-Type") != "multipart/form-data; boundary=x" || asked.Get("Accept") != "audio/*" {
		t.Errorf("header %v", asked)
	}
}

// FuzzARequestStaysAtItsHost builds requests of any path and query.
func FuzzARequestStaysAtItsHost(f *testing.F) {
	for _, c := range [][2]string{
		{"/x", ""},
		{"//evil.example/x", "a=b"},
		{"@evil.example", ""},
		{"http://evil.example", ""},
		{"/%2f%2fevil.example", "#x"},
		{":80", "\r\nHost: x"},
		{"/a\r\nHost: evil.example", ""},
		{"/..%2f..", ""},
		{"\\\\evil.example", ""},
		{"/?x", "/"},
		{"/%", "%"},
		{"/ä", "ä"},
		{".evil.example", ""},
	} {
		f.Add(c[0], c[1])
	}
	base, err := url.Parse("https://api.example:8443/v1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		c := &Call{Method: http.MethodGet, Path: path, Query: query}
		r := c.request(t.Context(), base, http.Header{})
		var wire bytes.Buffer
		if err := r.Write(&wire); err != nil {
			return // net/http would not send it either
		}
		line, rest, _ := strings.Cut(wire.String(), "\r\n")
		if r.URL.Host != base.Host || r.URL.Scheme != "https" || !strings.HasPrefix(line, "GET /v1") || !strings.HasSuffix(line, " HTTP/1.1") || strings.Contains(line, "\n") {
			t.Errorf("%q with %q: %s to %s", path, query, line, r.URL.Host)
		}
		if !strings.HasPrefix(rest, "Host: "+base.Host+"\r\n") || strings.Count(rest, "\n") != 3 {
			t.Errorf("%q with %q: header %q", path, query, rest)
		}
	})
}

func TestAForwardedPathMayAnswerWithNothing(t *testing.T) {
	for _, status := range []int{200, 204} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		for _, method := range []string{http.MethodHead, http.MethodDelete} {
			c := chatCall(url, false)
			c.Plain, c.Method, c.Body = true, method, nil
			r := newSender(t).Send(t.Context(), c)
			wantClass(t, r, OK)
			if got := all(t, r); got != "" {
				t.Errorf("body %q", got)
			}
		}
	}
}

func TestWhatTheProviderSees(t *testing.T) {
	var got http.Header
	var host, body string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, host, body = r.Header, r.Host, string(b)
		asJSON(w)
		write(w, answerJSON)
	})
	c := chatCall(url, false)
	c.RequestID = "req-1"
	c.Header = http.Header{}
	for _, name := range []string{
		"Authorization", "X-Api-Key", "Api-Key", "Cookie", "Cookie2", "Origin", "Referer", "Proxy-Authorization", "X-Forwarded-For",
		"X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade", "Transfer-Encoding",
		"Content-Length", "Content-Encoding", "Host", "User-Agent", "Accept-Encoding", "Accept-Language", "Accept", "Idempotency-Key",
		"X-Stainless-Os", "X-Request-Id", "Sec-Fetch-Site", "Expect", "Anthropic-Version", "Range",
	} {
		c.Header.Set(name, "client-secret")
	}
	c.Header.Set("Openai-Beta", "responses=v1")
	wantClass(t, newSender(t).Send(t.Context(), c), OK)
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"gzip, br, zstd"}, "Authorization": {"Bearer csk-test-0123456789abcdef"},
		"Content-Length": {fmt.Sprint(len(c.Body))}, "Content-Type": {"application/json"}, "Openai-Beta": {"responses=v1"},
		"User-Agent": {"glmtray/test"}, "X-Request-Id": {"req-1"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the provider saw\n%v, want\n%v", got, want)
	}
	if body != string(c.Body) || "http://"+host != url {
		t.Errorf("host %s, body %s", host, body)
	}
}

func TestAKeyThatNoHeaderCanCarryIsRejectedUnsent(t *testing.T) {
	c := chatCall("http://127.0.0.1:1", false)
	c.Secret = secretWith("a\nb")
	r := newSender(t).Send(t.Context(), c)
	wantClass(t, r, KeyRejected)
	if r.Sent || strings.Contains(r.Reason, "a\nb") {
		t.Errorf("%+v", r)
	}
}
