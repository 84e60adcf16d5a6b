package simulator

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"
)

// seen is what a plain client observes of one exchange.
type seen struct {
	answered
	failed  error // no answer at all
	timeout bool  // the client gave up
}

// patience ends an exchange in which nothing happens any more.
const patience = 10 * time.Second

// silences are the faults that patience ends. They are observed in a bubble,
// where it ends only when nothing else can happen; the others need real TCP.
var silences = []string{"silent", "silent-after-headers", "slow-first", "slow-event", "stall", "role-then-silent"}

func observeFault(t *testing.T, name, body string, check func(*testing.T, *client, seen)) {
	t.Helper()
	s := Script{Faults: []Fault{{What: name, With: "zai/1305"}}}
	if !slices.Contains(silences, name) {
		c := overTCP(t, s)
		check(t, c, c.observe(body, 6*patience))
		return
	}
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, s)
		check(t, c, c.observe(body, patience))
	})
}

func (c *client) observe(body string, patience time.Duration) seen {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	a, err := c.try(ctx, http.MethodPost, "/v1/chat/completions", "k", body)
	gaveUp := errors.Is(err, context.DeadlineExceeded) || errors.Is(a.err, context.DeadlineExceeded)
	return seen{answered: a, failed: err, timeout: gaveUp}
}

func (s seen) finished() bool { return strings.Contains(s.body, `"finish_reason":"stop"`) }
func (s seen) done() bool     { return strings.Contains(s.body, "[DONE]") }
func (s seen) tidy() bool     { return s.failed == nil && s.err == nil }

// broken counts the events that are no JSON.
func (s seen) broken() (n int) {
	for _, e := range events(s.body) {
		if e != "[DONE]" && !gjson.Valid(e) {
			n++
		}
	}
	return n
}

// What each fault looks like to a client that streams.
var streamFaults = map[string]func(s seen) bool{
	"refuse":               func(s seen) bool { return errors.Is(s.failed, io.EOF) },
	"reset":                func(s seen) bool { return errors.Is(s.failed, syscall.ECONNRESET) },
	"silent":               func(s seen) bool { return s.failed != nil && s.timeout },
	"reset-after-headers":  func(s seen) bool { return s.status == 200 && s.body == "" && errors.Is(s.err, syscall.ECONNRESET) },
	"silent-after-headers": func(s seen) bool { return s.status == 200 && s.body == "" && s.timeout },
	"empty-200":            func(s seen) bool { return s.tidy() && s.status == 200 && s.body == "" },
	"bad-gzip": func(s seen) bool {
		if s.header.Get("Content-Encoding") != "gzip" {
			return false
		}
		z, err := gzip.NewReader(strings.NewReader(s.body))
		if err == nil {
			_, err = io.ReadAll(z)
		}
		return err != nil
	},
	"slow-first":     func(s seen) bool { return s.failed != nil && s.timeout },
	"slow-event":     func(s seen) bool { return s.status == 200 && s.body == "" && s.timeout },
	"stall":          func(s seen) bool { return len(events(s.body)) == 3 && s.timeout },
	"cut":            func(s seen) bool { return len(events(s.body)) == 3 && errors.Is(s.err, io.ErrUnexpectedEOF) },
	"cut-clean":      func(s seen) bool { return len(events(s.body)) == 3 && s.tidy() && s.broken() == 0 },
	"cut-event":      func(s seen) bool { return s.tidy() && s.broken() == 1 && !strings.HasSuffix(s.body, "\n") },
	"reset-mid":      func(s seen) bool { return s.status == 200 && errors.Is(s.err, syscall.ECONNRESET) },
	"malformed-line": func(s seen) bool { return s.broken() == 1 && s.done() && s.finished() },
	"no-done":        func(s seen) bool { return s.tidy() && s.finished() && !s.done() },
	"no-finish":      func(s seen) bool { return s.tidy() && !s.finished() && s.done() },
	"json-for-sse": func(s seen) bool {
		return s.header.Get("Content-Type") == "application/json" && s.get("object") == "chat.completion"
	},
	"sse-for-json": func(s seen) bool { return s.done() && s.finished() },
	"short-content-length": func(s seen) bool {
		return s.header.Get("Content-Length") != "" && errors.Is(s.err, io.ErrUnexpectedEOF)
	},
	"huge-event": func(s seen) bool { return len(s.body) > 1<<20 && s.done() && s.broken() == 0 },
	"error-event-first": func(s seen) bool {
		e := events(s.body)
		return s.status == 200 && len(e) == 1 && gjson.Get(e[0], "error.code").String() == "1305"
	},
	"error-event-mid": func(s seen) bool {
		e := events(s.body)
		return len(e) == 4 && gjson.Get(e[3], "error.code").String() == "1305" && s.tidy()
	},
	"role-then-silent": func(s seen) bool {
		e := events(s.body)
		return len(e) == 1 && gjson.Get(e[0], "choices.0.delta.role").String() == "assistant" && s.timeout
	},
	"nul-content":    func(s seen) bool { return strings.Contains(s.body, `"content":"\u0000"`) && s.done() },
	"crlf":           func(s seen) bool { return strings.Contains(s.body, "\r\n\r\n") && s.done() && s.broken() == 0 },
	"no-space":       func(s seen) bool { return strings.Contains(s.body, "data:{") && s.done() },
	"comments":       func(s seen) bool { return strings.Contains(s.body, ": keep-alive\n\ndata: ") && s.done() },
	"no-start":       func(s seen) bool { return !strings.Contains(s.body, `"role"`) && s.done() && s.finished() },
	"no-event-lines": func(s seen) bool { return !strings.Contains(s.body, "event:") && s.done() && s.finished() },
	"last-line-open": func(s seen) bool { return strings.HasSuffix(s.body, "data: [DONE]") },
	"slow-bytes":     func(s seen) bool { return s.done() && s.finished() && s.broken() == 0 },
	"raw":            func(s seen) bool { return s.failed != nil && strings.Contains(s.failed.Error(), "malformed HTTP") },
}

func TestEveryFaultIsSeenByAStreamingClient(t *testing.T) {
	for _, name := range Faults() {
		t.Run(name, func(t *testing.T) {
			check := streamFaults[name]
			if check == nil {
				t.Fatal("no check for this fault")
			}
			if AboutFault(name) == "" {
				t.Error("nothing is said about it")
			}
			observeFault(t, name, ask("demo-large", streamed), func(t *testing.T, c *client, s seen) {
				if !check(s) {
					t.Errorf("status %d, failed %v, read %v, body %.600q", s.status, s.failed, s.err, s.body)
				}
				if call := c.Calls()[0]; call.Fault != name {
					t.Errorf("logged as %q", call.Fault)
				}
			})
		})
	}
}

func TestFaultsOfAWholeAnswer(t *testing.T) {
	for name, check := range map[string]func(s seen) bool{
		"stall":                func(s seen) bool { return s.body != "" && s.timeout },
		"cut":                  func(s seen) bool { return s.body != "" && errors.Is(s.err, io.ErrUnexpectedEOF) },
		"cut-clean":            func(s seen) bool { return s.tidy() && s.body != "" && !gjson.Valid(s.body) },
		"malformed-line":       func(s seen) bool { return s.tidy() && !gjson.Valid(s.body) },
		"reset-mid":            func(s seen) bool { return errors.Is(s.err, syscall.ECONNRESET) },
		"short-content-length": func(s seen) bool { return errors.Is(s.err, io.ErrUnexpectedEOF) },
		"error-event-first":    func(s seen) bool { return s.status == 200 && s.get("error.code") == "1305" },
		"sse-for-json": func(s seen) bool {
			return strings.HasPrefix(s.header.Get("Content-Type"), "text/event-stream") && s.done()
		},
		"role-then-silent": func(s seen) bool { return s.status == 200 && s.body == "" && s.timeout },
	} {
		t.Run(name, func(t *testing.T) {
			observeFault(t, name, ask("demo-large"), func(t *testing.T, _ *client, s seen) {
				if !check(s) {
					t.Errorf("status %d, failed %v, read %v, body %.600q", s.status, s.failed, s.err, s.body)
				}
			})
		})
	}
}

func TestSlowFaultsAreAsLateAsTold(t *testing.T) {
	for name, headersLate := range map[string]bool{"slow-first": true, "slow-event": false} {
		synctest.Test(t, func(t *testing.T) {
			c := inMemory(t, Script{Faults: []Fault{{What: name, Late: Duration(7 * time.Second)}}})
			start := time.Now()
			a := c.chat(ask("demo-large", streamed))
			if total := time.Since(start); total != 7*time.Second || (a.first == total) != headersLate {
				t.Errorf("%s: headers after %v, all after %v", name, a.first, total)
			}
		})
	}
}

func TestSlowBytesComeAsTheyAreTold(t *testing.T) {
	for _, stream := range []string{"", streamed} {
		synctest.Test(t, func(t *testing.T) {
			c := inMemory(t, Script{Faults: []Fault{{What: "slow-bytes", Size: 10, Late: Duration(time.Second)}}})
			start := time.Now()
			a := c.chat(ask("demo-large", stream))
			pieces := time.Since(start) / time.Second
			// Each event of a stream begins a write of its own.
			if least := time.Duration(len(a.body)/10 - len(events(a.body))); a.err != nil || pieces < least || pieces > least+15 {
				t.Errorf("%d bytes in %d s", len(a.body), pieces)
			}
		})
	}
}

func TestRawBytesAreAnAnswerOfAnyKind(t *testing.T) {
	raw := []byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n\xff\x00half")
	for end, want := range map[string]func(seen) bool{
		"":      func(s seen) bool { return errors.Is(s.err, io.ErrUnexpectedEOF) },
		"reset": func(s seen) bool { return errors.Is(s.err, syscall.ECONNRESET) },
		"stay":  func(s seen) bool { return s.timeout },
	} {
		c := overTCP(t, Script{Faults: []Fault{{What: "raw", Raw: raw, End: end}}})
		s := c.observe(ask("demo-large"), 2*time.Second)
		if s.body != "\xff\x00half" || len(s.header.Values("X-Twice")) != 2 || !want(s) {
			t.Errorf("%q: %v, %v, body %q", end, s.failed, s.err, s.body)
		}
	}
	if err := (&Fault{What: "raw", End: "wait"}).check(); err == nil {
		t.Error("an unknown end is taken")
	}
}

func TestFaultsStrikeWhomTheyAreMeantFor(t *testing.T) {
	yes, no := true, false
	picture := `{"model":"demo-vision","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]}`
	plain := []string{ask("demo-large"), ask("demo-large"), ask("demo-small"), ask("demo-large", streamed), picture, ask("demo-large")}
	for name, test := range map[string]struct {
		when When
		hit  []int // indices
	}{
		"all":       {When{}, []int{0, 1, 2, 3, 4, 5}},
		"key":       {When{Key: "b"}, []int{1, 3, 5}},
		"account":   {When{Account: "other"}, []int{1, 3, 5}},
		"model":     {When{Model: "demo-small"}, []int{2}},
		"stream":    {When{Stream: &yes}, []int{3}},
		"whole":     {When{Stream: &no}, []int{0, 1, 2, 4, 5}},
		"images":    {When{Images: &yes}, []int{4}},
		"path":      {When{Path: "/models"}, nil},
		"nth":       {When{Nth: 2}, []int{1}},
		"every":     {When{Every: 2}, []int{1, 3, 5}},
		"after":     {When{After: 4}, []int{4, 5}},
		"times":     {When{Times: 2}, []int{0, 1}},
		"nth of":    {When{Key: "b", Nth: 2}, []int{3}},
		"for":       {When{For: Duration(3500 * time.Millisecond)}, []int{0, 1, 2, 3}},
		"no chance": {When{Chance: 1e-9}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, Script{
					Keys:   map[string]KeyScript{"ka": {Name: "a"}, "kb": {Name: "b", Account: "other"}},
					Faults: []Fault{{When: test.when, What: "plain-500"}},
				})
				var hit []int
				for i, body := range plain {
					if c.do(http.MethodPost, "/v1/chat/completions", []string{"ka", "kb"}[i%2], body).status == 500 {
						hit = append(hit, i)
					}
					time.Sleep(time.Second)
				}
				if !slices.Equal(hit, test.hit) {
					t.Errorf("struck %v, want %v", hit, test.hit)
				}
			})
		})
	}
}

func TestChanceIsTheSameInEveryRun(t *testing.T) {
	run := func(seed uint64) (hits int, pattern string) {
		for n := range 1000 {
			if chance(seed, n) < 0.3 {
				hits++
				pattern += "x"
			} else {
				pattern += "."
			}
		}
		return hits, pattern
	}
	hits, first := run(7)
	if _, again := run(7); again != first {
		t.Error("not the same twice")
	}
	if _, other := run(8); other == first {
		t.Error("the seed changes nothing")
	}
	if hits < 240 || hits > 360 {
		t.Errorf("%d of 1000 for a chance of 0.3", hits)
	}
}

func TestFaultsAreReplacedAndLimitsStay(t *testing.T) {
	c := overTCP(t, limited(Answer{}, Rate{Of: "requests", Per: "day", Max: 2}))
	c.chat(ask("gpt-oss-120b"))
	if err := c.SetFaults(Fault{What: "nginx-503"}); err != nil {
		t.Fatal(err)
	}
	if a := c.chat(ask("gpt-oss-120b")); a.status != 503 {
		t.Errorf("status %d", a.status)
	}
	if err := c.SetFaults(); err != nil {
		t.Fatal(err)
	}
	c.chat(ask("gpt-oss-120b"))
	if a := c.chat(ask("gpt-oss-120b")); a.status != 429 {
		t.Errorf("status %d", a.status)
	}
	if err := c.SetFaults(Fault{What: "nonsense"}); err == nil {
		t.Error("an unknown fault was taken")
	}
}

func TestEveryFaultCanBefallWhatIsNoChat(t *testing.T) {
	for _, name := range Faults() {
		p := New(Script{Faults: []Fault{{What: name, When: When{Path: "/models"}}}})
		gone, cancel := context.WithCancel(t.Context())
		cancel() // some would stay with a client that is there
		func() {
			defer func() {
				if r := recover(); r != nil && r != http.ErrAbortHandler { //nolint:errorlint // panics with the value itself
					t.Errorf("%s: panic: %v", name, r)
				}
			}()
			r := httptest.NewRequestWithContext(gone, http.MethodGet, "/v1/models", nil)
			r.Header.Set("Authorization", "Bearer k")
			p.ServeHTTP(httptest.NewRecorder(), r)
		}()
		if !p.mu.TryLock() {
			t.Fatalf("%s: the provider is locked up", name)
		}
		p.mu.Unlock()
		if c := p.Calls(); len(c) != 1 || c[0].Fault != name {
			t.Errorf("%s: calls %+v", name, c)
		}
	}
}
