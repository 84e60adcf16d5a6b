package dialect

import (
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// usageOf reads a usage object. Prompt includes Cached and Completion includes
// Reasoning in OpenAI's form, Cerebras' and Z.ai's (recordings of 2026).
func usageOf(usage gjson.Result) chat.Usage {
	if !usage.IsObject() {
		return chat.Usage{}
	}
	u := chat.Usage{
		Prompt:     count(usage.Get("prompt_tokens")),
		Completion: count(usage.Get("completion_tokens")),
		Cached:     count(usage.Get("prompt_tokens_details.cached_tokens")),
		Reasoning:  count(usage.Get("completion_tokens_details.reasoning_tokens")),
	}
	u.Cached = min(u.Cached, u.Prompt)
	u.Reasoning = min(u.Reasoning, u.Completion)
	return u
}

// count takes a figure that is one; a negative or absurd one is none.
func count(v gjson.Result) int {
	if n := v.Int(); v.Type == gjson.Number && n > 0 && n < 1<<40 {
		return int(n)
	}
	return 0
}

// ModelOf gives the model that an answer or a chunk names; "" if none.
func ModelOf(body []byte) string {
	if v := gjson.GetBytes(body, "model"); v.Type == gjson.String {
		return strings.Clone(v.Str)
	}
	return ""
}

// EmbeddedError finds a quota error that came as the text of a successful
// answer, as gateways in front of a provider were seen to send it: "API Error:
// 403 {… token quota is not enough …}". Text that merely talks about such an
// error is no match.
func EmbeddedError(body []byte) (text string, ok bool) {
	message := gjson.GetBytes(body, "choices.0.message")
	content, calls := message.Get("content"), message.Get("tool_calls")
	if content.Type == gjson.String && embedded(content.Str) && !says([]byte(calls.Raw)) {
		return strings.Clone(content.Str), true
	}
	return "", false
}

// embedded reports whether a text is such an error. It begins as one, speaks of
// quota, is short, and where it quotes the provider's object it ends with that:
// somebody who explains an error goes on.
func embedded(text string) bool {
	const most, after = 4 << 10, 80
	text = strings.TrimSpace(text)
	rest, begins := strings.CutPrefix(text, "API Error:")
	if !begins || len(text) > most {
		return false
	}
	if at := strings.IndexByte(rest, '{'); at >= 0 {
		s := scanner{b: []byte(rest[at:])}
		if s.skip(); !s.bad && len(s.b)-s.i > after {
			return false
		}
	} else if strings.Contains(rest, "\n") {
		return false
	}
	return strings.Contains(strings.ToLower(rest), "quota") || strings.Contains(rest, "额度")
}
