package dialect

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// anthropicStreamOf is a Messages stream with thinking, a text and a call.
const anthropicStreamOf = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"glm-5.3","content":[],"usage":{"input_tokens":7,"output_tokens":1}}}

event: ping
data: {"type":"ping"}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me "}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"look."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"command\":\"ls\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":12}}

event: message_stop
data: {"type":"message_stop"}`

func TestAStreamBecomesTheWholeAnswerThatItMightHaveBeen(t *testing.T) {
	for _, c := range []struct {
		behind Name
		stream string
		want   map[string]string // by path
	}{
		{OpenAI, string(openAIStreamOf(8)), map[string]string{
			"object": "chat.completion", "model": "gpt-oss-120b", "choices.0.finish_reason": "tool_calls", "choices.#": "1",
			"choices.0.message.content": " word\n2 word\n3 word\n4 word\n5", "choices.0.message.tool_calls.0.function.arguments": `{"command":" echo 7"}`,
			"choices.0.message.tool_calls.0.id": "call_1",
		}},
		{Anthropic, anthropicStreamOf, map[string]string{ // its last event lacks the blank line
			"type": "message", "stop_reason": "tool_use", "content.0.text": "Let me look.", "content.1.name": "Bash",
			"content.1.input.command": "ls", "usage.input_tokens": "7", "usage.output_tokens": "12",
		}},
	} {
		for _, front := range []Name{OpenAI, Anthropic, Responses} {
			body, err := StreamAsWhole(c.behind, askOf(front), []byte(c.stream))
			if err != nil {
				t.Fatal(err)
			}
			for path, want := range c.want {
				if got := gjson.GetBytes(body, path).String(); got != want {
					t.Errorf("%s in front of %s: %s is %q, want %q in %s", front, c.behind, path, got, want, body)
				}
			}
			if found := ReadCompletion(c.behind, body); !found.Valid || !found.Sound {
				t.Errorf("%s: no answer: %s", c.behind, body)
			}
		}
	}
}

func TestAStreamThatFailsOrBreaksOffIsNoWholeAnswer(t *testing.T) {
	whole := string(openAIStreamOf(8))
	for what, stream := range map[string]string{
		"it breaks off":      whole[:strings.Index(whole, `"finish_reason":"tool_calls"`)],
		"no reason is told":  strings.ReplaceAll(whole, `"finish_reason":"tool_calls"`, `"finish_reason":null`),
		"it ends in a fault": whole[:len(whole)/2] + "\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n",
		"it is empty":        "",
	} {
		if body, err := StreamAsWhole(OpenAI, askOf(OpenAI), []byte(stream)); err == nil {
			t.Errorf("%s, and yet: %s", what, body)
		}
	}
}
