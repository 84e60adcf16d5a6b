package dialect

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestACompletionIsReadInOneWalk(t *testing.T) {
	const good = `{"id":"x","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":7,"completion_tokens":2}}`
	for _, c := range []struct {
		name, body   string
		valid, sound bool
	}{
		{"a completion", good, true, true},
		{"one with error null", strings.Replace(good, `"id"`, `"error":null,"id"`, 1), true, true},
		{"one with an error", strings.Replace(good, `"id"`, `"error":{"code":1},"id"`, 1), true, false},
		{"a finish reason that is a failure", strings.Replace(good, `"stop"`, `"network_error"`, 1), true, false},
		{"an embedded error", strings.Replace(good, `"hi"`, `"API Error: 403 quota"`, 1), true, false},
		{"text that talks about one later", strings.Replace(good, `"hi"`, `"The text API Error: 403"`, 1), true, true},
		{"a text that begins with an escape", strings.Replace(good, `"hi"`, `"\u0041PI Error:"`, 1), true, false},
		{"no choice", `{"choices":[]}`, true, false},
		{"an error object", `{"message":"no","type":"x","code":"y"}`, true, false},
		{"a list", `[1,2]`, true, false},
		{"nothing", ``, false, false},
		{"half of one", good[:60], false, false},
		{"too deep", strings.Repeat("[", 1<<20), false, false},
	} {
		got := ReadCompletion(OpenAI, []byte(c.body))
		if got.Valid != c.valid || got.Sound != c.sound {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.Sound && (got.Model != "m" || got.Usage.Prompt != 7 || got.Usage.Completion != 2) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestAWholeAnswerThatBrokeOffSaysSo(t *testing.T) {
	completion := func(message, reason string) string {
		return `{"choices":[{"index":0,"message":` + message + `,"finish_reason":` + reason + `}]}`
	}
	message := func(content, reason string) string {
		return `{"type":"message","content":[` + content + `],"stop_reason":` + reason + `}`
	}
	const network, full = `"network_error"`, `"model_context_window_exceeded"`
	for _, c := range []struct {
		name   string
		behind Name
		body   string
		broken string
	}{
		{"by the network", OpenAI, completion(`{"content":""}`, network), "network_error"},
		{"by the network behind some text", OpenAI, completion(`{"content":"a"}`, network), "network_error"},
		{"by an error", OpenAI, completion(`{"content":"a"}`, `"error"`), "error"},
		{"by the context before anything was said", OpenAI, completion(`{"reasoning_content":"a","content":null,"tool_calls":[]}`, full), "model_context_window_exceeded"},
		{"text up to the context's end", OpenAI, completion(`{"content":"a"}`, full), ""},
		{"a call up to the context's end", OpenAI, completion(`{"content":null,"tool_calls":[{"id":"a"}]}`, full), ""},
		{"a finish", OpenAI, completion(`{"content":""}`, `"stop"`), ""},
		{"a finish that nobody knows", OpenAI, completion(`{"content":"a"}`, `"eos"`), ""},
		{"one of two choices", OpenAI, `{"choices":[{"finish_reason":"network_error"},{"message":{"content":"a"},"finish_reason":"model_context_window_exceeded"}]}`, "network_error"},
		{"by the network", Anthropic, message(``, network), "network_error"},
		{"by the network behind some text", Anthropic, message(`{"type":"text","text":"a"}`, network), "network_error"},
		{"by an error", Anthropic, message(`{"type":"text","text":"a"}`, `"error"`), "error"},
		{"by the context before anything was said", Anthropic, message(`{"type":"thinking","thinking":"a"},{"type":"text","text":""}`, full), "model_context_window_exceeded"},
		{"text up to the context's end", Anthropic, message(`{"type":"text","text":"a"}`, full), ""},
		{"a call up to the context's end", Anthropic, message(`{"type":"tool_use","id":"a"}`, full), ""},
		{"a finish", Anthropic, message(``, `"end_turn"`), ""},
	} {
		if got := ReadCompletion(c.behind, []byte(c.body)); !got.Valid || got.Broken != c.broken || got.Sound && c.broken != "" {
			t.Errorf("%s, %s: %+v", c.behind, c.name, got)
		}
	}
}

func FuzzReadCompletion(f *testing.F) {
	f.Add([]byte(`{"model":"m","choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := ReadCompletion(OpenAI, body); got.Valid != json.Valid(body) {
			t.Errorf("valid %v, encoding/json says %v", got.Valid, json.Valid(body))
		}
	})
}
