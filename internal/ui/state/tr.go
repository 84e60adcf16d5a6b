package state

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Message is a text for people as the source has it, in English.
type Message struct {
	Text  string // "{{.Count}} keys ready": what differs stands in braces, by name
	One   string // the same of one thing, where the text counts things; else ""
	Count int    // of things
	Fills []Fill
}

// Fill is what stands in a text where its name stands in braces.
type Fill struct{ Name, Text string }

// English is the message as it stands in the source.
func (m *Message) English() string {
	text := m.Text
	if m.One != "" && m.Count == 1 {
		text = m.One
	}
	for _, f := range m.Fills {
		text = strings.ReplaceAll(text, "{{."+f.Name+"}}", f.Text)
	}
	return text
}

var translator atomic.Pointer[func(*Message) string]

// Translate has every text of the window said in the reader's language from now
// on. Without it they are English. The toolkit knows languages, and this package
// does not know the toolkit.
func Translate(say func(*Message) string) { translator.Store(&say) }

// Tr is a text in the reader's language. What differs is filled in by name, two
// and two: Tr("Remove {{.Key}}?", "Key", name). The text is written out where it
// stands, so that a test can see that it can be translated.
func Tr(text string, fills ...any) string { return translated(&Message{Text: text}, fills) }

// TrN is Tr for a text that counts things: one is the text for one of them. The
// number stands in it as {{.Count}}.
func TrN(n int, one, text string, fills ...any) string {
	return translated(&Message{Text: text, One: one, Count: n}, append(fills, "Count", Thousands(n)))
}

func translated(m *Message, fills []any) string {
	for i := 0; i+1 < len(fills); i += 2 {
		m.Fills = append(m.Fills, Fill{fills[i].(string), fmt.Sprint(fills[i+1])})
	}
	if say := translator.Load(); say != nil {
		return (*say)(m)
	}
	return m.English()
}

// Spoken marks a text of a table that Tr is given later.
func Spoken(text string) string { return text }

// Error is an error in the reader's language.
type Error string

// Error implements error.
func (e Error) Error() string { return Tr(string(e)) }
