package ui

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// ruleEditor changes one rule of the draft, as one types.
type ruleEditor struct {
	r                 *routing
	box               *fyne.Container
	name, tokens      *field
	model, use        *field
	images            *tick
	targets           *choice
	wrong             map[state.Where]*widget.Label
	opening, choosing bool
}

func newRuleEditor(r *routing) *ruleEditor {
	e := &ruleEditor{r: r, wrong: map[state.Where]*widget.Label{}}
	for _, where := range []state.Where{state.WhereName, state.WhereTokens, state.WhereUse, state.WhereOrder} {
		l := caption("")
		l.Hide()
		e.wrong[where] = l
	}
	e.name, e.model, e.use = r.u.field(tr("a name for it")), r.u.field(tr("any; such as *haiku*|*air*")), r.u.field("cerebras/large, zai/large")
	e.tokens = r.u.field(tr("any; such as 120k"))
	e.images = newTick(tr("has pictures"), func(bool) { e.take() })
	for _, f := range []*field{e.name, e.model, e.use, e.tokens} {
		f.OnChanged = func(string) { e.take() }
	}
	e.targets = newChoice(nil, e.addTarget)
	e.targets.PlaceHolder = tr("add a target…")
	e.box = container.NewVBox(
		labelled(tr("Name"), e.name), e.wrong[state.WhereName],
		caption(tr("Holds for a request that has all of this:")),
		labelled(tr("Pictures"), e.images), labelled(tr("Tokens over"), e.tokens), e.wrong[state.WhereTokens],
		labelled(tr("Model"), e.model), e.wrong[state.WhereOrder],
		caption(tr("Goes to the first of these that can serve:")),
		labelled(tr("Targets"), e.use), inset(e.targets), e.wrong[state.WhereUse],
	)
	return e
}

// open shows a rule.
func (e *ruleEditor) open(rule *state.Rule) {
	e.opening = true
	defer func() { e.opening = false }()
	e.name.SetText(rule.Name)
	e.images.SetChecked(rule.Images)
	tokens := ""
	if rule.TokensOver != 0 {
		tokens = strconv.Itoa(rule.TokensOver)
	}
	e.tokens.SetText(tokens)
	e.model.SetText(rule.Model)
	e.use.SetText(strings.Join(rule.Use, ", "))
	e.targets.SetOptions(e.r.rules.Targets)
	e.told(nil)
}

// take puts what is typed into the draft.
func (e *ruleEditor) take() {
	if e.opening || e.r.chosen < 0 {
		return
	}
	rule := &e.r.draft[e.r.chosen]
	rule.Name, rule.Images, rule.Model = strings.TrimSpace(e.name.Text), e.images.Checked, strings.TrimSpace(e.model.Text)
	rule.TokensOver, rule.Use = state.ParseTokens(e.tokens.Text), state.ParseUse(e.use.Text)
	e.r.show()
}

// addTarget puts a target at the chain's end.
func (e *ruleEditor) addTarget(string) {
	i := e.targets.SelectedIndex()
	if e.choosing || i < 0 {
		return
	}
	text := strings.Join(append(state.ParseUse(e.use.Text), e.r.rules.Targets[i]), ", ")
	e.choosing = true
	e.targets.ClearSelected()
	e.choosing = false
	e.use.SetText(text)
}

// told shows what is wrong, beside the field.
func (e *ruleEditor) told(troubles []state.Trouble) {
	said := map[state.Where]string{}
	for _, t := range troubles {
		if said[t.Where] == "" {
			said[t.Where] = sentence(t.Text)
		}
	}
	for where, l := range e.wrong {
		if l.Text != said[where] {
			say(l, widget.DangerImportance, said[where])
		}
	}
}
