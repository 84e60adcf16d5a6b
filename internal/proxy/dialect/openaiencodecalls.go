package dialect

import (
	"cmp"
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// asked is a tool call, or several of one turn with the same id.
type asked struct {
	id    string
	turn  int // index of the first of the assistant's messages
	calls int
}

// brought is the result of a call.
type brought struct {
	call   int // index in openAIBody.calls
	at     int // index of its message
	result *chat.Part
}

// pair finds the call of each result: the latest before it with that id, since
// there are models which count from zero in each turn.
func (b *openAIBody) pair() {
	latest, turn := map[string]int{}, -1
	for i := range b.q.Messages {
		m := &b.q.Messages[i]
		if m.Role != chat.Assistant {
			turn = -1
		} else if turn < 0 {
			turn = i
		}
		for j := range m.Parts {
			switch p := &m.Parts[j]; {
			case misplaced(m.Role, p.Kind):
				b.note("dropped ", "a part that is out of place")
			case p.Kind == chat.Call:
				b.pairCall(latest, turn, p.ID)
			case p.Kind == chat.Result:
				if c, known := latest[p.ID]; known {
					b.results = append(b.results, brought{c, i, p})
				} else {
					b.loose = append(b.loose, p)
				}
			}
		}
	}
	slices.SortStableFunc(b.results, func(x, y brought) int { return cmp.Compare(x.call, y.call) })
}

// misplaced reports whether a kind of part has no meaning in what a role says.
func misplaced(role chat.Role, kind chat.Kind) bool {
	switch kind {
	case chat.Call, chat.Thought, chat.Redacted:
		return role != chat.Assistant
	case chat.Result:
		return role != chat.User
	case chat.Image, chat.Document:
		return role == chat.Assistant
	}
	return false
}

func (b *openAIBody) pairCall(latest map[string]int, turn int, id string) {
	if c, known := latest[id]; known && b.calls[c].turn == turn {
		b.calls[c].calls++
		return
	}
	latest[id] = len(b.calls)
	b.calls = append(b.calls, asked{id, turn, 1})
}

// writeResults writes the messages of the tools that one turn of the assistant
// has called, and behind them all a message of the user with what pictures they
// brought, for the text of a tool is all that most providers take.
func (b *openAIBody) writeResults(turn int) {
	b.pictures = b.pictures[:0]
	for ; b.call < len(b.calls) && b.calls[b.call].turn == turn; b.call++ {
		from := b.result
		for b.result < len(b.results) && b.results[b.result].call == b.call {
			b.result++
		}
		b.answer(&b.calls[b.call], b.results[from:b.result])
	}
	if len(b.pictures) == 0 {
		return
	}
	b.open("user")
	if b.member("content") {
		b.out = append(b.out, '[')
		for _, p := range b.pictures {
			b.picture(p)
		}
		b.out = append(b.out, ']')
	}
	b.out = append(b.out, '}')
}

// answer writes one message for each call. What is left over goes into the last.
func (b *openAIBody) answer(c *asked, results []brought) {
	for left := c.calls; left > 0; left-- {
		n := min(1, len(results))
		if left == 1 {
			n = len(results)
		}
		b.toolMessage(c.id, results[:n])
		results = results[n:]
	}
}

// toolMessage writes what a tool has brought. Cerebras answers 422 to a call
// without a result (seen 2025).
func (b *openAIBody) toolMessage(id string, results []brought) {
	b.open("tool")
	if b.member("tool_call_id") {
		b.out = appendQuoted(b.out, id)
	}
	if b.member("content") {
		b.quote()
		for _, r := range results {
			b.resultText(r.result, r.at)
		}
		if len(results) == 0 {
			b.say(errorMark, "interrupted")
			b.note("added ", "a failed result for a tool call without one")
		}
		b.unquote()
	}
	b.out = append(b.out, '}')
}

// errorMark begins the text of a tool that has failed: there is no field for it.
const errorMark = "Error: "

func (b *openAIBody) resultText(r *chat.Part, at int) {
	b.pieces = b.gather(b.pieces[:0], r.Parts, at)
	mark, pictures := "", 0
	if r.Failed {
		mark = errorMark
	}
	for _, p := range b.pieces {
		if p.picture != nil {
			b.pictures = append(b.pictures, p.picture)
			pictures++
			continue
		}
		b.say(unlessMarked(mark, p.text), p.text)
		mark = ""
	}
	switch {
	case pictures > 1:
		b.say(mark, "(see pictures below)")
	case pictures > 0:
		b.say(mark, "(see picture below)")
	case mark != "":
		b.say("", "Error")
	}
}

// unlessMarked gives the mark for a text that does not say by itself that it is
// an error.
func unlessMarked(mark, text string) string {
	if len(text) >= 6 && text[:6] == errorMark[:6] {
		return ""
	}
	return mark
}
