package state

import (
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// What a WhyRow tells of.
const (
	WhyRule = "rule"
	WhyKey  = "key passed over"
	WhyTry  = "try"
)

// WhyRow is one step of a request's way, as a line.
type WhyRow struct {
	Kind string // WhyRule, WhyKey, WhyTry
	Mark Mark
	Name string // of the rule; "cerebras/desk"
	Text string // the reason: "131,000 tokens > 120,000", "cooling, back in 0:11: tokens per minute used up"
	Took string // of a try
}

// WhyRows tell a request's way: each rule with the reason why it held or did
// not, each key that was passed over, each try.
func (x *Exchange) WhyRows() []WhyRow {
	rows := ruleRows(x.Why.Rules)
	for _, p := range x.Why.Passed {
		rows = append(rows, WhyRow{Kind: WhyKey, Mark: passedMark(p), Name: p.Provider + "/" + p.Key, Text: passedText(p)})
	}
	for i := range x.Tries {
		t := &x.Tries[i]
		rows = append(rows, WhyRow{
			Kind: WhyTry, Mark: t.Mark(), Name: t.Target(), Text: model(t.Model) + ", " + t.Ended(), Took: Took(t.Took),
		})
	}
	return rows
}

func ruleRows(rules []event.Tried) []WhyRow {
	var rows []WhyRow
	for _, r := range rules {
		row := WhyRow{Kind: WhyRule, Mark: Plain, Name: r.Rule, Text: Told(r.Reason)}
		if r.Matched {
			row.Mark = Good
		}
		for _, left := range r.Left {
			target, why, _ := strings.Cut(left, ": ")
			row.Text += "; " + Tr("without {{.Target}}: {{.Why}}", "Target", target, "Why", Told(why))
		}
		rows = append(rows, row)
	}
	return rows
}

func passedMark(p event.Passed) Mark {
	if m, ok := keyMarks[p.State]; ok && p.State != Ready {
		return m
	}
	return Waiting // ready, but barred from the model
}

func passedText(p event.Passed) string {
	switch {
	case p.State == Cooling && p.Wait > 0:
		return CoolingFor(p.Wait, oneLine(p.Reason))
	case p.Reason != "":
		return oneLine(Told(p.Reason))
	}
	return Told(p.State)
}

// CoolingFor says how long a key cools still, and why: "cooling, back in 0:11:
// tokens per minute used up".
func CoolingFor(d time.Duration, why string) string {
	text := Tr("cooling, back in {{.Time}}", "Time", Left(d))
	if why != "" {
		text += ": " + Told(why)
	}
	return text
}

// Summary is the way in one sentence: "everything: no other rule matched · about
// 1,204 tokens · 2 tries".
func (x *Exchange) Summary() string {
	text := orNone(x.Rule)
	if x.Reason != "" {
		text += ": " + oneLine(Told(x.Reason))
	}
	if n := x.Why.Estimate; n > 0 {
		text += " · " + TrN(n, "about {{.Count}} token", "about {{.Count}} tokens")
	}
	if n := len(x.Tries); n > 1 {
		text += " · " + TrN(n, "{{.Count}} try", "{{.Count}} tries")
	}
	return text
}
