package simulator

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// fastAnswers are the bytes that Fast answers, made once.
type fastAnswers struct {
	whole  []byte
	length string
	pieces [][]byte
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
	r := &completion{play: vendors[s.vendor()], vendor: s.vendor(), id: "chatcmpl-fast", model: "fast", finish: "stop"}
	r.usage = usage{Prompt: 100, Completion: f.Events, Total: 100 + f.Events}
	padded := func(size int, form func() []byte) []byte {
		r.text = []string{""}
		r.text[0] = strings.Repeat("x", max(1, size-len(form())))
		return form()
	}
	a := &fastAnswers{whole: padded(f.Bytes, r.whole)}
	a.length = strconv.Itoa(len(a.whole))
	text := padded(f.EventBytes, func() []byte { return r.chunk(kindContent, &message{Content: &r.text[0]}).data })
	events := [][]byte{r.roleEvent().data}
	for range f.Events {
		events = append(events, text)
	}
	for _, e := range r.ending("") {
		events = append(events, e.data)
	}
	if f.Batch < 0 {
		f.Batch = len(events)
	}
	for i := 0; i < len(events); i += f.Batch {
		a.pieces = append(a.pieces, bytes.Join(events[i:min(i+f.Batch, len(events))], nil))
	}
	return a
}

var fastBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// serve answers at once. Only whether a stream is asked for is looked at.
func (f *fastAnswers) serve(w http.ResponseWriter, r *http.Request) {
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
	for _, p := range f.pieces {
		if _, err := w.Write(p); err != nil || flush.Flush() != nil {
			return
		}
	}
}
