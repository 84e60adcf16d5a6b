package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds settings.toml; a person's is a few kilobytes.
const maxFile = 4 << 20

// reader turns the tables of settings.toml into settings and gathers what is
// wrong with them.
type reader struct {
	file     string // base name, for messages
	s        *Settings
	problems Problems
}

func (r *reader) bad(line int, field, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Field: field, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) origin(line int) Origin { return at(r.file, line) }

// readSettings reads the whole text of settings.toml into s. Keys get no
// secrets here.
func readSettings(s *Settings, data []byte, file, home string) Problems {
	r := &reader{file: filepath.Base(file), s: s}
	root, err := tree(trimBOM(data))
	if err != nil {
		err.File = r.file
		return Problems{*err}
	}
	r.top(root, filepath.Dir(file), home)
	if f := root.fields["provider"]; f != nil {
		r.providers(f)
	}
	if f := root.fields["key"]; f != nil {
		r.keys(f)
	}
	s.Rules = nil
	if f := root.fields["rule"]; f != nil {
		r.rules(f)
	}
	return r.problems
}

// openSettings reads the file; a file that is not there is empty.
func openSettings(file string) (data []byte, found bool, err error) {
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("opening settings: %w", err)
	}
	defer f.Close()
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, false, fmt.Errorf("reading settings: %w", err)
	}
	if len(data) > maxFile {
		return nil, false, fmt.Errorf("reading settings: %s is larger than %d MiB", file, maxFile>>20)
	}
	return data, true, nil
}

func trimBOM(data []byte) []byte {
	if len(data) >= 3 && string(data[:3]) == "\ufeff" {
		return data[3:]
	}
	return data
}

// top reads the scalars.
func (r *reader) top(root *table, dir, home string) {
	for _, name := range root.names {
		f := root.fields[name]
		if slices.Contains([]string{"provider", "key", "rule"}, name) {
			continue
		}
		c := scalarNamed(name)
		if c == nil {
			r.unknown(f.line, name, "", append(ScalarNames(), "[[key]]", "[provider.NAME]", "[[rule]]"))
			continue
		}
		v := value{dir: dir, home: home}
		ok := false
		if c.list {
			v.list, ok = asTexts(f)
		} else {
			v.text, ok = asText(f)
		}
		if !ok || !c.set(r.s, v) {
			r.bad(f.line, name, "must be %s", c.allowed)
			continue
		}
		r.s.Origins[name] = r.origin(f.line)
	}
}

// unknown tells of a field that does not exist. A name that smells of a secret
// gets told where secrets go.
func (r *reader) unknown(line int, name, within string, known []string) {
	field := within
	if field != "" {
		field += ": "
	}
	low := strings.ToLower(name)
	for _, smell := range []string{"api_key", "apikey", "secret", "token", "password", "client_key"} {
		if strings.Contains(low, smell) {
			r.bad(line, field+quote(name), "keys do not stand in this file: add one with `glmtray keys add`, or give it in the environment")
			return
		}
	}
	r.bad(line, field+quote(name), "unknown setting; %s", hint(name, known))
}

// hint names what may be meant: the few names there are, or of many the one that is
// written nearly so.
func hint(name string, known []string) string {
	const few = 8
	if len(known) <= few {
		return "known: " + strings.Join(known, ", ")
	}
	nearest, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < least {
			nearest, least = k, d
		}
	}
	if nearest == "" {
		return "the table in the README, under Settings, has those there are"
	}
	return "did you mean " + nearest + "?"
}

// distance is how many bytes have to be put in, taken out or changed to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// only reports the fields of t that are not among known.
func (r *reader) only(t *table, within string, known ...string) {
	for _, name := range t.names {
		if !slices.Contains(known, name) {
			r.unknown(t.fields[name].line, name, within, known)
		}
	}
}

// tables gives the tables of [[name]].
func (r *reader) tables(f *field, name string) []*table {
	list, ok := f.val.([]*field)
	if !ok {
		r.bad(f.line, name, "must be written [[%s]]", name)
		return nil
	}
	out := make([]*table, 0, len(list))
	for _, e := range list {
		t, ok := e.val.(*table)
		if !ok {
			r.bad(e.line, name, "must be written [[%s]]", name)
			continue
		}
		out = append(out, t)
	}
	return out
}

// text reads an optional text field. It is false where that was something else,
// which has been told.
func (r *reader) text(t *table, within, name string, into *string) bool {
	f := t.fields[name]
	if f == nil {
		return true
	}
	text, ok := f.val.(string)
	if !ok || strings.ContainsFunc(text, isControl) {
		r.bad(f.line, within+": "+name, "must be a text in quotes")
		return false
	}
	*into = strings.TrimSpace(text)
	return true
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

// texts reads an optional field of one text or several.
func (r *reader) texts(t *table, within, name string, into *[]string) bool {
	f := t.fields[name]
	if f == nil {
		return false
	}
	if text, ok := f.val.(string); ok {
		*into = []string{text}
		return true
	}
	list, ok := asTexts(f)
	if !ok || slices.Contains(list, "") {
		r.bad(f.line, within+": "+name, `must be a list of texts: ["a", "b"]`)
		return false
	}
	*into = list
	return true
}

// flag reads an optional true or false.
func (r *reader) flag(t *table, within, name string, into *bool) {
	if f := t.fields[name]; f != nil {
		b, ok := f.val.(bool)
		if !ok {
			r.bad(f.line, within+": "+name, "must be true or false")
			return
		}
		*into = b
	}
}

// whole reads an optional count.
func (r *reader) whole(t *table, within, name string, into *int) {
	if f := t.fields[name]; f != nil {
		n, ok := f.val.(int64)
		if !ok || n < 0 || n > 1<<30 {
			r.bad(f.line, within+": "+name, "must be a whole number, 0 or more")
			return
		}
		*into = int(n)
	}
}

// asText gives a scalar's value as a variable would hold it.
func asText(f *field) (string, bool) {
	switch v := f.val.(type) {
	case string:
		return v, true
	case bool, int64, float64:
		return fmt.Sprint(v), true
	}
	return "", false
}

func asTexts(f *field) ([]string, bool) {
	list, ok := f.val.([]*field)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, e := range list {
		text, ok := e.val.(string)
		if !ok {
			return nil, false
		}
		out[i] = text
	}
	return out, true
}
