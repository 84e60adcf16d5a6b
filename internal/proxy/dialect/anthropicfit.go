package dialect

import (
	"cmp"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// fitAnthropic gives the request as it fits a provider that speaks Anthropic's
// dialect too: Body with some splices. Anthropic itself gets nearly all of it byte
// for byte, since signed thinking does not survive anything else.
func fitAnthropic(r *Request, fit Fit, room []byte) (Sent, *chat.Error) {
	f := anthropicFit{Request: r, partWriter: partWriter{fit: fit}, splices: splices{edits: r.edits[:0]}}
	f.plan()
	f.members()
	if f.err != nil {
		return Sent{}, f.err
	}
	return Sent{Body: f.apply(r.body, room), Changed: f.words()}, nil
}

type anthropicFit struct {
	*Request
	partWriter
	splices
	scanner // over what is walked again

	at       [len(fitMembers)]int // which members of top they are; -1: none
	limit    int                  // the output limit to send, in tokens; 0: as it is
	turns    []anthropicTurn      // the messages, if any of them changes
	within   bool                 // a tool's result is being changed
	system   []byte               // blocks that are appended to "system"
	bare     bool                 // nothing is left of "system"
	toolless bool                 // the same of "tools"
	servers  int                  // tools that are removed
	astray   bool                 // tool_choice speaks of tools that are not offered
}

// The members that are read or changed.
const (
	atModel = iota
	atStream
	atMessages
	atSystem
	atTools
	atChoice
	atLimit
	atThinking
	atConfig
	atFormat
)

var fitMembers = [...]string{
	atModel: "model", atStream: "stream", atMessages: "messages", atSystem: "system",
	atTools: "tools", atChoice: "tool_choice", atLimit: "max_tokens", atThinking: "thinking",
	atConfig: "output_config", atFormat: "output_format",
}

// entry gives one of them; ok is false if there is none.
func (f *anthropicFit) entry(i int) (e entry, ok bool) {
	if f.at[i] < 0 {
		return entry{}, false
	}
	return f.top[f.at[i]], true
}

// plan finds out what must be known before the first splice: "system" may stand
// before the messages that are folded into it.
func (f *anthropicFit) plan() {
	for i := range f.at {
		f.at[i] = -1
	}
	for i, e := range f.top {
		for j, name := range fitMembers {
			if string(e.key) == name {
				f.at[j] = i
			}
		}
	}
	f.limits()
	if e, ok := f.entry(atMessages); ok && f.rewritesMessages() {
		f.readTurns(e)
	}
	if f.fit.Author {
		return
	}
	f.placeSystem()
	f.askForm()
	if e, ok := f.entry(atSystem); ok && len(f.system) == 0 && f.marks&(hasBilling|hasBlank) != 0 {
		f.bare = f.leftOf(e, f.keepsSystem) == 0
	}
	f.offers()
}

// rewritesMessages reports whether there may be something in the messages that
// the provider does not take.
func (f *anthropicFit) rewritesMessages() bool {
	if f.fields.any(f.fit.Refuses.Message) {
		return true
	}
	if f.fit.Author {
		return f.marks&hasForged != 0
	}
	return f.marks&(hasSystem|hasBlank|hasThought|hasOther) != 0 || f.fit.NoImages && f.Facts.Pictures > 0
}

// limits decides on the output limit: Anthropic demands one.
func (f *anthropicFit) limits() {
	e, given := f.entry(atLimit)
	if given && f.Facts.MaxOutput == 0 && beginsNumber(f.body[e.value]) {
		return // odd, but the client's own wish
	}
	if n := outputLimit(f.Facts.MaxOutput, f.fit); n != f.Facts.MaxOutput {
		f.limit = n
	}
}

// beginsNumber reports whether a value with that first byte is a number.
func beginsNumber(c byte) bool { return c == '-' || c-'0' <= 9 }

// outputLimit gives the output limit to send for the one that the client gave, in
// tokens; 0 is none.
func outputLimit(given int, fit Fit) int {
	const (
		usual = 32000 // what Claude Code asks of models that it does not know (2.1.197, 2026-11-20)
		least = 1024  // the prompt is an estimate: below this the provider shall judge
	)
	n := given
	if n == 0 {
		n = cmp.Or(fit.MaxOutput, fit.MaxModel, usual)
	}
	if fit.MaxModel > 0 {
		n = min(n, fit.MaxModel)
	}
	if fit.Context > 0 {
		n = min(n, max(fit.Context-fit.Prompt, least))
	}
	return n
}

// leftOf counts the elements of a list that are kept; 1 if it is no list, but
// for a text that is all billing.
func (f *anthropicFit) leftOf(e entry, keeps func() bool) (n int) {
	f.scanner = scanner{b: f.body, i: e.value}
	if f.peek() != '[' {
		if isBilling(f.body[e.value:e.end]) {
			return 0
		}
		return 1
	}
	f.list(func() {
		if keeps() {
			n++
		}
	})
	return n
}

// keepsSystem walks over a block of "system".
func (f *anthropicFit) keepsSystem() bool {
	text := f.raw(f.messageBlock().at[inText])
	return !isBlank(text) && !isBilling(text)
}

// offers finds out which tools are left: what the provider itself would run, only
// Anthropic has.
func (f *anthropicFit) offers() {
	choice, chosen := f.entry(atChoice)
	tools, listed := f.entry(atTools)
	if !chosen && f.marks&hasServer == 0 {
		return
	}
	var name []byte
	if chosen {
		f.scanner = scanner{b: f.body, i: choice.value}
		name = str(f.anthropicTool().name)
	}
	left, named := 0, false
	if listed {
		left = f.leftOf(tools, func() bool {
			t := f.anthropicTool()
			if t.server() {
				f.serverTool(&t)
				return false
			}
			named = named || string(str(t.name)) == string(name)
			return true
		})
	}
	f.toolless = left == 0 && f.marks&hasServer != 0
	f.astray = chosen && (left == 0 || len(name) > 0 && !named)
}

// serverTool notes down a tool that is removed, by name if there are few.
func (f *anthropicFit) serverTool(t *anthropicTool) {
	const few = 8
	if f.servers++; f.servers <= few {
		f.note("removed tools[] ", briefly(string(str(t.name))))
	} else {
		f.note("removed tools[], ", "of such as the provider would run")
	}
}

// askForm asks in words for the form that the answer must have: output_config is
// known to Anthropic alone (2026-11-20), others were seen to pass over it.
func (f *anthropicFit) askForm() {
	if f.at[atFormat] < 0 && f.at[atConfig] < 0 {
		return
	}
	d := anthropicDecoder{q: new(chat.Request)}
	for _, i := range [...]int{f.at[atFormat], f.at[atConfig]} {
		if i < 0 {
			continue
		}
		d.scanner = scanner{b: f.body, i: f.top[i].value}
		if i == f.at[atFormat] {
			d.format()
		} else {
			d.object(d.outputConfig)
		}
	}
	if ask := formInWords(d.q.Format); ask != "" {
		f.system = f.textBlock(f.system, ask)
		f.note("asked in the system prompt for ", "the form of the answer")
	}
}
