package dialect

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// respAnswer makes up an answer of a model that knows the tools of respBody.
func respAnswer(r *rand.Rand) *chat.Answer {
	word := func() string {
		words := []string{"a", "", "\"", "\\n", "\n", "é", "\u2028", "😀", "</script>", "\x00", "{}", "data:", "event: x\n\n"}
		text := "w" // never empty
		for range r.IntN(4) {
			text += words[r.IntN(len(words))]
		}
		return text
	}
	a := &chat.Answer{ID: "x", Model: "glm-5.3", Stop: chat.EndTurn, Used: chat.Usage{Prompt: r.IntN(9), Completion: r.IntN(9)}}
	open := chat.Redacted // what the next part could be taken for the rest of
	for range r.IntN(6) {
		switch kind := chat.Kind(r.IntN(7)); {
		case kind == chat.Text && open != chat.Text:
			a.Parts = append(a.Parts, chat.Part{Kind: kind, Text: word()})
			open = kind
		case kind == chat.Thought && open != chat.Thought:
			p := chat.Part{Kind: kind, Text: word()}
			if open = kind; r.IntN(2) == 0 {
				p.Signature, open = word(), chat.Redacted
			}
			a.Parts = append(a.Parts, p)
		case kind == chat.Redacted:
			a.Parts = append(a.Parts, chat.Part{Kind: kind, Signature: word()})
			open = kind
		case kind == chat.Call:
			names := []string{"exec_command", "apply_patch", "multi_agent_v1__spawn_agent", "multi_agent_v1__note"}
			p := chat.Part{Kind: kind, ID: "call_" + strconv.Itoa(len(a.Parts)), Name: names[r.IntN(len(names))], Args: `{ "n": 1.0, "s": ` + quote(word()) + `}`}
			if p.Freeform = p.Name == names[1] || p.Name == names[3]; p.Freeform {
				p.Args = `{"input":` + quote(word()) + `}`
			}
			a.Parts = append(a.Parts, p)
			open = kind
		}
	}
	return a
}

// respDeltas gives an answer in pieces; those of calls in a row interleave.
func respDeltas(r *rand.Rand, a *chat.Answer) (deltas []chat.Delta) {
	pieces := func(kind chat.Step, call int, text string) (out []chat.Delta) {
		runes := []rune(text)
		for len(runes) > 0 {
			n := 1 + r.IntN(len(runes))
			out = append(out, chat.Delta{Kind: kind, Call: call, Raw: inner(string(runes[:n]))})
			runes = runes[n:]
		}
		return out
	}
	var calls [][]chat.Delta
	flush := func() {
		for len(calls) > 0 {
			i := r.IntN(len(calls))
			deltas, calls[i] = append(deltas, calls[i][0]), calls[i][1:]
			if len(calls[i]) == 0 {
				calls = append(calls[:i], calls[i+1:]...)
			}
		}
	}
	for i, p := range a.Parts {
		if p.Kind == chat.Call { // they begin in order, and then go on as they like
			deltas = append(deltas, respCalled(i, p.ID, p.Name))
			calls = append(calls, pieces(chat.Args, i, p.Args))
			continue
		}
		flush()
		switch p.Kind {
		case chat.Text:
			deltas = append(deltas, pieces(chat.Says, 0, p.Text)...)
		case chat.Thought:
			deltas = append(append(deltas, pieces(chat.Thinks, 0, p.Text)...), pieces(chat.Signed, 0, p.Signature)...)
		case chat.Redacted:
			deltas = append(deltas, respDelta(chat.Sealed, p.Signature))
		}
	}
	flush()
	return append(deltas, respStops(a.Stop), chat.Delta{Kind: chat.Uses, Used: a.Used})
}

// TestResponsesAnswerComesBackAsItWas sends an answer, whole and in pieces, and what a
// client got of it back as a part of its next request, as Codex does.
func TestResponsesAnswerComesBackAsItWas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made-up answers, the same each time
	var tools struct {
		Tools json.RawMessage `json:"tools"`
	}
	if err := json.Unmarshal([]byte(respBody), &tools); err != nil {
		t.Fatal(err)
	}
	seen := map[chat.Kind]int{}
	for range 3000 {
		a := respAnswer(r)
		var want []chat.Part
		for _, p := range a.Parts {
			seen[p.Kind]++
			if p.Kind == chat.Thought || p.Kind == chat.Redacted {
				p.Signature = Sign("zai", p.Signature)
			}
			want = append(want, p)
		}
		ask := respAsk(t, respBody)
		whole := responsesWhole(ask, a)
		if !json.Valid(whole) {
			t.Fatalf("%s", whole)
		}
		stream := respCheck(t, respWrite(ask, respBegin(respDeltas(r, a)...)...)).Get("response")
		for _, response := range []gjson.Result{gjson.ParseBytes(whole), stream} {
			items := response.Get("output").Raw
			q := ofResponses(t, `{"input":[{"role":"user","content":"go"},`+strings.TrimPrefix(items, "[")[:len(items)-2]+
				respComma(items)+`{"role":"user","content":"on"}],"tools":`+string(tools.Tools)+`}`)
			if q.Dropped != nil {
				t.Fatalf("dropped %q of %s", q.Dropped, items)
			}
			if got := q.Messages[1 : len(q.Messages)-1]; len(want) > 0 && (len(got) != 1 || !reflect.DeepEqual(got[0].Parts, want)) {
				t.Fatalf("%s\nbecame %+v\nwant   %+v", items, got, want)
			}
		}
		if w, s := gjson.GetBytes(whole, "usage").Raw, stream.Get("usage").Raw; w != s {
			t.Fatalf("usage %s and %s", w, s)
		}
	}
	for _, kind := range []chat.Kind{chat.Text, chat.Thought, chat.Redacted, chat.Call} {
		if seen[kind] < 500 {
			t.Errorf("only %d parts of kind %d were tried", seen[kind], kind)
		}
	}
}

func respComma(items string) string {
	if items == "[]" {
		return ""
	}
	return ","
}
