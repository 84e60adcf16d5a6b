package state

import "strings"

// How a text is folded at first.
const (
	foldDepth  = 2 // of indents: what stands deeper and is long is folded
	foldLines  = 8
	foldString = 6  // lines that a long line of JSON may take
	foldProse  = 60 // and one of any other text
)

// Fold is a text in lines, of which some are folded away: the objects and lists
// of indented JSON, and what is left of a long line.
type Fold struct {
	lines  []string
	end    []int // of the block that a line opens: its last line; 0: it opens none
	folded []bool
	most   int // lines that one may take
	places int
	shown  []FoldLine
}

// FoldLine is one line as it is shown.
type FoldLine struct {
	Text   string
	Line   int  // of the text; what can be folded is folded and unfolded by it
	Opens  bool // it can be folded or unfolded
	Folded bool
}

// NewFold folds a text, with what is deep and long folded away.
func NewFold(text string) *Fold {
	f := &Fold{lines: strings.Split(strings.TrimRight(text, "\n"), "\n"), most: foldProse}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		f.most = foldString
	}
	if text == "" {
		f.lines = nil
	}
	f.end, f.folded = make([]int, len(f.lines)), make([]bool, len(f.lines))
	f.pair()
	for i := range f.lines {
		if f.end[i] == 0 { // a long line; how long it is shows once there is a width
			f.folded[i] = true
		}
	}
	return f
}

// pair finds the line that closes what a line opens.
func (f *Fold) pair() {
	type open struct{ line, indent int }
	var stack []open
	for i, line := range f.lines {
		f.lines[i] = shapely(strings.TrimRight(line, "\r"))
		trimmed := strings.TrimLeft(line, " ")
		indent := len(line) - len(trimmed)
		switch {
		case strings.HasSuffix(trimmed, "{") || strings.HasSuffix(trimmed, "["):
			stack = append(stack, open{i, indent})
		case len(stack) > 0 && indent == stack[len(stack)-1].indent && (strings.HasPrefix(trimmed, "}") || strings.HasPrefix(trimmed, "]")):
			o := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			f.end[o.line] = i
			f.folded[o.line] = indent >= 2*foldDepth && i-o.line > foldLines
		}
	}
}

// Wrap breaks the lines to so many places.
func (f *Fold) Wrap(places int) {
	if places != f.places {
		f.places = places
		f.draw()
	}
}

// Toggle folds or unfolds what line of the text opens.
func (f *Fold) Toggle(line int) {
	if line >= 0 && line < len(f.folded) {
		f.folded[line] = !f.folded[line]
		f.draw()
	}
}

// All folds or unfolds everything.
func (f *Fold) All(folded bool) {
	for i := range f.folded {
		f.folded[i] = folded && (f.end[i] == 0 || i > 0)
	}
	f.draw()
}

// Folds reports whether anything can be folded or unfolded.
func (f *Fold) Folds() bool {
	for _, l := range f.shown {
		if l.Opens {
			return true
		}
	}
	return false
}

// Lines are those that are shown.
func (f *Fold) Lines() []FoldLine { return f.shown }

func (f *Fold) draw() {
	f.shown = f.shown[:0]
	for i := 0; i < len(f.lines); i++ {
		if f.end[i] > 0 {
			i = f.block(i)
			continue
		}
		parts := Wrap(f.lines[i], f.places)
		if len(parts) == 0 {
			parts = []string{""}
		}
		long := len(parts) > f.most
		for n, part := range parts {
			if long && f.folded[i] && n == f.most-1 {
				f.shown = append(f.shown, FoldLine{Text: TrN(len(parts)-n, "… {{.Count}} more line", "… {{.Count}} more lines"), Line: i, Opens: true, Folded: true})
				break
			}
			f.shown = append(f.shown, FoldLine{Text: part, Line: i, Opens: long && n == 0 && !f.folded[i]})
		}
	}
}

// block shows a line that opens a block, and gives the last line that is dealt
// with.
func (f *Fold) block(i int) int {
	if !f.folded[i] {
		f.put(i, f.lines[i])
		return i
	}
	end := f.end[i]
	f.put(i, f.lines[i]+" … "+strings.TrimLeft(f.lines[end], " ")+"   "+TrN(end-i-1, "{{.Count}} line", "{{.Count}} lines"))
	return end
}

func (f *Fold) put(i int, text string) {
	for n, part := range Wrap(text, f.places) {
		f.shown = append(f.shown, FoldLine{Text: part, Line: i, Opens: n == 0, Folded: f.folded[i]})
	}
}
