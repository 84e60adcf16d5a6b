package proxy

import (
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

func TestAnOverlongPromptIsToldAsAnthropicDoes(t *testing.T) {
	for _, c := range []struct {
		name, said    string
		tokens, limit int // estimated; of the model
		output        int // that the client asked for
		want          string
	}{
		{
			"figures of the provider's", "Please reduce the length. Current length is 140000 while limit is 131072", 5, 200_000, 0,
			"prompt is too long: 140000 tokens > 131072 maximum",
		},
		{"no figures", "Prompt exceeds max length", 140_000, 131_072, 32_000, "prompt is too long: 140000 tokens > 131072 maximum"},
		{
			"an estimate that would fit with its answer, and yet the provider refuses", "Context limit exceeded", 100_000, 131_072, 8000,
			"prompt is too long: 131073 tokens > 131072 maximum",
		},
		{
			"it would fit without the answer that is asked for", "Context limit exceeded", 120_000, 131_072, 32_000,
			"input length and `max_tokens` exceed context limit: 120000 + 32000 > 131072, decrease input length or `max_tokens` and try again",
		},
		{"a model of which nothing is known", "Context limit exceeded", 120_000, 0, 32_000, "prompt is too long: Context limit exceeded"},
	} {
		e := &chat.Error{Status: 413, Message: c.said}
		(&call{front: dialect.Anthropic, facts: chat.Facts{Tokens: c.tokens, MaxOutput: c.output}}).tooLong(e, c.limit)
		if e.Message != c.want || e.Status != 400 || e.Code != "context_length_exceeded" {
			t.Errorf("%s: %d %s %q", c.name, e.Status, e.Code, e.Message)
		}
		e = &chat.Error{Message: c.said}
		if (&call{front: dialect.Responses}).tooLong(e, c.limit); e.Message != c.said || e.Code != "context_length_exceeded" {
			t.Errorf("%s: others are told %s %q", c.name, e.Code, e.Message)
		}
	}
}
