package ui

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// columns lays objects out side by side with these widths; the columns of
// width 0 share what is left, and those of a width below it have so many shares.
type columns []float32

// shares is how much of what is left column i gets.
func (c columns) shares(i int) float32 {
	switch {
	case c[i] > 0:
		return 0
	case c[i] == 0:
		return 1
	}
	return -c[i]
}

// MinSize implements fyne.Layout.
func (c columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for i, o := range objects {
		size.Height = max(size.Height, o.MinSize().Height)
		size.Width += max(c[i], 3*apart)
	}
	return size
}

// Layout implements fyne.Layout.
func (c columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rest, shares := size.Width, float32(0)
	for i := range objects {
		rest -= max(c[i], 0)
		shares += c.shares(i)
	}
	x := float32(0)
	for i, o := range objects {
		w := c[i]
		if share := c.shares(i); share > 0 {
			w = max(rest*share/shares, 0)
		}
		o.Move(fyne.NewPos(x, drop(o)))
		o.Resize(fyne.NewSize(w, size.Height))
		x += w
	}
}

// beside lays out an object, a line, and another whose width is a share of all, and
// at most so much.
type beside struct{ most, share float32 }

// MinSize implements fyne.Layout.
func (b beside) MinSize(objects []fyne.CanvasObject) fyne.Size { return b.columns(0).MinSize(objects) }

// Layout implements fyne.Layout.
func (b beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	b.columns(size.Width).Layout(objects, size)
}

func (b beside) columns(width float32) columns {
	return columns{0, 2 * apart, max(min(b.most, width*b.share), apart)}
}

// over lays an object out above another: the upper one gets the height that it
// wishes for, but at most its share of all; share 0 is a half.
type over struct {
	wish  func() float32
	share float32
}

// MinSize implements fyne.Layout.
func (o over) MinSize(objects []fyne.CanvasObject) fyne.Size {
	upper, lower := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(upper.Width, lower.Width), upper.Height+near+lower.Height)
}

// Layout implements fyne.Layout. It looks twice: how high a text is that wraps
// is known once it has a width.
func (o over) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	half := size.Height / 2
	if o.share > 0 {
		half = size.Height * o.share
	}
	var height float32
	for range 2 {
		height = min(o.wish(), half)
		objects[0].Resize(fyne.NewSize(size.Width, height))
	}
	objects[0].Move(fyne.NewPos(0, 0))
	objects[1].Move(fyne.NewPos(0, height+near))
	objects[1].Resize(fyne.NewSize(size.Width, max(size.Height-height-near, 0)))
}

// upright is a line between what stands side by side.
func upright() fyne.CanvasObject {
	return container.NewHBox(layout.NewSpacer(), widget.NewSeparator(), layout.NewSpacer())
}

// cell is one text of a row, in one line.
func cell(mono bool) *widget.Label {
	l := widget.NewLabel("")
	l.Truncation = fyne.TextTruncateEllipsis
	l.TextStyle.Monospace = mono
	return l
}

// drop is by how much a label has to go down to stand on the same line as those
// beside it: all begin at the same height, and a monospaced face reaches less high.
func drop(o fyne.CanvasObject) float32 {
	l, ok := o.(*widget.Label)
	if !ok || !l.TextStyle.Monospace {
		return 0
	}
	return lower(textSize, scaleOf(o))
}

// lower is by how much a monospaced text has to begin below another one to stand on its
// line. Both begin on a pixel, and the toolkit puts their lines on the next whole one.
func lower(size, scale float32) float32 {
	plain, mono := baselines(size)
	pixels := func(d float32) float64 { return math.Ceil(float64(d * scale)) }
	return float32(pixels(plain.at)-pixels(mono.at)) / scale
}

// baseline is where the line of a face lies, below the top of its height.
type baseline struct{ at, height float32 }

var measured = map[float32][2]baseline{}

// baselines are those of a text and of a monospaced one. Window's goroutine only.
func baselines(size float32) (plain, mono baseline) {
	both, ok := measured[size]
	if !ok {
		driver := fyne.CurrentApp().Driver()
		for i := range both {
			box, at := driver.RenderedTextSize("0", size, fyne.TextStyle{Monospace: i == 1}, nil)
			both[i] = baseline{at, box.Height}
		}
		measured[size] = both
	}
	return both[0], both[1]
}

// scaleOf is how many pixels of the screen one unit takes.
func scaleOf(o fyne.CanvasObject) float32 {
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		return c.Scale()
	}
	return 1
}

// lowered is a figure beside other texts, on their line.
func lowered(l *widget.Label) fyne.CanvasObject { return container.New(columns{0}, l) }

// markWidth is the column of a state's shape.
const markWidth = apart + 2*tight

// heading is the title of a page or a part of it.
func heading(text string) *widget.Label {
	return widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
}

// small is a text beside others: a caption, a note.
func small(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// figure is a number that may tick: monospaced and right-aligned, so that
// nothing beside it jumps.
func figure() *widget.Label {
	l := cell(true)
	l.Alignment = fyne.TextAlignTrailing
	return l
}

// wrapped is a text that takes as many lines as it needs.
func wrapped(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// atLeast gives an object a least size.
func atLeast(w, h float32, o fyne.CanvasObject) fyne.CanvasObject {
	floor := canvas.NewRectangle(color.Transparent)
	floor.SetMinSize(fyne.NewSize(w, h))
	return container.NewStack(floor, o)
}

// around keeps a distance on all sides.
func around(d float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(d, d, d, d), o)
}

// say shows a message of importance, or hides the label if there is none.
func say(l *widget.Label, importance widget.Importance, text string) {
	l.Importance = importance
	l.SetText(text)
	if text == "" {
		l.Hide()
		return
	}
	l.Show()
}

// sayError shows an error, or nothing.
func sayError(l *widget.Label, err error) {
	text := ""
	if err != nil {
		text = sentence(err.Error())
	}
	say(l, widget.DangerImportance, text)
}

// stacked is one below the other.
func stacked(objects ...fyne.CanvasObject) *fyne.Container { return container.NewVBox(objects...) }

// setText spares a widget the redrawing of what it shows already.
func setText(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
	}
}

// show shows or hides.
func show(o fyne.CanvasObject, on bool) {
	if on == o.Visible() {
		return
	}
	if on {
		o.Show()
		return
	}
	o.Hide()
}

// enable enables or disables.
func enable(o fyne.Disableable, on bool) {
	if on == !o.Disabled() {
		return
	}
	if on {
		o.Enable()
		return
	}
	o.Disable()
}

// weigh makes a button the one that a page is for, or one among others.
func weigh(b *button, on bool) {
	importance := widget.MediumImportance
	if on {
		importance = widget.HighImportance
	}
	if b.Importance != importance {
		b.Importance = importance
		b.Refresh()
	}
}

// inset moves what has an edge of its own to where the texts begin: these keep a
// distance from theirs.
func inset(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, near, 0), o)
}
