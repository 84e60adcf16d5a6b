package dialect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// said is an answer's text as a provider would send it, with what is awkward at a
// seam: blanks, escapes, and letters of several bytes.
const saidWhole = "The quick brown fox\n\tjumps over \"the\" lazy dog, and naïve 日本語 readers\\writers  see no seam in it at all: 🦊."

// recorded writes a provider's stream: thinking, then the text in pieces, then
// calls.
func recorded(behind Name, thinking, text string, calls ...string) []byte {
	w := adapterOf(behind).stream(askOf(behind))
	out := w.delta(nil, &chat.Delta{Kind: chat.Begin, ID: "1", Name: "some-model"})
	if thinking != "" {
		out = w.delta(out, &chat.Delta{Kind: chat.Thinks, Raw: inner(thinking)})
	}
	for piece := range slices.Chunk([]rune(text), 9) {
		out = w.delta(out, &chat.Delta{Kind: chat.Says, Raw: inner(string(piece))})
	}
	stop := chat.EndTurn
	for i, args := range calls {
		stop = chat.ToolUse
		out = w.delta(out, &chat.Delta{Kind: chat.Called, Call: i, ID: fmt.Sprint("call_", i), Name: "Bash"})
		for piece := range slices.Chunk([]rune(args), 4) {
			out = w.delta(out, &chat.Delta{Kind: chat.Args, Call: i, Raw: inner(string(piece))})
		}
	}
	out = w.delta(out, &chat.Delta{Kind: chat.Stops, Stop: stop})
	out = w.delta(out, &chat.Delta{Kind: chat.Uses, Used: chat.Usage{Prompt: 30, Completion: 20}})
	return w.delta(out, &chat.Delta{Kind: chat.End})
}

// feed gives a stream all of p and returns what the client gets.
func feed(s Stream, p []byte) (out, rest []byte) {
	emit, n := s.Next(p)
	return bytes.Clone(emit), p[len(p)-n:]
}

// whatAClientHas puts the client's bytes together again, and fails on anything that
// is not one answer.
func whatAClientHas(t *testing.T, front Name, stream []byte) *chat.Answer {
	t.Helper()
	var g gathering
	begins, ends := 0, 0
	r := adapterOf(front).answers()
	for {
		ev, n, ok := NextEvent(stream)
		if !ok {
			break
		}
		stream = stream[n:]
		if ev.Data == nil {
			continue
		}
		if !r.event(ev, func(d *chat.Delta) {
			switch d.Kind {
			case chat.Begin:
				begins++
			case chat.End:
				ends++
			case chat.Fails:
				t.Errorf("an error: %v", d.Err)
			}
			g.delta(d)
		}) {
			t.Errorf("an event that is none: %q", ev.Data)
		}
	}
	if begins != 1 || ends != 1 || len(stream) > 0 {
		t.Errorf("%d beginnings, %d ends, %q left", begins, ends, stream)
	}
	return &g.Answer
}

func texts(a *chat.Answer) (text string, calls []string) {
	for _, p := range a.Parts {
		switch p.Kind {
		case chat.Text:
			text += p.Text
		case chat.Call:
			calls = append(calls, p.Args)
		}
	}
	return text, calls
}

// TestAnAnswerIsCarriedOnFromEveryCut breaks a recorded stream off at each of its
// bytes and lets a second provider go on: one that goes on, one that starts anew,
// and one that repeats the last words.
func TestAnAnswerIsCarriedOnFromEveryCut(t *testing.T) {
	seconds := []struct {
		name string
		way  Way
		says func(handed string) string
	}{
		{"goes on", Prefill, func(handed string) string { return saidWhole[len(handed):] }},
		{"starts anew", Prefill, func(handed string) string {
			if len(handed) < leastRepeat {
				return saidWhole[len(handed):]
			}
			return saidWhole
		}},
		{"repeats the last words", Nudge, func(handed string) string {
			from := len(handed)
			if from >= 30 {
				for from -= 30; !utf8.RuneStart(saidWhole[from]); from-- {
				}
			}
			return saidWhole[from:]
		}},
	}
	for _, front := range []Name{OpenAI, Anthropic} {
		for _, behind := range []Name{OpenAI, Anthropic} {
			for i, second := range seconds {
				if i > 0 && front == behind {
					continue // what is joined is the same
				}
				t.Run(fmt.Sprintf("%s in front of %s, and who %s", front, behind, second.name), func(t *testing.T) {
					whole := recorded(behind, "let me see", saidWhole)
					for cut := range whole {
						carriedOn(t, front, behind, whole[:cut], second.way, second.says)
						if t.Failed() {
							t.Fatalf("cut after %d bytes: …%q", cut, whole[max(0, cut-80):cut])
						}
					}
				})
			}
		}
	}
}

func carriedOn(t *testing.T, front, behind Name, first []byte, way Way, says func(string) string) {
	t.Helper()
	j := NewJoint(behind, askOf(front))
	out, rest := feed(j, first)
	if !j.Finished() {
		if _, whole := j.Settle(); whole {
			t.Error("there is no call, and the answer was called whole")
		}
		other := map[Name]Name{OpenAI: Anthropic, Anthropic: OpenAI}[behind]
		handedOver := handed(j.Said())
		if way == Nudge && len(handedOver) < 30 {
			way = Prefill
		}
		j.Resume(other, askOf(front), way, 7)
		thinking := ""
		if handedOver == "" {
			thinking = "let me see again"
		}
		var more []byte
		more, rest = feed(j, recorded(other, thinking, says(handedOver)))
		out = append(out, more...)
	}
	out = append(out, j.End(rest)...)
	if text, _ := texts(whatAClientHas(t, front, out)); text != saidWhole {
		t.Errorf("the client has %q", text)
	}
}

func TestNoToolCallIsHalfSent(t *testing.T) {
	const first, second = `{"command":"ls"}`, `{"command":"pwd"}`
	for _, front := range []Name{OpenAI, Anthropic} {
		whole := recorded(OpenAI, "", "I look.", first, second)
		seen := map[int]int{}
		for cut := range whole {
			j := NewJoint(OpenAI, askOf(front))
			out, _ := feed(j, whole[:cut])
			if j.Finished() {
				break
			}
			settled, ok := j.Settle()
			if !ok {
				j.Resume(Anthropic, askOf(front), Nudge, 3)
				more, _ := feed(j, recorded(Anthropic, "", "", first))
				settled = append(more, j.End(nil)...)
			}
			text, calls := texts(whatAClientHas(t, front, append(out, settled...)))
			seen[len(calls)]++
			if !strings.HasPrefix("I look.", text) || len(calls) == 0 || calls[0] != first || len(calls) > 1 && calls[1] != second {
				t.Fatalf("cut after %d bytes: %q %q", cut, text, calls)
			}
		}
		if seen[1] == 0 || seen[2] == 0 {
			t.Errorf("%s: %v", front, seen)
		}
	}
}

func TestTheUsageOfAJointIsThatOfOneAnswer(t *testing.T) {
	j := NewJoint(OpenAI, askOf(OpenAI))
	whole := recorded(OpenAI, "", saidWhole)
	_, _ = feed(j, whole[:len(whole)/2])
	j.Resume(Anthropic, askOf(OpenAI), Prefill, 8)
	_, _ = feed(j, recorded(Anthropic, "", " on"))
	if got, want := j.Usage(), (chat.Usage{Prompt: 22, Completion: 28}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestWordsThatReturnAreNoRepetition(t *testing.T) {
	row := "| --- | --- | --- | --- |\n"
	j := newSeam("A table:\n"+row+row+row, Nudge)
	got := string(decoded(append(j.join(inner(row+row+"end")), j.close()...)))
	if got != row+row+"end" {
		t.Errorf("%q", got)
	}
}

func TestARequestIsHandedOver(t *testing.T) {
	for _, c := range []struct{ name, front, body, want string }{
		{
			"chat completions", "openai", `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":100}`,
			`{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Half \"a"},{"role":"user","content":` + quote(nudge) + `}],"max_tokens":90}`,
		},
		{
			"Responses, a text", "responses", `{"max_output_tokens":5,"input":"hi"}`,
			`{"max_output_tokens":1,"input":[{"role":"user","content":"hi"},{"role":"assistant","content":"Half \"a"},{"role":"user","content":` + quote(nudge) + `}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Read(Name(c.front), []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, ok := r.Continue("Half \"a \n", Nudge, 10)
			if !ok || string(got) != c.want {
				t.Errorf("%v\n%s\nwant\n%s", ok, got, c.want)
			}
			if _, err := Read(Name(c.front), got); err != nil {
				t.Error(err)
			}
			if same, _ := r.Continue("", Nudge, 0); string(same) != c.body {
				t.Errorf("nothing was said: %s", same)
			}
		})
	}
	a, err := Read(Anthropic, []byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := a.Continue("Half ", Prefill, 1); string(got) != `{"model":"m","max_tokens":8,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Half"}]}` {
		t.Errorf("%s", got)
	}
}

func TestWhatIsNotPatchedTogether(t *testing.T) {
	for body, want := range map[string]bool{
		`{"messages":[{"role":"user","content":"hi"}]}`:                                          true,
		`{"messages":[{"role":"user","content":"hi"}],"n":1,"logprobs":false}`:                   true,
		`{"messages":[{"role":"user","content":"hi"}],"n":2}`:                                    false,
		`{"messages":[{"role":"user","content":"hi"}],"logprobs":true}`:                          false,
		`{"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_object"}}`: false,
	} {
		r, err := Read(OpenAI, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if r.Continuable() != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}
