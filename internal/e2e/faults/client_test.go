package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// way is how a client asks: in which dialect, and whether for a stream.
type way struct {
	dialect string
	stream  bool
}

var (
	whole       = way{"OpenAI", false}
	stream      = way{"OpenAI", true}
	claudeWhole = way{"Anthropic", false}
	claude      = way{"Anthropic", true}
	codexWhole  = way{"Responses", false}
	codex       = way{"Responses", true}
)

func (w way) String() string {
	if w.stream {
		return w.dialect + " stream"
	}
	return w.dialect + " whole"
}

var paths = map[string]string{"OpenAI": "/v1/chat/completions", "Anthropic": "/v1/messages", "Responses": "/v1/responses"}

// said is what the providers answer.
const said = "The quick brown fox jumps over the lazy dog."

// picture is a PNG of one pixel.
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

// ask is one request.
type ask struct {
	way
	model   string         // "": one that Cerebras has, or for Anthropic one of Claude's
	text    string         // of the user; "": hello
	picture string         // base64 of a PNG beside it
	more    map[string]any // further members of the body
	path    string         // instead of the dialect's
	header  []string
	chunked bool // sent without a Content-Length
}

func (a ask) body() []byte {
	text := a.text
	if text == "" {
		text = "hello"
	}
	b := map[string]any{"model": a.model, "stream": a.stream}
	if a.model == "" {
		b["model"] = "gpt-oss-120b"
	}
	var content any = text
	switch a.dialect {
	case "OpenAI":
		if a.picture != "" {
			content = []any{
				map[string]any{"type": "text", "text": text},
				map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64," + a.picture}},
			}
		}
		b["messages"] = []any{map[string]any{"role": "user", "content": content}}
		if a.stream {
			b["stream_options"] = map[string]any{"include_usage": true}
		}
	case "Anthropic":
		if a.model == "" {
			b["model"] = "claude-sonnet-5"
		}
		if a.picture != "" {
			content = []any{
				map[string]any{"type": "text", "text": text},
				map[string]any{"type": "image", "source": map[string]any{"type": "base64", "media_type": "image/png", "data": a.picture}},
			}
		}
		b["max_tokens"] = 1000
		b["messages"] = []any{map[string]any{"role": "user", "content": content}}
	default:
		b["input"] = text
	}
	for name, value := range a.more {
		b[name] = value
	}
	raw, err := json.Marshal(b)
	if err != nil {
		panic(err) // our own literals
	}
	return raw
}

// request makes the HTTP request.
func (a ask) request(ctx context.Context, url string) (*http.Request, error) {
	path := a.path
	if path == "" {
		path = paths[a.dialect]
	}
	var body io.Reader = bytes.NewReader(a.body())
	if a.chunked {
		body = io.MultiReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if a.dialect == "Anthropic" {
		req.Header.Set("Anthropic-Version", "2023-06-01")
	}
	for i := 0; i+1 < len(a.header); i += 2 {
		req.Header.Set(a.header[i], a.header[i+1])
		if a.header[i] == "Host" {
			req.Host = a.header[i+1]
		}
	}
	return req, nil
}

// seen is what a client saw of an answer.
type seen struct {
	ask
	status int // 0: there was no answer
	header http.Header
	body   []byte
	err    error // of sending, or of reading the body
	first  time.Duration
	took   time.Duration

	text     string
	calls    []string // names of tools, with their arguments
	thinking string
	finish   string // why it ended, in the dialect's word
	model    string
	usage    usage
	complete bool   // it ended as its dialect has it
	failure  *fault // the error that was told, by status or by event
	wrong    string // what its dialect does not allow
}

// usage are the tokens that an answer names.
type usage struct{ prompt, output int64 }

// fault is an error in a dialect.
type fault struct{ kind, code, message string }

// fetch sends a request and reads the answer to its end, strictly. within bounds
// it all.
func fetch(t testing.TB, client *http.Client, url string, a ask, within time.Duration) *seen {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return fetchIn(ctx, t, client, url, a)
}

func fetchIn(ctx context.Context, t testing.TB, client *http.Client, url string, a ask) *seen {
	t.Helper()
	s := &seen{ask: a}
	req, err := a.request(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		s.err, s.took = err, time.Since(began)
		return s
	}
	defer func() { _ = resp.Body.Close() }()
	s.status, s.header = resp.StatusCode, resp.Header
	s.body, s.err = readTimed(resp.Body, func() {
		if s.first == 0 {
			s.first = time.Since(began)
		}
	})
	s.took = time.Since(began)
	s.read()
	return s
}

// readTimed reads to the end and tells of each piece.
func readTimed(r io.Reader, came func()) ([]byte, error) {
	var all []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			came()
		}
		all = append(all, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// read takes the answer apart.
func (s *seen) read() {
	events := strings.HasPrefix(s.header.Get("Content-Type"), "text/event-stream")
	switch {
	case s.status == http.StatusOK && s.stream && events:
		s.readStream()
	case s.status == http.StatusOK && s.stream:
		s.wrong = "a stream was asked for and none came"
	case events:
		s.wrong = "a stream where none belongs"
	case s.err != nil:
	case !gjson.ValidBytes(s.body):
		s.wrong = "a body that is no JSON"
	case s.status >= http.StatusBadRequest:
		s.readFault(gjson.ParseBytes(s.body))
	default:
		s.readWhole(gjson.ParseBytes(s.body))
	}
}

// readFault reads an error's body, or an error event.
func (s *seen) readFault(m gjson.Result) {
	e := m.Get("error")
	if flat := flatError(m); s.dialect == "OpenAI" && flat != "" {
		s.failure = &fault{m.Get("type").String(), m.Get("code").String(), flat} // a vendor's own, unchanged: SDKs read these too
		return
	}
	if !e.IsObject() || e.Get("message").String() == "" {
		s.blame("an error that is none in %s: %.300s", s.dialect, m.Raw)
		return
	}
	if s.dialect == "Anthropic" && (m.Get("type").String() != "error" || e.Get("type").String() == "") {
		s.blame("an error without its types: %.300s", m.Raw)
	}
	s.failure = &fault{e.Get("type").String(), e.Get("code").String(), e.Get("message").String()}
}

// flatError is the message of an error as Cerebras, Synthetic and FastAPI write it.
func flatError(m gjson.Result) string {
	for _, name := range []string{"message", "error", "detail"} {
		if v := m.Get(name); v.Type == gjson.String {
			return v.Str
		}
	}
	return ""
}

// blame notes the first thing that is wrong.
func (s *seen) blame(format string, args ...any) {
	if s.wrong == "" {
		s.wrong = fmt.Sprintf(format, args...)
	}
}

func (s *seen) readWhole(m gjson.Result) {
	s.model, s.complete = m.Get("model").String(), true
	switch s.dialect {
	case "OpenAI":
		c := m.Get("choices.0")
		s.text, s.thinking, s.finish = c.Get("message.content").String(), c.Get("message.reasoning_content").String(), c.Get("finish_reason").String()
		for _, call := range c.Get("message.tool_calls").Array() {
			s.calls = append(s.calls, call.Get("function.name").String()+call.Get("function.arguments").String())
		}
		s.usage = usage{m.Get("usage.prompt_tokens").Int(), m.Get("usage.completion_tokens").Int()}
	case "Anthropic":
		for _, b := range m.Get("content").Array() {
			s.text += b.Get("text").String()
			s.thinking += b.Get("thinking").String()
			if b.Get("type").String() == "tool_use" {
				s.calls = append(s.calls, b.Get("name").String()+b.Get("input").Raw)
			}
		}
		s.finish = m.Get("stop_reason").String()
		s.usage = anthropicUsage(m.Get("usage"))
	default:
		for _, item := range m.Get("output").Array() {
			s.text += item.Get("content.0.text").String()
			if item.Get("type").String() == "function_call" {
				s.calls = append(s.calls, item.Get("name").String()+item.Get("arguments").String())
			}
		}
		s.finish = m.Get("status").String()
		s.usage = usage{m.Get("usage.input_tokens").Int(), m.Get("usage.output_tokens").Int()}
	}
	if s.finish == "" {
		s.blame("an answer that does not say why it ended: %.300s", s.body)
	}
}

func anthropicUsage(u gjson.Result) usage {
	prompt := u.Get("input_tokens").Int() + u.Get("cache_read_input_tokens").Int() + u.Get("cache_creation_input_tokens").Int()
	return usage{prompt, u.Get("output_tokens").Int()}
}

// event is one of a stream.
type event struct {
	name string
	data gjson.Result
	raw  string
}

// events takes a stream apart as the standard has it: lines may end in CRLF, and
// a blank may stand behind the colon.
func (s *seen) events() (all []event) {
	body := strings.TrimPrefix(strings.ReplaceAll(string(s.body), "\r\n", "\n"), "\ufeff")
	if body != "" && !strings.HasSuffix(body, "\n\n") {
		s.blame("the last event is not closed: %q", body[max(0, len(body)-80):])
	}
	for block := range strings.SplitSeq(body, "\n\n") {
		var e event
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "event":
				e.name = value
			case "data":
				e.raw += value
			}
		}
		if e.raw == "" {
			continue // a comment
		}
		if e.data = gjson.Parse(e.raw); e.raw != "[DONE]" && (!gjson.Valid(e.raw) || !utf8.ValidString(e.raw)) {
			s.blame("an event that is no JSON: %.200q", e.raw)
		}
		all = append(all, e)
	}
	return all
}

// readStream reads each event as a strict client of the dialect does. A stream
// that ends by an error event is sound; one that just ends is not.
func (s *seen) readStream() {
	over := false
	take := map[string]func(event) bool{"OpenAI": s.chunk, "Anthropic": new(blocks).taking(s), "Responses": new(items).taking(s)}[s.dialect]
	for _, e := range s.events() {
		if over {
			s.blame("an event after the last: %.200s", e.raw)
			return
		}
		over = take(e)
	}
	switch {
	case s.err != nil:
		s.blame("the stream was broken off: %v", s.err)
	case !over:
		s.blame("the stream just ends, after %q", s.text)
	}
}

// chunk takes one event of chat completions; true: it is the last.
func (s *seen) chunk(e event) bool {
	if e.raw == "[DONE]" {
		if s.finish == "" {
			s.blame("[DONE] without a finish reason")
		}
		s.complete = true
		return true
	}
	if e.data.Get("error").Exists() {
		s.readFault(e.data)
		return true
	}
	if e.data.Get("object").String() != "chat.completion.chunk" {
		s.blame("an event that is no chunk: %.200s", e.raw)
	}
	if model := e.data.Get("model").String(); model != "" {
		s.model = model
	}
	if u := e.data.Get("usage"); u.IsObject() {
		s.usage = usage{u.Get("prompt_tokens").Int(), u.Get("completion_tokens").Int()}
	}
	c := e.data.Get("choices.#(index==0)")
	if content := c.Get("delta.content").String(); content != "" {
		if s.finish != "" {
			s.blame("text after the finish: %.200s", e.raw)
		}
		s.text += content
	}
	s.thinking += c.Get("delta.reasoning_content").String() + c.Get("delta.reasoning").String()
	for _, call := range c.Get("delta.tool_calls").Array() {
		i := int(call.Get("index").Int())
		for len(s.calls) <= i {
			s.calls = append(s.calls, "")
		}
		s.calls[i] += call.Get("function.name").String() + call.Get("function.arguments").String()
	}
	if f := c.Get("finish_reason").String(); f != "" {
		s.finish = f
	}
	return false
}

// blocks is how far a stream of Anthropic's has come.
type blocks struct {
	begun bool
	open  bool
	index int64
}

func (b *blocks) taking(s *seen) func(event) bool {
	return func(e event) bool {
		kind := e.data.Get("type").String()
		if e.name != kind {
			s.blame("an event named %q whose type is %q", e.name, kind)
		}
		if kind != "error" && kind != "ping" && (kind == "message_start") == b.begun {
			s.blame("%s in the wrong place", kind)
		}
		switch kind {
		case "message_start":
			b.begun, s.model = true, e.data.Get("message.model").String()
			s.usage = anthropicUsage(e.data.Get("message.usage"))
		case "content_block_start", "content_block_stop", "content_block_delta":
			b.block(s, kind, e.data)
		case "message_delta":
			s.finish = e.data.Get("delta.stop_reason").String()
			if b.open {
				s.blame("message_delta while a block is open")
			}
			if u := e.data.Get("usage"); u.Get("input_tokens").Exists() {
				s.usage = anthropicUsage(u)
			} else {
				s.usage.output = u.Get("output_tokens").Int()
			}
		case "message_stop":
			s.complete = true
			if s.finish == "" {
				s.blame("message_stop without a stop_reason")
			}
			return true
		case "error":
			s.readFault(e.data)
			return true
		case "ping":
		default:
			s.blame("an event of no known type: %.200s", e.raw)
		}
		return false
	}
}

func (b *blocks) block(s *seen, kind string, m gjson.Result) {
	if (kind == "content_block_start") == b.open || m.Get("index").Int() != b.index {
		s.blame("%s of block %d, where block %d is open: %v", kind, m.Get("index").Int(), b.index, b.open)
	}
	switch kind {
	case "content_block_start":
		b.open = true
		if c := m.Get("content_block"); c.Get("type").String() == "tool_use" {
			s.calls = append(s.calls, c.Get("name").String())
		}
	case "content_block_stop":
		b.open = false
		b.index++
	default:
		s.text += m.Get("delta.text").String()
		s.thinking += m.Get("delta.thinking").String()
		if part := m.Get("delta.partial_json"); part.Exists() && len(s.calls) > 0 {
			s.calls[len(s.calls)-1] += part.String()
		}
	}
}

// items is how far a stream of Responses has come.
type items struct {
	begun bool
	next  int64 // sequence number
}

func (i *items) taking(s *seen) func(event) bool {
	return func(e event) bool {
		kind := e.data.Get("type").String()
		if e.name != kind {
			s.blame("an event named %q whose type is %q", e.name, kind)
		}
		if (kind == "response.created") == i.begun && kind != "error" {
			s.blame("%s in the wrong place", kind)
		}
		if n := e.data.Get("sequence_number"); n.Exists() && n.Int() != i.next {
			s.blame("event %d where %d was next", n.Int(), i.next)
		}
		i.next++
		response := e.data.Get("response")
		switch kind {
		case "response.created":
			i.begun, s.model = true, response.Get("model").String()
		case "response.output_text.delta":
			s.text += e.data.Get("delta").String()
		case "response.output_item.done":
			if item := e.data.Get("item"); item.Get("type").String() == "function_call" {
				s.calls = append(s.calls, item.Get("name").String()+item.Get("arguments").String())
			}
		case "response.completed", "response.incomplete":
			s.complete, s.finish = true, response.Get("status").String()
			u := response.Get("usage")
			s.usage = usage{u.Get("input_tokens").Int(), u.Get("output_tokens").Int()}
			return true
		case "response.failed":
			s.readFault(response)
			return true
		case "error":
			s.readFault(gjson.Parse(`{"error":` + e.raw + `}`))
			return true
		}
		return false
	}
}

// verdict says in a few words what the client saw.
func (s *seen) verdict() string {
	switch {
	case s.wrong != "":
		return "WRONG: " + s.wrong
	case s.status == 0:
		return "no answer: " + plainError(s.err)
	case s.err != nil:
		return "an answer that was broken off"
	case s.failure != nil && s.status == http.StatusOK:
		words := "nothing"
		if n := len(strings.Fields(s.text)); n > 0 {
			words = fmt.Sprintf("%d words", n)
		}
		return words + ", then an error event (" + s.failure.word() + ")"
	case s.failure != nil:
		return fmt.Sprintf("%d %s", s.status, s.failure.word())
	case s.text == said:
		return "the answer"
	case s.complete:
		return fmt.Sprintf("an answer of %d bytes", len(s.text))
	}
	return fmt.Sprintf("%d, %d bytes", s.status, len(s.body))
}

// word is what an error is called, in the dialect's own way.
func (f *fault) word() string {
	if f.code != "" {
		return f.code
	}
	return f.kind
}

func plainError(err error) string {
	for e := err; e != nil; e = errors.Unwrap(e) {
		err = e
	}
	if err == nil {
		return "?"
	}
	return err.Error()
}
