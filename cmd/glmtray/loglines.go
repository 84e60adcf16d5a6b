package main

import (
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/secret"
)

const (
	// lineDelay is how long the line of a request may wait for others: a write
	// costs as much as a dozen lines. A kill loses at most that much; whatever else
	// is logged, and the program's end, take along what waits.
	lineDelay = 100 * time.Millisecond
	// maxLines is when whoever brings the next line writes all, in bytes.
	maxLines = 64 << 10
)

// lineWriter writes whole lines, without keys in them: those of requests that went
// well in batches, any other at once. Nothing changes its place.
type lineWriter struct {
	w     io.Writer
	scrub *secret.Scrubber

	out sync.Mutex // one write at a time; taken before mu

	mu     sync.Mutex
	buf    []byte
	spare  []byte // the last buffer's memory
	timer  *time.Timer
	closed bool // there is nobody left to wait for
}

// Write writes a line at once.
func (l *lineWriter) Write(line []byte) (int, error) {
	l.add(line)
	return len(line), l.flush()
}

// later writes a line soon.
func (l *lineWriter) later(line []byte) error {
	if n, closed := l.add(line); n >= maxLines || closed {
		return l.flush()
	}
	return nil
}

// add gives the length of all that waits.
func (l *lineWriter) add(line []byte) (waiting int, closed bool) {
	line = l.scrub.Bytes(line) // each for itself: what looks like a key must not reach into the next
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buf) == 0 && !l.closed {
		if l.timer == nil {
			l.timer = time.AfterFunc(lineDelay, func() { _ = l.flush() }) // slog has nobody to tell either
		} else {
			l.timer.Reset(lineDelay)
		}
	}
	l.buf = append(l.buf, line...)
	return len(l.buf), l.closed
}

func (l *lineWriter) flush() error {
	l.out.Lock()
	defer l.out.Unlock()
	l.mu.Lock()
	p := l.buf
	l.buf, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	if len(p) == 0 {
		return nil
	}
	_, err := l.w.Write(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	if cap(p) <= 2*maxLines {
		l.spare = p[:0]
	}
	return err
}

// close writes what waits. What comes later is written at once.
func (l *lineWriter) close() {
	l.mu.Lock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	_ = l.flush() // slog has nobody to tell either
}

var lineBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

// request writes the canonical line of a request as slog.TextHandler does, to the
// byte, in a third of the time. It is false for a record with more in it than such
// a line has.
func (l *lineWriter) request(r *slog.Record) (written bool, err error) {
	pooled := lineBuffers.Get().(*[]byte)
	defer lineBuffers.Put(pooled)
	b, plain := (*pooled)[:0], true
	if !r.Time.IsZero() {
		b = append(appendMillis(append(b, "time="...), r.Time.Round(0)), ' ')
	}
	b = append(append(append(b, "level="...), r.Level.String()...), " msg="...)
	b = appendText(b, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		b = append(appendText(append(b, ' '), a.Key), '=')
		switch v := a.Value; v.Kind() {
		case slog.KindString:
			b = appendText(b, v.String())
		case slog.KindInt64:
			b = strconv.AppendInt(b, v.Int64(), 10)
		case slog.KindFloat64:
			b = strconv.AppendFloat(b, v.Float64(), 'g', -1, 64)
		case slog.KindBool:
			b = strconv.AppendBool(b, v.Bool())
		default:
			plain = false
		}
		return plain
	})
	*pooled = b
	if !plain {
		return false, nil
	}
	*pooled = append(b, '\n')
	return true, l.later(*pooled)
}

// appendMillis is RFC 3339 with milliseconds, always three digits of them.
func appendMillis(b []byte, t time.Time) []byte {
	const most = len("2006-01-02T15:04:05.000")
	begin := len(b)
	// Of RFC3339Nano, which time has a fast way for, a fourth digit that is not 0
	// keeps those before it; it is taken out again.
	b = t.Truncate(time.Millisecond).Add(time.Millisecond/10).AppendFormat(b, time.RFC3339Nano)
	return append(b[:begin+most], b[begin+most+1:]...)
}

// appendText quotes a text where a reader could not tell its end.
func appendText(b []byte, text string) []byte {
	if wantsQuotes(text) {
		return strconv.AppendQuote(b, text)
	}
	return append(b, text...)
}

func wantsQuotes(text string) bool {
	if text == "" {
		return true
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= utf8.RuneSelf {
			return wantsQuotesWide(text[i:])
		} else if c <= ' ' || c == '"' || c == '=' {
			return true
		}
	}
	return false
}

func wantsQuotesWide(text string) bool {
	for _, r := range text {
		if r <= ' ' || r == '"' || r == '=' || r == utf8.RuneError || r > unicode.MaxASCII && (unicode.IsSpace(r) || !unicode.IsPrint(r)) {
			return true
		}
	}
	return false
}
