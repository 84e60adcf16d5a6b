package simulator

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fastAnswers are the bytes that Fast answers, made once.
type fastAnswers struct{ chat, messages *fastAnswer }

// serve answers at once, or not at all what is no request for an answer.
func (f *fastAnswers) serve(w http.ResponseWriter, r *http.Request) bool {
	switch dialectOf(r) {
	case Chat:
		f.chat.serve(w, r)
	case Messages:
		f.messages.serve(w, r)
	default:
		return false
	}
	return true
}

type fastAnswer struct {
	whole  []byte
	length string
	pieces [][]byte
	pace   time.Duration
}

func newFast(s *Script) *fastAnswers {
	if s.Fast == nil {
		return nil
	}
	f := *s.Fast
	or := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	or(&f.Bytes, 1024)
	or(&f.Events, 200)
	or(&f.EventBytes, 250)
	or(&f.Batch, 1)
	answer := func(dialect string) *fastAnswer {
		r := &completion{play: vendors[s.vendor()], vendor: s.vendor(), id: "chatcmpl-fast", model: "fast", finish: "stop"}
		r.spent = spent{prompt: 100, output: f.Events}
		return f.answer(r, r.form(dialect))
	}
	return &fastAnswers{chat: answer(Chat), messages: answer(Messages)}
}

// answer makes the bytes: one text for both, as long as it takes to reach a size.
func (f *Fast) answer(r *completion, form form) *fastAnswer {
	fill := func(size, empty int) string { return strings.Repeat("x", max(1, size-empty)) }
	r.text = []string{"x"}
	r.text = []string{fill(f.Bytes, len(form.whole())-1)}
	a := &fastAnswer{whole: form.whole(), pace: f.Pace}
	a.length = strconv.Itoa(len(a.whole))
	r.text = []string{"x"}
	events := form.events()
	one := events[slices.IndexFunc(events, event.content)]
	text := fill(f.EventBytes, len(one.data)-1)
	if f.Pace > 0 {
		text = FastStamp + strings.Repeat("0", stampDigits) + " " + text
	}
	r.text = slices.Repeat([]string{text}, f.Events)
	events = form.events()
	batch := f.Batch
	if batch < 0 {
		batch = len(events)
	}
	a.pieces = (&reply{events: events, together: batch}).wire()
	return a
}

var fastBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// serve looks at nothing but whether a stream is asked for.
func (f *fastAnswer) serve(w http.ResponseWriter, r *http.Request) {
	b := fastBuffers.Get().(*bytes.Buffer)
	b.Reset()
	_, err := b.ReadFrom(r.Body)
	stream := bytes.Contains(b.Bytes(), []byte(`"stream":true`)) || bytes.Contains(b.Bytes(), []byte(`"stream": true`))
	fastBuffers.Put(b)
	if err != nil {
		return
	}
	if !stream {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["Content-Length"] = []string{f.length}
		_, _ = w.Write(f.whole) // a client that is gone
		return
	}
	w.Header()["Content-Type"] = []string{"text/event-stream"}
	flush := http.NewResponseController(w)
	began := time.Now()
	for i, p := range f.pieces {
		if f.pace > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * f.pace)))
			p = stamped(p)
		}
		if _, err := w.Write(p); err != nil || flush.Flush() != nil {
			return
		}
	}
}

// stampDigits is how long a time in Unix nanoseconds is.
const stampDigits = 19

// stamped is the piece with the time of now in each place for it.
func stamped(piece []byte) []byte {
	piece = slices.Clone(piece)
	for rest := piece; ; {
		at := bytes.Index(rest, []byte(FastStamp))
		if at < 0 {
			return piece
		}
		rest = rest[at+len(FastStamp):]
		rest = rest[copy(rest, strconv.FormatInt(time.Now().UnixNano(), 10)):]
	}
}
