package dialect

import (
	"strings"
	"testing"
)

func TestAReadingGathersWhatAnAnswerSays(t *testing.T) {
	for _, c := range []struct {
		name                 string
		behind               Name
		stream, whole        string
		text, thought, calls string
	}{
		{
			"a completion", OpenAI,
			`data: {"id":"1","choices":[{"index":0,"delta":{"reasoning_content":"let me"}}]}` + "\n\n" +
				`data: {"id":"1","choices":[{"index":0,"delta":{"content":"grü\u00df"}}]}` + "\n\ndata: {broken\n\n" +
				`data: {"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"run","arguments":"{\"a\""}}]}}]}` + "\n\n" +
				`data: {"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]}` + "\n\ndata: [DONE]\n\n",
			`{"id":"1","choices":[{"index":0,"message":{"reasoning_content":"let me","content":"grüß","tool_calls":[{"id":"c","function":{"name":"run","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]}`,
			"grüß", "let me", "\nrun\n{\"a\":1}",
		},
		{
			"a message", Anthropic,
			"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{}}}\n\n" +
				"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n" +
				"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"yes\"}}\n\n",
			`{"id":"m","type":"message","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"yes"}],"stop_reason":"end_turn"}`,
			"yes", "hm", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 7, 1 << 20} { // however the bytes are cut
				r := NewReading(c.behind)
				for p := []byte(c.stream); len(p) > 0; p = p[min(size, len(p)):] {
					r.Stream(p[:min(size, len(p))])
				}
				if string(r.Text) != c.text || string(r.Thought) != c.thought || string(r.Calls) != c.calls {
					t.Errorf("in pieces of %d: got %q, %q, %q", size, r.Text, r.Thought, r.Calls)
				}
			}
			r := NewReading(c.behind)
			if err := r.Whole([]byte(c.whole)); err != nil || string(r.Text) != c.text || string(r.Thought) != c.thought || string(r.Calls) != c.calls {
				t.Errorf("whole: got %q, %q, %q, %v", r.Text, r.Thought, r.Calls, err)
			}
		})
	}
	if NewReading(OpenAI).Whole([]byte(`{"object":"list"}`)) == nil {
		t.Error("what is no answer was read")
	}
}

func TestAReadingIsBounded(t *testing.T) {
	r := NewReading(OpenAI)
	event := []byte(`data: {"id":"1","choices":[{"index":0,"delta":{"content":"` + strings.Repeat("x", 1<<20) + `"}}]}` + "\n\n")
	for range 12 {
		r.Stream(event)
	}
	if len(r.Text) != maxSaid {
		t.Errorf("%d bytes are kept", len(r.Text))
	}
}
