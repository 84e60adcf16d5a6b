package ui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// requests is the page of all requests: those that run, then those that ended.
// One that is chosen opens below the list.
type requests struct {
	u      *UI
	box    *fyne.Container // what the page shows: upper, parts, or the pane
	parts  *container.Split
	upper  *fyne.Container // filters, header, list, foot
	text   *field
	picks  [4]*pick // provider, status, client, rule
	pause  *button
	foot   *widget.Label // how many there are; of the row under the pointer, which way it went
	foot2  *widget.Label // and what became of it
	again  *button
	empty  *widget.Label
	list   *listing
	grid   grid
	view   state.View
	seen   uint64 // changes when the view was taken
	at     time.Time
	chosen string // ID
	over   string // ID of the row under the pointer
	top    string // ID of the first row, as it was drawn last
	came   int    // rows that stand above it since
	pane   *requestPane
	typed  *time.Timer
	failed string // why a page could not be had
	wanted int    // the row that it was for
	from   string // the page on which the request was chosen; "" if on this one
}

// statuses are the choices of the filter by status, with what asks for them.
var statuses = []struct{ word, status string }{
	{spoken("any status"), ""}, {spoken("failed"), "error"}, {"2xx", "2xx"}, {"4xx", "4xx"}, {"429", "429"}, {"5xx", "5xx"}, {"499", "499"},
}

func newRequests(u *UI) *requests {
	r := &requests{u: u, text: u.field(tr("search: reason, error, model, path")), foot: small(""), foot2: small(""), empty: wrapped("")}
	r.grid = requestGrid()
	r.list = newListing(func() int { return r.view.Len() }, r.newLine, r.fillLine)
	r.list.HideSeparators = true
	r.list.OnSelected = r.picked
	r.pause = newButton(tr("Pause"), func() { r.hold(!u.st.Requests().Paused()) })
	r.picks = [4]*pick{
		newPick(tr("any provider"), r.filter), newPick(tr("any status"), r.filter),
		newPick(tr("any client"), r.filter), newPick(tr("any rule"), r.filter),
	}
	for _, s := range statuses[1:] {
		r.picks[1].add(tr(s.word), s.status)
	}
	r.text.OnChanged = func(string) { r.soon() }
	bar := container.NewHBox()
	for _, p := range r.picks {
		bar.Add(atLeast(7*apart, 0, p.box))
	}
	bar.Add(r.pause)
	top := container.NewVBox(container.NewBorder(nil, nil, nil, bar, r.text), r.grid.header())
	for _, l := range []*widget.Label{r.foot, r.foot2} {
		l.Truncation = fyne.TextTruncateEllipsis
	}
	r.again = quietButton(tr("Try again"), nil, func() {
		u.st.Requests().Again()
		r.page(r.wanted)
	})
	r.again.Hide()
	lines := container.New(layout.NewCustomPaddedVBoxLayout(-apart), faint(r.foot), faint(r.foot2))
	foot := container.NewBorder(nil, nil, nil, r.again, lines)
	r.upper = container.NewBorder(top, foot, nil, nil, container.NewStack(r.list, r.empty))
	r.pane = newRequestPane(r)
	r.parts = container.NewVSplit(r.upper, r.pane.box)
	r.parts.Offset = 0.45
	r.box = container.NewStack(r.upper)
	return r
}

// requestGrid has the columns of the list. Where there is little room what is
// least asked for goes first; the pane below has it all.
func requestGrid() grid {
	figures := func(name string, width float32, rank int) column {
		return column{name: name, width: width, right: true, mono: true, rank: rank}
	}
	return grid{columns: []column{
		{name: tr("Time"), width: 68},
		{name: tr("Client"), width: 82, grow: 1, rank: 5},
		{name: tr("Asked"), width: 117, grow: 2, middle: true},
		{name: tr("Went to"), width: 145, grow: 3, middle: true},
		{name: tr("Rule"), width: 84, grow: 1, rank: 4},
		figures(tr("Status"), 48, 0), figures(tr("In"), 48, 2), figures(tr("Cached"), 47, 8),
		figures(tr("Out"), 40, 1), figures(tr("First s"), 48, 6), figures(tr("Tok/s"), 48, 3), figures(tr("Took s"), 48, 0), figures(tr("Cost"), 71, 9),
	}}
}

func (r *requests) object() fyne.CanvasObject { return r.box }

func (r *requests) search() fyne.Focusable { return r.text }

// count is how many requests run.
func (r *requests) count(time.Time) string {
	if n := r.u.st.Counts().Running; n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

func (r *requests) tick(now time.Time) time.Duration { return r.u.st.RequestTick(now) }

func (r *requests) opened() {
	r.u.st.Requests().Open(true)
	r.seen = 0
}

// escape closes the pane.
func (r *requests) escape() bool {
	if r.chosen == "" {
		return false
	}
	r.close()
	return true
}

func (r *requests) hold(on bool) {
	r.u.st.Requests().Pause(on)
	r.draw(r.u.now())
}

func (r *requests) newLine() fyne.CanvasObject { return r.grid.line() }

func (r *requests) fillLine(i widget.ListItemID, o fyne.CanvasObject) {
	l := o.(*line)
	q := r.view.At(i)
	if q == nil {
		return
	}
	id := q.ID
	l.hovered = func(in bool) { r.point(id, in) }
	row := q.Row(r.at)
	l.set(row.Mark, id == r.chosen, 0, row.Time, row.Client, row.Asked, row.Target, row.Rule, row.Status,
		row.In, row.Cached, row.Out, row.First, row.Speed, row.Took, row.Cost)
	if i >= r.view.Running() {
		r.page(i - r.view.Running())
	}
}

// point shows the row under the pointer whole, at the foot.
func (r *requests) point(id string, in bool) {
	switch {
	case in:
		r.over = id
	case r.over == id:
		r.over = ""
	}
	r.drawFoot()
}

// page asks the records for more once the end is near.
func (r *requests) page(seen int) {
	q, ok := r.u.st.Requests().Want(seen, r.u.now())
	if !ok {
		return
	}
	work(r.u, forDisk, func(ctx context.Context) ([]state.Request, error) { return r.u.b.Requests(ctx, q) },
		func(page []state.Request, err error) {
			if r.failed, r.wanted = "", 0; err != nil {
				r.failed, r.wanted = sentence(err.Error()), seen
				r.u.st.Requests().Failed(q, r.u.now())
				r.drawFoot()
				return
			}
			r.u.st.Requests().Page(q, page)
			r.u.redraw()
		})
}

// soon filters a moment after the last letter: the records are asked each time.
func (r *requests) soon() {
	if r.typed != nil {
		r.typed.Stop()
	}
	r.typed = time.AfterFunc(300*time.Millisecond, func() { r.u.do(r.filter) })
}

// filter shows other requests.
func (r *requests) filter() {
	f := state.RequestFilter{
		Text: strings.TrimSpace(r.text.Text), Provider: r.picks[0].value(), Status: r.picks[1].value(),
		Client: r.picks[2].value(), Rule: r.picks[3].value(),
	}
	r.u.st.Requests().SetFilter(f)
	r.list.ScrollToTop()
	r.draw(r.u.now())
}

func (r *requests) picked(i widget.ListItemID) {
	r.list.UnselectAll()
	if q := r.view.At(i); q != nil {
		r.from = ""
		r.choose(q.ID)
	}
}

// choose opens a request below the list.
func (r *requests) choose(id string) {
	r.chosen = id
	r.pane.open(id)
	r.lay()
	r.list.Refresh()
}

// close closes the pane, and goes back to where the request was chosen.
func (r *requests) close() {
	from := r.from
	r.chosen, r.from = "", ""
	r.pane.large = false
	r.lay()
	r.list.Refresh()
	if from != "" {
		r.u.turn(from)
	}
}

// lay shows the list, the list and the pane, or the pane alone.
func (r *requests) lay() {
	var o fyne.CanvasObject = r.upper
	switch {
	case r.chosen == "":
	case r.pane.large:
		o = r.pane.box
	default:
		r.parts.Leading, r.parts.Trailing = r.upper, r.pane.box
		r.parts.Refresh()
		o = r.parts
	}
	r.box.Objects = []fyne.CanvasObject{o}
	r.box.Refresh()
}

// showRequest opens a request on its page.
func (u *UI) showRequest(id string) {
	if u.welcome != nil || id == "" {
		return
	}
	before := u.open
	u.turn(tabRequests)
	if r, ok := u.open.page.(*requests); ok {
		if before != nil && before.page != r {
			r.from = before.name
		}
		r.choose(id)
		r.u.redraw()
	}
}

func (r *requests) draw(now time.Time) {
	l := r.u.st.Requests()
	moved := l.Changes() != r.seen
	r.came = 0
	if moved || r.view.Running() > 0 {
		r.show(l, now, moved)
	}
	word := tr("Pause")
	if l.Paused() {
		word = tr("Go on")
	}
	if r.pause.Text != word {
		r.pause.SetText(word)
	}
	r.pane.draw()
	r.drawFoot()
	r.page(r.wanted)
}

// show takes the list as it stands. What is looked at further down stays where
// it is while new rows come in above it.
func (r *requests) show(l *state.Requests, now time.Time, moved bool) {
	r.view, r.seen, r.at = l.View(), l.Changes(), now
	if moved && r.top != "" {
		r.came = r.view.Find(r.top, pageOfNew)
	}
	if offset := r.list.GetScrollOffset(); offset > 0 && r.came > 0 {
		r.list.ScrollToOffset(offset + float32(r.came)*rowHeight)
	}
	if r.top = ""; r.view.Len() > 0 {
		r.top = r.view.At(0).ID
	}
	r.list.Refresh()
	none := r.view.Len() == 0
	if none {
		setText(r.empty, r.teach())
	}
	show(r.empty, none)
	if moved {
		r.offer()
	}
}

// flooded reports whether more rows have come than can be read, or none of the new
// ones is seen.
func (r *requests) flooded() bool {
	return r.came < 0 || r.list.flooded(r.came) || (r.came > 0 && r.list.GetScrollOffset() > 0)
}

// pageOfNew is how many new rows are looked for at most.
const pageOfNew = 200

// teach is what an empty list says.
func (r *requests) teach() string {
	if r.u.st.Requests().Filter() != (state.RequestFilter{}) {
		return tr("No request matches.")
	}
	return r.u.noRequests()
}

// noRequests is what stands where requests will.
func (u *UI) noRequests() string {
	if url := u.st.Server().URL; url != "" {
		return tr("No requests yet. Point a client at {{.URL}} with any key and any model: what it asks for, and who answers, stands here.", "URL", url)
	}
	return tr("No requests yet.")
}

// offer puts what was seen into the filters' choices.
func (r *requests) offer() {
	for i := range min(r.view.Len(), pageOfNew) {
		q := r.view.At(i)
		r.picks[0].add(q.Provider, q.Provider)
		r.picks[2].add(q.Client, q.Client)
		r.picks[3].add(q.Rule, q.Rule)
	}
	for _, p := range r.picks {
		p.put()
	}
}

func (r *requests) drawFoot() {
	show(r.again, r.failed != "")
	if i := r.view.Find(r.over, pageOfNew*10); r.over != "" && i >= 0 {
		way, end := r.view.At(i).Whole(r.u.now())
		setText(r.foot, way)
		setText(r.foot2, end)
		return
	}
	l, n := r.u.st.Requests(), r.view.Len()
	text := trN(n, "{{.Count}} request", "{{.Count}} requests")
	if !l.Whole() && n > 0 && r.failed == "" {
		text = trN(n, "{{.Count}} request, older ones follow as you scroll", "{{.Count}} requests, older ones follow as you scroll")
	}
	switch waiting, more := l.Waiting(); {
	case more:
		text += " · " + tr("more than {{.Count}} new ones wait", "Count", state.Thousands(waiting))
	case waiting > 0:
		text += " · " + trN(waiting, "{{.Count}} new one waits", "{{.Count}} new ones wait")
	}
	setText(r.foot, text)
	text = ""
	if r.failed != "" {
		text = tr("The older ones cannot be read now.") + " " + r.failed
	}
	setText(r.foot2, text)
}

// pick is a filter by one of several values, the first choice being all.
type pick struct {
	box     *choice
	words   []string
	values  []string
	changed func()
	fresh   bool
}

func newPick(all string, changed func()) *pick {
	p := &pick{words: []string{all}, values: []string{""}}
	p.box = newChoice([]string{all}, nil)
	p.box.SetSelectedIndex(0)
	p.box.OnChanged = func(string) { changed() }
	return p
}

// add adds a choice that is not there yet; put shows it.
func (p *pick) add(word, value string) {
	if value != "" && !slices.Contains(p.values, value) && len(p.values) < 200 {
		p.words, p.values, p.fresh = append(p.words, word), append(p.values, value), true
	}
}

func (p *pick) put() {
	if p.fresh {
		p.fresh = false
		p.box.SetOptions(p.words)
	}
}

func (p *pick) value() string {
	if i := p.box.SelectedIndex(); i > 0 && i < len(p.values) {
		return p.values[i]
	}
	return ""
}
