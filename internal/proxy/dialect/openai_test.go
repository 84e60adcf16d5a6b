package dialect

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestReadFindsWhatRoutingNeeds(t *testing.T) {
	picture := `"data:image/png;base64,` + strings.Repeat("iVBORw0K", 1000) + `"`
	for _, c := range []struct {
		name, body string
		want       chat.Facts // TextBytes 0: the body's length
	}{
		{"an empty object has no facts", `{}`, chat.Facts{}},
		{"model and stream", `{"model":"glm-5.3","stream":true}`, chat.Facts{Model: "glm-5.3", Stream: true}},
		{"escapes in names and values", `{"mod\u0065l":"a\/b","str\u0065am":true}`, chat.Facts{Model: "a/b", Stream: true}},
		{"names further down are not meant", `{"x":{"model":"a","stream":true},"messages":[{"model":"b"}]}`, chat.Facts{}},
		{"values of the wrong kind are none", `{"model":3,"stream":"true","messages":7,"tools":{},"max_tokens":"9","user":null}`, chat.Facts{}},
		{"the old output limit", `{"max_tokens":100}`, chat.Facts{MaxOutput: 100}},
		{"the new output limit goes first", `{"max_completion_tokens":2e2,"max_tokens":100}`, chat.Facts{MaxOutput: 200}},
		{"null is no limit", `{"max_completion_tokens":null,"max_tokens":-1}`, chat.Facts{}},
		{"tools that are offered", `{"tools":[{"type":"function"}]}`, chat.Facts{Tools: true}},
		{"no tools are no tools", `{"tools":[]}`, chat.Facts{}},
		{"usage in the stream", `{"stream_options":{"include_usage":true}}`, chat.Facts{Usage: true}},
		{"the cache key names the conversation", `{"user":"u","metadata":{"session_id":"s"},"prompt_cache_key":"k"}`, chat.Facts{Session: "k"}},
		{"or its metadata", `{"user":"u","metadata":{"session_id":"s"}}`, chat.Facts{Session: "s"}},
		{"or the user", `{"user":"u"}`, chat.Facts{Session: "u"}},
		{"a picture by address", `{"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]}`, chat.Facts{Images: true, Pictures: 1}},
		{
			"a picture's base64 is no text", `{"messages":[{"content":[{"type":"image_url","image_url":{"url":` + picture + `}}]}]}`,
			chat.Facts{Images: true, Pictures: 1, TextBytes: 70},
		},
		{
			"nor where the type comes last", `{"messages":[{"content":[{"image_url":` + picture + `,"type":"input_image"}]}]}`,
			chat.Facts{Images: true, Pictures: 1, TextBytes: 64},
		},
		{
			"nor in the form of another dialect", `{"messages":[{"content":[{"type":"image","source":{"data":` + strings.Replace(picture, "data:", "", 1) + `}}]}]}`,
			chat.Facts{Images: true, Pictures: 1, TextBytes: 64},
		},
		{"a picture that a tool brought", `{"messages":[{"role":"tool","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}]}`, chat.Facts{Images: true, Pictures: 1}},
		{"a picture with an escaped type", `{"messages":[{"content":[{"type":"im\u0061ge_url"}]}]}`, chat.Facts{Images: true, Pictures: 1}},
		{"a picture without a type", `{"messages":[{"content":[{"image_url":{"url":"https://x"}}]}]}`, chat.Facts{Images: true, Pictures: 1}},
		{"two pictures", `{"messages":[{"content":[{"type":"image"},{"type":"text","text":"x"}]},{"content":[{"type":"image_url"}]}]}`, chat.Facts{Images: true, Pictures: 2}},
		{"a picture of an earlier turn", turns(seen, `{"role":"assistant","content":"a cat"}`, user), chat.Facts{Pictures: 1}},
		{"one that was not answered yet", turns(seen, user), chat.Facts{Images: true, Pictures: 1}},
		{"one that led to calls, with a reminder between", turns(seen, callA, gotA, `{"role":"system","content":"x"}`, user), chat.Facts{Images: true, Pictures: 1}},
		{"one that was answered after calls", turns(seen, callA, gotA, `{"role":"assistant","content":"x"}`, user), chat.Facts{Pictures: 1}},
		{"one that a tool brought, and a user goes on", turns(user, callA, `{"role":"tool","content":[{"type":"image_url"}]}`, user), chat.Facts{Images: true, Pictures: 1}},
		{"one in each of two turns", turns(seen, `{"role":"assistant","content":"a cat"}`, seen), chat.Facts{Images: true, Pictures: 2}},
		{"text that talks about pictures is none", `{"messages":[{"content":"{\"type\":\"image_url\"}"},{"content":[{"type":"text","text":"\"image_url\"","image_url":null}]}]}`, chat.Facts{}},
		{"space everywhere", " \t\r\n{ \"model\" : \"m\" , \"messages\" : [ { \"content\" : [ ] } ] } \n", chat.Facts{Model: "m"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want.TextBytes == 0 {
				c.want.TextBytes = len(c.body)
			}
			got, err := peek([]byte(c.body))
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

const seen = `{"role":"user","content":[{"type":"text","text":"what is this?"},{"type":"image_url","image_url":{"url":"https://x"}}]}`

// turns is a request of these messages.
func turns(messages ...string) string { return `{"messages":[` + strings.Join(messages, ",") + `]}` }

func TestReadSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"nothing", " \n", "it is empty"},
		{"a list", `[1]`, `unexpected "[" at byte 0`},
		{"a comma too many", `{"a":1,}`, `unexpected "}" at byte 7`},
		{"cut off", `{"messages":[{"role":"us`, "it ends too soon, at byte 24"},
		{"two objects", `{}{}`, `unexpected "{" at byte 2`},
		{"a line end within a string", "{\"a\":\"x\ny\"}", `unexpected "\n" at byte 7`},
		{"a number that is none", `{"a":01}`, `unexpected "1" at byte 6`},
		{"an escape that is none", `{"a":"\x"}`, `unexpected "\\" at byte 6`},
		{"compressed", "\x28\xb5\x2f\xfd", "unexpected"},
		{"nesting without end", `{"a":` + strings.Repeat("[", 1<<20), "deeper than 10000 levels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(OpenAI, []byte(c.body))
			var e *chat.Error
			if !errors.As(err, &e) || e.Status != 400 || e.Hint == "" || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestReadReadsWhatClientsSend(t *testing.T) {
	for _, c := range []struct {
		name string
		want chat.Facts
	}{
		{"cline-second-turn", chat.Facts{Stream: true, Tools: true, Usage: true}},
		{"sdk-tools", chat.Facts{Stream: true, Tools: true}},
		{"opencode-title", chat.Facts{Stream: true, Usage: true}},
		{"router-content", chat.Facts{Tools: true, Images: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := fixture(t, c.name, "request.openai.json")
			f, err := peek(body)
			if err != nil || f.Model == "" || f.Stream != c.want.Stream || f.Tools != c.want.Tools || f.Usage != c.want.Usage || f.Images != c.want.Images {
				t.Errorf("got %+v, %v", f, err)
			}
		})
	}
}

// peek gives a request's facts.
func peek(body []byte) (chat.Facts, error) {
	r, err := Read(OpenAI, body)
	if err != nil {
		return chat.Facts{}, err
	}
	return r.Facts, nil
}

func fixture(t testing.TB, name, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name, file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fixtures(t testing.TB, file string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*", file))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s: %v", file, err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		name := filepath.Base(filepath.Dir(p))
		all[name] = fixture(t, name, file)
	}
	return all
}
