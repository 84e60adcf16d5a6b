package dialect

import "strings"

// messageBlock is one element of a content by the places of its members; what is not
// there is empty.
type messageBlock struct {
	span
	kind []byte // its type, decoded
	at   [len(blockMembers)]span
}

// The members of blocks that mean something here.
const (
	inText = iota
	inThinking
	inSignature
	inData
	inID
	inName
	inInput
	inCall
	inContent
	inFailed
	inSource
	inTitle
	inContext
)

var blockMembers = [...]string{
	inText: "text", inThinking: "thinking", inSignature: "signature", inData: "data",
	inID: "id", inName: "name", inInput: "input", inCall: "tool_use_id", inContent: "content",
	inFailed: "is_error", inSource: "source", inTitle: "title", inContext: "context",
}

// messageBlock walks over an element; what is no object has no type.
func (s *scanner) messageBlock() (b messageBlock) {
	b.from = s.i
	s.object(func() {
		from := s.i
		if s.is("type") {
			b.kind = str(s.value())
			return
		}
		key := s.key
		s.skip()
		for i, name := range blockMembers {
			if string(key) == name {
				b.at[i] = span{from, s.i}
			}
		}
	})
	b.to = s.i
	return b
}

// raw gives the text of a place.
func (s *scanner) raw(at span) []byte { return s.b[at.from:at.to] }

// from gives a scanner at another place of the same text: at its end, where
// nothing is, for an empty place.
func (s *scanner) from(at span) scanner {
	if at == (span{}) {
		return scanner{b: s.b, i: len(s.b)}
	}
	return scanner{b: s.b, i: at.from}
}

// anthropicTool is one element of tools, its members as they stand in the text.
type anthropicTool struct{ kind, name, description, schema, strict []byte }

// member takes the member at hand.
func (t *anthropicTool) member(s *scanner) {
	switch string(s.key) {
	case "type":
		t.kind = s.value()
	case "name":
		t.name = s.value()
	case "description":
		t.description = s.value()
	case "input_schema":
		t.schema = s.value()
	case "strict":
		t.strict = s.value()
	default:
		s.skip()
	}
}

func (s *scanner) anthropicTool() (t anthropicTool) {
	s.object(func() { t.member(s) })
	return t
}

// server reports whether the provider itself would run the tool: it has a type
// such as web_search_20250305, and no schema, since the provider knows it.
func (t *anthropicTool) server() bool {
	kind := str(t.kind)
	return len(kind) > 0 && string(kind) != "custom" && len(t.schema) == 0
}

// The blocks of a content as they are written, in requests and in answers.

func appendThinking(out []byte, text, signature string) []byte {
	out = appendQuoted(append(sep(out), `{"type":"thinking","thinking":`...), text)
	return append(appendQuoted(append(out, `,"signature":`...), signature), '}')
}

func appendRedacted(out []byte, data string) []byte {
	return append(appendQuoted(append(sep(out), `{"type":"redacted_thinking","data":`...), data), '}')
}

// appendToolUse writes a tool call, whose input has to be an object. Arguments
// that are none stand in it as text, under a name that no tool has: so the tool's
// refusal shows the model what it has written. A stream needs nothing like that,
// for there the arguments are text, and the client says what is wrong with them.
func appendToolUse(out []byte, id, name, args string) (_ []byte, wrapped bool) {
	const deep = 5 // levels, of messages[].content[].input
	out = appendQuoted(append(sep(out), `{"type":"tool_use","id":`...), id)
	out = append(appendQuoted(append(out, `,"name":`...), name), `,"input":`...)
	args = strings.TrimSpace(args)
	switch s := (scanner{b: []byte(args), depth: deep}); {
	case args == "" || args == "null":
		out = append(out, "{}"...)
	case s.peek() == '{' && s.whole():
		out = append(out, args...)
	default:
		wrapped = true
		out = append(appendQuoted(append(out, `{"_raw":`...), args), '}')
	}
	return append(out, '}'), wrapped
}
