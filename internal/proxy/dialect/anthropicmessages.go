package dialect

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicTurn is one element of messages.
type anthropicTurn struct {
	span
	role    []byte
	content span
	gone    bool   // nothing of it is sent in its place
	add     []byte // blocks that are appended to its content
	own     bool   // add is all there is to it: a user's message
}

func (t *anthropicTurn) is(role chat.Role) bool { return string(t.role) == string(role) }

// readTurns notes the messages down.
func (f *anthropicFit) readTurns(e entry) {
	f.scanner = scanner{b: f.body, i: e.value}
	f.turns = make([]anthropicTurn, 0, 16)
	f.list(func() {
		t := anthropicTurn{span: span{from: f.i}}
		f.object(func() {
			from := f.i
			switch string(f.key) {
			case "role":
				t.role = str(f.value())
			case "content":
				f.skip()
				t.content = span{from, f.i}
			default:
				f.skip()
			}
		})
		t.to = f.i
		f.turns = append(f.turns, t)
	})
}

// placeSystem finds a place for the system messages among the others: Claude Code
// sends some on every turn (2.1.197, measured 2026-11-20), and Anthropic alone
// takes them. Those before the first answer go to "system". Later ones become a
// user's text where they stand, so that the prompt's beginning stays the same from
// turn to turn: at the end of the user's message before them, or of that after
// them, since roles alternate and results of tools must come first.
func (f *anthropicFit) placeSystem() {
	if f.marks&hasSystem == 0 {
		return
	}
	begun := !slices.ContainsFunc(f.turns, func(t anthropicTurn) bool { return !t.is(chat.System) })
	before, after := -1, -1 // the messages that stay
	for i := range f.turns {
		t := &f.turns[i]
		switch {
		case !t.is(chat.System):
			begun = begun || t.is(chat.Assistant)
			before = i
		case !begun:
			f.fold(t)
		case before >= 0 && !f.turns[before].is(chat.Assistant):
			f.remind(t, &f.turns[before])
		default:
			after = f.next(max(after, i+1))
			if after < len(f.turns) && !f.turns[after].is(chat.Assistant) {
				f.remind(t, &f.turns[after])
			} else if f.remind(t, t) {
				before = i
			}
		}
	}
}

// next gives the first message from i on that is not a system message.
func (f *anthropicFit) next(i int) int {
	for i < len(f.turns) && f.turns[i].is(chat.System) {
		i++
	}
	return i
}

const noText = "a part of a system message that is no text"

// fold appends a system message's blocks to "system".
func (f *anthropicFit) fold(t *anthropicTurn) {
	t.gone = true
	f.scanner = f.from(t.content)
	f.note("moved ", "a system message into system")
	if f.peek() == '"' {
		if text := f.value(); isBilling(text) {
			f.note("removed ", billingBlock)
		} else if !isBlank(text) {
			f.system = append(append(append(sep(f.system), `{"type":"text","text":`...), text...), '}')
		}
		return
	}
	f.list(func() {
		p := f.messageBlock()
		switch text := f.raw(p.at[inText]); {
		case string(p.kind) != "text":
			f.note("removed ", noText)
		case isBilling(text):
			f.note("removed ", billingBlock)
		case !isBlank(text):
			f.system = append(sep(f.system), f.raw(p.span)...)
		}
	})
}

// remind appends a system message as text to another message, or makes it a
// user's message itself. It reports whether there was any text.
func (f *anthropicFit) remind(t, to *anthropicTurn) bool {
	d := anthropicDecoder{scanner: f.from(t.content), q: new(chat.Request)}
	parts := d.parts()
	f.note("turned ", "a system message into a user's text")
	if slices.ContainsFunc(parts, func(p chat.Part) bool { return p.Kind != chat.Text }) {
		f.note("removed ", noText)
	}
	text := withoutBilling(joined(parts))
	if strings.TrimSpace(text) == "" {
		t.gone = true
		return false
	}
	to.add = f.textBlock(to.add, reminder(text))
	if t.gone = t != to; !t.gone {
		t.own, t.role = true, []byte(chat.User)
	}
	return true
}

// reminder wraps a system message's text as Claude Code wraps what is not the
// user's own in a user's message.
func reminder(text string) string { return reminderOpens + text + reminderCloses }

// messages changes the messages.
func (f *anthropicFit) messages(e entry) {
	if f.turns == nil {
		return
	}
	f.scanner = scanner{b: f.body, i: e.value}
	g := gap{splices: &f.splices, from: e.value + 1}
	for i := range f.turns {
		t := &f.turns[i]
		f.recent = t.from >= f.latest
		if t.gone {
			g.drop(t.from, t.to)
			continue
		}
		g.keep(t.from)
		if t.own {
			f.splice(t.from, t.to, `{"role":"user","content":[`+string(t.add)+`]}`)
		} else {
			f.message(t)
		}
		g.kept(t.to)
	}
	g.close("")
}

func (f *anthropicFit) message(t *anthropicTurn) {
	f.i = t.from
	if f.peek() != '{' { // no message, and the provider's to refuse
		if f.skip(); len(t.add) > 0 {
			f.splice(t.to, t.to, `,{"role":"user","content":[`+string(t.add)+`]}`)
		}
		return
	}
	g := f.strip(&f.splices, &f.changes, "removed messages[].", f.fit.Refuses.Message, func() {
		if f.is("content") && f.i == t.content.from {
			f.content(t)
		} else {
			f.skip()
		}
	})
	add := ""
	if len(t.add) > 0 && t.content == (span{}) {
		add = `"content":[` + string(t.add) + `]`
	}
	g.close(add)
}

func (f *anthropicFit) content(t *anthropicTurn) {
	add, from := string(t.add), f.i
	if f.peek() == '[' {
		f.blocks(add, f.placeholder(t))
		return
	}
	says := f.peek() == '"'
	if isBlank(f.value()) {
		says = false
		if add == "" && !f.fit.Author {
			add = f.placeholder(t)
		}
	}
	switch {
	case add == "":
	case says:
		f.splice(from, from, `[{"type":"text","text":`)
		f.splice(f.i, f.i, `},`+add+`]`)
	default:
		f.splice(from, f.i, "["+add+"]")
	}
}

// placeholder gives the block that stands where otherwise nothing would. Only the
// last answer, with which the model goes on, may be empty.
func (f *anthropicFit) placeholder(t *anthropicTurn) string {
	if t.is(chat.Assistant) && t == &f.turns[len(f.turns)-1] {
		return ""
	}
	return `{"type":"text","text":"(nothing was said)"}`
}
