package config

import (
	"strconv"
	"strings"
)

// RuleRow is a rule in words, for tables.
type RuleRow struct {
	Name string // "long context"
	When string // "the prompt is over 120,000 tokens"
	Use  string // "synthetic/large → zai/large"
}

// RuleRows puts rules into words, in their order.
func RuleRows(rules []Rule) []RuleRow {
	rows := make([]RuleRow, len(rules))
	for i, r := range rules {
		rows[i] = RuleRow{Name: r.Name, When: r.When.String(), Use: arrows(r.Use)}
		if r.Canary.Share > 0 {
			rows[i].Use += "; " + r.Canary.String()
		}
	}
	return rows
}

func arrows(use []Target) string {
	words := make([]string, len(use))
	for i, t := range use {
		words[i] = t.String()
	}
	return strings.Join(words, " → ")
}

// String says in words what the canary gets: "5 % to zai/glm-5.3 first".
func (c Canary) String() string { return c.Percent() + " to " + arrows(c.Use) + " first" }

// Percent is the share as people write it: "5 %".
func (c Canary) Percent() string { return strconv.FormatFloat(c.Share, 'f', -1, 64) + " %" }

// RuleTable writes rules as a Markdown table, as it stands in the README.
func RuleTable(rules []Rule) string {
	var b strings.Builder
	b.WriteString("| rule | when | goes to |\n|---|---|---|\n")
	for _, row := range RuleRows(rules) {
		b.WriteString("| " + cell(row.Name) + " | " + cell(row.When) + " | " + cell(row.Use) + " |\n")
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// String says in words when the rule holds.
func (w When) String() string {
	var parts []string
	if w.Images {
		parts = append(parts, "the request has pictures")
	}
	if w.TokensOver > 0 {
		parts = append(parts, "the prompt is over "+thousands(w.TokensOver)+" tokens")
	}
	if w.Model != "" {
		parts = append(parts, "the model is "+strings.Join(Patterns(w.Model), " or "))
	}
	if len(parts) == 0 {
		return "every other request"
	}
	return strings.Join(parts, " and ")
}

// thousands writes 120000 as 120,000.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Shown is a setting as it may be shown to strangers.
type Shown struct {
	Name   string
	Value  string // a number, a time, yes or no; "" where it could tell of a person, a machine or a secret
	Origin Origin
}

// ShownScalars lists the settings of one value. Texts, paths and lists are named
// without what they say.
func (s *Settings) ShownScalars() []Shown {
	list := make([]Shown, len(scalars))
	for i := range scalars {
		list[i] = Shown{Name: scalars[i].name, Origin: s.Origins[scalars[i].name]}
		if show := scalars[i].show; show != nil {
			list[i].Value = show(s)
		}
	}
	return list
}
