//go:build !headless

package main

import (
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// What came of a try, and how a key stands, the window says in the reader's
// language.
func TestWindowCanTranslateEveryClassAndEveryStateOfAKey(t *testing.T) {
	state.Translate(func(m *state.Message) string { return "⟦" + m.Text + "⟧" })
	defer state.Translate((*state.Message).English)
	words := []string{keypool.Ready, keypool.Cooling, keypool.Busy, keypool.Parked, keypool.Disabled, keypool.Missing}
	for c := upstream.OK; c.String() != "unknown"; c++ {
		words = append(words, c.String())
	}
	if len(words) < 20 {
		t.Fatalf("only %q", words)
	}
	for _, word := range words {
		if got := state.Told(word); got != "⟦"+word+"⟧" {
			t.Errorf("%q is told as %q", word, got)
		}
	}
}
