package dialect

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// askedWith is a client's question whose conversation has calls with these ids.
func askedWith(front Name, ids ...string) Ask {
	q := &chat.Request{Messages: []chat.Message{{Role: chat.User, Parts: []chat.Part{{Text: "go"}}}}}
	for _, id := range ids {
		q.Messages = append(q.Messages, chat.Message{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: id, Name: "Bash", Args: "{}"}}})
	}
	r := &Request{front: front, hub: q}
	r.Facts.Model = "claude-sonnet-5"
	return Ask{Request: r, Provider: "zai", Model: "glm-5.3", ID: "0123456789abcdef", Tokens: 321}
}

func TestOnlyAnIDThatIsEmptyOrTakenIsReplaced(t *testing.T) {
	odd := "functions.Bash:0"
	for _, c := range []struct {
		name      string
		history   []string
		ids, want []string // a want that ends in "_" is a beginning
	}{
		{"new ones stay", []string{"call_a"}, []string{"call_b", odd, strings.Repeat("x", 125)}, []string{"call_b", odd, strings.Repeat("x", 125)}},
		{"an empty one", nil, []string{"", ""}, []string{"call_0123456789abcdef_0", "call_0123456789abcdef_1"}},
		{"one that the history has", []string{"call_0", "call_1"}, []string{"call_1", "call_2"}, []string{"call_1_", "call_2"}},
		{"the same in one answer", nil, []string{"call_0", "call_0", "call_0"}, []string{"call_0", "call_0_", "call_0_"}},
		{"an empty one whose stand-in is taken", []string{"call_0123456789abcdef_0"}, []string{""}, []string{"call_0123456789abcdef_0_"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids, again, seen := newCallIDs(askedWith(Anthropic, c.history...)), newCallIDs(askedWith(Anthropic, c.history...)), map[string]bool{}
			for _, id := range c.history {
				seen[id] = true
			}
			for i, id := range c.ids {
				got := ids.use(id, i)
				suffix, ok := strings.CutPrefix(got, c.want[i])
				if ok = ok && (suffix == "" || len(suffix) == 6 && strings.HasSuffix(c.want[i], "_")); !ok {
					t.Errorf("%q became %q", id, got)
				}
				if seen[got] {
					t.Errorf("%q is there twice", got)
				}
				seen[got] = true
				if twice := again.use(id, i); twice != got {
					t.Errorf("the same answer gave %q and %q", got, twice)
				}
			}
		})
	}
}

func TestAnIDThatComesAgainAndAgainIsReplacedInTime(t *testing.T) {
	const many = 100_000
	ids, seen := newCallIDs(askedWith(Anthropic)), make(map[string]bool, many)
	for i := range many {
		seen[ids.use("call_0", i)] = true
	}
	if len(seen) != many {
		t.Errorf("%d ids for %d calls", len(seen), many)
	}
}

func TestAReplacedIDDiffersFromRequestToRequest(t *testing.T) {
	one, other := askedWith(Anthropic, "call_0"), askedWith(Anthropic, "call_0")
	other.ID = "fedcba9876543210"
	if a, b := newCallIDs(one).use("call_0", 0), newCallIDs(other).use("call_0", 0); a == b {
		t.Errorf("both became %q", a)
	}
}
