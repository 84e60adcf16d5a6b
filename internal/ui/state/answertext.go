package state

import (
	"encoding/json"
	"slices"
	"strings"
)

// AnswerText is what an answer says to a person: its text, its thinking and its
// tool calls, of a whole answer or of a stream, in any of the three dialects. ""
// if there is none to be found.
func AnswerText(body string) string {
	var a answer
	trimmed := strings.TrimSpace(body)
	if strings.HasPrefix(trimmed, "{") {
		a.take(trimmed)
		return a.text()
	}
	for line := range strings.Lines(body) {
		if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:"); ok {
			a.take(strings.TrimSpace(data))
		}
	}
	return a.text()
}

// answer gathers what was said.
type answer struct {
	said, thought strings.Builder
	calls         []call
	at            map[int]int // a stream's number of a call → its place in calls
}

type call struct{ name, args string }

// wire is whatever of the three dialects' answers and events says something.
type wire struct {
	Choices []struct {
		Message, Delta wireMessage
	}
	Content []wireBlock `json:"content"` // Anthropic, whole
	Output  []struct {  // Responses, whole
		Type, Name, Arguments string
		Content, Summary      []wireBlock
	}
	Type         string
	Index        int
	OutputIndex  int             `json:"output_index"`
	Delta        json.RawMessage // Anthropic: an object; Responses: a text
	ContentBlock wireBlock       `json:"content_block"`
	Item         struct{ Type, Name string }
	Error        *struct{ Message string }
}

type wireMessage struct {
	Content          any
	Reasoning        string
	ReasoningContent string `json:"reasoning_content"`
	ToolCalls        []struct {
		Index    int
		Function struct{ Name, Arguments string }
	} `json:"tool_calls"`
}

type wireBlock struct {
	Type, Text, Thinking, Name string
	PartialJSON                string `json:"partial_json"`
	Input                      json.RawMessage
}

func (a *answer) take(text string) {
	var w wire
	if json.Unmarshal([]byte(text), &w) != nil {
		return
	}
	for i := range w.Choices {
		a.message(&w.Choices[i].Message)
		a.message(&w.Choices[i].Delta)
	}
	for i := range w.Content {
		a.block(&w.Content[i])
	}
	for _, o := range w.Output {
		for i := range o.Summary {
			a.thought.WriteString(o.Summary[i].Text)
		}
		for i := range o.Content {
			a.said.WriteString(o.Content[i].Text)
		}
		if o.Type == "function_call" {
			a.calls = append(a.calls, call{o.Name, o.Arguments})
		}
	}
	a.event(&w)
	if w.Error != nil && w.Error.Message != "" {
		a.said.WriteString(w.Error.Message)
	}
}

func (a *answer) message(m *wireMessage) {
	a.thought.WriteString(m.Reasoning + m.ReasoningContent)
	if text, ok := m.Content.(string); ok {
		a.said.WriteString(text)
	}
	for _, c := range m.ToolCalls {
		a.call(c.Index, c.Function.Name, c.Function.Arguments)
	}
}

func (a *answer) block(b *wireBlock) {
	a.said.WriteString(b.Text)
	a.thought.WriteString(b.Thinking)
	if b.Type == "tool_use" {
		a.calls = append(a.calls, call{b.Name, string(b.Input)})
	}
}

// event takes an event of a stream of Anthropic's or of Responses.
func (a *answer) event(w *wire) {
	switch w.Type {
	case "content_block_start":
		if w.ContentBlock.Type == "tool_use" {
			a.call(w.Index, w.ContentBlock.Name, "")
		}
	case "content_block_delta":
		var d wireBlock
		if json.Unmarshal(w.Delta, &d) == nil {
			a.said.WriteString(d.Text)
			a.thought.WriteString(d.Thinking)
			if d.PartialJSON != "" {
				a.call(w.Index, "", d.PartialJSON)
			}
		}
	case "response.output_item.added":
		if w.Item.Type == "function_call" {
			a.call(w.OutputIndex, w.Item.Name, "")
		}
	case "response.output_text.delta", "response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.function_call_arguments.delta":
		var text string
		_ = json.Unmarshal(w.Delta, &text) // what is no text says nothing
		switch {
		case strings.Contains(w.Type, "arguments"):
			a.call(w.OutputIndex, "", text)
		case strings.Contains(w.Type, "reasoning"):
			a.thought.WriteString(text)
		default:
			a.said.WriteString(text)
		}
	}
}

// call adds to a stream's call of that number.
func (a *answer) call(n int, name, args string) {
	if a.at == nil {
		a.at = map[int]int{}
	}
	i, ok := a.at[n]
	if !ok || (name != "" && a.calls[i].name != "" && a.calls[i].name != name) {
		i = len(a.calls)
		a.at[n] = i
		a.calls = append(a.calls, call{})
	}
	a.calls[i].name += strings.TrimPrefix(name, a.calls[i].name)
	a.calls[i].args += args
}

func (a *answer) text() string {
	var parts []string
	if t := strings.TrimSpace(a.thought.String()); t != "" {
		parts = append(parts, "["+Tr("thinking")+"]\n"+t)
	}
	if t := strings.TrimSpace(a.said.String()); t != "" {
		parts = append(parts, t)
	}
	for _, c := range a.calls {
		parts = append(parts, "["+Tr("calls {{.Name}}", "Name", orNone(c.name))+"]\n"+c.args)
	}
	return strings.Join(slices.Compact(parts), "\n\n")
}
