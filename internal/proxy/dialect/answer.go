package dialect

import (
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// usageOf reads a usage object; of anything else it gives none. Prompt includes
// Cached and Completion includes Reasoning in OpenAI's form, Cerebras' and Z.ai's
// (recordings of 2026).
func usageOf(usage []byte) (u chat.Usage) {
	s := scanner{b: usage}
	s.object(func() {
		switch string(s.key) {
		case "prompt_tokens":
			u.Prompt = s.count()
		case "completion_tokens":
			u.Completion = s.count()
		case "prompt_tokens_details":
			u.Cached = s.countIn("cached_tokens")
		case "completion_tokens_details":
			u.Reasoning = s.countIn("reasoning_tokens")
		default:
			s.skip()
		}
	})
	u.Cached = min(u.Cached, u.Prompt)
	u.Reasoning = min(u.Reasoning, u.Completion)
	return u
}

// countIn walks over an object and gives one of its figures.
func (s *scanner) countIn(name string) (n int) {
	s.object(func() {
		if s.is(name) {
			n = s.count()
		} else {
			s.skip()
		}
	})
	return n
}

// count walks over a figure and gives it, if it is one.
func (s *scanner) count() int {
	const short = 9 // digits, which are nearly always all
	text, n := s.value(), 0
	for i, c := range text {
		if c -= '0'; c > 9 || i == short {
			return count(gjson.ParseBytes(text))
		}
		n = 10*n + int(c)
	}
	return n
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
