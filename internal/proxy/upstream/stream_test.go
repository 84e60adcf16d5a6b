package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/glmtray/glmtray/internal/secret"
)

func secretWith(text string) secret.Value { return secret.New(text) }

func streaming(parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		asStream(w)
		for _, p := range parts {
			write(w, p)
		}
	}
}

func TestAStreamIsOneWhateverItIsCalled(t *testing.T) {
	for _, kind := range []string{"application/json", "application/problem+json", "text/html", "text/plain", "nonsense", ""} {
		r := newSender(t).Send(t.Context(), chatCall(serve(t, called(kind, textEvent+stopEvent+doneEvent)), true))
		if wantClass(t, r, OK); !r.EventStream || r.Whole {
			t.Errorf("%q: a stream %v, whole %v", kind, r.EventStream, r.Whole)
		}
		if got := all(t, r); got != textEvent+stopEvent+doneEvent {
			t.Errorf("%q: %q", kind, got)
		}
	}
}

func TestAStreamIsHandedOverWithItsFirstContent(t *testing.T) {
	for _, first := range []string{
		textEvent, thinkEvent, strings.ReplaceAll(textEvent, "\n", "\r\n"),
		`data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}` + "\n\n",
		`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"abc","function":{"name":"f","arguments":""}}]}}]}` + "\n\n",
		`data: {"choices":[{"index":0,"delta":{"refusal":"no"}}]}` + "\n\n",
		`data: {"choices":[{"index":0,"delta":{"content":"API Error"}}]}` + "\n\n" + `data: {"choices":[{"index":0,"delta":{"content":"s are common"}}]}` + "\n\n",
		`data: {"choices":[{"index":0,"delta":{"content":"API Error: 403 means forbidden, quota or not"}}]}` + "\n\n",
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":"sensitive"}]}` + "\n\n",
	} {
		more := make(chan struct{})
		var asked http.Header
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header
			asStream(w)
			write(w, ": hello\n\n"+roleEvent)
			write(w, first)
			wait(r, more) // the reply must not wait for what comes now
			write(w, stopEvent+doneEvent)
		})
		r := newSender(t).Send(t.Context(), chatCall(url, true))
		if r.Class != OK || !r.EventStream || r.Whole || !strings.HasSuffix(string(r.Head), first) {
			t.Fatalf("after %q: %q, head %q", first, r.Class, r.Head)
		}
		close(more)
		if got := all(t, r); got != ": hello\n\n"+roleEvent+first+stopEvent+doneEvent {
			t.Errorf("the whole stream is %q", got)
		}
		if asked.Get("Accept") != "text/event-stream" || asked.Get("Accept-Encoding") != "identity" {
			t.Errorf("asked with %v", asked)
		}
	}
}

func TestStreamsThatFailBeforeTheirFirstContent(t *testing.T) {
	const quota = `data: {"error":{"code":"1308","message":"Usage limit reached for 5 hour."}}` + "\n\n"
	for _, c := range []struct {
		name   string
		h      http.HandlerFunc
		want   Class
		reason string
	}{
		{"a quota error first", streaming(quota), QuotaUntil, "quota used up (200, 1308)"},
		{"a quota error after the role", streaming(roleEvent, quota), QuotaUntil, "quota used up (200, 1308)"},
		{"an event called error", streaming("event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}` + "\n\n"), Overloaded, "overloaded (200)"},
		{"a flat error", streaming(`data: {"message":"Tokens per minute limit exceeded - too many tokens processed.","type":"too_many_tokens_error","code":"token_quota_exceeded"}` + "\n\n"), RateLimited, "tokens per minute used up"},
		{"an error without a blank line", streaming(strings.TrimSpace(quota)), QuotaUntil, "quota used up"},
		{"a quota error as text", streaming(roleEvent, `data: {"choices":[{"delta":{"content":"API Error: 403 {\"error\":\"token quota is not enough\"}"}}]}`+"\n\n"), QuotaUntil, "quota used up (200): API Error: 403"},
		{"a quota error as text in pieces", streaming(
			`data: {"choices":[{"delta":{"content":"API "}}]}`+"\n\n", `data: {"choices":[{"delta":{"content":"Error: 403 {\"error\":"}}]}`+"\n\n",
			`data: {"choices":[{"delta":{"content":"\"token quota is not enough\"}"}}]}`+"\n\n", stopEvent, doneEvent), QuotaUntil, "quota used up (200): API Error: 403"},
		{"network_error before content", streaming(roleEvent, `data: {"choices":[{"delta":{"content":""},"finish_reason":"network_error"}]}`+"\n\n"), ServerError, "the provider broke off"},
		{"JSON with the name of a stream", streaming(`{"error":{"code":"1113","message":"x"}}`), AccountStopped, "no balance"},
		{"nothing", streaming(""), Malformed, "the stream ended without an answer"},
		{"only a role", streaming(roleEvent), Malformed, "the stream ended without an answer"},
		{"only the end", streaming(roleEvent, doneEvent), Malformed, "the stream ended without an answer"},
		{"half an event", streaming(roleEvent, textEvent[:30]), Malformed, "the stream ended without an answer"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			write(w, "<html><title>Log in</title>")
		}, Malformed, "an answer that is not JSON: Log in"},
		{"a reset", func(w http.ResponseWriter, _ *http.Request) {
			asStream(w)
			write(w, roleEvent)
			breakOff(t, w)
		}, Malformed, "the connection broke in the answer"},
		{"garbage without end", func(w http.ResponseWriter, _ *http.Request) {
			asStream(w)
			for range maxOpening/(1<<16) + 2 {
				write(w, ": "+strings.Repeat("x", 1<<16)+"\n\n")
			}
		}, Malformed, "a stream of 8 MiB without a first word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newSender(t).Send(t.Context(), chatCall(serve(t, c.h), true))
			wantClass(t, r, c.want)
			if !strings.HasPrefix(r.Reason, c.reason) {
				t.Errorf("reason %q, want %q", r.Reason, c.reason)
			}
		})
	}
}

func TestAWholeAnswerToAStreamingRequestIsKept(t *testing.T) {
	for _, kind := range []string{"application/json", "text/plain", ""} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{kind}
			write(w, "\n"+answerJSON[:40])
			write(w, answerJSON[40:])
		})
		r := newSender(t).Send(t.Context(), chatCall(url, true))
		wantClass(t, r, OK)
		if !r.Whole || r.EventStream || string(r.Head) != "\n"+answerJSON {
			t.Errorf("%s: %+v", kind, r)
		}
	}
}

func TestAStreamUnderAnotherNameIsAStream(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		write(w, textEvent+stopEvent+doneEvent)
	})
	r := newSender(t).Send(t.Context(), chatCall(url, true))
	wantClass(t, r, OK)
	if got := all(t, r); !r.EventStream || got != textEvent+stopEvent+doneEvent {
		t.Errorf("got %q", got)
	}
}

// flusher is what the three compressors have in common.
type flusher interface {
	io.WriteCloser
	Flush() error
}

func TestACompressedStreamDeliversWhatHasArrived(t *testing.T) {
	kinds := map[string]func(io.Writer) flusher{
		"gzip": func(w io.Writer) flusher { return gzip.NewWriter(w) },
		"br":   func(w io.Writer) flusher { return brotli.NewWriter(w) },
		"zstd": func(w io.Writer) flusher {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Error(err)
			}
			return z
		},
	}
	for encoding, open := range kinds {
		t.Run(encoding, func(t *testing.T) {
			step := make(chan struct{})
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asStream(w)
				w.Header().Set("Content-Encoding", encoding)
				z := open(w)
				put := func(text string) {
					_, _ = io.WriteString(z, text)
					_ = z.Flush()
					w.(http.Flusher).Flush()
				}
				put(roleEvent)
				put(textEvent)
				for range 3 {
					wait(r, step) // each event must have come through before the next is made
					put(textEvent)
				}
				wait(r, step)
				put(stopEvent + doneEvent)
				_ = z.Close()
			})
			s := newSender(t)
			for range 2 {
				r := s.Send(t.Context(), chatCall(url, true))
				wantClass(t, r, OK)
				if r.Header.Get("Content-Encoding") != "" || !strings.HasSuffix(string(r.Head), textEvent) {
					t.Fatalf("head %q, header %v", r.Head, r.Header)
				}
				buf := make([]byte, 32<<10)
				for range 3 {
					step <- struct{}{}
					if _, err := io.ReadFull(r.Body, buf[:len(textEvent)]); err != nil || string(buf[:len(textEvent)]) != textEvent {
						t.Fatalf("%q, %v", buf[:len(textEvent)], err)
					}
				}
				step <- struct{}{}
				rest, err := io.ReadAll(r.Body)
				if err != nil || string(rest) != stopEvent+doneEvent {
					t.Errorf("rest %q, %v", rest, err)
				}
				r.Close()
			}
		})
	}
}

func TestPatienceCountsToTheFirstContentWhateverComesBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := fake(t, func(w http.ResponseWriter, r *http.Request) {
			asStream(w)
			for r.Context().Err() == nil {
				write(w, ": still here\n\n"+roleEvent)
				time.Sleep(time.Second) // the bubble's time: this is the provider's pace
			}
		})
		defer end()
		began := time.Now()
		r := s.Send(t.Context(), chatCall("http://127.0.0.1", true))
		wantClass(t, r, Silent)
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("left after %s", took)
		}
		if r.Reason != "no first word within 20s" {
			t.Errorf("reason %q", r.Reason)
		}
	})
}

func TestASlowFirstWordWithinPatienceIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			asStream(w)
			write(w, roleEvent)
			time.Sleep(19 * time.Second) // the bubble's time
			write(w, textEvent+stopEvent+doneEvent)
		})
		defer end()
		r := s.Send(t.Context(), chatCall("http://127.0.0.1", true))
		wantClass(t, r, OK)
		if got := all(t, r); !strings.HasSuffix(got, doneEvent) {
			t.Errorf("got %q", got)
		}
	})
}

func TestAStreamThatStallsFailsWithErrIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := fake(t, func(w http.ResponseWriter, r *http.Request) {
			asStream(w)
			for range 5 {
				write(w, textEvent)
				time.Sleep(24 * time.Second) // the bubble's time: slow, but not silent
			}
			write(w, textEvent)
			<-r.Context().Done()
		})
		defer end()
		c := chatCall("http://127.0.0.1", true)
		c.Provider.Limits.Idle = 25 * time.Second
		r := s.Send(t.Context(), c)
		wantClass(t, r, OK)
		defer r.Close()
		began := time.Now()
		buf := make([]byte, 1024)
		got := 0
		for {
			n, err := r.Body.Read(buf)
			got += n
			if err == nil {
				continue
			}
			if !errors.Is(err, ErrIdle) {
				t.Errorf("error %v", err)
			}
			break
		}
		if took := time.Since(began); got != 5*len(textEvent) || took != 145*time.Second {
			t.Errorf("%d bytes in %s", got, took)
		}
		if _, err := r.Body.Read(buf); !errors.Is(err, ErrIdle) {
			t.Errorf("then %v", err)
		}
	})
}

func TestASlowReaderIsNoSilentProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := fake(t, streaming(textEvent, textEvent, stopEvent+doneEvent))
		defer end()
		c := chatCall("http://127.0.0.1", true)
		c.Provider.Limits.Idle = 5 * time.Second
		r := s.Send(t.Context(), c)
		wantClass(t, r, OK)
		time.Sleep(time.Hour) // the bubble's time: the client is slow
		if got := all(t, r); !strings.HasSuffix(got, doneEvent) {
			t.Errorf("got %q", got)
		}
	})
}

func TestTheCallerWhoLeavesEndsTheStream(t *testing.T) {
	gone := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asStream(w)
		write(w, textEvent)
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	r := newSender(t).Send(ctx, chatCall(url, true))
	wantClass(t, r, OK)
	cancel()
	if _, err := r.Body.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	r.Close()
	<-gone // the provider was told
}

func TestClosingAReplyEndsItsStreamAndItsReader(t *testing.T) {
	gone := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asStream(w)
		write(w, textEvent)
		<-r.Context().Done()
		close(gone)
	})
	r := newSender(t).Send(t.Context(), chatCall(url, true))
	wantClass(t, r, OK)
	ended := make(chan error)
	go func() {
		_, err := r.Body.Read(make([]byte, 10))
		ended <- err
	}()
	r.Close()
	r.Close()
	if err := <-ended; err == nil {
		t.Error("the read went on after the close")
	}
	<-gone
}

func TestAStreamThatBreaksLaterFailsItsReader(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asStream(w)
		write(w, textEvent)
		breakOff(t, w)
	})
	r := newSender(t).Send(t.Context(), chatCall(url, true))
	if r.Class == Malformed {
		return // the reset overtook the event
	}
	wantClass(t, r, OK)
	_, err := io.ReadAll(r.Body)
	if err == nil || errors.Is(err, ErrIdle) {
		t.Errorf("error %v", err)
	}
}

func TestManyStreamsAtOnceKeepApart(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		asStream(w)
		for range 50 {
			write(w, `data: {"choices":[{"index":0,"delta":{"content":"`+id+`"}}]}`+"\n\n")
		}
		write(w, stopEvent+doneEvent)
	})
	s := newSender(t)
	done := make(chan string)
	for i := range 40 {
		go func() {
			c := chatCall(url, true)
			c.RequestID = string(rune('A' + i))
			r := s.Send(context.Background(), c)
			defer r.Close()
			rest, err := io.ReadAll(r.Body)
			if n := strings.Count(string(r.Head)+string(rest), `"`+c.RequestID+`"`); err != nil || n != 50 {
				done <- c.RequestID + " came mixed or cut"
				return
			}
			done <- ""
		}()
	}
	for range 40 {
		if text := <-done; text != "" {
			t.Error(text)
		}
	}
}

// A stream may be kept alive by comments, but not for ever: whoever reads it says
// when there was an event.
func TestAStreamWithoutAnEventForLongFallsSilent(t *testing.T) {
	for _, heard := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, end := fake(t, func(w http.ResponseWriter, r *http.Request) {
				asStream(w)
				write(w, textEvent)
				for r.Context().Err() == nil {
					time.Sleep(time.Second)
					write(w, ": keep-alive\n\n")
				}
			})
			defer end()
			c := chatCall("http://127.0.0.1", true)
			c.Provider.Limits.Idle, c.Provider.Limits.WholeAnswer = 5*time.Second, time.Minute
			r := s.Send(t.Context(), c)
			wantClass(t, r, OK)
			began := time.Now()
			var err error
			for buf := make([]byte, 100); err == nil && time.Since(began) < 10*time.Minute; {
				if _, err = r.Body.Read(buf); heard {
					r.Heard()
				}
			}
			r.Close()
			if took := time.Since(began); heard != (err == nil) || !heard && (!errors.Is(err, ErrIdle) || took != time.Minute) {
				t.Errorf("heard %v: %v after %v", heard, err, took)
			}
		})
	}
}
