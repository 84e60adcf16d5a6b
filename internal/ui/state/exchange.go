package state

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/glmtray/glmtray/internal/event"
)

// Exchange is one request with all that is known of it.
type Exchange struct {
	event.Finished
	Tries  []Try
	Why    event.Why // empty if it is no longer known
	Sent   Body      // what the client sent
	Got    Body      // what it got
	Absent string    // why there are no bodies, for people; "" if there are
}

// Try is one attempt at one provider.
type Try struct {
	Provider, Model, Key string
	Status               int // 0: no answer came
	Class, Reason        string
	Took                 time.Duration
}

// Body is what was sent one way.
type Body struct {
	Text string // as people read it, without keys
	Size int64  // as it went over the wire, in bytes
	Cut  bool   // Text is only its beginning
}

// Fact is one thing that is known, with its name.
type Fact struct{ Name, Text string }

// Facts are what is known of the request as a whole; what is not known has none.
func (x *Exchange) Facts() []Fact {
	var list []Fact
	add := func(name, text string) {
		if text = oneLine(strings.TrimSpace(text)); text != "" {
			list = append(list, Fact{name, text})
		}
	}
	add(Tr("Time"), x.Time.Local().Format("2006-01-02 15:04:05.000"))
	add(Tr("Client"), x.Client)
	asked := strings.TrimSpace(x.Method+" "+x.Path) + ", " + model(x.Asked)
	if x.Stream {
		asked += ", " + Tr("streamed")
	}
	add(Tr("Asked"), asked)
	if x.Provider != "" {
		d := Decision{Provider: x.Provider, Key: x.Key}
		answered := d.target() + ", " + model(x.Model)
		if x.Demo {
			answered += ", " + Tr("the built-in demo")
		}
		add(Tr("Answered by"), answered)
	}
	add(Tr("Why"), strings.Trim(x.Rule+": "+Told(x.Reason), ": "))
	add(Tr("Ended"), strconv.Itoa(x.Status)+" "+plain(x.Outcome))
	lasted := Took(x.Took)
	if x.FirstByte > 0 {
		lasted = Tr("{{.Time}}, the first byte after {{.First}}", "Time", lasted, "First", Took(x.FirstByte))
	}
	add(Tr("Took"), lasted)
	add(Tr("Tokens"), x.tokens())
	add(Tr("Changed"), toldChanges(x.Changed))
	add(Tr("Error"), Told(x.Error))
	return list
}

func (x *Exchange) tokens() string {
	t := x.Tokens
	if t.Prompt+t.Completion == 0 {
		return ""
	}
	in := Tr("{{.Count}} prompt", "Count", Thousands(t.Prompt))
	if t.Cached > 0 {
		in = Tr("{{.Count}} prompt ({{.Cached}} cached)", "Count", Thousands(t.Prompt), "Cached", Thousands(t.Cached))
	}
	out := Tr("{{.Count}} completion", "Count", Thousands(t.Completion))
	if t.Reasoning > 0 {
		out = Tr("{{.Count}} completion ({{.Reasoning}} reasoning)", "Count", Thousands(t.Completion), "Reasoning", Thousands(t.Reasoning))
	}
	return in + ", " + out
}

// model is a model as a sentence has it.
func model(name string) string { return Tr("model {{.Name}}", "Name", orNone(name)) }

// Mark is how the request ended, as a shape.
func (x *Exchange) Mark() Mark {
	d := Decision{Status: x.Status, Outcome: x.Outcome}
	return d.mark()
}

// Mark is how the try ended, as a shape.
func (t *Try) Mark() Mark {
	if t.Class == "ok" {
		return Good
	}
	return Bad
}

// Ended says how a try ended and why: "429 rate limited: tokens per minute used up".
func (t *Try) Ended() string {
	text := plain(t.Class)
	if t.Status > 0 {
		text = strconv.Itoa(t.Status) + " " + text
	}
	if t.Reason != "" && t.Reason != t.Class {
		text += ": " + oneLine(Told(t.Reason))
	}
	return text
}

// Target is where a try went: "cerebras/desk".
func (t *Try) Target() string {
	d := Decision{Provider: t.Provider, Key: t.Key}
	return d.target()
}

// Extent says how large a body is, and whether all of it is there.
func (b *Body) Extent() string {
	switch {
	case b.Size == 0 && b.Text == "":
		return Tr("nothing")
	case b.Cut:
		return Tr("{{.Size}}, cut: its beginning only", "Size", Bytes(b.Size))
	}
	return Bytes(b.Size)
}

// Text is everything that is known, as it is copied.
func (x *Exchange) Text() string {
	var b strings.Builder
	b.WriteString(Tr("Request {{.ID}}", "ID", x.ID) + "\n")
	for _, f := range x.Facts() {
		b.WriteString(f.Name + ": " + f.Text + "\n")
	}
	for i := range x.Tries {
		t := &x.Tries[i]
		b.WriteString(Tr("Try {{.N}}", "N", i+1) + ": " + t.Target() + ", " + model(t.Model) + ", " + Took(t.Took) + ", " + t.Ended() + "\n")
	}
	for _, r := range x.WhyRows() {
		switch r.Kind {
		case WhyRule:
			b.WriteString(Tr("Rule {{.Name}}", "Name", r.Name) + ": " + r.Text + "\n")
		case WhyKey:
			b.WriteString(Tr("Key passed over {{.Name}}", "Name", r.Name) + ": " + r.Text + "\n")
		}
	}
	if x.Absent != "" {
		b.WriteString("\n" + x.Absent + "\n")
		return b.String()
	}
	b.WriteString("\n" + Tr("Request body ({{.Size}})", "Size", x.Sent.Extent()) + "\n" + x.Sent.Text +
		"\n\n" + Tr("Answer body ({{.Size}})", "Size", x.Got.Extent()) + "\n" + x.Got.Text + "\n")
	return b.String()
}

// Bytes writes a size: "812 bytes", "4.7 KiB", "1.0 MiB".
func Bytes(n int64) string {
	switch {
	case n < 1<<10:
		return TrN(int(n), "{{.Count}} byte", "{{.Count}} bytes")
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

// placesOf is how many places of a monospaced line a character takes.
func placesOf(r rune) int {
	if r < 0x1100 || r == unicode.ReplacementChar || (r > 0x115F && r < 0x2E80) {
		return 1
	}
	return 2 // Hangul, the scripts from China and Japan, pictures
}

// Wrap breaks a text into lines of at most so many places: at a blank, if that is
// not too far ahead of a line's end. What has no shape of its own (a tabulator, a
// control character) gets one.
func Wrap(text string, places int) []string {
	places = max(places, 2)
	var lines []string
	for line := range strings.Lines(text) {
		line = shapely(strings.TrimRight(line, "\r\n"))
		begin, used := 0, 0
		word, since := 0, 0 // where the last word begins, and the places from there on
		for i, r := range line {
			w := placesOf(r)
			if used+w > places {
				if word-begin <= (i-begin)/2 {
					word, since = i, 0
				}
				lines = append(lines, line[begin:word])
				begin, used = word, since
			}
			used, since = used+w, since+w
			if r == ' ' {
				word, since = i+1, 0
			}
		}
		lines = append(lines, line[begin:])
	}
	return lines
}

func shapely(line string) string {
	if !strings.ContainsFunc(line, unicode.IsControl) {
		return line
	}
	line = strings.ReplaceAll(line, "\t", "    ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}
