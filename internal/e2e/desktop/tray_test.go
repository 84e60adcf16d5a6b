//go:build linux && !headless

package desktop

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// host shows tray icons, as a desktop's panel does: it owns the watcher's name,
// and whatever registers with it is its item.
type host struct {
	t   *testing.T
	bus *dbus.Conn

	mu    sync.Mutex
	owner string          // the item's connection
	path  dbus.ObjectPath // and its place there
}

const (
	watcher     = "org.kde.StatusNotifierWatcher"
	watcherPath = "/StatusNotifierWatcher"
	itemIface   = "org.kde.StatusNotifierItem"
	menuIface   = "com.canonical.dbusmenu"
)

func newHost(t *testing.T, address string) *host {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	h := &host{t: t, bus: bus}
	_, err = prop.Export(bus, watcherPath, prop.Map{watcher: {
		"RegisteredStatusNotifierItems":  {Value: []string{}},
		"IsStatusNotifierHostRegistered": {Value: true},
		"ProtocolVersion":                {Value: int32(0)},
	}})
	if err == nil {
		err = bus.Export(registry{h}, watcherPath, watcher)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.appear()
	return h
}

// appear and vanish are a panel's start and end.
func (h *host) appear() {
	h.t.Helper()
	if reply, err := h.bus.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		h.t.Fatalf("owning %s: %v, %v", watcher, reply, err)
	}
}

func (h *host) vanish() {
	h.t.Helper()
	if _, err := h.bus.ReleaseName(watcher); err != nil {
		h.t.Fatal(err)
	}
}

// registry is what items call.
type registry struct{ h *host }

// RegisterStatusNotifierItem takes a program's icon: by object path, as the
// toolkit does, or by bus name.
func (r registry) RegisterStatusNotifierItem(service string, sender dbus.Sender) *dbus.Error {
	r.h.mu.Lock()
	defer r.h.mu.Unlock()
	r.h.owner, r.h.path = string(sender), "/StatusNotifierItem"
	if strings.HasPrefix(service, "/") {
		r.h.path = dbus.ObjectPath(service)
	}
	return nil
}

// RegisterStatusNotifierHost is there for completeness: the host is this test.
func (registry) RegisterStatusNotifierHost(string) *dbus.Error { return nil }

func (h *host) item() (dbus.BusObject, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bus.Object(h.owner, h.path), h.owner != ""
}

// entry is one line of the menu.
type entry struct {
	id      int32
	label   string
	enabled bool
	ticked  bool
	below   []entry // of a submenu
}

// menu reads the icon's menu. It is asked for twice: the first answer after a
// rebuild has no children.
func (h *host) menu() []entry {
	item, ok := h.item()
	if !ok {
		return nil
	}
	where, err := item.GetProperty(itemIface + ".Menu")
	if err != nil {
		return nil
	}
	path, ok := where.Value().(dbus.ObjectPath)
	if !ok {
		return nil
	}
	menu := h.bus.Object(item.Destination(), path)
	var entries []entry
	for range 2 {
		var revision uint32
		var root struct {
			ID       int32
			Props    map[string]dbus.Variant
			Children []dbus.Variant
		}
		call := menu.Call(menuIface+".GetLayout", 0, int32(0), int32(-1), []string{})
		if err := call.Store(&revision, &root); err != nil {
			return nil
		}
		entries = entries[:0]
		for _, child := range root.Children {
			if e, ok := readEntry(child); ok {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

func readEntry(v dbus.Variant) (entry, bool) {
	fields, ok := v.Value().([]any)
	if !ok || len(fields) != 3 {
		return entry{}, false
	}
	id, _ := fields[0].(int32)
	props, _ := fields[1].(map[string]dbus.Variant)
	label, _ := props["label"].Value().(string)
	e := entry{id: id, label: strings.ReplaceAll(label, "__", "_"), enabled: true}
	if on, ok := props["enabled"].Value().(bool); ok {
		e.enabled = on
	}
	switch state := props["toggle-state"].Value().(type) {
	case int32:
		e.ticked = state == 1
	case int64:
		e.ticked = state == 1
	}
	if children, ok := fields[2].([]dbus.Variant); ok {
		for _, child := range children {
			if below, ok := readEntry(child); ok {
				e.below = append(e.below, below)
			}
		}
	}
	return e, label != ""
}

// below finds an entry of a submenu whose own line begins so.
func (h *host) below(prefix, label string) (entry, bool) {
	for _, e := range h.menu() {
		if !strings.HasPrefix(e.label, prefix) {
			continue
		}
		for _, b := range e.below {
			if b.label == label {
				return b, true
			}
		}
	}
	return entry{}, false
}

// clickBelow clicks an entry of a submenu until it has worked.
func (h *host) clickBelow(prefix, label string, worked func() bool) {
	h.t.Helper()
	for range 10 {
		if e, ok := h.below(prefix, label); ok && e.enabled {
			h.event(e.id)
		}
		if within(3*time.Second, worked) {
			return
		}
	}
	h.t.Fatalf("clicking %q below %q in the tray did not work: %q", label, prefix, h.lines())
}

// event clicks an entry.
func (h *host) event(id int32) {
	item, _ := h.item()
	where, err := item.GetProperty(itemIface + ".Menu")
	if err != nil {
		return
	}
	path, _ := where.Value().(dbus.ObjectPath)
	h.bus.Object(item.Destination(), path).Call(menuIface+".Event", 0, id, "clicked", dbus.MakeVariant(""), uint32(0))
}

// lines are the menu's texts.
func (h *host) lines() []string {
	var out []string
	for _, e := range h.menu() {
		out = append(out, e.label)
	}
	return out
}

// line is the first line that begins so, "" if there is none.
func (h *host) line(prefix string) string {
	for _, l := range h.lines() {
		if strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return ""
}

// await waits for a line that begins so and holds that.
func (h *host) await(prefix, holds string) string {
	h.t.Helper()
	var got string
	if !within(pollLimit, func() bool {
		got = h.line(prefix)
		return got != "" && strings.Contains(got, holds)
	}) {
		h.t.Fatalf("no line of the tray begins with %q and holds %q: %q", prefix, holds, h.lines())
	}
	return got
}

// click clicks an entry until it has worked: a click while the menu is rebuilt
// is lost.
func (h *host) click(label string, worked func() bool) {
	h.t.Helper()
	for range 10 {
		for _, e := range h.menu() {
			if e.label != label || !e.enabled {
				continue
			}
			h.event(e.id)
			break
		}
		if within(3*time.Second, worked) {
			return
		}
	}
	h.t.Fatalf("clicking %q in the tray did not work: %q", label, h.lines())
}
