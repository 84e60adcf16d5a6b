package state

import (
	"strings"

	"github.com/glmtray/glmtray/internal/event"
)

// Explanation is which way a request would go at a moment.
type Explanation struct {
	Facts   string // "openai dialect, model sonnet, streamed, 0 pictures, about 310 tokens"
	Rule    string
	Reason  string
	Rules   []event.Tried
	Steps   []Step
	Refused string // why it would be refused; "" if it would not
}

// Step is one target of the chain.
type Step struct {
	Target, Model, Why string
	Key                string // that would be used; "" if none would
	Verdict            string // "taken", "passed over: …"
	Keys               []StepKey
	Refused            string
}

// Taken reports whether the request would go there.
func (s *Step) Taken() bool { return s.Key != "" }

// StepKey is one key of a target.
type StepKey struct{ Name, State, Words string }

// Way is an explanation in rows, one under the other.
func (x *Explanation) Way() []WhyRow {
	rows := ruleRows(x.Rules)
	for i := range x.Steps {
		rows = append(rows, x.Steps[i].rows()...)
	}
	return rows
}

func (s *Step) rows() []WhyRow {
	row := WhyRow{Kind: WhyTry, Mark: Plain, Name: s.Target, Text: Told(s.Verdict)}
	switch {
	case s.Refused != "":
		row.Mark, row.Text = Bad, Tr("cannot be said there: {{.Why}}", "Why", Told(s.Refused))
	case s.Taken():
		row.Mark = Good
	case strings.HasPrefix(s.Verdict, "waited") || strings.HasPrefix(s.Verdict, "refused"):
		row.Mark = Waiting
	}
	row.Text += " · " + Tr("sends {{.Model}} ({{.Why}})", "Model", s.Model, "Why", Told(s.Why))
	rows := []WhyRow{row}
	for _, k := range s.Keys {
		mark, ok := keyMarks[k.State]
		if !ok || (k.State == Ready && k.Words != Ready) {
			mark = Waiting
		}
		text := Told(k.Words)
		if k.Name == s.Key {
			text += " · " + Tr("it would serve")
		}
		rows = append(rows, WhyRow{Kind: WhyKey, Mark: mark, Name: k.Name, Text: text})
	}
	return rows
}

// Answer is the explanation in one sentence: "goes to cerebras/large with key
// desk, by the rule everything".
func (x *Explanation) Answer() string {
	if x.Refused != "" {
		return Tr("is refused: {{.Why}}", "Why", Told(x.Refused))
	}
	for i := range x.Steps {
		if s := &x.Steps[i]; s.Taken() {
			return Tr("goes to {{.Target}} with key {{.Key}}, by the rule {{.Rule}}", "Target", s.Target, "Key", s.Key, "Rule", x.Rule)
		}
	}
	for i := range x.Steps {
		if s := &x.Steps[i]; strings.HasPrefix(s.Verdict, "waited") || strings.HasPrefix(s.Verdict, "refused") {
			return Told(s.Target + ": " + s.Verdict)
		}
	}
	return Tr("finds no key that can serve")
}
