package proxy

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// foreign gives a refusal as an error that the client understands; nil if it is a
// provider's and its own words will do, byte for byte.
func (c *call) foreign(a *answer) *chat.Error {
	if !c.chat || a.reply.Told == nil {
		return nil
	}
	tooLong := a.reply.Class == upstream.ContextExceeded
	if a.behind == c.front && len(a.reply.Head) > 0 && (c.front != dialect.Anthropic || !tooLong && !coded(a.reply.Head)) {
		return nil
	}
	e := *a.reply.Told
	e.Header = http.Header{}
	if after := a.reply.Header.Get("Retry-After"); after != "" {
		e.Header.Set("Retry-After", after)
	}
	if tooLong {
		c.tooLong(&e, a.context)
	}
	return &e
}

// coded reports whether an error has a code of Z.ai's for its type
// ({"type":"1214"}, docs.z.ai, 2026-11-20), by which no client of Anthropic's
// knows what it is about.
func coded(body []byte) bool {
	kind := gjson.GetBytes(body, "error.type").String()
	return kind != "" && kind[0]-'0' <= 9
}

// tooLong words a prompt that no model here can hold as the client's dialect
// does; limit is the model's context as far as it is known here. Claude Code
// shortens the conversation, or asks for less, only at Anthropic's own words
// (2.1.197, measured 2026-11-20); Codex at the code.
func (c *call) tooLong(e *chat.Error, limit int) {
	e.Status, e.Type, e.Code = http.StatusBadRequest, "invalid_request_error", "context_length_exceeded"
	if c.front != dialect.Anthropic {
		return
	}
	length, told := figures(e.Message)
	length, limit = cmp.Or(length, c.facts.Tokens), cmp.Or(told, limit)
	switch {
	case limit == 0:
		e.Message = "prompt is too long: " + e.Message
	case length <= limit && length+c.facts.MaxOutput > limit:
		e.Message = fmt.Sprintf("input length and `max_tokens` exceed context limit: %d + %d > %d, decrease input length or `max_tokens` and try again",
			length, c.facts.MaxOutput, limit)
	default:
		e.Message = fmt.Sprintf("prompt is too long: %d tokens > %d maximum", max(length, limit+1), limit)
	}
}

var integers = lazy.Regexp(`[0-9]+`)

// figures finds a prompt's length and a model's limit in a vendor's words:
// "Current length is 140000 while limit is 131072" (Cerebras), "The input (N
// tokens) is longer than the model's context length (M tokens)" (Synthetic). The
// larger of two figures is the length. 0 and 0 if there are not just two.
func figures(said string) (length, limit int) {
	const least = 1000 // smaller figures are statuses and positions
	var found []int
	for _, text := range integers().FindAllString(said, 16) {
		if n, err := strconv.Atoi(text); err == nil && n >= least {
			found = append(found, n)
		}
	}
	if len(found) != 2 || found[0] == found[1] {
		return 0, 0
	}
	return max(found[0], found[1]), min(found[0], found[1])
}
