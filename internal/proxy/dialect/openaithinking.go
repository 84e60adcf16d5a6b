package dialect

import (
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// reasoning takes how much is to be thought, as OpenAI has it.
func (d *openAIDecoder) reasoning(name string, v gjson.Result) {
	switch v.Str {
	case "none", "minimal", "low", "medium", "high", "xhigh", "max":
		d.effort = v.Str
	default:
		d.other("", name, v)
	}
}

// switchTo switches thinking by a value that is true or false.
func (d *openAIDecoder) switchTo(on bool, v gjson.Result) {
	switch {
	case v.Type != gjson.True && v.Type != gjson.False:
	case on:
		d.switched = chat.ThinkOn
	default:
		d.switched = chat.ThinkOff
	}
}

// thinking reads the objects that switch it: Z.ai's "thinking" (docs.z.ai, 2026)
// with the words that Anthropic has for it, OpenRouter's "reasoning", and what
// servers of open models pass on to the prompt's template.
func (d *openAIDecoder) thinking(within string, v gjson.Result) {
	if !v.IsObject() {
		d.switchTo(v.Type == gjson.True, v)
		return
	}
	eachMember(v, func(name string, v gjson.Result) {
		switch name {
		case "type":
			d.thinkingType(within, v)
		case "enabled", "enable_thinking", "thinking":
			d.switchTo(v.Type == gjson.True, v)
		case "effort":
			d.reasoning(within+".effort", v)
		case "budget_tokens", "max_tokens", "thinking_budget":
			d.budget = positive([]byte(v.Raw))
		default:
			d.other(within+".", name, v)
		}
	})
}

func (d *openAIDecoder) thinkingType(within string, v gjson.Result) {
	switch v.Str {
	case "enabled":
		d.switched = chat.ThinkOn
	case "disabled":
		d.switched = chat.ThinkOff
	case "adaptive", "auto":
		d.switched = chat.ThinkAdaptive
	default:
		d.other(within+".", "type", v)
	}
}
