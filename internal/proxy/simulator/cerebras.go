package simulator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

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
	problems := slices.Concat(q.unknownFields(strict), q.wrongMessages(), q.outOfRange())
	switch {
	case q.wrongEffort():
		return "cerebras/effort", ""
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

// outOfRange: the bounds are those of the vendor's documentation, the wording
// is not verified.
func (q *request) outOfRange() (problems []string) {
	if n := len(q.json.Get("stop").Array()); n > 4 {
		problems = append(problems, fmt.Sprintf("stop: at most 4 sequences are supported, %d were given", n))
	}
	if t := q.json.Get("temperature").Num; t < 0 || t > 1.5 {
		problems = append(problems, fmt.Sprintf("temperature: %g is not between 0 and 1.5", t))
	}
	return problems
}

// cerebrasEfforts are the levels of each model (inference-docs.cerebras.ai,
// catwalk, 2026-09).
var cerebrasEfforts = map[string][]string{
	"gpt-oss-120b": {"low", "medium", "high"},
	"qwen-3.8-27b": {"none", "low", "medium", "high"},
}

func (q *request) wrongEffort() bool {
	effort, levels := q.json.Get("reasoning_effort"), cerebrasEfforts[q.model]
	return effort.Type == gjson.String && levels != nil && !slices.Contains(levels, effort.String())
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
