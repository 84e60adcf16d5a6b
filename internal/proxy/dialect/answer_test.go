package dialect

import (
	"reflect"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestUsageIsReadFromWholeAnswers(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       chat.Usage
	}{
		{"with everything", `{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}`, chat.Usage{Prompt: 10, Cached: 4, Completion: 5, Reasoning: 2}},
		{"without details", `{"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null}}`, chat.Usage{Prompt: 10, Completion: 5}},
		{"with more cached than there was", `{"usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":128}}}`, chat.Usage{Prompt: 10, Cached: 10}},
		{"with none", `{"choices":[]}`, chat.Usage{}},
		{"that are no JSON", `<html>usage`, chat.Usage{}},
	} {
		if got := ReadCompletion(OpenAI, []byte(c.body)).Usage; got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestModelOfNamesWhatRan(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"x","model":"glm-5.3"}`: "glm-5.3", `{"model":3}`: "", `{"choices":[{"model":"x"}]}`: "", ``: "",
	} {
		if got := ModelOf([]byte(body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestEmbeddedErrorIsOneOnlyIfTheTextIsOne(t *testing.T) {
	const object = `{\"error\":{\"code\":\"\",\"message\":\"token quota is not enough, need 5\",\"type\":\"new_api_error\"}}`
	for _, c := range []struct {
		name, content string
		want          bool
	}{
		{"as it was seen", `"API Error: 403 ` + object + `"`, true},
		{"with space around", `"\n API Error: 403 ` + object + ` \n"`, true},
		{"with a few words after", `"API Error: 403 ` + object + ` · Please run /login"`, true},
		{"without an object", `"API Error: 429 Your token Quota is not enough"`, true},
		{"in Chinese", `"API Error: 403 令牌额度不足"`, true},
		{"cut off", `"API Error: 403 {\"error\":{\"message\":\"token quota is"`, true},
		{"of another kind", `"API Error: 500 {\"error\":\"internal\"}"`, false},
		{"that is quoted", `"You got \"API Error: 403 ` + strings.ReplaceAll(object, `\`, `\\\`) + `\""`, false},
		{"that is talked about", `"The message API Error: 403 token quota is not enough means that"`, false},
		{"that is explained", `"API Error: 403 ` + object + ` is what you get when your account has run dry. To mend that, top it up and try again."`, false},
		{"that is explained in lines", `"API Error: 403 token quota is not enough\n\nThis means that your account has run dry."`, false},
		{"that is nothing", `null`, false},
		{"that is a list", `["API Error: quota"]`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, ok := EmbeddedError([]byte(`{"choices":[{"message":{"role":"assistant","content":` + c.content + `}}]}`))
			if ok != c.want || (text != "") != ok {
				t.Errorf("got %q, %v", text, ok)
			}
		})
	}
	if _, ok := EmbeddedError([]byte(`{"choices":[{"message":{"content":"API Error: quota","tool_calls":[{"id":"a"}]}}]}`)); ok {
		t.Error("an answer with a tool call was taken for an error")
	}
}

func TestStreamOfWritesAWholeAnswerAsChunks(t *testing.T) {
	const head = `data: {"id":"i","created":7,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{`
	const more = `},"finish_reason":null}]}` + "\n\n"
	const start = head + `"role":"assistant","content":""` + more
	answer := func(message, rest string) string {
		return `{"id":"i","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":` + message + rest
	}
	for _, c := range []struct{ name, body, want string }{
		{
			"text and usage", answer(`{"role":"assistant","content":"a\nb"}`, `,"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`),
			start + head + `"content":"a\nb"` + more + head + `},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}` + "\n\n",
		},
		{
			"reasoning by both names", answer(`{"reasoning":"r","content":"c","reasoning_content":"s","refusal":null}`, `,"finish_reason":"length"}]}`),
			start + head + `"reasoning":"r","reasoning_content":"s"` + more + head + `"content":"c"` + more + head + `},"finish_reason":"length"}]}` + "\n\n",
		},
		{
			"tool calls get an index", answer(`{"content":null,"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"index":5,"id":"b"},{}]}`, `}]}`),
			start + head + `"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":5,"id":"b"},{"index":2}]` + more + head + `},"finish_reason":"tool_calls"}]}` + "\n\n",
		},
		{
			"a refusal and logprobs", answer(`{"refusal":"no"}`, `,"logprobs":{"content":[]},"finish_reason":"stop"}],"time_info":{"total_time":1.50}}`),
			start + head + `"refusal":"no"` + more + head + `},"finish_reason":"stop","logprobs":{"content":[]}}],"time_info":{"total_time":1.50}}` + "\n\n",
		},
		{
			"line ends between the parts", "{\n\"id\":\n\"i\",\"created\":7,\"model\":\"m\",\n\"choices\":[{\"message\":{\"tool_calls\":[{\r\n\"id\":\"a\"}]}}]}",
			strings.ReplaceAll(start+head+`"tool_calls":[{"index":0,  "id":"a"}]`+more+head+`},"finish_reason":"tool_calls"}]}`+"\n\n", `"id":"i"`, `"id": "i"`),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := StreamOf([]byte(c.body))
			if err != nil || string(got) != c.want+"data: [DONE]\n\n" {
				t.Errorf("got  %s %v\nwant %s", got, err, c.want)
			}
			var s chatStream
			if again := readBy(&s, string(got), 50); again != string(got) || s.Fault() != nil {
				t.Error("our own stream does not pass")
			}
		})
	}
}

func TestStreamOfRefusesWhatIsNoAnswer(t *testing.T) {
	for _, body := range []string{``, `[]`, `{"choices":[]}`, `{"error":{"message":"x"}}`, `{"choices":[{"message":{}}]`} {
		if out, err := StreamOf([]byte(body)); err == nil {
			t.Errorf("%q became %s", body, out)
		}
	}
}

// told puts a stream of one choice together again.
func told(t testing.TB, stream []byte) map[string]any {
	all := map[string]any{}
	for {
		ev, n, ok := NextEvent(stream)
		if !ok || string(ev.Data) == "[DONE]" {
			return all
		}
		stream = stream[n:]
		choice := parsed(t, ev.Data).(map[string]any)["choices"].([]any)[0].(map[string]any)
		for k, v := range choice["delta"].(map[string]any) {
			if v != "" {
				all[k] = v
			}
		}
	}
}

func TestStreamOfSaysWhatTheAnswerSaid(t *testing.T) {
	body := []byte(`{"choices":[{"message":{"role":"assistant","content":"c","reasoning":"r","audio":{"id":"x"},"annotations":[1.0]}}]}`)
	out, err := StreamOf(body)
	if err != nil {
		t.Fatal(err)
	}
	want := parsed(t, body).(map[string]any)["choices"].([]any)[0].(map[string]any)["message"]
	if got := told(t, out); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}
