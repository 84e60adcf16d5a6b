package upstream

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/glmtray/glmtray/internal/config"
)

func TestAWholeAnswerComesWithItsHeaderAndAllItsBytes(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asJSON(w)
		w.Header().Set("X-Ratelimit-Remaining-Requests-Day", "7")
		write(w, answerJSON)
	})
	r := newSender(t).Send(t.Context(), chatCall(url, false))
	wantClass(t, r, OK)
	if !r.Whole || r.EventStream || !r.Sent || r.Status != 200 || string(r.Head) != answerJSON {
		t.Errorf("%+v", r)
	}
	if len(r.Limits) != 1 || r.Limits[0].Remaining != 7 {
		t.Errorf("limits %+v", r.Limits)
	}
}

func TestAConnectionIsUsedAgain(t *testing.T) {
	encodings := []string{"", "gzip", "br", "zstd"}
	for _, status := range []int{200, 429, 503} {
		for _, encoding := range encodings {
			seen := map[string]bool{}
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				seen[r.RemoteAddr] = true
				asJSON(w)
				if encoding != "" {
					w.Header().Set("Content-Encoding", encoding)
				}
				w.WriteHeader(status)
				_, _ = w.Write(compressed(t, encoding, answerJSON))
			})
			s := newSender(t)
			for range 5 {
				s.Send(t.Context(), chatCall(url, false)).Close()
			}
			if len(seen) != 1 {
				t.Errorf("status %d, encoding %q: %d connections for 5 requests", status, encoding, len(seen))
			}
		}
	}
}

// compressed writes text as one complete body of that encoding.
func compressed(t testing.TB, encoding, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip":
		w, _ = gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	case "br":
		w = brotli.NewWriterLevel(&buf, brotli.BestSpeed)
	case "zstd":
		z, err := zstd.NewWriter(&buf, zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return []byte(text)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestACompressedAnswerIsDecoded(t *testing.T) {
	long := strings.Replace(answerJSON, "hello", strings.Repeat("hello ", 50_000), 1)
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		t.Run(encoding, func(t *testing.T) {
			var asked string
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked = r.Header.Get("Accept-Encoding")
				asJSON(w)
				w.Header().Set("Content-Encoding", encoding)
				_, _ = w.Write(compressed(t, encoding, long))
			})
			s := newSender(t)
			for range 3 { // the decoders are used again
				r := s.Send(t.Context(), chatCall(url, false))
				wantClass(t, r, OK)
				if string(r.Head) != long {
					t.Fatal("decoded to something else")
				}
				if r.Header.Get("Content-Encoding") != "" || r.Header.Get("Content-Length") != "" {
					t.Errorf("the header still speaks of the compressed form: %v", r.Header)
				}
			}
			if asked != "gzip, br, zstd" {
				t.Errorf("asked for %q", asked)
			}
		})
	}
}

func TestAWholeAnswerThatWasBrokenOffIsAFailure(t *testing.T) {
	for _, c := range []struct {
		name   string
		speaks config.Dialect
		answer string
		want   Class
		reason string
	}{
		{"Z.ai's network error", config.OpenAI, strings.Replace(answerJSON, `"stop"`, `"network_error"`, 1), ServerError, "the provider broke off (network_error)"},
		{"without a word", config.OpenAI, `{"choices":[{"index":0,"message":{"content":""},"finish_reason":"network_error"}]}`, ServerError, "the provider broke off (network_error)"},
		{"a full context", config.OpenAI, `{"choices":[{"index":0,"message":{"content":""},"finish_reason":"model_context_window_exceeded"}]}`, ContextExceeded, "the request fills the model's whole context"},
		{"a full context behind some text", config.OpenAI, strings.Replace(answerJSON, `"stop"`, `"model_context_window_exceeded"`, 1), OK, ""},
		{"a message", config.Anthropic, `{"type":"message","content":[{"type":"text","text":"hello"}],"stop_reason":"error"}`, ServerError, "server error (200, error)"},
		{"a message's full context", config.Anthropic, `{"type":"message","content":[],"stop_reason":"model_context_window_exceeded"}`, ContextExceeded, "the request fills the model's whole context"},
		{"an error beside its choice", config.OpenAI, `{"error":{"code":502,"message":"m"},"choices":[{"message":{"content":"a"},"finish_reason":"error"}]}`, ServerError, "server error (200, error)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := chatCall(serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asJSON(w)
				write(w, c.answer)
			}), false)
			call.Address.Dialect = c.speaks
			r := newSender(t).Send(t.Context(), call)
			wantClass(t, r, c.want)
			if r.Reason != c.reason {
				t.Errorf("reason %q", r.Reason)
			}
		})
	}
}

func TestACompressedErrorIsClassified(t *testing.T) {
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", encoding)
			w.WriteHeader(429)
			_, _ = w.Write(compressed(t, encoding, `{"error":{"code":"1313","message":"x"}}`))
		})
		wantClass(t, newSender(t).Send(t.Context(), chatCall(url, false)), AccountStopped)
	}
}

func TestADecompressionBombIsNoAnswer(t *testing.T) {
	bomb := strings.Repeat(" ", maxWhole+1)
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		body := compressed(t, encoding, bomb)
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asJSON(w)
			w.Header().Set("Content-Encoding", encoding)
			_, _ = w.Write(body)
		})
		r := newSender(t).Send(t.Context(), chatCall(url, false))
		wantClass(t, r, Malformed)
		if !strings.Contains(r.Reason, "32 MiB") {
			t.Errorf("%s: reason %q", encoding, r.Reason)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for _, c := range []struct {
		name   string
		h      http.HandlerFunc
		want   Class
		reason string
	}{
		{"empty", called("application/json", ""), Malformed, "an empty answer"},
		{"blank", called("application/json", " \n"), Malformed, "an empty answer"},
		{"broken JSON", called("application/json", answerJSON[:50]), Malformed, "an answer that is not JSON"},
		{"a page", called("text/html", "<title>Log in</title>"), Malformed, "an answer that is not JSON: Log in"},
		{"a stream that fails", called("text/event-stream", `data: {"error":{"code":"1308","message":"x"}}`+"\n\n"), QuotaUntil, "quota used up (200, 1308): x"},
		{"a stream without a word", called("application/json", roleEvent+doneEvent), Malformed, "the stream ended without an answer"},
		{"shorter than its Content-Length", raw(ok + "Content-Length: 500\r\n\r\n" + answerJSON), Malformed, "the answer was cut off"},
		{"chunks without an end", raw(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n"), Malformed, "the answer was cut off"},
		{"no HTTP", raw("hello\r\n\r\n"), Malformed, "an answer that is not HTTP"},
		{"a huge header", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxAnswerHead) + "\r\n\r\n"), Malformed, "an answer that is not HTTP"},
		{"an unknown encoding", raw(ok + "Content-Encoding: compress\r\nContent-Length: 2\r\n\r\n{}"), Malformed, "an answer in an unknown encoding: compress"},
		{"gzip that is none", raw(ok + "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n01234567890123456789"), Malformed, "an answer that cannot be decompressed"},
		{"brotli that is none", raw(ok + "Content-Encoding: br\r\nContent-Length: 20\r\n\r\n01234567890123456789"), Malformed, "an answer that cannot be decompressed"},
		{"zstd that is none", raw(ok + "Content-Encoding: zstd\r\nContent-Length: 20\r\n\r\n01234567890123456789"), Malformed, "an answer that cannot be decompressed"},
		{"gzip cut off", raw(ok + "Content-Encoding: gzip\r\n\r\n" + string(compressed(t, "gzip", answerJSON)[:60])), Malformed, "the answer was cut off"},
		{"brotli cut off", raw(ok + "Content-Encoding: br\r\n\r\n" + string(compressed(t, "br", answerJSON)[:60])), Malformed, "the answer was cut off"},
		{"zstd cut off", raw(ok + "Content-Encoding: zstd\r\n\r\n" + string(compressed(t, "zstd", answerJSON)[:60])), Malformed, "the answer was cut off"},
		{"gzip of nothing", raw(ok + "Content-Encoding: gzip\r\n\r\n"), Malformed, "the answer was cut off"},
		{"a reset after the header", func(w http.ResponseWriter, _ *http.Request) {
			asJSON(w)
			write(w, answerJSON[:20])
			breakOff(t, w)
		}, Malformed, "the connection broke in the answer"},
		{"two lengths", raw(ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), Malformed, "an answer that is not HTTP"},
		{"no content", raw("HTTP/1.1 204 No Content\r\n\r\n"), Malformed, "an empty answer"},
		{"chunks of no size", raw(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), Malformed, "the connection broke in the answer"},
		{"a reset before the answer", func(w http.ResponseWriter, _ *http.Request) { breakOff(t, w) }, Reset, "the connection broke"},
		{"an end before the answer", raw(""), Reset, "the connection broke"},
		{"a redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://other.example/v1?key=csk-0123456789abcdef0123")
			w.WriteHeader(307)
		}, Refused, "its address redirects to other.example"},
		{"a quota error inside", called("application/json", `{"error":{"code":"1308","message":"x"}}`), QuotaUntil, "quota used up (200, 1308): x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newSender(t).Send(t.Context(), chatCall(serve(t, c.h), false))
			wantClass(t, r, c.want)
			if !strings.HasPrefix(r.Reason, c.reason) || strings.Contains(r.Reason, "csk-") {
				t.Errorf("reason %q, want %q", r.Reason, c.reason)
			}
			if !r.Sent {
				t.Error("the request reached the provider, and the reply denies it")
			}
		})
	}
}

func TestAStreamIsTakenWhereAWholeAnswerWasAskedFor(t *testing.T) {
	stream := ": hello\n\n" + roleEvent + textEvent + stopEvent + doneEvent
	for _, kind := range []string{"text/event-stream", "application/json", "text/plain"} {
		r := newSender(t).Send(t.Context(), chatCall(serve(t, called(kind, stream)), false))
		if wantClass(t, r, OK); !r.Whole || !r.EventStream || string(r.Head) != stream {
			t.Errorf("%s: whole %v, a stream %v, %q", kind, r.Whole, r.EventStream, r.Head)
		}
	}
	if r := newSender(t).Send(t.Context(), chatCall(serve(t, called("application/json", answerJSON)), false)); r.EventStream {
		t.Error("a JSON answer is called a stream")
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusFound) })
	wantClass(t, newSender(t).Send(t.Context(), chatCall(url, false)), Refused)
}

func TestAnErrorComesByteForByte(t *testing.T) {
	for _, size := range []int{0, 100, maxFault + 100} {
		body := `{"message":"` + strings.Repeat("x", size) + `","type":"invalid_request_error","code":"wrong_api_format"}`
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asJSON(w)
			w.Header().Set("X-Own", "yes")
			w.WriteHeader(422)
			write(w, body)
		})
		for _, stream := range []bool{false, true} {
			r := newSender(t).Send(t.Context(), chatCall(url, stream))
			wantClass(t, r, CallerFault)
			if r.Status != 422 || !r.Whole || string(r.Head) != body || r.Header.Get("X-Own") != "yes" {
				t.Errorf("size %d, stream %v: status %d, %d bytes", size, stream, r.Status, len(r.Head))
			}
		}
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	_ = l.Close()
	r := newSender(t).Send(t.Context(), chatCall(url, false))
	wantClass(t, r, Refused)
	if r.Sent || r.Err == nil || r.Reason != "connection refused" {
		t.Errorf("sent %v, reason %q, error %v", r.Sent, r.Reason, r.Err)
	}
}

func TestNoTLSWhereTLSIsExpected(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came through") })
	r := newSender(t).Send(t.Context(), chatCall(strings.Replace(url, "http://", "https://", 1), false))
	wantClass(t, r, Refused)
	if r.Sent {
		t.Error("nothing can have been sent")
	}
}

func TestAddressesThatAreNotUsed(t *testing.T) {
	for _, base := range []string{"http://192.0.2.1", "ftp://127.0.0.1", "://", "", "http://example.com"} {
		r := newSender(t).Send(t.Context(), chatCall(base, false))
		wantClass(t, r, Refused)
		if r.Sent {
			t.Errorf("%s: sent", base)
		}
	}
}

func TestASilentProviderIsLeftAfterPatience(t *testing.T) {
	for _, stream := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, end := fake(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				<-r.Context().Done()
			})
			defer end()
			c := chatCall("http://127.0.0.1", stream)
			c.Patience = 0
			c.Provider.Limits.FirstEvent, c.Provider.Limits.WholeAnswer = 10*time.Second, 3*time.Minute
			want := 3 * time.Minute
			if stream {
				want = 10 * time.Second
			}
			began := time.Now()
			r := s.Send(t.Context(), c)
			wantClass(t, r, Silent)
			if took := time.Since(began); took != want || !r.Sent {
				t.Errorf("left after %s, want %s; sent %v", took, want, r.Sent)
			}
		})
	}
}

func TestAnAnswerThatStopsInTheMiddleIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := fake(t, func(w http.ResponseWriter, r *http.Request) {
			asJSON(w)
			write(w, answerJSON[:20])
			<-r.Context().Done()
		})
		defer end()
		wantClass(t, s.Send(t.Context(), chatCall("http://127.0.0.1", false)), Silent)
	})
}

func TestAConnectionThatNeverStandsIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		hang := make(chan struct{})
		s.opt.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case <-hang:
			case <-ctx.Done():
			}
			return nil, io.ErrClosedPipe
		}
		r := s.Send(t.Context(), chatCall("http://127.0.0.1", true))
		wantClass(t, r, Refused)
		if r.Sent {
			t.Error("nothing can have been sent")
		}
		close(hang)
	})
}

func TestTheCallerWhoLeavesBlamesNobody(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"before the header": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() },
		"within the answer": func(w http.ResponseWriter, r *http.Request) {
			asJSON(w)
			write(w, `{"a":`)
			<-r.Context().Done()
		},
		"within an error": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			write(w, `{"a":`)
			<-r.Context().Done()
		},
		"before the first word": func(w http.ResponseWriter, r *http.Request) {
			asStream(w)
			write(w, roleEvent)
			<-r.Context().Done()
		},
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, end := fake(t, h)
				defer end()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				r := s.Send(ctx, chatCall("http://127.0.0.1", strings.HasSuffix(name, "word")))
				wantClass(t, r, Cancelled)
			})
		})
	}
}

func TestAKeyThatIsEchoedInTheHeaderDoesNotComeBack(t *testing.T) {
	s := newSender(t)
	for _, status := range []int{200, 429} {
		c := chatCall(serve(t, func(w http.ResponseWriter, r *http.Request) {
			asJSON(w)
			w.Header().Set("X-Debug", "got "+r.Header.Get("Authorization")+", "+r.Header.Get("Authorization"))
			w.WriteHeader(status)
			write(w, answerJSON)
		}), false)
		r := s.Send(t.Context(), c)
		r.Close()
		if got := r.Header.Get("X-Debug"); got != "got Bearer [secret], Bearer [secret]" {
			t.Errorf("%d: %q", status, got)
		}
	}
}

func TestAKeyIsNotCutInTwo(t *testing.T) {
	s := newSender(t)
	c := chatCall("", false)
	echo := c.Secret.Reveal() + " "
	c.Address.URL = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		write(w, strings.Repeat(echo, maxError/len(echo)+2))
	})
	r := s.Send(t.Context(), c)
	defer r.Close()
	if len(r.Head) == 0 || len(r.Head)%len(echo) > 1 {
		t.Errorf("%d bytes, the last of them %q", len(r.Head), r.Head[max(0, len(r.Head)-40):])
	}
}
