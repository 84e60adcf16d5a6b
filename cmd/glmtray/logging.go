package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/secret"
)

// newLogger writes lines of at least level to lines and, while somebody watches, to
// the bus. Both pass the scrubber: vendors echo keys in their errors.
func newLogger(lines *lineWriter, level slog.Leveler, bus *event.Bus) *slog.Logger {
	text := slog.NewTextHandler(lines, &slog.HandlerOptions{Level: level})
	return slog.New(&busHandler{Handler: text, lines: lines, bus: bus, scrub: lines.scrub})
}

// takeStandardLog sends what libraries write to the standard logger the same way:
// net/http quotes there what a provider sends unasked, which may be a key.
func takeStandardLog(to *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(to.Handler(), slog.LevelWarn).Writer())
}

// setLevel takes the settings' log level.
func setLevel(l *slog.LevelVar, level string) error {
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("log level %q: allowed are debug, info, warn, error", level)
	}
	return nil
}

// busHandler shows log lines on the bus as well. The canonical line of a
// request stays out: the bus has event.Finished for it.
type busHandler struct {
	slog.Handler
	lines *lineWriter // nil in a handler that has attributes or groups of its own
	bus   *event.Bus
	scrub *secret.Scrubber
	attrs string
}

func (h *busHandler) Handle(ctx context.Context, r slog.Record) error {
	canonical := r.Message == proxy.CanonicalLine
	if canonical && r.Level < slog.LevelWarn && h.lines != nil {
		if written, err := h.lines.request(&r); written {
			return err
		}
	}
	if h.bus.Watched() && !canonical {
		var b strings.Builder
		b.WriteString(h.attrs)
		r.Attrs(func(a slog.Attr) bool {
			writeAttr(&b, a)
			return true
		})
		h.bus.Publish(event.Logged{
			Time: r.Time, Level: r.Level, Text: h.scrub.Text(r.Message), Attrs: h.scrub.Text(strings.TrimSpace(b.String())),
		})
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the attributes for both.
func (h *busHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.attrs)
	for _, a := range attrs {
		writeAttr(&b, a)
	}
	return &busHandler{h.Handler.WithAttrs(attrs), nil, h.bus, h.scrub, b.String()}
}

// WithGroup names a group for the text only.
func (h *busHandler) WithGroup(name string) slog.Handler {
	return &busHandler{h.Handler.WithGroup(name), nil, h.bus, h.scrub, h.attrs}
}

func writeAttr(b *strings.Builder, a slog.Attr) {
	if a.Value.Kind() == slog.KindTime {
		fmt.Fprintf(b, " %s=%s", a.Key, moment(a.Value.Time(), time.Now()))
		return
	}
	fmt.Fprintf(b, " %s=%v", a.Key, a.Value)
}

// moment writes a time for a person's eyes: the clock of today, else with its
// day. Lines that scripts read have it in full.
func moment(t, now time.Time) string {
	t = t.Local()
	if t.Format(time.DateOnly) == now.Local().Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}
