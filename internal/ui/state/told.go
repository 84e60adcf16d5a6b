package state

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Told is a text that another part of the program has said, in English: the way of a
// request and the state of a key as they stand in records, events and answers, an
// error, a hint. Those keep sentences, not what they are made of; so each sentence
// that the program says is known here by its form, and its names and figures are
// filled into the form in the reader's language. Sentences may stand behind one
// another ("; ", ": ", ", ", in brackets). Whatever is of no known form (a vendor's
// own words, an operating system's) stands as it is.
func Told(text string) string {
	said, _ := told(text)
	return said
}

// ToldLines is Told for a text of several lines.
func ToldLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		rest := strings.TrimLeft(line, " ")
		lines[i] = line[:len(line)-len(rest)] + Told(rest)
	}
	return strings.Join(lines, "\n")
}

// told also reports whether anything of it was known.
func told(text string) (said string, known bool) {
	if text == "" {
		return "", false
	}
	if recorded[text] {
		return Tr(text), true
	}
	if said, known := formed(text, true); known {
		return said, true
	}
	if first, rest, ok := cut(text, "; "); ok && !endsWhole(text) {
		return both(first, rest, Spoken("{{.First}}; {{.Rest}}"), either)
	}
	if said, known := formed(text, false); known {
		return said, true
	}
	if first, rest, ok := cut(text, ": "); ok {
		if said, known := both(first, rest, Spoken("{{.First}}: {{.Rest}}"), either); known {
			return said, true
		}
	}
	if before, in, ok := bracketed(text); ok {
		if said, known := both(before, in, Spoken("{{.First}} ({{.Rest}})"), either); known {
			return said, true
		}
	}
	if first, rest, ok := cut(text, ", "); ok {
		return both(first, rest, Spoken("{{.First}}, {{.Rest}}"), all)
	}
	return text, false
}

// endsWhole reports whether a text ends in a sentence with a semicolon of its own:
// "NAME in FILE: programs send it; others do not".
func endsWhole(text string) bool {
	for {
		_, rest, ok := cut(text, ": ")
		if !ok {
			return false
		}
		if _, known := formed(rest, true); known || recorded[rest] {
			return true
		}
		text = rest
	}
}

// formed says a text that has one of the forms; joined are those with a semicolon of
// their own, before which a text is not to be cut in two.
func formed(text string, joined bool) (said string, known bool) {
	for i := range sentences() {
		s := &sentences()[i]
		if s.joined != joined {
			continue
		}
		if fills := s.fills(text); fills != nil {
			return Tr(s.text, fills...), true
		}
	}
	return "", false
}

// either and all say of which of two sentences it takes that it is known.
func either(a, b bool) bool { return a || b }
func all(a, b bool) bool    { return a && b }

// both says two sentences that stand together, if they are known.
func both(first, rest, form string, enough func(a, b bool) bool) (said string, known bool) {
	a, knowsFirst := told(first)
	b, knowsRest := told(rest)
	said = Tr(form, "First", a, "Rest", b)
	if !enough(knowsFirst, knowsRest) {
		return (&Message{Text: form, Fills: []Fill{{"First", first}, {"Rest", rest}}}).English(), false
	}
	return said, true
}

// cut is strings.Cut that looks past what stands in brackets.
func cut(text, sep string) (first, rest string, ok bool) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 && strings.HasPrefix(text[i:], sep) {
			return text[:i], text[i+len(sep):], true
		}
	}
	return text, "", false
}

// bracketed takes apart a text that ends in brackets: "what (why)".
func bracketed(text string) (before, in string, ok bool) {
	if !strings.HasSuffix(text, ")") {
		return "", "", false
	}
	before, in, ok = strings.Cut(strings.TrimSuffix(text, ")"), " (")
	return before, in, ok
}

// sentence is the form of one.
type sentence struct {
	text   string
	joined bool // it has a semicolon of its own
	says   *regexp.Regexp
	names  []string // of what is filled in, in order
	sure   string   // the longest of its own words: a text without it is another one
}

// sentences are those of sayings, ready to be looked for; made once somebody asks.
var sentences = sync.OnceValue(func() []sentence {
	list := make([]sentence, len(sayings))
	for i, text := range sayings {
		list[i] = newSentence(text)
	}
	return list
})

var filled = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

func newSentence(text string) sentence {
	s := sentence{text: text, joined: strings.Contains(text, "; ")}
	var pattern strings.Builder
	own, at := []string{}, 0
	for _, m := range filled.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		own = append(own, text[at:m[0]])
		pattern.WriteString(regexp.QuoteMeta(text[at:m[0]]))
		if slices.Contains(figures, name) {
			pattern.WriteString(`([0-9][0-9,]*)`)
		} else {
			pattern.WriteString(`(.+?)`)
		}
		s.names = append(s.names, name)
		at = m[1]
	}
	own = append(own, text[at:])
	s.says = regexp.MustCompile(`^` + pattern.String() + regexp.QuoteMeta(text[at:]) + `$`)
	s.sure = slices.MaxFunc(own, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return s
}

// fills is what a text fills into the form, as Tr takes it; nil: it is no such text.
func (s *sentence) fills(text string) []any {
	if !strings.Contains(text, s.sure) {
		return nil
	}
	found := s.says.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	fills := make([]any, 0, 2*len(s.names))
	for i, name := range s.names {
		fill := found[i+1]
		switch {
		case slices.Contains(inner, name):
			fill = Told(fill)
		case slices.Contains(choices, name):
			fill = strings.Replace(fill, " or ", " "+Tr("or")+" ", 1) // between the last two
		case slices.Contains(words, name) && strings.ContainsAny(fill, ",; "):
			return nil // it is more than a name: what stands behind it is a sentence of its own
		}
		fills = append(fills, name, fill)
	}
	return fills
}

// What fills a form is a figure, a word (a name), a choice of words ("a, b or c"), or
// may be a sentence or a word of ours itself. Whatever else there is fills it as it is.
var (
	figures = []string{"Count", "Limit", "Tokens", "Status", "Port", "Next", "Number"}
	words   = []string{"Model", "Provider", "Role", "Family", "Asked", "Key", "Host", "Target", "Pattern"}
	choices = []string{"Providers", "Command"}
	inner   = []string{"Why", "Time", "Kind", "Window", "Where", "Targets"}
)
