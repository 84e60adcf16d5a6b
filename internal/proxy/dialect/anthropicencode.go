package dialect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// encodeAnthropic writes a request as a Messages body for one provider. It is
// always written in the same order, so that a provider's prompt cache finds its
// beginning again in the next turn.
func encodeAnthropic(q *chat.Request, fit Fit, room []byte) (Sent, *chat.Error) {
	b := anthropicBody{partWriter: partWriter{fit: fit}, q: q, names: toolNames{q: q}}
	var dropped []string
	for _, what := range q.Dropped {
		dropped = append(dropped, "dropped "+what)
	}
	a := arrangement{partWriter: &b.partWriter}
	a.read(q)
	if ask := formInWords(q.Format); ask != "" && !b.takesForm() {
		a.system = append(a.system, ask)
		b.note("asked in the system prompt for ", "the form of the answer")
	}

	b.out = append(roomFor(q, room), '{')
	b.text("model", cmp.Or(fit.Model, q.Model))
	b.limit = outputLimit(q.MaxOutput, fit)
	b.raw("max_tokens", strconv.Itoa(b.limit))
	b.text("system", strings.Join(a.system, "\n\n"))
	if b.field("messages") {
		b.out = a.write(b.out, b.name)
	}
	forced := b.tools()
	b.thinking(forced)
	b.sampling()
	b.stop()
	if q.Stream {
		b.raw("stream", "true")
	}
	if b.err != nil {
		return Sent{}, b.err
	}
	return Sent{Body: append(b.out, '}'), Changed: append(dropped, b.words()...), Names: b.names.back}, nil
}

// anthropicBody is a body that is being written.
type anthropicBody struct {
	partWriter
	q     *chat.Request
	names toolNames
	out   []byte
	limit int // the output limit that is sent, in tokens
	think bool
}

// field begins a member. It reports whether the provider takes it.
func (b *anthropicBody) field(name string) bool {
	if slices.Contains(b.fit.Refuses.Fields, name) {
		b.note("dropped ", name)
		return false
	}
	b.out = append(appendQuoted(sep(b.out), name), ':')
	return true
}

// raw writes a member whose value is JSON; nothing for "".
func (b *anthropicBody) raw(name, value string) {
	if value != "" && b.field(name) {
		b.out = append(b.out, value...)
	}
}

// text does the same with a text.
func (b *anthropicBody) text(name, value string) {
	if value != "" && b.field(name) {
		b.out = appendQuoted(b.out, value)
	}
}

// name gives a tool's name as it is sent. Anthropic allows twice as many letters
// as others ("String should match pattern '^[a-zA-Z0-9_-]{1,128}$'").
func (b *anthropicBody) name(name string) string {
	const most = 128
	if name != "" && len(name) <= most && strings.Map(nameRune, name) == name {
		return name
	}
	return b.names.fit(name)
}

// takesForm reports whether the provider can be told the form of the answer.
func (b *anthropicBody) takesForm() bool {
	return b.fit.Author && b.q.Format.Kind == chat.FormatSchema && oneObject(b.q.Format.Schema)
}

// formInWords tells the model which form the answer must have, for a provider
// that cannot be told; "" if it is free.
func formInWords(f chat.Format) string {
	const ask = "Answer with one JSON object and nothing else: no explanation, no code fence."
	switch {
	case f.Kind == chat.FormatText:
		return ""
	case f.Kind == chat.FormatSchema && f.Schema != "":
		return ask + " It must match this JSON Schema:\n" + f.Schema
	}
	return ask
}

func (b *anthropicBody) stop() {
	var stop []byte
	for _, text := range b.q.Stop {
		if strings.TrimSpace(text) == "" {
			b.note("dropped ", "a stop sequence of space alone") // "must contain non-whitespace"
			continue
		}
		stop = appendQuoted(sep(stop), text)
	}
	if stop != nil {
		b.raw("stop_sequences", "["+string(stop)+"]")
	}
}
