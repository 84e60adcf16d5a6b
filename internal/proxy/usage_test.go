package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
)

// chunks is a stream of completion chunks that say these words.
func chunks(end string, words ...string) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-oss-120b\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", w)
	}
	return b.String() + end
}

const (
	chunkStop = `data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
	chunkUsed = `data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":40,"completion_tokens":50,"prompt_tokens_details":{"cached_tokens":30},"completion_tokens_details":{"reasoning_tokens":20}}}` + "\n\ndata: [DONE]\n\n"
)

func countOf(t *testing.T, texts ...string) (n int) {
	t.Helper()
	for _, text := range texts {
		c, err := tokens.Count([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		n += c
	}
	return n
}

func promptOf(t *testing.T, body []byte) int {
	t.Helper()
	q, err := dialect.Read(dialect.OpenAI, body)
	if err != nil {
		t.Fatal(err)
	}
	hub, e := q.Hub()
	if e != nil {
		t.Fatal(e)
	}
	n, err := tokens.CountRequest(hub)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUsageThatIsNotToldIsCountedAndWhatIsToldStands(t *testing.T) {
	words := []string{"The quick brown fox", " jumps over", " the lazy dog: grüße"}
	text := strings.Join(words, "")
	prompt := promptOf(t, chatBody("gpt-oss-120b", true, "hello"))
	for _, c := range []struct {
		name, answer string
		stream       bool
		want         event.Tokens
		counted      bool
	}{
		{"a stream that tells", chunks(chunkUsed, words...), true, event.Tokens{Prompt: 40, Cached: 30, Completion: 50, Reasoning: 20}, false},
		{"a stream that tells nothing", chunks(chunkStop, words...), true, event.Tokens{Prompt: prompt, Completion: countOf(t, text)}, true},
		{"a stream that is cut", chunks("", words...), true, event.Tokens{Prompt: prompt, Completion: countOf(t, text)}, true},
		{"a whole answer that tells nothing", `{"id":"1","model":"gpt-oss-120b","choices":[{"index":0,"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"stop"}]}`, false, event.Tokens{Prompt: prompt, Completion: countOf(t, text)}, true},
		{"one that tells a half", `{"id":"1","model":"gpt-oss-120b","choices":[{"index":0,"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7}}`, false, event.Tokens{Prompt: 7, Completion: countOf(t, text)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.stream {
					w.Header().Set("Content-Type", "text/event-stream")
				}
				_, _ = io.WriteString(w, c.answer)
			}))
			p := r.ask("gpt-oss-120b", c.stream).want(t, 200, "cerebras")
			if !strings.HasPrefix(string(p.body), c.answer) { // one that is cut ends in an error event
				t.Errorf("the body was changed: %s", p.body)
			}
			rec := r.records.last(t, 1)
			if rec.Tokens != c.want || rec.Counted != c.counted {
				t.Errorf("got %+v, counted %v; want %+v, %v", rec.Tokens, rec.Counted, c.want, c.counted)
			}
			if rec.Cost == nil || *rec.Cost <= 0 || rec.CostEquivalent {
				t.Errorf("the cost is %v, of a plan %v", rec.Cost, rec.CostEquivalent)
			}
		})
	}
}

func TestALongStreamIsCountedInFullAndKeptInPart(t *testing.T) {
	var words []string
	for i := range 9000 { // 1.3 MB as it comes
		words = append(words, " word"+strconv.Itoa(i%97))
	}
	r := newRig(t, vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, chunks(chunkStop, words...))
	}))
	r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
	if rec := r.records.last(t, 1); rec.Tokens.Completion != countOf(t, strings.Join(words, "")) || !rec.Counted {
		t.Errorf("got %+v, want %d", rec.Tokens, countOf(t, strings.Join(words, "")))
	}
	if err := r.server.Settle(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCountingCanBeSwitchedOff(t *testing.T) {
	set := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, chunks(chunkStop, "hello"))
	})
	set.environ = append(set.environ, "TOKEN_COUNTING_ENABLED=0")
	r := newRig(t, set)
	p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
	if rec := r.records.last(t, 1); rec.Tokens != (event.Tokens{}) || rec.Counted || rec.Cost != nil {
		t.Errorf("%+v, counted %v, cost %v", rec.Tokens, rec.Counted, rec.Cost)
	}
	if h := p.Header.Get("X-Token-Input"); h != "" {
		t.Errorf("X-Token-Input is %q", h)
	}
}

func TestEveryAnswerOfAConversationTellsItsInput(t *testing.T) {
	r := newRig(t, setup{})
	for _, stream := range []bool{false, true} {
		p := r.ask("gpt-oss-120b", stream).want(t, 200, "cerebras")
		if n, err := strconv.Atoi(p.Header.Get("X-Token-Input")); err != nil || n < 5 || n > 50 || p.Trailer != nil {
			t.Errorf("X-Token-Input is %q, trailers %v", p.Header.Get("X-Token-Input"), p.Trailer)
		}
	}
	if p := r.do(http.MethodPost, "/v1/embeddings", []byte(`{"input":"x"}`)); p.Header.Get("X-Token-Input") != "" {
		t.Error("what is no conversation has one")
	}
}

func TestAPlansRequestHasAnEquivalentPriceAndAStreamASpeed(t *testing.T) {
	r := newRig(t, setup{drop: []string{"CEREBRAS", "SYNTHETIC"}, tune: func(s *config.Settings) {
		s.Provider("zai").Models["glm-5.3"] = config.ModelInfo{In: 1, Out: 2, Priced: true}
	}})
	s := script(simulator.ZAI)
	s.Answer.Pace = simulator.Duration(10e6)
	if err := r.zai.SetScript(s); err != nil {
		t.Fatal(err)
	}
	r.ask("claude-opus", true).want(t, 200, "zai")
	rec := r.records.last(t, 1)
	want := float64(rec.Tokens.Prompt)/1e6 + 2*float64(rec.Tokens.Completion)/1e6
	if rec.Cost == nil || *rec.Cost < want-1e-9 || *rec.Cost > want+1e-9 || !rec.CostEquivalent || rec.Counted {
		t.Errorf("cost %v, want %v; of a plan %v", rec.Cost, want, rec.CostEquivalent)
	}
	if rec.TPS <= 0 || rec.TPS != event.Rate(rec.Tokens.Completion, rec.Streamed) || rec.Streamed <= 0 || rec.FirstByte+rec.Streamed > rec.Took {
		t.Errorf("%v tokens per second: %v after %v of %v", rec.TPS, rec.Streamed, rec.FirstByte, rec.Took)
	}
	r.ask("claude-opus", false).want(t, 200, "zai")
	if rec = r.records.last(t, 2); rec.TPS != 0 || rec.Streamed != 0 {
		t.Errorf("a whole answer has a speed: %v", rec.TPS)
	}
}

func BenchmarkServeLongStream(b *testing.B) {
	benchServe(b, 1<<10, true, simulator.Fast{Events: 4000})
}
