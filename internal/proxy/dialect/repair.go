package dialect

import (
	"bytes"
	"strconv"
)

// Repair mends the tool calls of a conversation, which agents leave torn when
// they are interrupted and which providers answer with 400 or 422 (Cerebras,
// seen 2025). Every result stands directly after the assistant message that
// made the call, in the order found; a call without a result gets one that says
// "failed"; a result without a call, or a second one for the same call, becomes
// a user's text.
//
// Untouched messages keep their bytes. If nothing is wrong, nothing happens, at
// no cost; else Body is a new one from then on, while Facts stay. notes says what
// was done to the body, by Read as well.
func (r *Request) Repair() (notes []string) {
	notes, r.notes = r.notes, nil
	if !r.torn {
		return notes
	}
	r.torn = false
	list := r.top[r.last("messages")]
	p := repairer{body: r.body, from: list.value, to: list.end}
	p.read()
	p.assign()
	if !p.wrong() {
		return notes
	}
	mended, err := readOpenAI(p.rebuild())
	if err != nil {
		return notes // cannot be: what was put in is valid, and the rest was
	}
	facts := r.Facts
	*r = *mended
	r.Facts, r.torn = facts, false
	return append(notes, p.notes()...)
}

// follower watches, for little, whether the results follow their calls one for
// one and in the calls' order, as they nearly always do.
type follower struct {
	astray bool
	ids    []ident // of the latest calls
	at     int     // how many of them have their results
}

// follow takes the next message.
func (f *follower) follow(m message) {
	if m.result {
		f.astray = f.astray || f.at == len(f.ids) || !bytes.Equal(f.ids[f.at].id, m.id)
		f.at = min(f.at+1, len(f.ids))
		return
	}
	f.astray = f.astray || f.at < len(f.ids)-(m.ids.to-m.ids.from)
	f.ids = append(f.ids[:0], f.ids[m.ids.from:m.ids.to]...)
	f.at = 0
}

type repairer struct {
	body                []byte
	from, to            int // the messages array
	said                []message
	ids                 []ident // of all tool calls, in order
	calls               []call  // the same, each id of a message once
	added, moved, loose int
}

// message is one element of messages.
type message struct {
	from, to int
	content  []byte
	ids      span   // an assistant's tool calls, in repairer.ids,
	calls    span   // and in repairer.calls
	results  []int  // the messages that answer them
	result   bool   // it is a tool's result,
	id       []byte // of this call,
	of       int    // which the message with this index made; -1: nobody
}

type span struct{ from, to int }

// ident is the id of a tool call, and as it stands in the text: ids are compared
// decoded, but written as they came, for they may hold bytes that are no UTF-8.
type ident struct{ id, raw []byte }

// call is a tool call, or several with the same id: as many results may answer.
type call struct {
	ident
	wanted, got int
}

// read notes all messages down.
func (p *repairer) read() {
	r := reader{scanner: scanner{b: p.body, i: p.from}, Request: new(Request)}
	r.keep = func(m message) { p.said = append(p.said, m) }
	r.list(r.message)
	p.ids = r.ids
}

// readIDs reads the ids of tool_calls, which may well be null. A call without
// an id is kept: a result without one belongs to it.
func (r *reader) readIDs() span {
	from := len(r.ids)
	if r.ids == nil {
		r.ids = make([]ident, 0, 8)
	}
	r.list(func() {
		var id ident
		r.object(func() {
			if r.is("id") {
				id.raw = r.value()
				id.id = str(id.raw)
			} else {
				r.skip()
			}
		})
		r.ids = append(r.ids, id)
	})
	return span{from, len(r.ids)}
}

// assign finds the call of each result: the latest one before it with that id.
// Models that count from zero in each turn use an id again and again.
func (p *repairer) assign() {
	type place struct{ message, call int }
	latest := map[string]place{}
	for i := range p.said {
		m := &p.said[i]
		m.calls.from = len(p.calls)
		for _, id := range p.ids[m.ids.from:m.ids.to] {
			at, known := latest[string(id.id)]
			if !known || at.message != i {
				at = place{i, len(p.calls)}
				latest[string(id.id)] = at
				p.calls = append(p.calls, call{ident: id})
			}
			p.calls[at.call].wanted++
		}
		m.calls.to = len(p.calls)
		at, known := latest[string(m.id)]
		if !m.result || !known {
			continue
		}
		if c := &p.calls[at.call]; c.got < c.wanted {
			c.got++
			m.of = at.message
			p.said[at.message].results = append(p.said[at.message].results, i)
		}
	}
}

// made lists the calls of a message.
func (p *repairer) made(m *message) []call { return p.calls[m.calls.from:m.calls.to] }

// open reports whether the call needs a result.
func (c call) open() bool { return len(c.id) > 0 && c.got == 0 }

// wrong reports whether anything is. A result is in its place if only results
// of the same message stand between the two.
func (p *repairer) wrong() bool {
	place := -1 // whose results may stand here
	for i := range p.said {
		m := &p.said[i]
		switch {
		case !m.result:
			place = i
		case m.of < 0:
			p.loose++
			place = i
		case m.of != place:
			p.moved++
		}
		for _, c := range p.made(m) {
			if c.open() {
				p.added++
			}
		}
	}
	return p.added+p.moved+p.loose > 0
}

// rebuild writes the body with its messages in order.
func (p *repairer) rebuild() []byte {
	out := make([]byte, 0, len(p.body)+96*(p.added+p.loose))
	out = append(append(out, p.body[:p.from]...), '[')
	for i := range p.said {
		m := &p.said[i]
		if m.result && m.of >= 0 {
			continue // written after its call
		}
		if m.result {
			out = asText(out, m.content)
		} else {
			out = append(out, p.body[m.from:m.to]...)
		}
		out = p.results(append(out, ','), m)
	}
	out[len(out)-1] = ']' // the first message is never a result that belongs to one
	return append(out, p.body[p.to:]...)
}

// results writes what answers a message's calls.
func (p *repairer) results(out []byte, m *message) []byte {
	for _, j := range m.results {
		result := &p.said[j]
		out = append(append(out, p.body[result.from:result.to]...), ',')
	}
	for _, c := range p.made(m) {
		if c.open() {
			out = append(append(out, `{"role":"tool","tool_call_id":`...), c.raw...)
			out = append(out, `,"content":"failed"},`...)
		}
	}
	return out
}

// asText writes a result that has no call as a user's message.
func asText(out, content []byte) []byte {
	const lead = "Tool result without a call: "
	out = append(out, `{"role":"user","content":`...)
	switch {
	case len(content) > 0 && content[0] == '"':
		out = append(append(append(out, '"'), lead...), content[1:]...)
	case len(content) > 0 && content[0] == '[':
		out = append(out, `[{"type":"text","text":"`+lead+`"}`...)
		if parts := bytes.TrimSpace(content[1 : len(content)-1]); len(parts) > 0 {
			out = append(append(out, ','), parts...)
		}
		out = append(out, ']')
	case len(content) == 0 || string(content) == "null":
		out = appendQuoted(out, lead+"(empty)")
	default:
		out = appendQuoted(out, lead+string(content))
	}
	return append(out, '}')
}

func (p *repairer) notes() (notes []string) {
	for _, n := range []struct {
		n    int
		what string
	}{
		{p.added, "added a failed result for a tool call without one"},
		{p.moved, "moved a tool result to its call"},
		{p.loose, "turned a tool result without a call into text"},
	} {
		if n.n > 1 {
			n.what += " ×" + strconv.Itoa(n.n)
		}
		if n.n > 0 {
			notes = append(notes, n.what)
		}
	}
	return notes
}
