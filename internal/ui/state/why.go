package state

import (
	"strconv"

	"github.com/glmtray/glmtray/internal/event"
)

// What a WhyRow tells of.
const (
	WhyRule = "Rule"
	WhyKey  = "Key passed over"
	WhyTry  = "Try"
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
			Kind: WhyTry, Mark: t.Mark(), Name: t.Target(), Text: "model " + orNone(t.Model) + ", " + t.Ended(), Took: Took(t.Took),
		})
	}
	return rows
}

func ruleRows(rules []event.Tried) []WhyRow {
	var rows []WhyRow
	for _, r := range rules {
		row := WhyRow{Kind: WhyRule, Mark: Plain, Name: r.Rule, Text: r.Reason}
		if r.Matched {
			row.Mark = Good
		}
		for _, left := range r.Left {
			row.Text += "; without " + left
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
		text := "cooling, back in " + Left(p.Wait)
		if p.Reason != "" {
			text += ": " + oneLine(p.Reason)
		}
		return text
	case p.Reason != "":
		return oneLine(p.Reason)
	}
	return p.State
}

// Summary is the way in one sentence: "everything: no other rule matched · about
// 1,204 tokens · 2 tries".
func (x *Exchange) Summary() string {
	text := orNone(x.Rule)
	if x.Reason != "" {
		text += ": " + oneLine(x.Reason)
	}
	if n := x.Why.Estimate; n > 0 {
		text += " · about " + Thousands(n) + " tokens"
	}
	if n := len(x.Tries); n > 1 {
		text += " · " + strconv.Itoa(n) + " tries"
	}
	return text
}
