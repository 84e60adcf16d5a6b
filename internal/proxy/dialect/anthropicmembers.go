package dialect

import (
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// members goes through the body's members.
func (f *anthropicFit) members() {
	g := gap{splices: &f.splices, from: f.opened}
	for _, e := range f.top {
		if f.gone(e) {
			g.drop(e.at, e.end)
			continue
		}
		g.keep(e.at)
		f.inside(e)
		g.kept(e.end)
	}
	g.close(f.missing())
}

// gone says whether a member is removed.
func (f *anthropicFit) gone(e entry) bool {
	if j := among(f.fit.Refuses.Fields, e.key); j >= 0 {
		f.note("removed ", f.fit.Refuses.Fields[j])
		return true
	}
	return !f.fit.Author && f.foreign(e)
}

// foreign says the same of what only Anthropic takes.
func (f *anthropicFit) foreign(e entry) bool {
	switch string(e.key) {
	case "context_management", "container":
		f.note("removed ", string(e.key))
		return true
	case "system":
		if f.bare && f.marks&hasBilling != 0 {
			f.note("removed ", billingBlock)
		}
		return f.bare
	case "tools":
		return f.toolless
	case "tool_choice":
		if f.astray {
			f.note("removed ", "tool_choice")
		}
		return f.astray
	}
	return false
}

const billingBlock = "the billing block of system"

// inside changes what stands in a member that is kept.
func (f *anthropicFit) inside(e entry) {
	switch string(e.key) {
	case "model":
		if f.fit.Model != "" && string(str(f.body[e.value:e.end])) != f.fit.Model {
			f.splice(e.value, e.end, quote(f.fit.Model))
		}
	case "max_tokens":
		f.lower(e)
	case "thinking":
		f.spare(e)
	case "system":
		f.instructions(e)
	case "messages":
		f.messages(e)
	case "tools":
		f.offered(e)
	}
}

// missing writes the members that the client did not give.
func (f *anthropicFit) missing() string {
	var out []byte
	if f.at[atModel] < 0 && f.fit.Model != "" {
		out = appendQuoted(append(out, `"model":`...), f.fit.Model)
	}
	if f.at[atLimit] < 0 && f.limit > 0 {
		out = strconv.AppendInt(append(sep(out), `"max_tokens":`...), int64(f.limit), 10)
		f.note("added ", "max_tokens "+strconv.Itoa(f.limit))
	}
	if f.at[atSystem] < 0 && len(f.system) > 0 {
		out = append(append(append(sep(out), `"system":[`...), f.system...), ']')
	}
	return string(out)
}

// lower puts another output limit in the client's place.
func (f *anthropicFit) lower(e entry) {
	if f.limit == 0 {
		return
	}
	f.splice(e.value, e.end, strconv.Itoa(f.limit))
	if f.Facts.MaxOutput == 0 {
		f.note("added ", "max_tokens "+strconv.Itoa(f.limit))
	} else {
		f.note("lowered ", "max_tokens "+strconv.Itoa(f.Facts.MaxOutput)+" to "+strconv.Itoa(f.limit))
	}
}

// spare leaves room for the answer where an output limit was lowered: the budget
// of thinking must be below it, and at least 1024 (docs.claude.com, 2026-07).
func (f *anthropicFit) spare(e entry) {
	if f.limit == 0 {
		return
	}
	d := anthropicDecoder{scanner: scanner{b: f.body, i: e.value}, q: new(chat.Request)}
	if d.thinking(); d.q.Thinking.Budget < f.limit {
		return
	}
	budget := budgetWithin(f.limit, f.limit)
	if budget == 0 {
		f.splice(e.value, e.end, `{"type":"disabled"}`)
		f.note("switched off ", "thinking, for which max_tokens leaves no room")
		return
	}
	f.scanner = scanner{b: f.body, i: e.value}
	f.object(func() {
		is, from := f.is("budget_tokens"), f.i
		if f.skip(); is {
			f.splice(from, f.i, strconv.Itoa(budget))
			f.note("lowered ", "thinking.budget_tokens to "+strconv.Itoa(budget))
		}
	})
}

// budgetWithin gives the budget of thinking that an output limit allows; 0 if
// that is too low for any.
func budgetWithin(limit, budget int) int {
	const least = 1024
	if limit <= least {
		return 0
	}
	return max(min(budget, limit-limit/4), least)
}

// instructions changes "system".
func (f *anthropicFit) instructions(e entry) {
	if len(f.system) == 0 && (f.fit.Author || f.marks&(hasBilling|hasBlank) == 0) {
		return
	}
	f.scanner = scanner{b: f.body, i: e.value}
	text, add := f.body[e.value:e.end], string(f.system)
	switch {
	case f.peek() == '[':
		f.systemBlocks(add)
	case f.peek() != '"' || isBlank(text):
		if add != "" {
			f.splice(e.value, e.end, `[`+add+`]`)
		}
	default:
		if add != "" {
			f.splice(e.value, e.value, `[{"type":"text","text":`)
		}
		f.cutBilling(span{e.value, e.end})
		if add != "" {
			f.splice(e.end, e.end, `},`+add+`]`)
		}
	}
}

func (f *anthropicFit) systemBlocks(add string) {
	g := gap{splices: &f.splices, from: f.i + 1}
	f.list(func() {
		p := f.messageBlock()
		at := p.at[inText]
		switch text := f.raw(at); {
		case isBilling(text):
			f.note("removed ", billingBlock)
			g.drop(p.from, p.to)
		case isBlank(text):
			f.note("removed ", "an empty text")
			g.drop(p.from, p.to)
		default:
			g.keep(p.from)
			f.cutBilling(at)
			g.kept(p.to)
		}
	})
	g.close(add)
}

// cutBilling takes the billing line out of a text that goes on behind it.
func (f *anthropicFit) cutBilling(at span) {
	if n := billingLine(f.raw(at)); n > 0 {
		f.note("removed ", billingBlock)
		f.splice(at.from+1, at.from+1+n, "")
	}
}

// offered changes "tools".
func (f *anthropicFit) offered(e entry) {
	if !f.tools.any(f.fit.Refuses.Tool) && (f.fit.Author || f.marks&hasServer == 0) {
		return
	}
	f.scanner = scanner{b: f.body, i: e.value}
	g := gap{splices: &f.splices, from: e.value + 1}
	f.list(func() {
		from := f.i
		t := f.anthropicTool()
		if t.server() && !f.fit.Author {
			g.drop(from, f.i)
			return
		}
		g.keep(from)
		to := f.i
		f.i = from
		within := f.strip(&f.splices, &f.changes, "removed tools[].", f.fit.Refuses.Tool, f.skip)
		within.close("")
		f.i = to
		g.kept(to)
	})
	g.close("")
}
