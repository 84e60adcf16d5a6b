package dialect

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Request is a chat completion's request that was read once, so that nothing
// need go through all its bytes again, however many providers are asked. It
// belongs to one goroutine.
type Request struct {
	// Facts is what routing needs to know of the request as it came.
	Facts chat.Facts

	body   []byte
	opened int     // offset after the body's "{"
	top    []entry // its members
	torn   bool    // the tool calls may need repair

	fields names // that occur in messages[]
	roles  names // the same
	tools  names // fields that occur in tools[] and tools[].function

	members [16]entry // where top begins
	edits   [8]splice // where For begins its list: it costs no allocation here
}

// entry is a member of the body by its offsets.
type entry struct {
	key                   []byte
	at, keyTo, value, end int
}

// Read finds the facts of a request in one walk over its bytes, which checks
// them too. Of a key that is given twice the last one counts, as it does for
// the providers' parsers. The error is a *[chat.Error] with status 400 that
// says what is wrong, and where.
//
// The Request keeps body, which must not be changed from now on.
func Read(body []byte) (*Request, error) {
	r := reader{scanner: scanner{b: body}, Request: &Request{body: body}}
	r.top = r.members[:0]
	r.Facts.TextBytes = len(body)
	r.space()
	r.opened = r.i + 1
	if r.peek() == '{' {
		r.request()
	} else {
		r.fail()
	}
	if !r.end() {
		return nil, r.fault()
	}
	r.finish()
	return r.Request, nil
}

// Body gives the bytes that each attempt starts from. They must not be changed.
func (r *Request) Body() []byte { return r.body }

// last gives the index of the last top-level member of that name; -1 if there
// is none.
func (r *Request) last(name string) int {
	for i := len(r.top) - 1; i >= 0; i-- {
		if string(r.top[i].key) == name {
			return i
		}
	}
	return -1
}

// reader is the walk that fills a Request.
type reader struct {
	scanner
	*Request
	follower
	keep                     func(message) // gets the messages instead of the follower, if set
	cacheKey, session, user  []byte
	maxTokens, maxCompletion int
}

// finish puts together what the walk has found.
func (r *reader) finish() {
	r.torn = r.astray || r.at < len(r.ids)
	f := &r.Facts
	f.Images = f.Pictures > 0
	if f.MaxOutput = r.maxCompletion; f.MaxOutput == 0 {
		f.MaxOutput = r.maxTokens
	}
	for _, id := range [...][]byte{r.cacheKey, r.session, r.user} {
		if len(id) > 0 {
			f.Session = string(id)
			break
		}
	}
}

func (r *reader) request() {
	for first := true; r.member(first); first = false {
		e := entry{key: r.key, at: r.keyAt, keyTo: r.keyTo, value: r.i}
		switch string(r.key) {
		case "messages":
			r.follower = follower{ids: r.ids[:0]}
			r.list(r.message)
		case "model":
			r.Facts.Model = string(str(r.value()))
		case "stream":
			r.Facts.Stream = isTrue(r.value())
		case "tools":
			r.Facts.Tools = false
			r.list(r.tool)
		default:
			r.option()
		}
		e.end = r.i
		r.top = append(r.top, e)
	}
}

func (r *reader) option() {
	switch string(r.key) {
	case "max_tokens":
		r.maxTokens = positive(r.value())
	case "max_completion_tokens":
		r.maxCompletion = positive(r.value())
	case "stream_options":
		r.object(func() {
			if r.is("include_usage") {
				r.Facts.Usage = isTrue(r.value())
			} else {
				r.skip()
			}
		})
	case "prompt_cache_key":
		r.cacheKey = str(r.value())
	case "user":
		r.user = str(r.value())
	case "metadata":
		r.object(func() {
			if r.is("session_id") {
				r.session = str(r.value())
			} else {
				r.skip()
			}
		})
	default:
		r.skip()
	}
}

// message reads one element of messages. It looks for pictures, in what users
// say and in what tools bring.
func (r *reader) message() {
	m := message{from: r.i, of: -1}
	var role []byte
	before := len(r.ids)
	r.object(func() {
		r.fields.add(r.key)
		switch string(r.key) {
		case "role":
			role = str(r.value())
			r.roles.add(role)
		case "content":
			from := r.i
			r.list(r.part)
			m.content = r.b[from:r.i]
		case "tool_call_id":
			m.id = str(r.value())
		case "tool_calls":
			r.ids = r.ids[:before]
			m.ids = r.readIDs()
		default:
			r.skip()
		}
	})
	m.to = r.i
	m.result = string(role) == "tool"
	if string(role) != "assistant" {
		m.ids, r.ids = span{}, r.ids[:before]
	}
	if r.keep != nil {
		r.keep(m)
		return
	}
	r.follow(m)
}

// tool reads one element of tools.
func (r *reader) tool() {
	r.Facts.Tools = true
	r.object(func() {
		r.tools.add(r.key)
		if !r.is("function") {
			r.skip()
			return
		}
		r.object(func() {
			r.tools.add(r.key)
			r.skip()
		})
	})
}

// part looks at one piece of a message's content. It is a picture if its type
// says so, or if it has an image_url and no type.
func (r *reader) part() {
	typed, picture, url := false, false, false
	r.object(func() {
		switch string(r.key) {
		case "type":
			kind := str(r.value())
			typed, picture = len(kind) > 0, isPicture(kind)
		case "image_url":
			url = r.peek() == '{' || r.peek() == '"'
			r.media()
		default:
			r.media()
		}
	})
	if picture || (url && !typed) {
		r.Facts.Pictures++
	}
}

func isPicture(kind []byte) bool {
	switch string(kind) {
	case "image_url", "image", "input_image":
		return true
	}
	return false
}

// media walks over a value that may hold base64, at once or one level down, and
// does not count it as text: {"url":"data:…"}, {"data":"…","format":"wav"}.
func (r *reader) media() {
	switch r.peek() {
	case '"':
		if v := r.value(); bytes.HasPrefix(v, dataURL) {
			r.Facts.TextBytes -= len(v)
		}
	case '{':
		r.object(func() {
			raw := r.is("data")
			if v := r.value(); len(v) > 0 && v[0] == '"' && (raw || bytes.HasPrefix(v, dataURL)) {
				r.Facts.TextBytes -= len(v)
			}
		})
	default:
		r.skip()
	}
}

var dataURL = []byte(`"data:`)

func isTrue(value []byte) bool { return string(value) == "true" }

// positive gives a number as an output limit; 0 if it cannot be one.
func positive(value []byte) int {
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || n < 1 || n > 1<<40 {
		return 0
	}
	return int(n)
}

// fault tells a person why the body at hand is not one JSON object.
func (s *scanner) fault() *chat.Error {
	e := &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "invalid_json",
		Message: "the request's body is not one JSON object: ",
		Hint:    "send a JSON object such as {\"model\": …, \"messages\": […]}",
	}
	switch {
	case len(bytes.TrimSpace(s.b)) == 0:
		e.Message += "it is empty"
	case s.depth > maxDepth:
		e.Message += fmt.Sprintf("it nests deeper than %d levels at byte %d", maxDepth, s.i)
	case s.i >= len(s.b):
		e.Message += fmt.Sprintf("it ends too soon, at byte %d", len(s.b))
	default:
		e.Message += fmt.Sprintf("unexpected %q at byte %d", s.b[s.i:s.i+1], s.i)
		if s.b[0] == 0x1f || s.b[0] == 0x28 {
			e.Hint = "if the body is compressed, say so in Content-Encoding"
		}
	}
	return e
}
