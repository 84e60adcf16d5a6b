package dialect

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestReadFindsWhatRoutingNeedsOfAResponsesRequest(t *testing.T) {
	const (
		user    = `{"role":"user","content":"go on"}`
		picture = `{"type":"message","role":"user","content":[{"type":"input_image","image_url":"https://x/y.png"}]}`
		said    = `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]}`
		call    = `{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}`
		brought = `{"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"https://x"}]}`
	)
	data := `"data:image/png;base64,` + strings.Repeat("iVBORw0K", 1000) + `"`
	for _, c := range []struct {
		name, body string
		want       chat.Facts // without TextBytes, which is what is left without data; and Usage, which is always told
	}{
		{"an empty object has no facts", `{}`, chat.Facts{}},
		{"model, stream, limit", `{"model":"gpt-5","stream":true,"max_output_tokens":2e2}`, chat.Facts{Model: "gpt-5", Stream: true, MaxOutput: 200}},
		{"values of the wrong kind are none", `{"model":3,"stream":"true","input":7,"tools":{},"max_output_tokens":"9"}`, chat.Facts{}},
		{"tools that are offered", `{"tools":[{"type":"web_search"},{"type":"function"}]}`, chat.Facts{Tools: true}},
		{"tools in a group", `{"tools":[{"type":"namespace","tools":[]}]}`, chat.Facts{Tools: true}},
		{"what runs at OpenAI is no tool here", `{"tools":[{"type":"web_search"},{"type":"mcp"}]}`, chat.Facts{}},
		{"tools that come within the input", `{"input":[{"type":"additional_tools","tools":[{"type":"custom"}]}]}`, chat.Facts{Tools: true}},
		{"the cache key names the conversation", `{"user":"u","metadata":{"session_id":"s"},"prompt_cache_key":"k"}`, chat.Facts{Session: "k"}},
		{"or the metadata", `{"user":"u","metadata":{"session_id":"s"}}`, chat.Facts{Session: "s"}},
		{"or what Codex says of itself", `{"client_metadata":{"thread_id":"t","session_id":"s","x":{}}}`, chat.Facts{Session: "s"}},
		{"or the user", `{"user":"u"}`, chat.Facts{Session: "u"}},
		{"a text has no pictures", `{"input":"input_image"}`, chat.Facts{}},
		{"a picture", `{"input":[` + picture + `]}`, chat.Facts{Images: true, Pictures: 1}},
		{"a picture before it was answered", `{"input":[` + picture + `,` + user + `]}`, chat.Facts{Images: true, Pictures: 1}},
		{"a picture of an earlier turn", `{"input":[` + picture + `,` + said + `,` + user + `]}`, chat.Facts{Pictures: 1}},
		{"a picture of a turn with calls", `{"input":[` + picture + `,` + call + `,` + brought + `]}`, chat.Facts{Images: true, Pictures: 2}},
		{"a word after results goes on with the turn", `{"input":[` + picture + `,` + call + `,` + brought + `,` + user + `]}`, chat.Facts{Images: true, Pictures: 2}},
		{"a picture that a tool brought", `{"input":[` + user + `,` + call + `,` + brought + `]}`, chat.Facts{Images: true, Pictures: 1}},
		{"which was answered and followed", `{"input":[` + call + `,` + brought + `,` + said + `,` + user + `]}`, chat.Facts{Pictures: 1}},
		{"instructions in between do not matter", `{"input":[` + picture + `,{"role":"developer","content":"x"}]}`, chat.Facts{Images: true, Pictures: 1}},
		{"what is null is not asked for", `{"previous_response_id":null,"conversation":null,"prompt":null,"background":false}`, chat.Facts{}},
		{
			"a picture's base64 is no text", `{"input":[{"role":"user","content":[{"type":"input_image","image_url":` + data + `}]}]}`,
			chat.Facts{Images: true, Pictures: 1},
		},
		{
			"nor in an object", `{"input":[{"role":"user","content":[{"image_url":{"url":` + data + `}}]}]}`,
			chat.Facts{Images: true, Pictures: 1},
		},
		{
			"nor a file's", `{"input":[{"role":"user","content":[{"type":"input_file","file_data":` + data + `}]}]}`,
			chat.Facts{},
		},
		{"nor what is encrypted", `{"input":[{"type":"reasoning","encrypted_content":` + data + `}]}`, chat.Facts{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Usage = true
			c.want.TextBytes = len(strings.ReplaceAll(c.body, data, ""))
			r, err := Read(Responses, []byte(c.body))
			if err != nil || r.Facts != c.want {
				t.Errorf("got %+v, %v\nwant %+v", r.Facts, err, c.want)
			}
		})
	}
}

func TestReadRefusesWhatLiesAtOpenAI(t *testing.T) {
	for _, c := range []struct{ name, body, param, code, hint string }{
		{"an earlier response", `{"previous_response_id":"resp_1","input":"x"}`, "previous_response_id", "previous_response_not_held", "whole conversation"},
		{"a conversation", `{"conversation":{"id":"conv_1"}}`, "conversation", "conversation_not_held", "whole conversation"},
		{"an item by its id", `{"input":[{"type":"item_reference","id":"msg_1"}]}`, "input", "item_not_held", `"store": false`},
		{"a prompt template", `{"prompt":{"id":"pmpt_1"}}`, "prompt", "prompt_not_held", "instructions"},
		{"an answer in the background", `{"background":true}`, "background", "background_not_supported", "stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(Responses, []byte(c.body))
			var e *chat.Error
			if !errors.As(err, &e) || e.Status != http.StatusBadRequest || e.Type != "invalid_request_error" ||
				e.Param != c.param || e.Code != c.code || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%+v", err)
			}
		})
	}
}

func TestReadSaysWhatIsWrongWithAResponsesRequest(t *testing.T) {
	_, err := Read(Responses, []byte(`{"input":[}`))
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != "invalid_json" || !strings.Contains(e.Message, `unexpected "}" at byte 10`) || !strings.Contains(e.Hint, `"input"`) {
		t.Errorf("%+v", err)
	}
}
