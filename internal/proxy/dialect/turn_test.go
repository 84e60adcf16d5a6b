package dialect

import (
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestLatestTurnBeginsWhereTheUserSpokeLast(t *testing.T) {
	// s: system, u: user, a: assistant, r: results, b: results and text.
	for turns, want := range map[string]int{
		"": 0, "u": 0, "sus": 1, "ua": 0, "uau": 2, "uar": 0, "uarar": 0, "uaru": 0, "uarua": 0, "uarsu": 0, "uab": 0,
		"uarau": 4, "uaruau": 5, "r": 0, "ara": 0, "uu": 1, "uas": 0,
	} {
		q := &chat.Request{}
		for _, c := range turns {
			m := chat.Message{Role: chat.User, Parts: []chat.Part{{Text: "x"}}}
			switch c {
			case 's':
				m.Role = chat.System
			case 'a':
				m.Role = chat.Assistant
			case 'r':
				m.Parts = []chat.Part{{Kind: chat.Result}}
			case 'b':
				m.Parts = append(m.Parts, chat.Part{Kind: chat.Result})
			}
			q.Messages = append(q.Messages, m)
		}
		if got := latestTurn(q); got != want {
			t.Errorf("%q: got %d, want %d", turns, got, want)
		}
	}
}
