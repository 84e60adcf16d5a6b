package dialect

import (
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicPassWhole gives a provider's Messages body as a client needs it: with
// the model that was asked for, with signatures that tell whose they are, and
// with tool ids that occur once. All else stays as it came.
func anthropicPassWhole(ask Ask, body []byte) []byte {
	s := scanner{b: body}
	s.space()
	var m anthropicMessage
	m.read(&s)
	if !s.end() || !m.listed || string(m.kind) == "error" {
		return body
	}
	var edits splices
	edits.model(body, &m, ask.Request.Facts.Model)
	ids, calls, mark := newCallIDs(ask), 0, signatureLead(ask.Provider)
	blocks := scanner{b: body, i: m.content.from}
	blocks.list(func() {
		var p anthropicPiece
		p.read(&blocks)
		switch string(p.kind) {
		case "tool_use":
			edits.id(body, &p, ids, calls)
			calls++
		case "thinking":
			edits.mark(body, p.signature, mark)
		case "redacted_thinking":
			edits.mark(body, p.data, mark)
		}
	})
	edits.stop(body, m.stop, calls > 0)
	slices.SortStableFunc(edits.edits, func(a, b splice) int { return a.from - b.from })
	return edits.apply(body, nil)
}

// model puts in the model that was asked for, if one was.
func (s *splices) model(data []byte, m *anthropicMessage, asked string) {
	switch {
	case asked == "" || string(str(data[m.model.from:m.model.to])) == asked:
	case m.model != (span{}):
		s.splice(m.model.from, m.model.to, quote(asked))
	case m.filled:
		s.splice(m.opened, m.opened, `"model":`+quote(asked)+`,`)
	}
}

// stop puts Anthropic's word in the place of another one for why an answer ends,
// and of one that tells of calls where there are none: Claude Code repeats the
// whole turn otherwise. A word that nobody knows stays.
func (s *splices) stop(data []byte, at span, calls bool) {
	word := string(str(data[at.from:at.to]))
	for _, r := range stopReasons {
		if r.word != word {
			continue
		}
		if own := stopWord(r.finish, calls); own != word && (r.foreign || r.finish == chat.ToolUse) {
			s.splice(at.from, at.to, quote(own))
		}
	}
}

// id gives a call an id of its own.
func (s *splices) id(data []byte, p *anthropicPiece, ids *callIDs, index int) {
	own := string(str(data[p.id.from:p.id.to]))
	switch id := ids.use(own, index); {
	case p.id == (span{}):
		s.splice(p.opened, p.opened, `"id":`+quote(id)+`,`) // it has a type at least
	case id != own:
		s.splice(p.id.from, p.id.to, quote(id))
	}
}

// mark puts our mark in front of what a string says, if it says something.
func (s *splices) mark(data []byte, at span, mark string) {
	if len(inside(data[at.from:at.to])) > 0 {
		s.splice(at.from+1, at.from+1, mark)
	}
}
