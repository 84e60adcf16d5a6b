package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// The toolkit gives a key to the widget with the focus and to nobody else. These
// are its widgets, but for Escape, which is the window's wherever the focus is.

// escapes hands Escape on to the window.
func escapes(o fyne.CanvasObject, k *fyne.KeyEvent) bool {
	if k.Name != fyne.KeyEscape {
		return false
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(k)
	}
	return true
}

// field is an entry in which the window's shortcuts work as well.
type field struct {
	widget.Entry
	keys map[string]func()
	hint string // its placeholder, where there is room for it
}

func (u *UI) field(placeholder string) *field {
	f := &field{keys: u.shortcuts, hint: placeholder}
	f.ExtendBaseWidget(f)
	f.SetPlaceHolder(placeholder)
	return f
}

// Resize implements fyne.CanvasObject. A placeholder that has no room says its first word
// alone: "search: reason, error, model, path".
func (f *field) Resize(size fyne.Size) {
	f.Entry.Resize(size)
	first := strings.IndexAny(f.hint, ":;：；")
	if first < 0 {
		return
	}
	hint := f.hint
	if fyne.MeasureText(hint, textSize, f.TextStyle).Width > size.Width-2*apart {
		hint = hint[:first] + "…"
	}
	if f.PlaceHolder != hint {
		f.SetPlaceHolder(hint)
	}
}

// secretField is a field that shows dots.
func (u *UI) secretField(placeholder string) *field {
	f := u.field(placeholder)
	f.Password = true
	return f
}

// TypedShortcut implements fyne.Shortcutable.
func (f *field) TypedShortcut(s fyne.Shortcut) {
	if do := f.keys[s.ShortcutName()]; do != nil {
		do()
		return
	}
	f.Entry.TypedShortcut(s)
}

// TypedKey implements fyne.Focusable.
func (f *field) TypedKey(k *fyne.KeyEvent) {
	if !escapes(f, k) {
		f.Entry.TypedKey(k)
	}
}

type button struct{ widget.Button }

func newButton(text string, tapped func()) *button { return newIconButton(text, nil, tapped) }

func newIconButton(text string, icon fyne.Resource, tapped func()) *button {
	b := &button{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// primary is the button that a page or a question is for.
func primary(text string, tapped func()) *button {
	b := newButton(text, tapped)
	b.Importance = widget.HighImportance
	return b
}

// quietButton is one without a ground.
func quietButton(word string, icon fyne.Resource, do func()) *button {
	b := newIconButton(word, icon, do)
	b.Importance = widget.LowImportance
	return b
}

// rename gives a button another word.
func rename(b *button, word string) {
	if b.Text != word {
		b.SetText(word)
	}
}

// TypedKey implements fyne.Focusable.
func (b *button) TypedKey(k *fyne.KeyEvent) {
	if !escapes(b, k) {
		b.Button.TypedKey(k)
	}
}

// tick is a box to be ticked.
type tick struct{ widget.Check }

func newTick(text string, changed func(bool)) *tick {
	t := &tick{}
	t.Text, t.OnChanged = text, changed
	t.ExtendBaseWidget(t)
	return t
}

// TypedKey implements fyne.Focusable.
func (t *tick) TypedKey(k *fyne.KeyEvent) {
	if !escapes(t, k) {
		t.Check.TypedKey(k)
	}
}

// choice is one of several values.
type choice struct{ widget.Select }

func newChoice(options []string, changed func(string)) *choice {
	c := &choice{}
	c.Options, c.OnChanged = options, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *choice) TypedKey(k *fyne.KeyEvent) {
	if !escapes(c, k) {
		c.Select.TypedKey(k)
	}
}

// listing is a list of rows, through which one goes by pages as well.
type listing struct{ widget.List }

func newListing(length func() int, create func() fyne.CanvasObject, update func(widget.ListItemID, fyne.CanvasObject)) *listing {
	l := &listing{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.ExtendBaseWidget(l)
	return l
}

// flooded reports whether so many rows have come at once that nobody can read them:
// half of those that are seen.
func (l *listing) flooded(came int) bool { return 2*came >= int(l.Size().Height/rowHeight) }

// TypedKey implements fyne.Focusable.
func (l *listing) TypedKey(k *fyne.KeyEvent) {
	page := l.Size().Height - rowHeight
	switch k.Name {
	case fyne.KeyHome:
		l.Highlight(0)
	case fyne.KeyEnd:
		l.Highlight(max(l.Length()-1, 0))
	case fyne.KeyPageDown:
		l.ScrollToOffset(l.GetScrollOffset() + page)
	case fyne.KeyPageUp:
		l.ScrollToOffset(l.GetScrollOffset() - page)
	default:
		if !escapes(l, k) {
			l.List.TypedKey(k)
		}
	}
}
