package dialect

import (
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// encodeOpenAI writes a request as a body of chat completions for one provider.
// It is written front to back in one go, always in the same order, so that a
// provider's prompt cache finds its beginning again in the next turn.
//
// What a provider has no word for is told to the model in the leading system
// text where that may do (that a tool must be called, what form the answer must
// have), and dropped and noted where it may not.
func encodeOpenAI(q *chat.Request, fit Fit, room []byte) (Sent, *chat.Error) {
	b := openAIBody{q: q, fit: fit, names: toolNames{q: q}}
	for _, what := range q.Dropped {
		b.dropped = append(b.dropped, "dropped "+what)
	}
	b.out = roomFor(q, room)
	b.latest = latestTurn(q)
	b.pair()
	b.chooseTools()
	b.chooseFormat()

	b.out = append(b.out, '{')
	b.model()
	if b.field("messages") {
		b.messages()
	}
	b.writeTools()
	b.writeStream()
	b.writeLimit()
	b.writeNumber("temperature", q.Temperature)
	b.writeNumber("top_p", q.TopP)
	if q.TopK != "" {
		b.note("dropped ", "top_k")
	}
	b.writeStop()
	b.writeThinking()
	b.writeFormat()
	b.out = append(b.out, '}')
	if b.err != nil {
		return Sent{}, b.err
	}
	return Sent{Body: b.out, Changed: append(b.dropped, b.words()...), Names: b.names.back}, nil
}

// openAIBody is a body that is being written.
type openAIBody struct {
	changes
	q       *chat.Request
	fit     Fit
	names   toolNames
	dropped []string
	err     *chat.Error // the request cannot be served
	out     []byte

	latest    int      // index of the first message of the latest turn
	orders    []string // what the leading system text says beside the client's words
	withTools bool     // tools are sent
	choice    string   // the value of tool_choice; "" for none
	format    format

	calls   []asked   // of the whole conversation, in order
	results []brought // their results, in the order of the calls
	loose   []*chat.Part
	call    int // the first of each that is not yet written
	result  int

	pieces   []piece       // of the message at hand
	pictures []*chat.Media // that the results at hand have brought
	said     bool          // the string at hand has text
}

// roomFor is where a body is written, so that it need not grow: in room, or in
// memory of its own.
func roomFor(q *chat.Request, room []byte) []byte {
	if size := sizeOf(q); cap(room) < size {
		return make([]byte, 0, size)
	}
	return room[:0]
}

// sizeOf estimates how long a body will be.
func sizeOf(q *chat.Request) int {
	n := 1024
	for i := range q.Tools {
		n += 128 + len(q.Tools[i].Description) + len(q.Tools[i].Schema)
	}
	for i := range q.Messages {
		n += 64 + sizeOfParts(q.Messages[i].Parts)
	}
	return n + n/8 + len(q.Format.Schema)
}

func sizeOfParts(parts []chat.Part) int {
	n := 0
	for i := range parts {
		p := &parts[i]
		n += 96 + len(p.Text) + len(p.Args) + len(p.Media.Data) + sizeOfParts(p.Parts)
	}
	return n
}

// field begins a top-level member under the name that the provider has for it.
// It reports whether the provider takes it.
func (b *openAIBody) field(name string) bool {
	if to, known := b.fit.Refuses.Rename[name]; known {
		name = to
	} else if slices.Contains(b.fit.Refuses.Fields, name) {
		return false
	}
	b.out = append(appendQuoted(sep(b.out), name), ':')
	return true
}

// takes reports whether the provider takes a field.
func (b *openAIBody) takes(name string) bool {
	_, renamed := b.fit.Refuses.Rename[name]
	return renamed || !slices.Contains(b.fit.Refuses.Fields, name)
}

// wish is field for what the client has asked for: a refusal is noted.
func (b *openAIBody) wish(name string) bool {
	if b.field(name) {
		return true
	}
	b.note("dropped ", name)
	return false
}

func (b *openAIBody) model() {
	model := b.fit.Model
	if model == "" {
		model = b.q.Model
	}
	if model != "" && b.field("model") {
		b.out = appendQuoted(b.out, model)
	}
}

func (b *openAIBody) writeStream() {
	if !b.q.Stream {
		return
	}
	if b.field("stream") {
		b.out = append(b.out, "true"...)
	}
	if b.field("stream_options") { // asked for or not: the usage is ours to record
		b.out = append(b.out, `{"include_usage":true}`...)
	}
	if b.fit.Traits.ToolStream && b.withTools && b.field("tool_stream") {
		b.out = append(b.out, "true"...)
	}
}
