package state

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// LogSize is how many lines are kept.
const LogSize = 10_000

// Line is one line of the log.
type Line struct {
	Time  time.Time
	Level slog.Level
	Text  string
	ID    string // of the request it tells of; "" for a line of the program
	Mark  Mark
}

// String is the line as it is copied.
func (l Line) String() string {
	return l.Time.Local().Format("2006-01-02 15:04:05.000") + "  " + LevelWord(l.Level) + "  " + l.Text
}

// LevelWord names a level in five characters.
func LevelWord(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warn "
	case level >= slog.LevelInfo:
		return "info "
	}
	return "debug"
}

// Filter says which lines are shown.
type Filter struct {
	Text  string // in any case; each of its words must stand in the line
	Level slog.Level
}

func (f Filter) shows(l Line) bool {
	if l.Level < f.Level {
		return false
	}
	if f.Text == "" {
		return true
	}
	line := strings.ToLower(l.Text)
	for _, word := range strings.Fields(strings.ToLower(f.Text)) {
		if !strings.Contains(line, word) {
			return false
		}
	}
	return true
}

// Log is a ring of lines, and a view of it through a filter. While it does not
// follow, the view stands still and new lines wait.
type Log struct {
	ring   []Line
	first  uint64 // number of the oldest line
	next   uint64 // number of the line that comes next
	filter Filter
	shown  []uint64 // numbers of the lines the filter shows; some of the first may be gone
	gone   int      // how many
	held   []Line   // the view while it does not follow
	fixed  bool
	since  int // lines that wait
}

// NewLog makes a ring of size lines that follows and shows lines of level info
// and above.
func NewLog(size int) *Log { return &Log{ring: make([]Line, max(size, 1))} }

// Add puts a line at the end; the oldest makes room.
func (l *Log) Add(line Line) {
	l.ring[l.next%uint64(len(l.ring))] = line
	if l.next-l.first == uint64(len(l.ring)) {
		l.first++
		if l.gone < len(l.shown) && l.shown[l.gone] < l.first {
			l.gone++
		}
		if l.gone > len(l.ring) {
			l.shown = append(l.shown[:0], l.shown[l.gone:]...)
			l.gone = 0
		}
	}
	if l.filter.shows(line) {
		l.shown = append(l.shown, l.next)
		if l.fixed {
			l.since++
		}
	}
	l.next++
}

// Len is how many lines are shown.
func (l *Log) Len() int {
	if l.fixed {
		return len(l.held)
	}
	return len(l.shown) - l.gone
}

// At is the line shown at i, the zero Line if there is none.
func (l *Log) At(i int) Line {
	if i < 0 || i >= l.Len() {
		return Line{}
	}
	if l.fixed {
		return l.held[i]
	}
	return l.ring[l.shown[l.gone+i]%uint64(len(l.ring))]
}

// Total is how many lines there are, shown or not.
func (l *Log) Total() int { return int(l.next - l.first) } //nolint:gosec // at most the ring's size

// Ever is how many lines there have been.
func (l *Log) Ever() uint64 { return l.next }

// Filter is the filter in force.
func (l *Log) Filter() Filter { return l.filter }

// SetFilter shows other lines. A view that stands still shows what there is now.
func (l *Log) SetFilter(f Filter) {
	l.filter, l.gone = f, 0
	l.shown = l.shown[:0]
	for n := l.first; n < l.next; n++ {
		if f.shows(l.ring[n%uint64(len(l.ring))]) {
			l.shown = append(l.shown, n)
		}
	}
	if l.fixed {
		l.fixed = false
		l.SetFollow(false)
	}
}

// Follow reports whether new lines are shown as they come.
func (l *Log) Follow() bool { return !l.fixed }

// SetFollow lets the view run, or stand still at what it shows now.
func (l *Log) SetFollow(on bool) {
	if on == !l.fixed {
		return
	}
	l.held, l.since = nil, 0
	if on {
		l.fixed = false
		return
	}
	held := make([]Line, l.Len())
	for i := range held {
		held[i] = l.At(i)
	}
	l.held, l.fixed = held, true
}

// Waiting is how many new lines a view that stands still does not show.
func (l *Log) Waiting() int { return l.since }

// Text is everything that is shown, as it is copied.
func (l *Log) Text() string {
	var b strings.Builder
	for i := range l.Len() {
		b.WriteString(l.At(i).String())
		b.WriteByte('\n')
	}
	return b.String()
}

// logged takes a line of the program's own. The one line that tells of a
// request is left out: its Finished event tells more.
func (l *Log) logged(e event.Logged) {
	if e.Text == "request" && strings.Contains(" "+e.Attrs, " id=") && strings.Contains(e.Attrs, " status=") {
		return
	}
	text := e.Text
	if e.Attrs != "" {
		text += "  " + e.Attrs
	}
	l.Add(Line{Time: e.Time, Level: e.Level, Text: oneLine(text), Mark: lineMark(e)})
}

// lineMark is the shape of a line of the program's own. That it tells something
// is no success: only a key that is ready again is one.
func lineMark(e event.Logged) Mark {
	if word, ok := strings.CutPrefix(e.Text, "key "); ok {
		if m, ok := keyMarks[word]; ok {
			return m
		}
	}
	switch {
	case e.Level >= slog.LevelError:
		return Bad
	case e.Level >= slog.LevelWarn:
		return Waiting
	}
	return Plain
}

func (l *Log) finished(e event.Finished) {
	level := slog.LevelInfo
	switch {
	case e.Status == 499:
	case e.Status >= 500:
		level = slog.LevelError
	case e.Status >= 400 || (e.Outcome != "ok" && e.Outcome != ""):
		level = slog.LevelWarn
	}
	d := Decision{Status: e.Status, Outcome: e.Outcome}
	l.Add(Line{Time: e.Time, Level: level, ID: e.ID, Text: oneLine(requestText(e)), Mark: d.mark()})
}

// requestText is a request in one line: "200  claude-code  sonnet →
// cerebras/desk zai-glm-4.7  everything  0.21 s  1,040 tokens".
func requestText(e event.Finished) string {
	words := []string{strconv.Itoa(e.Status), orNone(e.Client)}
	if e.Rule == "" && e.Provider == "" {
		words = append(words, strings.TrimSpace(e.Method+" "+e.Path))
	} else {
		d := Decision{Provider: e.Provider, Key: e.Key}
		words = append(words, orNone(e.Asked)+" → "+strings.TrimSpace(d.target()+" "+e.Model), orNone(e.Rule))
	}
	words = append(words, Took(e.Took))
	if n := e.Tokens.Completion; n > 0 {
		words = append(words, TrN(n, "{{.Count}} token", "{{.Count}} tokens"))
	}
	if e.Attempts > 1 {
		words = append(words, attempts(e.Attempts))
	}
	if e.Outcome != "ok" && e.Outcome != "" {
		words = append(words, plain(e.Outcome))
	}
	if e.Error != "" {
		words = append(words, Told(e.Error))
	}
	return strings.Join(words, "  ")
}

// oneLine keeps foreign text from breaking a line in two.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, text)
}

// Missed puts a line where n events were dropped before they could be shown.
func (l *Log) Missed(now time.Time, n uint64) {
	l.Add(Line{Time: now, Level: slog.LevelWarn, Mark: Waiting, Text: TrN(int(n), "{{.Count}} event came too fast to be shown", "{{.Count}} events came too fast to be shown")}) //nolint:gosec // far below
}
