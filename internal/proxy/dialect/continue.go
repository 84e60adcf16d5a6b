package dialect

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Way is how a text that was begun is handed to who is to go on.
type Way int8

// The ways.
const (
	Prefill Way = iota // as the beginning of the assistant's turn: the model cannot but go on
	Nudge              // as a turn of the assistant's, with a user behind it who asks to go on
)

// Ways are those worth trying at a provider, the likely one first. Anthropic's
// dialect knows a turn that is begun for the model, but not every model takes one;
// servers of the other mostly take it for a turn that is over.
func Ways(behind Name) []Way {
	if behind == Anthropic {
		return []Way{Prefill, Nudge}
	}
	return []Way{Nudge, Prefill}
}

// nudge asks for what a turn that was begun brings by itself.
const nudge = "Your last message was cut off. Go on exactly where it ends, with the very next character, and repeat nothing of it. " +
	"Do not mention that it was cut off."

// Continuable reports whether an answer to this request can be carried on by
// another provider: it is one text for people, with tools or without. What must be
// valid JSON as a whole, or comes in several choices, is not patched together.
func (r *Request) Continuable() bool {
	q, err := r.Hub()
	if err != nil || q.Format.Kind != chat.FormatText {
		return false
	}
	if r.front != OpenAI {
		return true
	}
	for _, m := range r.find("n", "logprobs") {
		switch string(r.body[m.from:m.to]) {
		case "", "1", "false", "null":
		default:
			return false
		}
	}
	return true
}

// Continue gives the body of a request for the rest of an answer of which the
// client has said and some tokens. With nothing said it is the request itself. ok
// is false where there is no conversation to add to.
func (r *Request) Continue(said string, way Way, tokens int) (body []byte, ok bool) {
	if said = handed(said); said == "" {
		return r.body, true
	}
	name := "messages"
	if r.front == Responses {
		name = "input"
	}
	at := r.find(name)[0]
	list := r.body[at.from:at.to]
	var edits splices
	switch {
	case len(list) > 0 && list[0] == '[':
		turns := r.turns(len(bytes.TrimSpace(list[1:len(list)-1])) > 0, said, way)
		edits.splice(at.to-1, at.to-1, string(turns))
	case len(list) > 0 && list[0] == '"' && r.front == Responses: // one text of the user's
		edits.splice(at.from, at.from, `[{"role":"user","content":`)
		edits.splice(at.to, at.to, "}"+string(r.turns(true, said, way))+"]")
	default:
		return nil, false
	}
	return r.limited(edits.apply(r.body, nil), tokens), true
}

// turns writes what is added to the conversation.
func (r *Request) turns(more bool, said string, way Way) []byte {
	var out []byte
	if more {
		out = append(out, ',')
	}
	out = append(out, `{"role":"assistant","content":`...)
	out = append(appendQuoted(out, said), '}')
	if way == Nudge {
		out = append(out, `,{"role":"user","content":`...)
		out = append(appendQuoted(out, nudge), '}')
	}
	return out
}

// limited takes what the client has off the limit that it gave.
func (r *Request) limited(body []byte, tokens int) []byte {
	var edits splices
	limits := find(body, "max_tokens", "max_completion_tokens", "max_output_tokens")
	slices.SortFunc(limits, func(a, b stretch) int { return a.from - b.from })
	for _, m := range limits {
		if n, err := strconv.Atoi(string(body[m.from:m.to])); err == nil {
			edits.splice(m.from, m.to, strconv.Itoa(max(n-tokens, 1)))
		}
	}
	return edits.apply(body, nil)
}

// stretch is where a value stands.
type stretch struct{ from, to int }

func (r *Request) find(names ...string) []stretch { return find(r.body, names...) }

// find gives the values of the body's own members with these names, in the order
// in which they stand in the names; an empty one where there is none. Of a key that
// is given twice it is the last.
func find(body []byte, names ...string) []stretch {
	found := make([]stretch, len(names))
	s := scanner{b: body}
	s.space()
	s.object(func() {
		i, from := among(names, s.key), s.i
		if s.skip(); i >= 0 {
			found[i] = stretch{from, s.i}
		}
	})
	return found
}
