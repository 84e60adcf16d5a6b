package dialect

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// BenchmarkMessagesWritten is our half of a translation: an answer of 200 pieces
// of thinking, text and arguments. One round is one piece.
func BenchmarkMessagesWritten(b *testing.B) {
	steps := []chat.Delta{begins()}
	for range 60 {
		steps = append(steps, spoken(chat.Thinks, " a thought, as it comes"))
	}
	for range 70 {
		steps = append(steps, spoken(chat.Says, " a piece of the \"answer\"\n"))
	}
	steps = append(steps, calls(0, "call_a"), args(0, `{"command":"`))
	for range 65 {
		steps = append(steps, args(0, `echo \"x\" && `))
	}
	steps = append(steps, args(0, `true"}`), stops(chat.ToolUse), ends())
	ask, out := askedWith(Anthropic), make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(steps) {
		w := newAnthropicStream(ask)
		for j := range steps {
			out = w.delta(out[:0], &steps[j])
		}
	}
}

func BenchmarkMessagesRead(b *testing.B) {
	ev, _, _ := NextEvent([]byte(messages(textGoesOn)))
	r := newAnthropicAnswers()
	n := 0
	to := func(*chat.Delta) { n++ }
	b.ReportAllocs()
	for b.Loop() {
		r.event(ev, to)
	}
}

func BenchmarkMessagesPassed(b *testing.B) {
	s := newAnthropicPass(askedWith(Anthropic))
	s.Next([]byte(messages(startOfMessage, textBegins)))
	chunk := []byte(strings.Repeat(messages(textGoesOn), 100))
	b.ReportAllocs()
	for i := 0; i < b.N; i += 100 {
		if emit, rest := s.Next(chunk); len(emit) != len(chunk) || rest != 0 {
			b.Fatal("lost something")
		}
	}
}

func BenchmarkMessagesLookedAt(b *testing.B) {
	ev, _, _ := NextEvent([]byte(messages(textGoesOn)))
	b.ReportAllocs()
	for b.Loop() {
		if !Look(Anthropic, ev).Content {
			b.Fatal("no content")
		}
	}
}
