package proxy_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

func TestAWholeAnswerThatIsNoneIsLeftForAnotherProvider(t *testing.T) {
	for name, body := range map[string]string{
		"no choices": `{"object":"chat.completion","choices":[]}`, "not a completion": `{"object":"list","data":[]}`, "a list": `[]`,
	} {
		r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		}))
		if p := r.ask("gpt-oss-120b", true).want(t, 200, "synthetic"); p.text(t) == "" {
			t.Errorf("%s: %s", name, p.body)
		}
		if rec := r.records.last(t, 1); rec.Tries[0].Class != "malformed answer" {
			t.Errorf("%s: told as %s", name, rec.Tries[0].Class)
		}
	}
}

func TestARefusalInsideOfA200IsNoAnswer(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, fault("cerebras/param+200", 0))
	p := r.ask("gpt-oss-120b", false).want(t, 400, "cerebras")
	if providersCode(t, p) != "wrong_api_format" || asked(r.synthetic) != 0 {
		t.Errorf("%s", p.body)
	}
	p = r.ask("gpt-oss-120b", true).want(t, 400, "cerebras")
	if providersCode(t, p) != "wrong_api_format" || r.records.last(t, 2).Status != 400 {
		t.Errorf("%s", p.body)
	}
	faults(t, r.cerebras, fault("cerebras/param+event", 0))
	p = r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
	if !strings.HasPrefix(string(p.body), "event: error\ndata: {") || !strings.HasPrefix(p.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("%v %s", p.Header, p.body)
	}
	faults(t, r.cerebras, fault("openai/content-filter", 0)) // is an answer
	if p = r.ask("gpt-oss-120b", false).want(t, 200, "cerebras"); !strings.Contains(string(p.body), `"content_filter"`) {
		t.Errorf("%s", p.body)
	}
}

func TestAnErrorEventInMidStreamReachesTheClientWithoutKeys(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}`+"\n\n")
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, `data: {"error":{"message":"the key `+keyA+` is overloaded"}}`+"\n\n")
	}))
	p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
	if !strings.Contains(string(p.body), `"error"`) || strings.Contains(string(p.body), keyA) || strings.Contains(string(p.body), "[DONE]") {
		t.Errorf("%s", p.body)
	}
	if got := p.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %s", got)
	}
	rec := r.records.last(t, 1)
	if rec.Outcome != "failed in mid-stream" || rec.Error != "the key [secret] is overloaded" || r.status().Requests.Failed != 1 {
		t.Errorf("record %+v", rec.Finished)
	}
}

func TestAnErrorThatEndsAStreamWithoutABlankLineReachesTheClientWithoutKeys(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}`+"\n\n"+
			`data: {"error":{"message":"the key `+keyA+` is overloaded"}}`)
	}))
	for _, k := range tongues {
		h := k.ask(t, r, wish{model: "gpt-oss-120b", turns: says("hello"), stream: true})
		if !h.midway || strings.Contains(h.said, keyA) || !strings.Contains(h.said, "is overloaded") {
			t.Errorf("%s: %s", k.name, h)
		}
	}
}

func TestAStreamThatIsOverAndStaysOpenHoldsNobody(t *testing.T) {
	const hi = `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}` + "\n\n"
	for outcome, end := range map[string]string{
		"ok":                   `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n",
		"failed in mid-stream": `data: {"error":{"message":"overloaded","code":"queue_exceeded"}}` + "\n\n",
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
			set := vendor(t, func(w http.ResponseWriter, q *http.Request) {
				_, _ = io.ReadAll(q.Body) // the server notices that a client has gone only behind its body
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, hi+end)
				w.(http.Flusher).Flush()
				<-q.Context().Done()
			})
			set.tune = func(s *config.Settings) { s.Provider("cerebras").Limits.Idle = time.Minute }
			r := newRig(t, set)
			from := time.Now()
			r.do(http.MethodPost, path, []byte(`{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}`)).want(t, 200, "cerebras")
			if took := time.Since(from); took > 30*time.Second {
				t.Errorf("%s, %s: the client waited for %v", path, outcome, took)
			}
			r.settled()
			if rec := r.records.last(t, 1); rec.Outcome != outcome {
				t.Errorf("%s: recorded as %s: %s", path, rec.Outcome, rec.Error)
			}
		}
	}
}

func TestAModelThatIsNamedLateIsRecorded(t *testing.T) {
	begun := make(chan struct{})
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}`+"\n\n")
		w.(http.Flusher).Flush()
		<-begun
		_, _ = io.WriteString(w, `data: {"object":"chat.completion.chunk","model":"another-model","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+
			"\n\ndata: [DONE]\n\n")
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/chat/completions", bytes.NewReader(chatBody("gpt-oss-120b", true, "x")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	close(begun) // what comes first has reached the client
	_, _ = io.Copy(io.Discard, resp.Body)
	if rec := r.records.last(t, 1); rec.Model != "another-model" {
		t.Errorf("recorded as answered by %s", rec.Model)
	}
}

func TestAClientThatHangsUpBehindTheLastEventWasServed(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.ReadAll(q.Body) // the server notices that a client has gone only behind its body
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}`+
			"\n\ndata: [DONE]\n\n")
		w.(http.Flusher).Flush()
		<-q.Context().Done() // it has said all, and does not close
	}))
	for i, c := range []struct{ path, body, end string }{
		{"/v1/chat/completions", `{"model":"gpt-oss-120b","stream":true,"messages":[{"role":"user","content":"x"}]}`, "data: [DONE]\n\n"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}`, "event: message_stop\n"},
		{"/v1/responses", `{"model":"gpt-oss-120b","stream":true,"input":"x"}`, "event: response.completed\n"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for buf := make([]byte, 4096); !strings.Contains(string(got), c.end); {
			n, err := resp.Body.Read(buf)
			if got = append(got, buf[:n]...); err != nil {
				t.Fatalf("%s: %v behind %s", c.path, err, got)
			}
		}
		_ = resp.Body.Close()
		if rec := r.records.last(t, i+1); rec.Outcome != "ok" || rec.Status != 200 {
			t.Errorf("%s: %d %s", c.path, rec.Status, rec.Outcome)
		}
		r.settled()
	}
}

func TestAClientThatHangsUpBehindAnErrorDidNotLeave(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.ReadAll(q.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}`+
			"\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n")
		w.(http.Flusher).Flush()
		<-q.Context().Done()
	}))
	for i, k := range tongues {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+k.path, bytes.NewReader(k.request(t, wish{model: "gpt-oss-120b", turns: says("x"), stream: true})))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for buf := make([]byte, 4096); !strings.Contains(string(got), "overloaded"); {
			n, err := resp.Body.Read(buf)
			if got = append(got, buf[:n]...); err != nil {
				t.Fatalf("%s: %v behind %s", k.name, err, got)
			}
		}
		_ = resp.Body.Close()
		if rec := r.records.last(t, i+1); rec.Outcome != "failed in mid-stream" {
			t.Errorf("%s: %s", k.name, rec.Outcome)
		}
		r.settled()
	}
}

func TestErrorsOfAProviderReachTheClientWithoutKeys(t *testing.T) {
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"message":"`+keyA+` sent nonsense","code":"x"}`)
	}))
	for _, path := range []string{"/v1/chat/completions", "/v1/embeddings"} {
		p := r.do(http.MethodPost, path, chatBody("m", false, "x")).want(t, 422, "cerebras")
		if strings.Contains(string(p.body), keyA) || !strings.Contains(string(p.body), "sent nonsense") || p.Header.Get("Content-Length") != strconv.Itoa(len(p.body)) {
			t.Errorf("%s: %s", path, p.body)
		}
	}
	r.settled()
	if strings.Contains(r.log.String(), keyA) {
		t.Error("the key is in the log")
	}
}

func TestEveryFormOfAStreamArrivesWhole(t *testing.T) {
	for _, what := range []string{"crlf", "no-space", "comments", "last-line-open", "huge-event", "nul-content", "slow-event"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, setup{})
			faults(t, r.cerebras, simulator.Fault{What: what, Late: 1e7})
			p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
			text := strings.ReplaceAll(strings.ReplaceAll(string(p.body), "\r\n", "\n"), "data:{", "data: {")
			p.body = []byte(text)
			got := strings.Trim(strings.ReplaceAll(p.text(t), "\x00", ""), "x")
			if what == "huge-event" {
				got = strings.ReplaceAll(got, strings.Repeat("x", 1<<20), "")
			}
			if got != "The quick brown fox jumps over the lazy dog." || !strings.Contains(text, "[DONE]") {
				t.Errorf("%.200q … %.100q", got, text[max(0, len(text)-100):])
			}
			if rec := r.records.last(t, 1); rec.Outcome != "ok" {
				t.Errorf("recorded as %s: %s", rec.Outcome, rec.Error)
			}
			r.settled()
		})
	}
}

func TestCompressedAnswersAreDecoded(t *testing.T) {
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		r := newRig(t, setup{})
		s := script(simulator.Cerebras)
		s.Compress, s.ForceCompress = encoding, true
		if err := r.cerebras.SetScript(s); err != nil {
			t.Fatal(err)
		}
		for _, stream := range []bool{false, true} {
			p := r.ask("gpt-oss-120b", stream, "Accept-Encoding", "identity").want(t, 200, "cerebras")
			if p.Header.Get("Content-Encoding") != "" || p.text(t) != "The quick brown fox jumps over the lazy dog." {
				t.Errorf("%s, stream %v: %v %s", encoding, stream, p.Header, p.body)
			}
		}
	}
}
