package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// tellsOn is what the first provider begins to say and others go on with.
const tellsOn = "Once upon a time a fox jumped over a dog, who did not mind; and they lived happily ever after."

// goer is a provider that goes on with what an assistant's turn began, where it is
// handed over in the form that it takes.
type goer struct {
	*httptest.Server
	mu      sync.Mutex
	refuses string // the role that its last message must not have
	bodies  []string
}

func newGoer(t *testing.T, refuses string) *goer {
	g := &goer{refuses: refuses}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *goer) serve(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var q struct {
		Messages []struct{ Role, Content string }
	}
	if r.Method != http.MethodPost || json.Unmarshal(raw, &q) != nil || len(q.Messages) == 0 {
		http.NotFound(w, r)
		return
	}
	g.mu.Lock()
	g.bodies = append(g.bodies, string(raw))
	g.mu.Unlock()
	if q.Messages[len(q.Messages)-1].Role == g.refuses {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"message":"the last message must not be of that role","type":"invalid_request_error"}}`)
		return
	}
	rest := tellsOn
	for _, m := range slices.Backward(q.Messages) {
		if m.Role == "assistant" {
			rest = strings.TrimPrefix(tellsOn, m.Content)
			break
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	chunk := func(delta, finish string) {
		_, _ = fmt.Fprintf(w, "data: {\"id\":\"2\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"other\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", delta, finish)
	}
	text, _ := json.Marshal(rest)
	chunk(`{"role":"assistant","content":`+string(text)+`}`, "null")
	chunk(`{}`, `"stop"`)
	_, _ = io.WriteString(w, "data: {\"id\":\"2\",\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":12}}\n\ndata: [DONE]\n\n")
}

func (g *goer) asked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.bodies)
}

// carrying is a rig whose first provider breaks off and whose second goes on.
func carrying(t *testing.T, g *goer, environ ...string) *rig {
	r := newRig(t, setup{
		environ: append([]string{"GLMTRAY_CONTINUE_STREAMS=true", "SYNTHETIC_BASE_URL=" + g.URL}, environ...), drop: []string{"SYNTHETIC_BASE_URL"},
		tune: func(s *config.Settings) { s.Provider("cerebras").Limits.Idle = 200 * time.Millisecond },
	})
	s := script(simulator.Cerebras)
	s.Answer.Text = tellsOn
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnotherProviderCarriesABrokenStreamOn(t *testing.T) {
	for _, fault := range []string{"cut", "cut-clean", "cut-event", "reset-mid", "stall", "error-event-mid"} {
		for _, at := range []int{2, 3, 5} {
			t.Run(fmt.Sprintf("%s after %d", fault, at), func(t *testing.T) {
				g := newGoer(t, "")
				r := carrying(t, g)
				faults(t, r.cerebras, simulator.Fault{What: fault, At: at})
				p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
				if text := p.text(t); p.err != nil || text != tellsOn || !strings.HasSuffix(string(p.body), "data: [DONE]\n\n") {
					t.Errorf("%v: %q\n%s", p.err, text, p.body)
				}
				if n := asked(r.cerebras); n != 1 || len(g.asked()) != 1 {
					t.Errorf("%d calls and %d", n, len(g.asked()))
				}
				rec := r.records.last(t, 1)
				if rec.Outcome != "ok" || rec.Provider != "synthetic" || rec.Attempts != 2 || len(rec.Changed) == 0 ||
					!strings.HasPrefix(rec.Changed[len(rec.Changed)-1], "carried on by synthetic/") {
					t.Errorf("record %+v", rec.Finished)
				}
				if seam := p.Trailer.Get("X-Glmtray-Continued"); !strings.HasPrefix(seam, "synthetic/") || !strings.Contains(seam, " after ") {
					t.Errorf("trailer %q of %v", seam, p.Trailer)
				}
				if rec.Tokens.Completion <= 12 || rec.Tokens.Prompt >= 40 {
					t.Errorf("tokens %+v", rec.Tokens)
				}
			})
		}
	}
}

func TestAProviderThatRefusesATurnGetsItInTheOtherForm(t *testing.T) {
	for _, refuses := range []string{"user", "assistant"} {
		t.Run(refuses, func(t *testing.T) {
			g := newGoer(t, refuses)
			r := carrying(t, g)
			faults(t, r.cerebras, simulator.Fault{What: "cut", At: 2})
			p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
			if text := p.text(t); text != tellsOn {
				t.Errorf("%q, asked %q", text, g.asked())
			}
		})
	}
}

func TestWhereNobodyCarriesOnTheErrorIsToldOnce(t *testing.T) {
	for name, set := range map[string]struct {
		body, environ string
		second        bool // somebody else is asked
	}{
		"switched off":          {body: "hello", environ: "GLMTRAY_CONTINUE_STREAMS=false"},
		"the others are broken": {body: "hello", environ: "GLMTRAY_CONTINUE_STREAMS=true", second: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := carrying(t, newGoer(t, ""), "SYNTHETIC_BASE_URL=http://127.0.0.1:1", set.environ)
			faults(t, r.cerebras, simulator.Fault{What: "cut"})
			faults(t, r.zai, simulator.Fault{What: "reset"})
			p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
			if n := strings.Count(string(p.body), `"error":`); n != 1 || strings.Contains(string(p.body), "[DONE]") {
				t.Errorf("%d errors: %s", n, p.body)
			}
			if rec := r.records.last(t, 1); rec.Outcome != "cut" || (rec.Attempts > 1) != set.second {
				t.Errorf("record %+v", rec.Finished)
			}
		})
	}
}
