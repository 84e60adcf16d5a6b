package dialect

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// messages writes the conversation.
func (b *openAIBody) messages() {
	b.out = append(b.out, '[')
	said := b.q.Messages
	first := slices.IndexFunc(said, func(m chat.Message) bool { return m.Role == chat.Assistant })
	if first < 0 {
		first = len(said)
	}
	b.leading(said[:first])
	for i := 0; i < len(said); i++ {
		switch m := &said[i]; m.Role {
		case chat.System:
			if i > first {
				b.reminder(m, i)
			}
		case chat.Assistant:
			turn := i
			for i+1 < len(said) && said[i+1].Role == chat.Assistant {
				i++
			}
			b.assistant(said[turn : i+1])
			b.writeResults(turn)
		default:
			b.user(m.Parts, i)
		}
	}
	b.out = append(b.out, ']')
}

// open begins a message.
func (b *openAIBody) open(role string) {
	if to, known := b.fit.Refuses.Roles[role]; known {
		role = to
	}
	b.out = appendQuoted(append(sep(b.out), `{"role":`...), role)
}

// member begins a field of a message. It reports whether the provider takes it.
func (b *openAIBody) member(name string) bool {
	if slices.Contains(b.fit.Refuses.Message, name) {
		return false
	}
	b.out = append(appendQuoted(append(b.out, ','), name), ':')
	return true
}

// quote begins a text that is put together of several.
func (b *openAIBody) quote() {
	b.out = append(b.out, '"')
	b.said = false
}

// say adds one, behind a blank line if it is not the first. lead belongs to it.
func (b *openAIBody) say(lead, text string) {
	if text == "" {
		return
	}
	if b.said {
		b.out = append(b.out, `\n\n`...)
	}
	b.said = true
	b.out = appendEscaped(append(b.out, lead...), text)
}

func (b *openAIBody) unquote() { b.out = append(b.out, '"') }

// leading joins what the system says before the assistant says anything.
func (b *openAIBody) leading(said []chat.Message) {
	start := len(b.out)
	b.open("system")
	if b.member("content") {
		b.quote()
		for i := range said {
			if said[i].Role == chat.System {
				b.system(&said[i], i)
			}
		}
		for _, order := range b.orders {
			b.say("", order)
		}
		b.unquote()
	}
	b.out = append(b.out, '}')
	if !b.said {
		b.out = b.out[:start]
	}
	b.said = false
}

// system says what the system says in one message.
func (b *openAIBody) system(m *chat.Message, at int) {
	b.pieces = b.gather(b.pieces[:0], m.Parts, at)
	for _, p := range b.pieces {
		switch {
		case p.picture != nil:
			b.note("dropped ", "a picture in a system message")
		case strings.HasPrefix(p.text, billingPrefix):
			b.note("removed ", billingBlock)
		default:
			b.say("", p.text)
		}
	}
}

// What the system says in the midst stays in its place, in the form in which
// Claude Code itself gives such texts to models that know no other: to move it
// to the front would change the whole prompt with each turn.
const (
	reminderOpens  = "<system-reminder>"
	reminderCloses = "</system-reminder>"
)

func (b *openAIBody) reminder(m *chat.Message, at int) {
	start := len(b.out)
	b.open("user")
	if b.member("content") {
		b.out = append(b.out, '"')
		b.out = append(b.out, reminderOpens...)
		b.said = false
		b.system(m, at)
		b.out = append(b.out, reminderCloses...)
		b.out = append(b.out, '"')
	}
	b.out = append(b.out, '}')
	if !b.said {
		b.out = b.out[:start]
	}
}

// user writes a user's message, without the results that stand elsewhere.
func (b *openAIBody) user(parts []chat.Part, at int) {
	b.pieces = b.gather(b.pieces[:0], parts, at)
	if len(b.pieces) == 0 {
		return
	}
	b.open("user")
	if b.member("content") {
		b.content()
	}
	b.out = append(b.out, '}')
}

// content writes the pieces at hand: as plain text if they are nothing else,
// since there are providers that dislike lists.
func (b *openAIBody) content() {
	if !slices.ContainsFunc(b.pieces, func(p piece) bool { return p.picture != nil }) {
		b.quote()
		for _, p := range b.pieces {
			b.say("", p.text)
		}
		b.unquote()
		return
	}
	b.out = append(b.out, '[')
	for _, p := range b.pieces {
		if p.picture != nil {
			b.picture(p.picture)
			continue
		}
		b.out = appendText(b.out, p.text)
	}
	b.out = append(b.out, ']')
}

// assistant writes what the assistant says before anybody else does, as one
// message. The content is never null: to calls with null Cerebras answered 400
// (livekit/agents#2403, 2025-05).
func (b *openAIBody) assistant(said []chat.Message) {
	start := len(b.out)
	b.open("assistant")
	some := false
	if b.member("content") {
		b.quote()
		b.sayAll(said, chat.Text)
		b.unquote()
		some = b.said
	}
	if field := b.fit.Traits.Reasoning; field != "" && has(said, chat.Thought) && b.member(field) {
		b.quote()
		b.sayAll(said, chat.Thought)
		b.unquote()
		some = some || b.said
	}
	if has(said, chat.Call) && b.member("tool_calls") {
		b.out = append(b.out, '[')
		for i := range said {
			b.toolCalls(said[i].Parts)
		}
		b.out = append(b.out, ']')
		some = true
	}
	b.out = append(b.out, '}')
	if !some {
		b.out = b.out[:start]
	}
}

// sayAll says the texts of one kind.
func (b *openAIBody) sayAll(said []chat.Message, kind chat.Kind) {
	for i := range said {
		for j := range said[i].Parts {
			if p := &said[i].Parts[j]; p.Kind == kind {
				b.say("", p.Text)
			}
		}
	}
}

// has reports whether there is a part of that kind, and if it is thinking, one
// that can be read.
func has(said []chat.Message, kind chat.Kind) bool {
	for i := range said {
		for j := range said[i].Parts {
			if p := &said[i].Parts[j]; p.Kind == kind && (kind != chat.Thought || p.Text != "") {
				return true
			}
		}
	}
	return false
}

func (b *openAIBody) toolCalls(parts []chat.Part) {
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.Call {
			continue
		}
		b.out = appendQuoted(append(sep(b.out), `{"id":`...), p.ID)
		b.out = appendQuoted(append(b.out, `,"type":"function","function":{"name":`...), b.names.fit(p.Name))
		args := p.Args
		if args == "" {
			args = "{}"
		}
		b.out = appendQuoted(append(b.out, `,"arguments":`...), args)
		b.out = append(b.out, "}}"...)
	}
}
