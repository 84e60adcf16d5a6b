package dialect

import (
	"bytes"
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Event is one event of a text/event-stream. Name and Data point into the
// buffer it was found in and live as long as that; only data of several lines
// is a copy. An event may have neither: a comment that keeps a line alive.
type Event struct{ Name, Data []byte }

// NextEvent finds the first complete event of buf and tells how many bytes it
// takes, the blank line that ends it included. ok is false if there is no
// complete event yet. Lines may end in LF or CRLF, "data:" stands with or
// without a space, comments and unknown fields are part of the event they stand
// before.
func NextEvent(buf []byte) (ev Event, n int, ok bool) {
	lines := 0
	for n < len(buf) {
		size := bytes.IndexByte(buf[n:], '\n')
		if size < 0 {
			return Event{}, 0, false
		}
		line := bytes.TrimSuffix(buf[n:n+size], cr)
		n += size + 1
		if len(line) == 0 {
			return ev, n, true
		}
		if value, is := field(line, "data"); is {
			if lines++; lines == 1 {
				ev.Data = value
			} else {
				ev.Data = append(append(ev.Data[:len(ev.Data):len(ev.Data)], '\n'), value...)
			}
		} else if value, is := field(line, "event"); is {
			ev.Name = value
		}
	}
	return Event{}, 0, false
}

var (
	cr   = []byte("\r")
	done = []byte("[DONE]")
)

// field gives the value of a line "name: value".
func field(line []byte, name string) (value []byte, is bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || string(line[:len(name)]) != name {
		return nil, false
	}
	value = line[len(name)+1:]
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return value, true
}

// lastEvent completes the event that a stream left off in; its Data is nil if
// there is none. raw is the whole of it, with room for a little more.
func lastEvent(rest []byte) (ev Event, raw []byte) {
	if len(rest) == 0 {
		return Event{}, nil
	}
	raw = append(append(make([]byte, 0, len(rest)+64), rest...), "\n\n"...)
	ev, n, _ := NextEvent(raw)
	return ev, raw[:n]
}

// oneLine joins the lines of a JSON text, which can only break between its
// parts: a line's end would end the field that it stands in.
func oneLine(text []byte) {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
}

// Glance is what one event of a stream means to somebody who waits for
// the answer to begin.
type Glance struct {
	Content bool   // it carries a piece of the answer: text, reasoning, a tool call, a refusal
	Text    string // the text among it
	Finish  bool   // it names a finish reason
	Reason  string // that reason, in the dialect's own word
	Done    bool   // it says that the stream is over: "[DONE]"
	Failure bool   // it is an error, whatever the HTTP status said
}

// lookOpenAI reads one event. An answer that talks about an error is content; a
// failure is an event named error, an object with an error, a flat error object
// without choices, a finish reason that is one (Z.ai's "network_error"), or a
// quota error as text, see [EmbeddedError]. Such a text is no content.
func lookOpenAI(ev Event) Glance {
	if bytes.Equal(ev.Data, done) {
		return Glance{Done: true}
	}
	c, ok := readChunk(ev.Data)
	if !ok {
		return Glance{Failure: isError(ev)}
	}
	return Glance{
		Content: c.content && !c.quota,
		Text:    string(str(c.said)),
		Finish:  c.finish,
		Reason:  string(str(c.reason)),
		Failure: c.fault || c.broken || c.quota || isError(ev),
	}
}

func isError(ev Event) bool { return string(ev.Name) == "error" }

// chatStream passes an OpenAI event stream on. It looks at each event, but keeps
// none: what comes in goes out byte for byte, less the events that are broken or
// hold nothing but a stray NUL, up to the end or the first error. The zero value is ready. Not safe for
// concurrent use.
type chatStream struct {
	usage    []byte // the last usage object, as it came
	model    string
	events   int
	dropped  int
	finished bool
	fault    *chat.Error
	over     bool   // nothing more is passed on
	instead  []byte // of the event at hand: an error that clients can read
}

// Next takes the bytes at hand: those carried over from the last call, and
// fresh ones after them. emit is what can be passed on, a part of p from its
// start; where an event is dropped the following ones are moved up within p, and
// an error that clients could not read takes a buffer of its own. The last rest bytes of p are the beginning of an event: the caller keeps them
// in front of what it reads next, and limits how many they may become.
func (s *chatStream) Next(p []byte) (emit []byte, rest int) {
	read, write := 0, 0
	for {
		ev, n, ok := NextEvent(p[read:])
		if !ok {
			break
		}
		if s.take(ev) {
			if read != write {
				copy(p[write:], p[read:read+n])
			}
			write += n
		}
		read += n
	}
	if emit = p[:write]; s.instead != nil { // an error is always the last
		emit, s.instead = slices.Concat(emit, s.instead), nil
	}
	return emit, len(p) - read
}

// take looks at an event and reports whether it is passed on.
func (s *chatStream) take(ev Event) bool {
	switch {
	case s.over:
		return false
	case ev.Data == nil:
		return true
	case bytes.Equal(ev.Data, done):
		return s.ends()
	}
	c, ok := readChunk(ev.Data)
	if !ok && !isError(ev) {
		s.dropped++
		return false
	}
	s.events++
	s.note(&c)
	switch {
	case !ok || c.fault || isError(ev):
		return s.fails(c.told, providerFault(ev.Data))
	case c.broken:
		return s.fails(false, brokenAnswer(str(c.reason)))
	}
	s.finished = s.finished || c.finish
	return c.speaks() || !bytes.Contains(ev.Data, nul) // no stray NUL, see says
}

// ends takes the "[DONE]", and reports whether it is passed on.
func (s *chatStream) ends() bool {
	if s.over = true; !s.finished { // gateways end so what has broken off behind them
		s.instead = openAIErrorEvent(streamCut(), "")
	}
	return s.finished
}

// note keeps what an event says of the answer: the model, the usage.
func (s *chatStream) note(c *chunk) {
	if s.model == "" {
		s.model = string(c.model)
	}
	if c.usage != nil {
		s.usage = append(s.usage[:0], c.usage...)
	}
}

// fails ends the stream with an error: as it came if clients of OpenAI's can read
// it, which look for its object.
func (s *chatStream) fails(readable bool, e *chat.Error) bool {
	s.fault, s.over = e, true
	if !readable {
		s.instead = openAIErrorEvent(e, "")
	}
	return readable
}

// End is called once the provider's stream is over, with the bytes that were
// left. It gives what is still to be passed on: a last event that lacked its
// blank line, a missing "[DONE]" after a finish, or, if the provider stopped in
// mid-answer, an error event. A stream must never end silently as if it were
// whole.
func (s *chatStream) End(rest []byte) []byte {
	var out []byte
	if ev, raw := lastEvent(rest); ev.Data != nil {
		out, _ = s.Next(raw)
	}
	switch {
	case s.over:
		return out
	case s.finished:
		out = append(out, "data: [DONE]\n\n"...)
	default:
		out = append(out, openAIErrorEvent(streamCut(), "")...)
	}
	s.over = true
	return out
}

// Usage gives the last usage the stream spoke of.
func (s *chatStream) Usage() chat.Usage { return usageOf(s.usage) }

// Model gives the model that the stream named first; "" if none yet. Z.ai's
// plan runs other models than were asked for, and says so here only.
func (s *chatStream) Model() string { return s.model }

// Events counts the events passed on, "[DONE]" and comments not among them.
func (s *chatStream) Events() int { return s.events }

// Dropped counts the events that were broken and not passed on.
func (s *chatStream) Dropped() int { return s.dropped }

// Finished reports whether a finish reason was seen.
func (s *chatStream) Finished() bool { return s.finished }

// Fault gives the error that the provider sent within the stream. A stream that
// merely broke off is not Finished and has none.
func (s *chatStream) Fault() *chat.Error { return s.fault }

// Over reports whether the stream's end, or an error, was passed on.
func (s *chatStream) Over() bool { return s.over }
