package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// diffPane shows a difference, or a text, line by line: what comes is green and
// has a +, what goes is red and has a -. A line that is too long goes on in the
// next, in the same colour.
type diffPane struct {
	box    *fyne.Container
	list   *listing
	text   string
	lines  []diffLine
	places int // of a line, as they were broken
}

type diffLine struct {
	text string
	ink  fyne.ThemeColorName
}

func newDiffPane() *diffPane {
	d := &diffPane{}
	d.list = newListing(
		func() int { return len(d.lines) },
		newTextLine,
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i < len(d.lines) {
				o.(*textLine).set(d.lines[i].text, d.lines[i].ink)
			}
		},
	)
	d.list.HideSeparators = true
	_ = d.list.MinSize() // before that it cannot be scrolled
	d.list.OnSelected = func(widget.ListItemID) { d.list.UnselectAll() }
	d.box = container.New(fitted{d.fit}, d.list)
	return d
}

func (d *diffPane) set(text string) {
	d.text, d.places = text, 0
	d.list.ScrollToTop()
	d.fit(d.list.Size().Width)
}

// fit breaks the text into lines for a width.
func (d *diffPane) fit(width float32) {
	places := int((width - near) / monoWidth(textSize)) // beside the scroll bar
	if places == d.places {
		return
	}
	d.places, d.lines = places, nil
	for line := range strings.Lines(d.text) {
		ink := inkOfLine(line)
		for _, part := range state.Wrap(line, places) {
			d.lines = append(d.lines, diffLine{part, ink})
		}
	}
	d.list.Refresh()
}

func inkOfLine(line string) fyne.ThemeColorName {
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		return theme.ColorNameForeground
	case strings.HasPrefix(line, "+"):
		return theme.ColorNameSuccess
	case strings.HasPrefix(line, "-"):
		return theme.ColorNameError
	}
	return theme.ColorNameForeground
}
