package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RuleEdit is a rule as it is to stand in the file. Was is the name under which
// it stands there already; "" if it does not.
type RuleEdit struct {
	Was string
	Rule
}

// ruleChunk is all that belongs to one rule: the comments above it, its table
// and the tables below that.
type ruleChunk struct {
	name string
	span span
}

// SetRules makes the routing table what list says, in that order. A canary is not
// written: one that stands in the file stays with its rule. What stays of
// a rule stays as it is written, with its comments, and moves with it. A file
// without rules, which means the default ones, gets them all.
func (d *Doc) SetRules(list []RuleEdit) error {
	chunks, err := d.ruleChunks()
	if err != nil {
		return err
	}
	had := defaults("")
	_ = readSettings(had, d.data, fileName, "") // what is wrong with it is told when the new text is read
	texts := make([]string, len(list))
	for i := range list {
		e := &list[i]
		at := slices.IndexFunc(chunks, func(c ruleChunk) bool { return e.Was != "" && c.name == e.Was })
		old := slices.IndexFunc(had.Rules, func(r Rule) bool { return r.Name == e.Was })
		if at < 0 || old < 0 {
			texts[i] = ruleText(&e.Rule, d.eol)
			continue
		}
		if texts[i], err = d.ruleAgain(chunks[at].span, &had.Rules[old], &e.Rule); err != nil {
			return err
		}
	}
	for i := len(chunks) - 1; i >= 0; i-- { // from behind, so that offsets stay
		if i < len(texts) {
			d.splice(chunks[i].span, texts[i])
		} else {
			d.cut(chunks[i].span)
		}
	}
	for i := len(chunks); i < len(texts); i++ {
		if chunks, err = d.ruleChunks(); err != nil {
			return err
		}
		end := len(d.data)
		if len(chunks) > 0 {
			end = chunks[len(chunks)-1].span.to
		}
		d.insert(end, texts[i])
	}
	return nil
}

func (d *Doc) ruleChunks() ([]ruleChunk, error) {
	blocks, err := d.blocks()
	if err != nil {
		return nil, err
	}
	if blocks[0].pair("rule") != nil {
		return nil, fmt.Errorf("changing settings: %w", Problems{{Field: "rule", Text: "the rules stand in one list: write each as [[rule]]"}})
	}
	var chunks []ruleChunk
	for i := range blocks {
		b := &blocks[i]
		switch {
		case b.array && b.name == "rule":
			c := ruleChunk{span: span{b.lead, b.span.to}}
			if n := b.pair("name"); n != nil {
				c.name = strings.TrimSpace(n.text)
			}
			chunks = append(chunks, c)
		case strings.HasPrefix(b.name, "rule.") && len(chunks) > 0:
			chunks[len(chunks)-1].span.to = b.span.to
		}
	}
	return chunks, nil
}

// ruleText writes a rule anew.
func ruleText(r *Rule, eol string) string {
	lines := []string{"[[rule]]", "name = " + tomlText(r.Name)}
	if !r.CatchAll() {
		lines = append(lines, "when = "+inlineWhen(r.When))
	}
	return strings.Join(append(lines, "use = "+tomlList(r.Use)), eol) + eol
}

// ruleAgain gives a rule's text with what is new in it.
func (d *Doc) ruleAgain(at span, was, now *Rule) (string, error) {
	part := newDoc(d.data[at.from:at.to])
	part.eol = d.eol
	if was.Name != now.Name {
		if err := part.setIn("rule", "name", tomlText(now.Name)); err != nil {
			return "", err
		}
	}
	if !slices.Equal(was.Use, now.Use) {
		if err := part.setIn("rule", "use", tomlList(now.Use)); err != nil {
			return "", err
		}
	}
	if was.When != now.When {
		if err := part.setWhen(now.When); err != nil {
			return "", err
		}
	}
	text := string(part.data)
	if !strings.HasSuffix(text, "\n") {
		text += d.eol
	}
	return text, nil
}

// setIn sets a value in a table of the one rule that the text is; "" takes it out.
func (d *Doc) setIn(table, name, value string) error {
	blocks, err := d.blocks()
	if err != nil {
		return err
	}
	for i := range blocks {
		b := &blocks[i]
		if b.name != table {
			continue
		}
		p := b.pair(name)
		switch {
		case value != "":
			d.set(b, name, value)
		case p != nil:
			d.splice(span{lineStart(d.data, p.whole.from), lineEnd(d.data, p.whole.to)}, "")
		}
		return nil
	}
	return nil
}

// setWhen changes a rule's condition in the way in which it is written: in one
// line, by dotted names, or in a table of its own.
func (d *Doc) setWhen(w When) error {
	dotted, table, err := d.whenForm()
	if err != nil {
		return err
	}
	if !dotted && !table {
		text := ""
		if w != (When{}) {
			text = inlineWhen(w)
		}
		return d.setIn("rule", "when", text)
	}
	for _, f := range whenFields(w) {
		if table {
			err = d.setIn("rule.when", f[0], f[1])
		} else {
			err = d.setIn("rule", "when."+f[0], f[1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// whenForm tells in which way the one rule's condition is written.
func (d *Doc) whenForm() (dotted, table bool, err error) {
	blocks, err := d.blocks()
	for i := range blocks {
		table = table || blocks[i].name == "rule.when"
		for _, p := range blocks[i].pairs {
			dotted = dotted || (blocks[i].name == "rule" && strings.HasPrefix(p.name, "when."))
		}
	}
	return dotted, table, err
}

// whenFields are the conditions with their values; "" for none.
func whenFields(w When) [][2]string {
	fields := [][2]string{{"images", ""}, {"tokens_over", ""}, {"model", ""}}
	if w.Images {
		fields[0][1] = "true"
	}
	if w.TokensOver > 0 {
		fields[1][1] = strconv.Itoa(w.TokensOver)
	}
	if w.Model != "" {
		fields[2][1] = tomlText(w.Model)
	}
	return fields
}

func inlineWhen(w When) string {
	var parts []string
	for _, f := range whenFields(w) {
		if f[1] != "" {
			parts = append(parts, f[0]+" = "+f[1])
		}
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func tomlList(use []Target) string {
	items := make([]string, len(use))
	for i, t := range use {
		items[i] = tomlText(t.String())
	}
	return "[" + strings.Join(items, ", ") + "]"
}
