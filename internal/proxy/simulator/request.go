package simulator

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// pictureTokens is what the simulator charges for one image.
const pictureTokens = 1000

// request is what the simulator understands of a request for an answer, in
// either dialect.
type request struct {
	json       gjson.Result
	valid      bool
	dialect    string
	model      string
	stream     bool
	wantsUsage bool
	input      int // estimated prompt tokens
	output     int // the limit the request names; 0: none
	images     int
	documents  int // in a form that is not text
	tools      []string
	toolStream bool
	wantsJSON  bool         // the answer must be a JSON object
	schema     gjson.Result // ... of this schema, if there is one
	talk       talk
}

func readRequest(dialect string, body []byte) request {
	q := request{dialect: dialect, valid: json.Valid(body)} // gjson's own recurses without a bound
	if !q.valid {
		return q
	}
	q.json = gjson.ParseBytes(body)
	q.valid = q.json.IsObject()
	q.model = q.json.Get("model").String()
	q.stream = q.json.Get("stream").Bool()
	q.output = int(q.json.Get("max_tokens").Int())
	if dialect == Messages {
		q.readMessages()
	} else {
		q.readChat()
	}
	return q
}

// readChat reads what OpenAI's chat completions have of their own.
func (q *request) readChat() {
	q.wantsUsage = q.json.Get("stream_options.include_usage").Bool()
	if n := q.json.Get("max_completion_tokens").Int(); n > 0 {
		q.output = int(n)
	}
	q.toolStream = q.json.Get("tool_stream").Bool()
	for _, t := range q.json.Get("tools").Array() {
		q.tools = append(q.tools, t.Get("function.name").String())
	}
	format := q.json.Get("response_format")
	q.wantsJSON = strings.HasPrefix(format.Get("type").String(), "json_")
	q.schema = format.Get("json_schema.schema")
	text := len(q.json.Get("tools").Raw)
	q.json.Get("messages").ForEach(func(_, m gjson.Result) bool {
		text += len(m.Get("tool_calls").Raw)
		said := q.measure(m.Get("content"))
		text += len(said)
		switch m.Get("role").String() {
		case "user":
			q.talk.user(said)
		case "tool":
			q.talk.result(said)
		case "assistant":
			q.talk.assistant()
		}
		return true
	})
	q.input = tokensOf(text) + q.images*pictureTokens
}

// readMessages reads what Anthropic's Messages have of their own.
func (q *request) readMessages() {
	for _, t := range q.json.Get("tools").Array() {
		q.tools = append(q.tools, t.Get("name").String())
	}
	format := q.json.Get("output_config.format")
	q.wantsJSON = format.Get("type").String() == "json_schema"
	q.schema = format.Get("schema")
	text := len(q.json.Get("tools").Raw) + len(q.measure(q.json.Get("system")))
	q.json.Get("messages").ForEach(func(_, m gjson.Result) bool {
		role, content := m.Get("role").String(), m.Get("content")
		said := q.measure(content)
		text += len(said)
		results := false
		for _, b := range blocks(content) {
			switch b.Get("type").String() {
			case "tool_result":
				inner := q.measure(b.Get("content"))
				text += len(inner)
				q.talk.result(inner)
				results = true
			case "tool_use":
				text += len(b.Get("input").Raw)
			case "thinking":
				text += len(b.Get("thinking").String())
			}
		}
		switch {
		case role == "assistant":
			q.talk.assistant()
		case role == "user" && !results:
			q.talk.user(said)
		}
		return true
	})
	q.input = tokensOf(text) + q.images*pictureTokens
}

// measure gives the text of a message's content and counts its images and
// documents.
func (q *request) measure(content gjson.Result) string {
	if !content.IsArray() {
		return content.String()
	}
	var text []string
	content.ForEach(func(_, part gjson.Result) bool {
		switch part.Get("type").String() {
		case "image_url", "image":
			q.images++
		case "document":
			if part.Get("source.type").String() != "text" {
				q.documents++
			}
		}
		if t := part.Get("text"); t.Exists() {
			text = append(text, t.String())
		}
		return true
	})
	return strings.Join(text, "\n")
}

// blocks are the parts of a message's content; a plain text has none.
func blocks(content gjson.Result) []gjson.Result {
	if !content.IsArray() {
		return nil
	}
	return content.Array()
}

// tokensOf is the simulator's own estimate: four bytes a token.
func tokensOf(bytes int) int { return (bytes + 3) / 4 }

// talk is where a conversation stands. A turn of the user begins with a user's
// message that does not come directly behind tool results: what comes there (a
// picture that a tool brought, a reminder) belongs to them.
type talk struct {
	asked   string   // what the user said at the beginning of the latest turn
	rounds  int      // how often tool results came since
	results []string // those that came last
	last    string   // "user", "result" or "assistant"
}

func (t *talk) user(text string) {
	switch t.last {
	case "result":
		return
	case "user":
		t.asked += "\n" + text
	default:
		t.asked = text
	}
	t.last, t.rounds, t.results = "user", 0, nil
}

func (t *talk) result(text string) {
	if t.last != "result" {
		t.rounds++
		t.results = nil
	}
	t.last = "result"
	t.results = append(t.results, strings.TrimSpace(text))
}

func (t *talk) assistant() { t.last = "assistant" }
