package dialect

import (
	"cmp"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// openAIWhole writes an answer as one chat completion. Content is always a text:
// Cerebras answers 400 to a client that sends a null back (seen in 2025).
func openAIWhole(ask Ask, a *chat.Answer) []byte {
	var text, thought string
	var calls []byte
	ids, n := newCallIDs(ask), 0
	for i := range a.Parts {
		switch p := &a.Parts[i]; p.Kind {
		case chat.Text:
			text += p.Text
		case chat.Thought:
			thought += p.Text
		case chat.Call:
			calls = append(openAICallOf(append(calls, ",{"...), ask, p, ids.use(p.ID, n)), '}')
			n++
		}
	}
	out := openAIHead(make([]byte, 0, 512+len(text)+len(thought)+len(calls)), ask, "chat.completion", cmp.Or(a.Model, ask.Model))
	out = appendQuoted(append(out, `{"index":0,"message":{"role":"assistant","content":`...), text)
	if thought != "" {
		out = appendQuoted(append(out, `,"reasoning_content":`...), thought)
	}
	if n > 0 {
		out = append(append(append(out, `,"tool_calls":[`...), calls[1:]...), ']')
	}
	out = append(append(out, `},"finish_reason":"`...), openAIFinish(a.Stop, n > 0)...)
	return append(openAIUsage(append(out, `"}],"usage":`...), a.Used), '}')
}

// openAICallOf writes one element of tool_calls without its braces.
func openAICallOf(out []byte, ask Ask, p *chat.Part, id string) []byte {
	if openAIFreeform(ask, p.Name) {
		out = openAICustom(out, id, p.Name, p.Args)
		return out[:len(out)-1]
	}
	out = appendQuoted(append(out, `"id":`...), id)
	out = appendQuoted(append(out, `,"type":"function","function":{"name":`...), p.Name)
	out = appendQuoted(append(out, `,"arguments":`...), cmp.Or(p.Args, "{}"))
	return append(out, '}')
}
