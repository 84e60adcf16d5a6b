package simulator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// pictureTokens is what the simulator charges for one image.
const pictureTokens = 1000

// request is what the simulator understands of a chat request.
type request struct {
	json       gjson.Result
	valid      bool
	model      string
	stream     bool
	wantsUsage bool
	input      int // estimated prompt tokens
	output     int // the limit the request names; 0: none
	images     int
	tools      bool
	toolStream bool
	hasResult  bool // a tool result stands after the last user message
}

func readRequest(body []byte) request {
	q := request{valid: gjson.ValidBytes(body)}
	if !q.valid {
		return q
	}
	q.json = gjson.ParseBytes(body)
	q.valid = q.json.IsObject()
	q.model = q.json.Get("model").String()
	q.stream = q.json.Get("stream").Bool()
	q.wantsUsage = q.json.Get("stream_options.include_usage").Bool()
	q.output = int(q.json.Get("max_tokens").Int())
	if n := q.json.Get("max_completion_tokens").Int(); n > 0 {
		q.output = int(n)
	}
	q.tools = len(q.json.Get("tools").Array()) > 0
	q.toolStream = q.json.Get("tool_stream").Bool()
	text := len(q.json.Get("tools").Raw)
	q.json.Get("messages").ForEach(func(_, m gjson.Result) bool {
		n, images := measure(m)
		text += n
		q.images += images
		switch m.Get("role").String() {
		case "user":
			q.hasResult = false
		case "tool":
			q.hasResult = true
		}
		return true
	})
	q.input = tokensOf(text) + q.images*pictureTokens
	return q
}

// measure gives a message's bytes of text and its images.
func measure(m gjson.Result) (text, images int) {
	text = len(m.Get("tool_calls").Raw)
	content := m.Get("content")
	if !content.IsArray() {
		return text + len(content.String()), 0
	}
	content.ForEach(func(_, part gjson.Result) bool {
		if part.Get("type").String() == "image_url" {
			images++
		}
		text += len(part.Get("text").String())
		return true
	})
	return text, images
}

// tokensOf is the simulator's own estimate: four bytes a token.
func tokensOf(bytes int) int { return (bytes + 3) / 4 }

// refusal says why the vendor would not take the request: a fixture, and the
// words that belong into it. "" means that it would.
func (q *request) refusal(s *Script) (fixture string, v words) {
	play := vendors[s.vendor()]
	v = words{model: q.model, current: q.input}
	if !q.valid || !q.json.Get("messages").IsArray() {
		v.problem = "the body is not a JSON object with messages"
		return play.param, v
	}
	model, known := s.model(q.model)
	switch {
	case !known:
		return play.model, v
	case q.images > 0 && !model.Vision:
		return play.image, v
	}
	if fixture, v.problem = q.wrong(s); fixture != "" {
		return fixture, v
	}
	if v.limit = model.Context; v.limit > 0 && q.input > v.limit {
		return play.context, v
	}
	return "", v
}

func (q *request) wrong(s *Script) (fixture, problem string) {
	switch s.vendor() {
	case Cerebras:
		return q.wrongForCerebras(s.Strict)
	case ZAI:
		if len(q.json.Get("messages").Array()) == 0 {
			return "zai/1214", ""
		}
		// only "auto" is documented (docs.z.ai, 2026)
		if c := q.json.Get("tool_choice"); s.Strict && c.Exists() && c.String() != "auto" {
			return "zai/1210", ""
		}
	}
	return "", ""
}

// What Cerebras answers with 400: one client's measurement of 2026-09-19 and
// several users' reports.
var (
	cerebrasRefuses        = []string{"reasoning", "thinking", "enable_thinking", "maxTokens", "cache_control"}
	cerebrasRefusesMessage = []string{"reasoning_content", "cache_control"}
	// cerebrasTakes is what the vendor's SDK 1.67.0 (2026-01-06) knows.
	cerebrasTakes = []string{
		"clear_thinking", "disable_reasoning", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens",
		"max_tokens", "messages", "min_tokens", "model", "n", "parallel_tool_calls", "prediction", "presence_penalty",
		"reasoning_effort", "reasoning_format", "response_format", "seed", "service_tier", "stop", "stream",
		"stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user",
	}
)

func (q *request) wrongForCerebras(strict bool) (fixture, problem string) {
	problems := append(q.unknownFields(strict), q.wrongMessages()...)
	switch {
	case strict && q.nullContent():
		return "cerebras/null-content", ""
	case len(problems) > 0:
		return "cerebras/param", strings.Join(problems, "\n")
	case q.mixedStrict():
		return "cerebras/strict-mixed", ""
	case !q.resultsComplete():
		return "cerebras/tool-results", ""
	}
	return "", ""
}

func unsupported(at string) string {
	return fmt.Sprintf("%s: property '%s' is unsupported", at, at)
}

func (q *request) unknownFields(strict bool) (problems []string) {
	q.json.ForEach(func(key, _ gjson.Result) bool {
		k := key.String()
		if slices.Contains(cerebrasRefuses, k) || strict && !slices.Contains(cerebrasTakes, k) {
			problems = append(problems, unsupported(k))
		}
		return true
	})
	return problems
}

func (q *request) wrongMessages() (problems []string) {
	for i, m := range q.json.Get("messages").Array() {
		role := m.Get("role").String()
		for _, k := range cerebrasRefusesMessage {
			if m.Get(k).Exists() {
				problems = append(problems, unsupported(fmt.Sprintf("messages.%d.%s.%s", i, role, k)))
			}
		}
		if role == "developer" && q.model != "gpt-oss-120b" {
			problems = append(problems, fmt.Sprintf("messages.%d.role: 'developer' is not a supported role", i))
		}
	}
	return problems
}

// nullContent reports whether an assistant message with tool calls has no
// content; that was refused in 2025 (livekit/agents#2403), perhaps no longer.
func (q *request) nullContent() bool {
	for _, m := range q.json.Get("messages").Array() {
		if len(m.Get("tool_calls").Array()) > 0 && m.Get("content").Type == gjson.Null {
			return true
		}
	}
	return false
}

// mixedStrict reports whether some tools are strict and others are not; a
// missing strict counts as false.
func (q *request) mixedStrict() bool {
	tools := q.json.Get("tools").Array()
	n := 0
	for _, t := range tools {
		if t.Get("function.strict").Bool() {
			n++
		}
	}
	return n > 0 && n < len(tools)
}

// resultsComplete reports whether the tool messages directly after each
// assistant message answer all of its calls and nothing else.
func (q *request) resultsComplete() bool {
	open := map[string]bool{}
	for _, m := range q.json.Get("messages").Array() {
		if m.Get("role").String() == "tool" {
			id := m.Get("tool_call_id").String()
			if !open[id] {
				return false
			}
			delete(open, id)
			continue
		}
		if len(open) > 0 {
			return false
		}
		for _, c := range m.Get("tool_calls").Array() {
			open[c.Get("id").String()] = true
		}
	}
	return len(open) == 0
}
