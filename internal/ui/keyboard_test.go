package ui

import (
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

func TestEscapeIsTheWindowsWhereverTheFocusIs(t *testing.T) {
	p := pseudoProgram(time.Now())
	r := newRig(t, p, host)
	r.until("the agents", func() bool { return len(r.u.st.Agents()) > 0 })
	r.publish(pseudoEnd("1", time.Now()))
	r.until("a request", func() bool { return len(r.u.st.Decisions(1)) > 0 })
	escaped := 0
	r.u.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if k.Name == fyne.KeyEscape {
			escaped++
		}
	})
	kinds := map[string]bool{}
	look := func(where string) {
		t.Helper()
		r.walk(func(o fyne.CanvasObject) {
			f, ok := o.(fyne.Focusable)
			if d, can := o.(fyne.Disableable); !ok || can && d.Disabled() {
				return
			}
			kinds[fmt.Sprintf("%T", o)] = true
			r.u.win.Canvas().Focus(f)
			before := escaped
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
			if escaped != before+1 {
				t.Errorf("%s: %T keeps Escape to itself", where, o)
			}
		})
	}
	for _, tab := range r.u.tabs {
		r.u.turn(tab.name)
		if tab.name == tabSettings {
			r.until("the settings", func() bool { return len(r.u.page(tabSettings).(*settings).rows) > 0 })
		}
		r.u.redraw()
		look(tab.name)
	}
	r.u.addKey()
	look("add a key")
	r.u.keysPage().choose(keyID{datum("cerebras"), datum("desk")})
	look("a key")
	r.u.showRequest("1")
	r.until("the request", func() bool { return r.requests().pane.x.ID == "1" })
	for i := range paneParts {
		r.requests().pane.parts.choose(i)
		look("request, " + paneParts[i])
	}
	for _, kind := range []string{"*ui.button", "*ui.field", "*ui.tick", "*ui.choice", "*ui.listing", "*ui.pressed", "*ui.railItem"} {
		if !kinds[kind] {
			t.Errorf("no %s was seen", kind)
		}
	}
}

func TestAListIsGoneThroughByPages(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), contents: contents{records: records(300)}}
	r, q := requestsRig(t, p)
	r.until("the records", func() bool { return q.view.Len() == 300 })
	var at []float32
	for _, key := range []fyne.KeyName{fyne.KeyPageDown, fyne.KeyPageDown, fyne.KeyPageUp, fyne.KeyEnd, fyne.KeyHome} {
		q.list.TypedKey(&fyne.KeyEvent{Name: key})
		at = append(at, q.list.GetScrollOffset())
	}
	if at[0] <= 0 || at[1] <= at[0] || at[2] != at[0] || at[3] < 290*(rowHeight-tight)-q.list.Size().Height || at[4] != 0 {
		t.Errorf("it goes to %v", at)
	}
}

func TestTheWindowsShortcutsWorkWhileABodyIsPasted(t *testing.T) {
	r, _, page := routingRig(t)
	r.u.win.Canvas().Focus(page.dry.body)
	page.dry.body.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.Key4, Modifier: fyne.KeyModifierShortcutDefault})
	if r.u.open.name != tabKeys {
		t.Errorf("it leads to %s", r.u.open.name)
	}
}

func TestAPlaceholderWithoutRoomSaysItsFirstWord(t *testing.T) {
	r := newRig(t, &program{snap: serving(desktopKey("desk"))}, host)
	f := r.u.field("search: reason, error, model, path")
	for width, want := range map[float32]string{90: "search…", 400: "search: reason, error, model, path"} {
		f.Resize(fyne.NewSize(width, rowHeight))
		if f.PlaceHolder != want {
			t.Errorf("%v wide it says %q", width, f.PlaceHolder)
		}
	}
}
