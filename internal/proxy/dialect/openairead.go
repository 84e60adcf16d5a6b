package dialect

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Request is a client's request that was read once, so that nothing need go
// through all its bytes again, however many providers are asked. It belongs to
// one goroutine.
type Request struct {
	// Facts is what routing needs to know of the request as it came.
	Facts chat.Facts

	front  Name
	hub    *chat.Request // see Hub
	first  beginning     // see Beginning
	body   []byte
	opened int     // offset after the body's "{"
	top    []entry // its members
	torn   bool    // the tool calls may need repair
	keys   names   // of its members, while it is read
	again  bool    // one may be given again
	notes  []string

	fields names // that occur in messages[]
	roles  names // the same
	tools  names // fields that occur in tools[] and tools[].function
	marks  marks // of Anthropic's dialect: what some provider does not take
	latest int   // of the same: offset of the message that the user's latest turn begins with

	members [16]entry // where top begins
	edits   [8]splice // where For begins its list: it costs no allocation here
}

// entry is a member of the body by its offsets.
type entry struct {
	key                   []byte
	at, keyTo, value, end int
}

// Read finds the facts of a client's request in one walk over its bytes, which
// checks them too. The error is a *[chat.Error] with status 400 that says what is
// wrong, and where.
//
// Of a member that is given twice the last one counts, as it does for nearly all
// parsers: the others are taken out of Body, so that everybody reads the same.
//
// The Request keeps body, which must not be changed from now on.
func Read(front Name, body []byte) (*Request, error) {
	read := adapterOf(front).read
	r, err := read(body)
	if err != nil || !r.again {
		return r, err
	}
	once, notes := lastOnly(body)
	if notes == nil {
		return r, nil
	}
	if r, err = read(once); err == nil {
		r.notes = notes
	}
	return r, err
}

// meet notes the name of the member at hand down.
func (r *Request) meet(key []byte) {
	const few = 32 // more are not compared one by one
	if r.keys&bit(key) != 0 && !r.again {
		r.again = len(r.top) > few || r.last(string(key)) >= 0
	}
	r.keys.add(key)
}

// lastOnly gives a body without the members that are given again behind them, and
// says in words which they were; nil if there are none.
func lastOnly(body []byte) (once []byte, notes []string) {
	s := scanner{b: body}
	s.space()
	opened := s.i + 1
	var all []entry
	last := map[string]int{}
	s.object(func() {
		last[string(s.key)] = len(all)
		e := entry{key: s.key, at: s.keyAt}
		s.skip()
		e.end = s.i
		all = append(all, e)
	})
	var edits splices
	var c changes
	g := gap{splices: &edits, from: opened}
	for i, e := range all {
		if last[string(e.key)] == i {
			g.keep(e.at)
			g.kept(e.end)
			continue
		}
		g.drop(e.at, e.end)
		const few = 8 // names, which come from outside
		if name := briefly(string(e.key)); len(c.notes) < few {
			c.note("removed ", "an earlier "+name)
		} else {
			c.note("removed ", "further members that are given again")
		}
	}
	g.close("")
	return edits.apply(body, nil), c.words()
}

func readOpenAI(body []byte) (*Request, error) {
	r := reader{scanner: scanner{b: body}, Request: &Request{front: OpenAI, body: body}}
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
	turn                     turn
	cacheKey, session, user  []byte
	maxTokens, maxCompletion int
}

// turn is the user's latest one, up to the message at hand: it begins at the
// first thing that users say after an answer. What follows tool results goes on
// with the turn that they belong to.
type turn struct {
	pictures int
	answered bool // the assistant has spoken since the user did
	results  bool // and tools after that
}

// follow takes the next message, and how many pictures it has.
func (t *turn) follow(role []byte, pictures int) {
	switch string(role) {
	case "assistant":
		t.answered, t.results = true, false
	case "tool", "function":
		t.results = true
	case "system", "developer": // agents put reminders anywhere
	default:
		if t.answered && !t.results {
			t.pictures = 0
		}
		t.answered, t.results = false, false
	}
	t.pictures += pictures
}

// finish puts together what the walk has found.
func (r *reader) finish() {
	r.torn = r.astray || r.at < len(r.ids)
	f := &r.Facts
	f.Images = r.turn.pictures > 0
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
		r.meet(r.key)
		switch string(r.key) {
		case "messages":
			r.list(r.message)
		case "model":
			r.Facts.Model = string(str(r.value()))
		case "stream":
			r.Facts.Stream = isTrue(r.value())
		case "tools":
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
	before, pictures := len(r.ids), r.Facts.Pictures
	r.object(func() {
		r.fields.add(r.key)
		switch string(r.key) {
		case "role":
			role = str(r.value())
			r.roles.add(role)
		case "content":
			from := r.i
			r.Facts.Pictures = pictures // the last one counts
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
	r.first.note(role, m.content)
	r.turn.follow(role, r.Facts.Pictures-pictures)
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

// part looks at one piece of a message's content.
func (r *reader) part() {
	var seen sight
	r.object(func() {
		switch string(r.key) {
		case "type":
			seen.kind(str(r.value()))
		case "image_url":
			seen.address(r.peek())
			r.media()
		default:
			r.media()
		}
	})
	if seen.picture() {
		r.Facts.Pictures++
	}
}

// sight tells whether a piece of content is a picture: if its type says so, or
// if it has an image_url and no type. Routing, fitting and decoding must agree
// about that, or a picture gets where none may be.
type sight struct{ typed, named, url bool }

// kind takes the type.
func (s *sight) kind(kind []byte) { s.typed, s.named = len(kind) > 0, isPicture(kind) }

// address takes the first byte of an image_url.
func (s *sight) address(first byte) { s.url = first == '{' || first == '"' }

func (s sight) picture() bool { return s.named || s.url && !s.typed }

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
