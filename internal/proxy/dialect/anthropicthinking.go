package dialect

import (
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// thinking writes how much shall be thought. Anthropic itself takes an effort and
// lets the model decide; of others only budgets are known to be taken.
func (b *anthropicBody) thinking(forced bool) {
	t := b.q.Thinking
	on := t.Mode != chat.ThinkUnset || t.Effort != "" && !b.fit.Author
	switch {
	case t.Mode == chat.ThinkOff:
		b.raw("thinking", `{"type":"disabled"}`)
	case on && forced: // "Thinking may not be enabled when tool_choice forces tool use"
		b.note("dropped ", "thinking, for a tool must be called")
	case on && b.fit.Author && t.Budget == 0:
		b.think = true
		b.raw("thinking", `{"type":"adaptive"}`)
	case on:
		b.budget(thinkingBudget(t))
	}
	b.outputConfig(t.Effort)
}

// budget writes thinking that is switched on.
func (b *anthropicBody) budget(wanted int) {
	n := budgetWithin(b.limit, wanted)
	if n == 0 {
		b.note("dropped ", "thinking, for there is no room for it below max_tokens "+strconv.Itoa(b.limit))
		return
	}
	b.think = true
	b.raw("thinking", `{"type":"enabled","budget_tokens":`+strconv.Itoa(n)+`}`)
}

// outputConfig writes what Anthropic alone knows.
func (b *anthropicBody) outputConfig(effort string) {
	if !b.fit.Author {
		return
	}
	if effort == "minimal" {
		effort = "low" // the least that Anthropic knows
	}
	var out []byte
	if effort != "" {
		out = appendQuoted(append(out, `"effort":`...), effort)
	}
	if b.takesForm() {
		out = append(append(sep(out), `"format":{"type":"json_schema","schema":`...), b.q.Format.Schema...)
		out = append(out, '}')
	}
	if out != nil {
		b.raw("output_config", "{"+string(out)+"}")
	}
}

// thinkingBudget gives a budget for thinking, in tokens: the client's own, or one for
// the effort that it named. Below 2,000 counts as low effort elsewhere, and from
// 12,000 on as high; 31,999 is what Claude Code gives at most (2.1.197,
// 2026-11-20).
func thinkingBudget(t chat.Thinking) int {
	if t.Budget > 0 {
		return t.Budget
	}
	switch t.Effort {
	case "minimal", "low":
		return 1024
	case "medium":
		return 8192
	case "xhigh", "max":
		return 31999
	}
	return 16384
}

// sampling writes how the next word is chosen. Anthropic takes a temperature up
// to 1, not together with top_p, and none of the three beside thinking; others
// were never seen to mind.
func (b *anthropicBody) sampling() {
	temperature, topP, topK := b.q.Temperature, b.q.TopP, b.q.TopK
	if n, err := strconv.ParseFloat(temperature, 64); err == nil && n > 1 {
		temperature = "1"
		b.note("lowered ", "temperature to 1")
	}
	if b.fit.Author {
		if b.think && temperature+topP+topK != "" {
			b.note("dropped ", "temperature, top_p and top_k, for there is thinking")
			temperature, topP, topK = "", "", ""
		}
		if temperature != "" && topP != "" {
			b.note("dropped ", "top_p, for there is a temperature")
			topP = ""
		}
	}
	b.raw("temperature", temperature)
	b.raw("top_p", topP)
	b.raw("top_k", topK)
}
