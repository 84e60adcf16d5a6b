package dialect

import (
	"errors"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// antTurn is a request with these messages.
func antTurn(messages ...string) string { return `{"messages":[` + strings.Join(messages, ",") + `]}` }

const (
	antHi    = `{"role":"user","content":"hi"}`
	antYes   = `{"role":"assistant","content":"yes"}`
	antPNG   = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0K"}}`
	antPDF   = `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},"title":"a.pdf"}`
	antUse   = `{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Read","input":{"n": 1.0}}]}`
	antUsed  = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}`
	antSees  = `{"role":"user","content":[` + antPNG + `]}`
	antShown = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[` + antPNG + `]}]}`
)

func TestReadAnthropicFindsWhatRoutingNeeds(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       chat.Facts // TextBytes: beside the body's length; Usage is always true
	}{
		{"an empty object has no facts", `{}`, chat.Facts{}},
		{"model, stream and limit", `{"model":"glm-5.3","stream":true,"max_tokens":32000}`, chat.Facts{Model: "glm-5.3", Stream: true, MaxOutput: 32000}},
		{"escapes in names and values", `{"mod\u0065l":"a\/b","str\u0065am":true}`, chat.Facts{Model: "a/b", Stream: true}},
		{"names further down are not meant", `{"x":{"model":"a","stream":true},"messages":[{"model":"b","max_tokens":9}]}`, chat.Facts{}},
		{"values of the wrong kind are none", `{"model":3,"stream":"true","messages":7,"tools":{},"max_tokens":"9","metadata":null,"system":{}}`, chat.Facts{}},
		{"tools that are offered", `{"tools":[{"name":"f"}]}`, chat.Facts{Tools: true}},
		{"no tools are no tools", `{"tools":[]}`, chat.Facts{}},
		{"the session within the user's id", `{"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"s-1\"}"}}`, chat.Facts{Session: "s-1"}},
		{"a user's id without a session", `{"metadata":{"user_id":"{\"device_id\":\"d\"}"}}`, chat.Facts{Session: `{"device_id":"d"}`}},
		{"a plain user's id", `{"metadata":{"user_id":"user_1_session_2"}}`, chat.Facts{Session: "user_1_session_2"}},
		{"a user's id that is torn", `{"metadata":{"user_id":"{\"session_id\":"}}`, chat.Facts{Session: `{"session_id":`}},
		{"a picture", antTurn(antSees), chat.Facts{Images: true, Pictures: 1, TextBytes: -10}},
		{
			"its base64 first", antTurn(`{"role":"user","content":[{"source":{"data":"iVBORw0K","type":"base64"},"type":"image"}]}`),
			chat.Facts{Images: true, Pictures: 1, TextBytes: -10},
		},
		{"a picture by address", antTurn(`{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]}`), chat.Facts{Images: true, Pictures: 1}},
		{"a picture that a tool brought is of the turn that asked for it", antTurn(antHi, antUse, antShown), chat.Facts{Images: true, Pictures: 1, TextBytes: -10}},
		{"a picture of an older turn", antTurn(antSees, antYes, antHi), chat.Facts{Pictures: 1, TextBytes: -10}},
		{"a turn goes on while tools answer", antTurn(antSees, antUse, antUsed), chat.Facts{Images: true, Pictures: 1, TextBytes: -10}},
		{"a system message does not end it", antTurn(antSees, `{"role":"system","content":"x"}`), chat.Facts{Images: true, Pictures: 1, TextBytes: -10}},
		{"a PDF is no picture, nor text", antTurn(`{"role":"user","content":[` + antPDF + `]}`), chat.Facts{TextBytes: -10}},
		{"a text document is text", antTurn(`{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}]}`), chat.Facts{}},
		{
			"a picture in a document", antTurn(`{"role":"user","content":[{"type":"document","source":{"type":"content","content":[` + antPNG + `]}}]}`),
			chat.Facts{Images: true, Pictures: 1, TextBytes: -10},
		},
		{"text that talks about pictures is none", antTurn(`{"role":"user","content":"{\"type\":\"image\"}"}`), chat.Facts{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Usage = true
			c.want.TextBytes += len(c.body)
			r, err := Read(Anthropic, []byte(c.body))
			if err != nil || r.Facts != c.want {
				t.Errorf("got %+v, %v\nwant %+v", r.Facts, err, c.want)
			}
		})
	}
}

func TestReadAnthropicSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"nothing", " \n", "it is empty"},
		{"a list", `[1]`, `unexpected "[" at byte 0`},
		{"a comma too many", `{"messages":[{"content":[{"type":"text",}]}]}`, `unexpected "}" at byte 40`},
		{"cut off", `{"messages":[{"role":"us`, "it ends too soon, at byte 24"},
		{"two objects", `{}{}`, `unexpected "{" at byte 2`},
		{"a string that ends in a backslash", `{"system":"\"`, "it ends too soon, at byte 13"},
		{"the same of billing", `{"system":"x-anthropic-billing-header:\"`, "it ends too soon, at byte 40"},
		{"nesting without end", `{"messages":[` + strings.Repeat(`{"content":[`, 1<<16), "deeper than 10000 levels"},
		{"the same in a source", `{"messages":[` + strings.Repeat(`{"content":[{"source":`, 1<<16), "deeper than 10000 levels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(Anthropic, []byte(c.body))
			var e *chat.Error
			if !errors.As(err, &e) || e.Status != 400 || e.Hint == "" || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}

// antSession is the session that the recordings have.
const antSession = "00000000-0000-0000-0000-000000000000"

// antClients says what the recorded requests are: what Read finds in them, and
// what the hub has no word for.
var antClients = map[string]struct {
	facts   chat.Facts // without TextBytes
	dropped []string
}{
	"anthropic-sdk-tools":                 {chat.Facts{Model: "glm-4.7", Stream: true, MaxOutput: 1000, Tools: true}, nil},
	"claude-badjson-tool-result":          antOpus(),
	"claude-count-tokens-file":            {chat.Facts{Model: "glm-4.7"}, nil},
	"claude-count-tokens-tools":           {chat.Facts{Model: "glm-4.7"}, nil},
	"claude-emptytext-echo":               antOpus(),
	"claude-first-turn-full-tools":        antGLM(),
	"claude-first-turn-haiku":             {chat.Facts{Model: "claude-haiku-4-5-20251001", Stream: true, MaxOutput: 32000, Tools: true, Session: antSession}, antContext},
	"claude-first-turn-opus-default":      antOpus(),
	"claude-max-tokens-continue":          antOpus(),
	"claude-mcp-tools-and-image-result":   antPicture(antGLM()),
	"claude-nobeta-first-turn":            {antGLM().facts, nil},
	"claude-nonstream-fallback":           {chat.Facts{Model: "claude-opus-4-8", MaxOutput: 64000, Tools: true, Session: antSession}, antContext},
	"claude-parallel-tool-results-error":  antOpus(),
	"claude-redacted-echo":                antOpus(),
	"claude-second-turn-tool-result":      antGLM(),
	"claude-subagent-explore-haiku":       {chat.Facts{Model: "claude-haiku-4-5-20251001", Stream: true, MaxOutput: 32000, Tools: true, Session: antSession}, nil},
	"claude-subagent-first":               {antOpus().facts, nil},
	"claude-subagent-general":             {antGLM().facts, nil},
	"claude-sysrole-fallback":             antGLM(),
	"claude-thinking-signed-dropped":      antOpus(),
	"claude-thinking-signed-echo":         antOpus(),
	"claude-thinking-unsigned-echo":       antOpus(),
	"claude-title-generation-json-schema": {chat.Facts{Model: "glm-4.7", Stream: true, MaxOutput: 32000, Session: antSession}, nil},
	"claude-tool-result-image":            antPicture(antOpus()),
	"claude-tool-result-pdf-document":     antOpus(),
	"claude-toolid-dup-dropped":           antOpus(),
	"claude-toolid-weird-echo":            antOpus(),
	"claude-tui-compact":                  antOpus(),
	"claude-tui-title-thinking-disabled":  {chat.Facts{Model: "claude-opus-4-8", Stream: true, MaxOutput: 64000, Session: antSession}, nil},
	"claude-websearch-server-tool":        {antOpus().facts, []string{"tools[] web_search", "tool_choice of a tool that is not offered"}},
	"opencode-anthropic-first-turn":       {chat.Facts{Model: "glm-4.7", Stream: true, MaxOutput: 32000, Tools: true}, nil},
	"opencode-anthropic-second-turn":      {chat.Facts{Model: "glm-4.7", Stream: true, MaxOutput: 32000, Tools: true}, nil},
}

// antContext is what only Anthropic has a use for in most of Claude Code's.
var antContext = []string{"context_management"}

type antClient = struct {
	facts   chat.Facts
	dropped []string
}

func antOpus() antClient {
	return antClient{chat.Facts{Model: "claude-opus-4-8", Stream: true, MaxOutput: 64000, Tools: true, Session: antSession}, antContext}
}

func antGLM() antClient {
	return antClient{chat.Facts{Model: "glm-4.7", Stream: true, MaxOutput: 32000, Tools: true, Session: antSession}, antContext}
}

func antPicture(c antClient) antClient {
	c.facts.Images, c.facts.Pictures = true, 1
	return c
}

func TestReadAnthropicReadsWhatClientsSend(t *testing.T) {
	all := fixtures(t, "request.anthropic.json")
	for name := range antClients {
		if all[name] == nil {
			t.Errorf("there is no recording of %s", name)
		}
	}
	for name, body := range all {
		t.Run(name, func(t *testing.T) {
			want, known := antClients[name]
			if !known {
				t.Fatal("the table does not say what it is")
			}
			r, err := Read(Anthropic, body)
			if err != nil {
				t.Fatal(err)
			}
			if want.facts.Usage, want.facts.TextBytes = true, r.Facts.TextBytes; r.Facts != want.facts {
				t.Errorf("got %+v\nwant %+v", r.Facts, want.facts)
			}
			binary := strings.Contains(string(body), `"type":"base64"`)
			if whole := r.Facts.TextBytes == len(body); whole == binary {
				t.Errorf("%d of %d bytes are text", r.Facts.TextBytes, len(body))
			}
		})
	}
}

func TestNamesThatAnthropicRequestsAreMadeOfHavePlacesOfTheirOwn(t *testing.T) {
	for _, set := range [][]string{
		{"role", "content", "id", "stop_reason", "usage"},
		{"name", "description", "input_schema", "type", "strict", "cache_control", "eager_input_streaming", "defer_loading", "input_examples"},
	} {
		var n names
		for _, name := range set {
			if n.has(name) {
				t.Errorf("%s has the place of another", name)
			}
			n.add([]byte(name))
		}
	}
}
