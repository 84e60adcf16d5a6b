package dialect

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicPart is a part of the conversation on its way to its place.
type anthropicPart struct {
	chat.Part
	role   chat.Role      // "" where a result was, which stands with its call
	recent bool           // it is of the user's latest turn
	call   *anthropicCall // of a Call
}

// anthropicCall is a tool call with what answers it.
type anthropicCall struct {
	id       string // as it is sent
	answered bool
	failed   bool
	recent   bool        // the results are of the user's latest turn
	results  []chat.Part // of all its results
}

// anthropicCalls are those of one message that have the same id.
type anthropicCalls struct {
	message int
	calls   []*anthropicCall
	at      int // how many have their result
}

// arrangement brings a conversation into the order that Anthropic demands: the
// system text by itself, user and assistant in turn, each result directly after
// its call, before anything else that the user says.
type arrangement struct {
	*partWriter
	system []string
	parts  []anthropicPart
	calls  map[string]*anthropicCalls // the latest of each id, as the client has it
	sent   map[string]int             // ids as they are sent, with the last number that made another one of it
}

// read takes the conversation up.
func (a *arrangement) read(q *chat.Request) {
	a.calls, a.sent = map[string]*anthropicCalls{}, map[string]int{}
	latest, begun := latestTurn(q), false
	for i, m := range q.Messages {
		begun = begun || m.Role == chat.Assistant
		for _, p := range m.Parts {
			s := anthropicPart{Part: p, role: m.Role, recent: i >= latest}
			switch {
			case m.Role == chat.System:
				a.instruct(s, begun)
			case p.Kind == chat.Call:
				a.ask(s, i)
			case p.Kind == chat.Result:
				a.answer(s)
			default:
				a.keep(s)
			}
		}
	}
}

// instruct takes what a system message says: into the leading text, or as a
// user's text if an answer stands before it.
func (a *arrangement) instruct(s anthropicPart, begun bool) {
	if strings.HasPrefix(s.Text, billingPrefix) && !a.fit.Author {
		s.Text = withoutBilling(s.Text)
		a.note("removed ", billingBlock)
	}
	switch {
	case s.Kind != chat.Text:
		a.note("removed ", noText)
	case strings.TrimSpace(s.Text) == "":
	case begun:
		s.Text, s.role = reminder(s.Text), chat.User
		a.keep(s)
	default:
		a.system = append(a.system, s.Text)
	}
}

// keep takes a part of which something will be left.
func (a *arrangement) keep(s anthropicPart) {
	switch s.Kind {
	case chat.Text:
		if strings.TrimSpace(s.Text) == "" {
			return
		}
	case chat.Thought, chat.Redacted:
		if _, keep := a.own(s.Signature); !keep {
			return
		}
		s.role = chat.Assistant
	case chat.Image, chat.Document:
		if s.role == chat.Assistant { // who may only write (docs.claude.com, 2026-07)
			a.note("left out ", "a picture of the assistant's")
			s.Part = chat.Part{Kind: chat.Text, Text: "[picture left out]"}
		}
	}
	a.parts = append(a.parts, s)
}

// ask takes a call of the i-th message. Its id must occur only once, and at
// Anthropic's own address consist of what names do; others take any.
func (a *arrangement) ask(s anthropicPart, i int) {
	id := s.ID
	if a.fit.Author {
		id = strings.Map(nameRune, id)
	}
	s.call = &anthropicCall{id: a.unique(cmp.Or(id, "call"))}
	if same := a.calls[s.ID]; same != nil && same.message == i {
		same.calls = append(same.calls, s.call)
	} else {
		a.calls[s.ID] = &anthropicCalls{message: i, calls: []*anthropicCall{s.call}}
	}
	s.role = chat.Assistant
	a.parts = append(a.parts, s)
}

// unique gives an id that no other call has.
func (a *arrangement) unique(id string) string {
	n := a.sent[id]
	if a.sent[id]++; n == 0 {
		return id
	}
	a.note("renamed ", "the id of a tool call that another one has")
	for {
		n++
		other := id + "_" + strconv.Itoa(n)
		if a.sent[other] == 0 {
			a.sent[id], a.sent[other] = n, 1
			return other
		}
	}
}

// nameRune puts "_" in the place of what must not stand in an id at Anthropic's
// ("String should match pattern '^[a-zA-Z0-9_-]+$'").
func nameRune(r rune) rune {
	if nameLetter(r) {
		return r
	}
	return '_'
}

// answer brings a result to its call: the first of that id without one, in the
// latest message that made some. Where all have one it is added to the last's.
func (a *arrangement) answer(s anthropicPart) {
	same := a.calls[s.ID]
	if same == nil {
		a.loose(s)
		return
	}
	c := same.calls[min(same.at, len(same.calls)-1)]
	if same.at++; c.answered {
		a.note("joined ", "several results of one tool call")
	}
	c.answered, c.failed, c.recent = true, c.failed || s.Failed, s.recent
	a.parts = append(a.parts, anthropicPart{})
	for _, p := range s.Parts {
		if p.Kind != chat.Text || strings.TrimSpace(p.Text) != "" {
			c.results = append(c.results, p)
		}
	}
}

// loose takes a result without a call, which is a user's text.
func (a *arrangement) loose(s anthropicPart) {
	a.note("turned ", "a tool result without a call into text")
	lead := "Tool result without a call:"
	if s.Failed {
		lead = "Result of a failed tool, without a call:"
	}
	s.role = chat.User
	for _, p := range append([]chat.Part{{Kind: chat.Text, Text: lead}}, s.Parts...) {
		s.Part = p
		a.keep(s)
	}
}

// write appends the list of messages. name gives a tool's name as it is sent.
func (a *arrangement) write(out []byte, name func(string) string) []byte {
	out = append(out, '[')
	if len(a.parts) == 0 || a.parts[0].role != chat.User {
		a.note("added ", "a user's message in front")
		out = append(out, `{"role":"user","content":[{"type":"text","text":"(the conversation begins)"}]}`...)
	}
	for len(a.parts) > 0 && a.parts[len(a.parts)-1].role == "" {
		a.parts = a.parts[:len(a.parts)-1]
	}
	var calls []*anthropicCall
	for rest := a.parts; len(rest)+len(calls) > 0; {
		role := chat.User // as it must be after calls
		if len(calls) == 0 {
			role = rest[0].role
		}
		n := run(rest, role)
		if role != "" {
			out = append(append(append(sep(out), `{"role":"`...), role...), `","content":[`...)
			out = a.answers(out, calls)
			out, calls = a.message(out, rest[:n], n == len(rest), name)
			out = append(out, "]}"...)
		}
		rest = rest[n:]
	}
	return append(out, ']')
}

// run tells how many of the parts are one message of that role. What a tool has
// brought ends a message that made calls, and no other.
func run(parts []anthropicPart, role chat.Role) int {
	calls := false
	for n, s := range parts {
		if s.role != role && (s.role != "" || calls) {
			return n
		}
		calls = calls || s.call != nil
	}
	return len(parts)
}

// message appends the blocks of one message, and gives the calls in it.
func (a *arrangement) message(out []byte, parts []anthropicPart, last bool, name func(string) string) ([]byte, []*anthropicCall) {
	var calls []*anthropicCall
	for i, s := range parts {
		a.recent = s.recent
		switch {
		case s.role == "":
		case s.call != nil:
			out = a.call(out, s.call.id, name(s.Name), s.Args)
			calls = append(calls, s.call)
		case s.role == chat.Assistant && s.Kind == chat.Text && last && i == len(parts)-1:
			out = a.textBlock(out, strings.TrimRight(s.Text, " \t\r\n")) // "final assistant content cannot end with trailing whitespace"
		default:
			out = a.part(out, s.Part)
		}
	}
	return out, calls
}

// answers appends the results of a message's calls, in their order.
func (a *arrangement) answers(out []byte, calls []*anthropicCall) []byte {
	for _, c := range calls {
		if a.recent = c.recent; !c.answered {
			a.note("added ", "a failed result for a tool call without one")
			c.failed, c.results = true, []chat.Part{{Kind: chat.Text, Text: "interrupted"}}
		}
		out = a.result(out, c.id, c.results, c.failed)
	}
	return out
}
