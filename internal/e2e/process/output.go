package process

import (
	"bytes"
	"strings"
	"sync"
)

// Output is what a process writes: an io.Writer that keeps all.
type Output struct {
	First chan struct{} // closed at the end of the first line

	mu    sync.Mutex
	b     bytes.Buffer
	begun bool
}

// NewOutput gives an empty one.
func NewOutput() *Output { return &Output{First: make(chan struct{})} }

// Write never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.begun && bytes.IndexByte(p, '\n') >= 0 {
		o.begun = true
		close(o.First)
	}
	return o.b.Write(p)
}

// String gives all that was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Requests are the canonical lines of a log, one for each request.
func (o *Output) Requests() []string {
	var out []string
	for line := range strings.Lines(o.String()) {
		if strings.Contains(line, " msg=request ") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}
