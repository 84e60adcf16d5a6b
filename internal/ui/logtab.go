package ui

import (
	"log/slog"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// levels are the choices of the log's filter, by word.
var levels = []struct {
	word  string
	level slog.Level
}{{spoken("All"), slog.LevelDebug}, {spoken("Info"), slog.LevelInfo}, {spoken("Warnings"), slog.LevelWarn}, {spoken("Errors"), slog.LevelError}}

// logPage is the live log: requests and the program's own lines.
type logPage struct {
	u        *UI
	box      *fyne.Container
	text     *field
	level    *choice
	follow   *tick
	count    *widget.Label
	list     *listing
	grid     grid
	empty    *widget.Label
	whole    *widget.Label // the selected line, all of it
	copyLine *button
	copyAll  *button
	selected state.Line
	shown    extent
	ever     uint64 // lines that there had been
	came     int    // since it was drawn before
}

// extent is what the list showed last: the same extent, the same lines.
type extent struct {
	n, total int
	last     state.Line
	waiting  int
}

func newLog(u *UI) *logPage {
	l := &logPage{u: u, text: u.field(tr("filter: words that a line must have")), count: widget.NewLabel(""), whole: wrapped("")}
	words := make([]string, len(levels))
	for i := range levels {
		words[i] = tr(levels[i].word)
	}
	l.level = newChoice(words, nil)
	l.level.SetSelectedIndex(1)
	l.level.OnChanged = func(string) { l.filter() }
	l.text.OnChanged = func(string) { l.filter() }
	l.follow = newTick(tr("Follow"), nil)
	l.follow.SetChecked(true)
	l.follow.OnChanged = func(on bool) {
		u.st.Log().SetFollow(on)
		if on {
			l.list.UnselectAll()
		}
		l.draw(u.now())
	}
	l.copyLine = newButton(tr("Copy line"), func() { u.copy(l.selected.String()) })
	l.copyLine.Disable()
	l.copyAll = newButton(tr("Copy all"), func() { u.copy(u.st.Log().Text()) })
	folder := newButton(tr("Log folder"), func() { u.folder("logs") })
	l.grid = grid{columns: []column{{width: 5 * apart, mono: true}, {width: 20 * apart, grow: 1, mono: true}}}
	l.list = newListing(
		func() int { return u.st.Log().Len() },
		func() fyne.CanvasObject { return l.grid.line() },
		func(i widget.ListItemID, c fyne.CanvasObject) {
			at := u.st.Log().At(i)
			c.(*line).set(at.Mark, false, 1<<0, at.Time.Local().Format("15:04:05"), at.Text)
		},
	)
	l.list.HideSeparators = true
	l.list.OnSelected = l.picked
	l.empty = wrapped("")
	l.whole.Selectable = true
	l.whole.TextStyle.Monospace = true
	l.whole.Hide()
	bar := container.NewBorder(nil, nil, nil, container.NewHBox(l.level, l.follow, l.copyLine, l.copyAll, folder), l.text)
	l.box = container.NewBorder(container.NewVBox(bar, widget.NewSeparator()), container.NewVBox(l.whole, l.count), nil, nil,
		container.NewStack(l.list, l.empty))
	return l
}

func (l *logPage) object() fyne.CanvasObject { return l.box }

func (l *logPage) search() fyne.Focusable { return l.text }

func (l *logPage) opened() {
	l.list.UnselectAll() // so that the same line can be chosen once more
	if l.u.st.Log().Follow() {
		l.list.ScrollToBottom()
	}
}

func (l *logPage) filter() {
	f := state.Filter{Text: l.text.Text}
	if i := l.level.SelectedIndex(); i >= 0 {
		f.Level = levels[i].level
	}
	l.u.st.Log().SetFilter(f)
	l.list.UnselectAll()
	l.draw(l.u.now())
}

// picked shows a line whole, and the request that it tells of. The view stands
// still from then on: the line must not run away from under the pointer.
func (l *logPage) picked(i widget.ListItemID) {
	l.selected = l.u.st.Log().At(i)
	say(l.whole, widget.MediumImportance, l.selected.String())
	enable(l.copyLine, true)
	l.follow.SetChecked(false)
	l.u.showRequest(l.selected.ID)
}

func (l *logPage) draw(time.Time) {
	log := l.u.st.Log()
	m := extent{n: log.Len(), total: log.Total(), last: log.At(log.Len() - 1), waiting: log.Waiting()}
	l.came, l.ever = int(log.Ever()-l.ever), log.Ever() //nolint:gosec // between two frames
	if m == l.shown && m.total > 0 {
		return
	}
	l.shown = m
	l.list.Refresh()
	if log.Follow() && m.n > 0 {
		l.list.ScrollToBottom()
	}
	text := trN(m.total, "{{.Shown}} / {{.Count}} line", "{{.Shown}} / {{.Count}} lines", "Shown", state.Thousands(m.n))
	if m.waiting > 0 {
		text += " · " + trN(m.waiting, "{{.Count}} new", "{{.Count}} new")
	}
	setText(l.count, text)
	switch {
	case m.total == 0:
		setText(l.empty, tr("Nothing happened yet. Every request gets a line here, and so does everything glmtray does by itself."))
	case m.n == 0:
		setText(l.empty, tr("No line matches."))
	}
	show(l.empty, m.n == 0)
}

// flooded reports whether more lines have come than can be read.
func (l *logPage) flooded() bool { return l.list.flooded(l.came) }
