package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// walk visits all that can be seen: what lies over the window before the rest.
func (r *rig) walk(visit func(fyne.CanvasObject)) {
	if r.u.sheet != nil {
		walk(r.u.sheet.popup.Content, visit)
	}
	walk(r.u.win.Content(), visit)
}

// walk visits all visible objects, the cells of lists among them.
func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, visit)
		}
	case *container.ThemeOverride:
		walk(o.Content, visit)
	case *container.Scroll:
		walk(o.Content, visit)
	case *container.Split:
		walk(o.Leading, visit)
		walk(o.Trailing, visit)
	case *container.Clip:
		walk(o.Content, visit)
	case *pressed:
		walk(o.content, visit)
	case *listing:
		for i := range o.Length() {
			c := o.CreateItem()
			o.UpdateItem(i, c)
			walk(c, visit)
		}
	}
}
