package config

import "strings"

// Traits are a provider's ways beside the dialect that it speaks, for requests
// that are translated to chat completions. The zero Traits are those of OpenAI's
// own API, as far as they are common.
type Traits struct {
	Reasoning  string   // the field of an assistant's message that takes its earlier thinking back: "reasoning_content", "reasoning"; "": none does
	Thinking   string   // the field that switches thinking on and off: "thinking" (Z.ai: {"type":"enabled"}); "": reasoning_effort alone
	ToolChoice []string // the words of tool_choice that are understood: "auto", "none", "required", "function" (a named one); nil: all
	NoSchema   bool     // response_format knows no json_schema: json_object is sent, and the schema stands in the prompt
	NoParallel bool     // parallel_tool_calls is not known
	ToolStream bool     // arguments are streamed only with "tool_stream": true
	MaxStop    int      // most stop sequences; 0: any number
	InsideOne  bool     // temperature and top_p must lie between 0 and 1, neither itself
}

// effortWords is every word for how much a model is to think, least first.
var effortWords = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// toolChoiceWords is what [Traits].ToolChoice may hold.
var toolChoiceWords = []string{"auto", "none", "required", "function"}

// EffortList gives the reasoning efforts that the model takes, least first; nil
// if it takes none, or if that is not known.
func (m ModelInfo) EffortList() []string {
	if m.Efforts == "" {
		return nil
	}
	return strings.Fields(m.Efforts)
}
