package ui

import (
	"context"
	"image/color"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// routing is the page of the routing table: what goes where, in which order, and
// which way a request would go.
type routing struct {
	u       *UI
	box     *fyne.Container
	rules   state.Rules  // as they stand in the settings
	draft   []state.Rule // as they are edited
	rows    []*ruleRow
	column  *fyne.Container
	add     *button
	save    *button
	undo    *button
	message *widget.Label
	origin  *widget.Label
	editor  *ruleEditor
	side    *fyne.Container
	hint    *widget.Label
	chosen  int // of draft; -1: none
	loading bool
	busy    bool
	again   bool // read once more: the settings were written
	dry     *dryRun
}

func newRouting(u *UI) *routing {
	r := &routing{u: u, chosen: -1, message: wrapped(""), origin: cell(false)}
	r.hint = wrapped("")
	r.add = newIconButton(tr("Add a rule"), theme.ContentAddIcon(), r.fresh)
	r.save = newButton(tr("Save"), r.write)
	r.save.Importance = widget.HighImportance
	r.undo = newButton(tr("Undo"), r.revert)
	r.message.Hide()
	r.editor = newRuleEditor(r)
	r.column = container.New(layout.NewCustomPaddedVBoxLayout(0))
	r.side = container.NewStack(r.hint)
	r.dry = newDryRun(u)
	top := container.NewVBox(container.NewBorder(nil, nil, heading(tr("Routing")), container.NewHBox(r.add, r.undo, r.save), faint(r.origin)), widget.NewSeparator(), r.message)
	table := container.New(beside{most: 20 * apart, share: 0.35}, container.NewVScroll(r.column), upright(), container.NewVScroll(r.side))
	upper := container.NewBorder(top, nil, nil, nil, table)
	parts := container.NewVSplit(upper, r.dry.box)
	parts.Offset = 0.5
	r.box = container.NewStack(parts)
	return r
}

func (r *routing) object() fyne.CanvasObject { return r.box }

func (r *routing) opened() {
	r.load()
	r.dry.offer()
}

func (r *routing) escape() bool {
	if r.chosen < 0 {
		return false
	}
	r.choose(-1)
	return true
}

// dirty reports whether something was changed and not saved.
func (r *routing) dirty() bool { return !slices.EqualFunc(r.draft, r.rules.List, state.Rule.Equal) }

// load reads the table anew, unless somebody is changing it.
func (r *routing) load() {
	if r.loading || (r.dirty() && !r.again) {
		return
	}
	r.loading = true
	work(r.u, forDisk, r.u.b.Rules, func(rules state.Rules, err error) {
		r.loading = false
		if err != nil {
			sayError(r.message, err)
			return
		}
		if r.dirty() && !r.again {
			return
		}
		r.again = false
		r.rules, r.draft = rules, cloneRules(rules.List)
		r.choose(min(r.chosen, len(r.draft)-1))
		r.show()
	})
}

func cloneRules(list []state.Rule) []state.Rule {
	out := slices.Clone(list)
	for i := range out {
		out[i].Use = slices.Clone(out[i].Use)
	}
	return out
}

func (r *routing) fresh() {
	at := max(len(r.draft)-1, 0) // before the one that holds for all
	r.draft = slices.Insert(r.draft, at, state.Rule{Name: tr("new rule"), Model: "*", Use: slices.Clone(r.rules.Targets[:min(1, len(r.rules.Targets))])})
	r.choose(at)
	r.show()
}

func (r *routing) revert() {
	r.draft = cloneRules(r.rules.List)
	r.choose(min(r.chosen, len(r.draft)-1))
	say(r.message, widget.MediumImportance, "")
	r.show()
}

// move moves a rule up or down.
func (r *routing) move(i, by int) {
	to := i + by
	if to < 0 || to >= len(r.draft) {
		return
	}
	r.draft[i], r.draft[to] = r.draft[to], r.draft[i]
	switch r.chosen {
	case i:
		r.chosen = to
	case to:
		r.chosen = i
	}
	r.show()
}

func (r *routing) remove(i int) {
	r.draft = slices.Delete(r.draft, i, i+1)
	r.choose(-1)
	r.show()
}

// choose opens a rule beside the table.
func (r *routing) choose(i int) {
	r.chosen = i
	var o fyne.CanvasObject = r.hint
	if i >= 0 {
		o = r.editor.box
		r.editor.open(&r.draft[i])
	}
	r.side.Objects = []fyne.CanvasObject{o}
	r.side.Refresh()
	r.show()
}

// trouble is the first thing that keeps the table from being written.
func (r *routing) trouble() string {
	for i := range r.draft {
		if t := state.Troubles(r.draft, i, r.rules.Targets); len(t) > 0 {
			return r.draft[i].Name + ": " + t[0].Text
		}
	}
	return ""
}

// show shows the draft.
func (r *routing) show() {
	for len(r.rows) < len(r.draft) {
		r.rows = append(r.rows, newRuleRow(r, len(r.rows)))
	}
	objects := make([]fyne.CanvasObject, len(r.draft))
	for i := range r.draft {
		objects[i] = r.rows[i].box
		r.rows[i].set(&r.draft[i], i == r.chosen, len(r.draft), len(state.Troubles(r.draft, i, r.rules.Targets)) > 0)
	}
	r.column.Objects = objects
	r.column.Refresh()
	if r.chosen >= 0 {
		r.editor.told(state.Troubles(r.draft, r.chosen, r.rules.Targets))
	}
	text, hint := tr("from {{.Origin}}", "Origin", r.rules.Origin), tr("The first rule that holds decides. Choose one to change it; the arrows move it.")
	if r.rules.Default {
		text = tr("the default rules")
		hint += " " + tr("These are the default ones. Once you save them they stand in settings.toml, and the setting token_threshold no longer moves them.")
	}
	setText(r.hint, hint)
	setText(r.origin, text)
	r.able()
}

func (r *routing) able() {
	dirty, trouble := r.dirty(), r.trouble()
	enable(r.save, dirty && trouble == "" && !r.busy)
	enable(r.undo, dirty && !r.busy)
	enable(r.add, !r.busy && len(r.rules.List) > 0)
	if dirty && trouble != "" {
		say(r.message, widget.DangerImportance, sentence(trouble))
	} else if r.message.Importance == widget.DangerImportance && !r.loading && trouble == "" {
		say(r.message, widget.MediumImportance, "")
	}
}

// write saves the table. What is wrong with it is told, and the draft stays.
func (r *routing) write() {
	if r.busy || r.trouble() != "" {
		return
	}
	r.busy = true
	list := cloneRules(r.draft)
	r.able()
	act(r.u, forDisk, func(ctx context.Context) error { return r.u.b.SetRules(ctx, list) }, func(err error) {
		r.busy = false
		r.able()
		if err != nil {
			sayError(r.message, err)
			return
		}
		say(r.message, widget.MediumImportance, tr("Saved. It holds from the next request on."))
		r.again = true
		r.load()
	})
}

func (r *routing) draw(now time.Time) {
	for i := range r.draft {
		if i < len(r.rows) {
			r.rows[i].targets(&r.draft[i], now)
		}
	}
}

// ruleRow is one rule of the table: what it is called and when it holds, and
// below that where it sends to.
type ruleRow struct {
	r              *routing
	i              int
	box            *fyne.Container
	press          *pressed
	number         *widget.Label
	name           *widget.Label
	when           *widget.Label
	chain          *fyne.Container
	said           string
	up, down, drop *button
	wrong          *widget.Icon
	edge           *canvas.Rectangle // the rule is chosen
}

func newRuleRow(r *routing, i int) *ruleRow {
	w := &ruleRow{
		r: r, i: i, number: figure(), name: heading(""), when: cell(false), wrong: widget.NewIcon(shapes[state.Bad]),
		edge: canvas.NewRectangle(color.Transparent),
	}
	w.edge.SetMinSize(fyne.NewSize(3, 0))
	w.name.Truncation = fyne.TextTruncateEllipsis
	w.up = quietButton("", theme.MoveUpIcon(), func() { r.move(i, -1) })
	w.down = quietButton("", theme.MoveDownIcon(), func() { r.move(i, 1) })
	w.drop = quietButton("", theme.DeleteIcon(), func() { r.remove(i) })
	w.chain = container.New(tucked{asManyAsFit{-near}})
	words := container.New(tucked{columns{2 * apart, -2, -3, markWidth}}, w.number, w.name, faint(w.when), w.wrong)
	below := container.New(columns{2 * apart, 0}, layout.NewSpacer(), atLeast(0, rowHeight, container.NewClip(w.chain)))
	w.press = newPressed(container.New(layout.NewCustomPaddedVBoxLayout(0), words, below), func() { r.choose(i) })
	buttons := container.NewCenter(container.New(layout.NewCustomPaddedHBoxLayout(-tight), w.up, w.down, w.drop))
	w.box = container.NewBorder(nil, widget.NewSeparator(), w.edge, buttons, w.press)
	return w
}

func (w *ruleRow) set(rule *state.Rule, chosen bool, of int, wrong bool) {
	setText(w.number, state.Thousands(w.i+1))
	setText(w.name, rule.Name)
	setText(w.when, rule.When())
	w.edge.FillColor = color.Transparent
	if chosen {
		w.edge.FillColor = inkOf(theme.ColorNamePrimary)
	}
	w.edge.Refresh()
	show(w.wrong, wrong)
	enable(w.up, w.i > 0)
	enable(w.down, w.i+1 < of)
	enable(w.drop, of > 1)
	w.targets(rule, w.r.u.now())
}

// targets shows where the rule sends to, each with how it stands.
func (w *ruleRow) targets(rule *state.Rule, now time.Time) {
	said := ""
	states := make([]state.TargetState, len(rule.Use))
	for i, t := range rule.Use {
		states[i] = w.r.u.st.Target(t, now)
		said += t + " " + states[i].Word + "\n"
	}
	if said += rule.Canary; said == w.said {
		return
	}
	w.said = said
	var groups []fyne.CanvasObject
	together := func(objects ...fyne.CanvasObject) {
		groups = append(groups, container.New(layout.NewCustomPaddedHBoxLayout(-near), objects...))
	}
	for i, s := range states {
		var objects []fyne.CanvasObject
		if i > 0 {
			objects = append(objects, faint(widget.NewLabel("→")), atLeast(apart, 0, layout.NewSpacer())) // alone: Fyne takes what follows it from the arrow's font
		}
		objects = append(objects, centred(widget.NewIcon(shapes[s.Mark])), widget.NewLabel(s.Target))
		if s.Mark != state.Good {
			objects = append(objects, faint(small(s.Word)))
		}
		together(objects...)
	}
	if rule.Canary != "" {
		together(faint(small("(" + strings.ReplaceAll(rule.Canary, " → ", ", ") + ")")))
	}
	w.chain.Objects = append(groups, faint(widget.NewLabel("")))
	w.chain.Refresh()
}

// asManyAsFit lays out objects one beside the other as far as there is room; the last
// one is a label, which says how many there are beyond.
type asManyAsFit struct{ gap float32 }

// MinSize implements fyne.Layout.
func (f asManyAsFit) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, 0)
	for _, o := range objects {
		size.Height = max(size.Height, o.MinSize().Height)
	}
	return size
}

// Layout implements fyne.Layout.
func (f asManyAsFit) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	last := len(objects) - 1
	if last < 0 {
		return
	}
	more := objects[last].(*widget.Label)
	fit := f.fit(objects[:last], size.Width)
	text := ""
	if fit < last {
		fit = f.fit(objects[:last], size.Width-fyne.MeasureText("+0", textSize, more.TextStyle).Width-2*near)
		text = "+" + state.Thousands(last-fit)
	}
	x := float32(0)
	for i, o := range objects[:last] {
		show(o, i < fit)
		if i < fit {
			o.Move(fyne.NewPos(x, 0))
			o.Resize(fyne.NewSize(o.MinSize().Width, size.Height))
			x += o.MinSize().Width + f.gap
		}
	}
	setText(more, text)
	more.Move(fyne.NewPos(x, 0))
	more.Resize(fyne.NewSize(more.MinSize().Width, size.Height))
}

// fit is how many of the objects have room.
func (f asManyAsFit) fit(objects []fyne.CanvasObject, width float32) int {
	x := float32(0)
	for i, o := range objects {
		if x+o.MinSize().Width > width {
			return i
		}
		x += o.MinSize().Width + f.gap
	}
	return len(objects)
}
