package upstream

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// phase is how far the opening of a stream has come.
type phase int

const (
	waiting phase = iota
	begun         // content, or a finish: the stream may be handed on
	broken        // it is an error
	empty         // it said that it is done, and nothing before
)

// opening looks at the events of a stream until it knows what they begin.
type opening struct {
	speaks dialect.Name
	pos    int    // bytes of the buffer that were looked at
	text   string // content that may yet turn out to be an error's beginning
	fault  fault
}

// open reads a stream up to the commit point.
func (x *exchange) open(r *Reply, now time.Time) *Reply {
	o := opening{speaks: x.call.dialect()}
	buf := make([]byte, 0, firstBuffer)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := x.src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		r.Head = buf
		if o.pos == 0 && noStream(buf) {
			return x.whole(r, buf, -1, now)
		}
		switch o.next(buf, err) {
		case begun:
			return x.commit(r, err)
		case broken:
			x.close()
			r.EventStream, r.Whole = true, true
			x.judge(r, o.fault, now)
			return r
		case empty:
			err = io.EOF
		case waiting:
			if len(buf) > maxOpening {
				err = errTooMuch
			}
		}
		if err != nil {
			x.close()
			r.Whole = true
			return x.cut(r, err)
		}
	}
}

// commit makes the stream's rest the reply's Body. If the timer has fired in
// this very moment the stream is lost already.
func (x *exchange) commit(r *Reply, err error) *Reply {
	if !x.watch.rest() {
		x.close()
		return x.cut(r, errTimeUp)
	}
	if err != nil {
		x.end = x.why(err)
	}
	r.Class, r.Body, r.EventStream, x.heard = OK, x, true, true
	return r
}

// noStream reports whether the bytes begin as JSON or HTML does: no line of an
// event stream begins like that, whatever the Content-Type said.
func noStream(buf []byte) bool {
	buf = bytes.TrimLeft(buf, "\ufeff \t\r\n")
	return len(buf) > 0 && (buf[0] == '{' || buf[0] == '[' || buf[0] == '<')
}

// isStream reports whether a whole body is that of an event stream, whatever the
// Content-Type said.
func isStream(body []byte) bool {
	body = bytes.TrimLeft(body, "\ufeff \t\r\n")
	for _, field := range [...]string{"data:", "event:", ":", "id:", "retry:"} {
		if bytes.HasPrefix(body, []byte(field)) {
			return true
		}
	}
	return false
}

// next looks at what is new in buf; err is what reading ended with.
func (o *opening) next(buf []byte, err error) phase {
	at := o.look(buf)
	if at == waiting && err == io.EOF { //nolint:errorlint // a reader's end is io.EOF itself
		return o.last(buf)
	}
	return at
}

// look takes the complete events of buf that it has not seen.
func (o *opening) look(buf []byte) phase {
	for {
		ev, n, ok := dialect.NextEvent(buf[o.pos:])
		if !ok {
			return waiting
		}
		o.pos += n
		if at := o.take(ev); at != waiting {
			return at
		}
	}
}

// last looks at what is left when the stream has ended: an event without the
// blank line after it, or the error that the content was the beginning of.
func (o *opening) last(buf []byte) phase {
	if rest := buf[o.pos:]; len(bytes.TrimSpace(rest)) > 0 {
		ev, _, _ := dialect.NextEvent(append(append([]byte(nil), rest...), "\n\n"...))
		if g := dialect.Look(o.speaks, ev); g.Failure || g.Finish {
			return o.take(ev)
		}
	}
	if o.text != "" {
		return o.suspect(true)
	}
	return waiting
}

func (o *opening) take(ev dialect.Event) phase {
	g := dialect.Look(o.speaks, ev)
	switch {
	case g.Failure && !onlyTalks(g.Text):
		o.fault = streamFault(ev, g)
		return broken
	case g.Content || (g.Failure && g.Text != ""):
		if g.Text == "" {
			return begun // reasoning, a tool call, a refusal
		}
		o.text += g.Text
		return o.suspect(g.Finish)
	case g.Finish:
		if o.text != "" {
			return o.suspect(true)
		}
		if breaksOff(g.Reason) {
			o.fault = fault{code: g.Reason}
			return broken
		}
		return begun
	case g.Done:
		if o.text != "" {
			return o.suspect(true)
		}
		return empty
	}
	return waiting
}

// ErrorIn says of what class the error is that a stream ended with after it was
// handed on; raw holds its event among others. Without one it is a ServerError.
func ErrorIn(speaks dialect.Name, raw []byte) Class {
	for {
		ev, n, ok := dialect.NextEvent(raw)
		if !ok {
			return ServerError
		}
		if g := dialect.Look(speaks, ev); g.Failure {
			return classify(&told{status: http.StatusOK, fault: streamFault(ev, g)}).class
		}
		raw = raw[n:]
	}
}

// Gateways were seen to stream a quota error as text (dialect.EmbeddedError).
// Content is held back only as long as it can be the beginning of one.
const (
	embeddedStart = "API Error:"
	maxEmbedded   = 2 << 10
)

// suspect says whether the content so far is an error, may become one, or is an
// answer. complete: nothing more comes.
func (o *opening) suspect(complete bool) phase {
	text := strings.TrimLeft(o.text, " \r\n\t")
	if strings.HasPrefix(text, embeddedStart) && mayBeEmbedded(text) && isEmbedded(text) {
		o.fault = fault{message: text, embedded: true}
		return broken
	}
	if complete || len(text) > maxEmbedded || !mayBeEmbedded(text) {
		return begun
	}
	return waiting
}

// onlyTalks reports whether content that begins like an embedded error goes on
// like an answer about one: "API Error: 403 means that the quota …".
func onlyTalks(content string) bool {
	content = strings.TrimLeft(content, " \r\n\t")
	return strings.HasPrefix(content, embeddedStart) && !mayBeEmbedded(content)
}

// mayBeEmbedded reports whether text is, or can still become, "API Error: 403 {".
func mayBeEmbedded(text string) bool {
	if len(text) < len(embeddedStart) {
		return strings.HasPrefix(embeddedStart, text)
	}
	rest, ok := strings.CutPrefix(text, embeddedStart)
	rest = strings.TrimLeft(strings.TrimLeft(rest, " "), "0123456789")
	rest = strings.TrimLeft(rest, " ")
	return ok && (rest == "" || rest[0] == '{')
}

// isEmbedded asks dialect.EmbeddedError about text as if it were a whole answer's.
func isEmbedded(text string) bool {
	type message struct {
		Content string `json:"content"`
	}
	type choice struct {
		Message message `json:"message"`
	}
	body, err := json.Marshal(map[string]any{"choices": []choice{{message{text}}}})
	if err != nil {
		return false
	}
	_, is := dialect.EmbeddedError(body)
	return is
}

// streamFault reads the fault out of an event that dialect.Look calls one.
func streamFault(ev dialect.Event, g dialect.Glance) fault {
	if breaksOff(g.Reason) {
		return fault{code: g.Reason}
	}
	if g.Text != "" {
		return fault{message: g.Text, embedded: true}
	}
	return readFault(ev.Data, "")
}
