//go:build linux && !headless

package desktop

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// The panel is that of Xfce: of those that Debian has it is the smallest which
// shows icons of this kind and draws their menus itself.
const panelProgram, panelPackages = "xfce4-panel", "xfce4-panel"

// panelSettings are one bar along the top with nothing but the tray, at its end.
const panelSettings = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="DARK"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/><property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
`

// startPanel starts a real panel, which shows the program's icon and menu as a
// person sees them. Its settings come from a process that the desktop's own bus
// would start by itself.
func (s *session) startPanel(theme string, scale int) *host {
	s.t.Helper()
	needOf(s.t, panelProgram, panelPackages)
	look := "Adwaita"
	if theme == "dark" {
		look += ":dark"
	}
	environ := s.environ
	s.environ = append(append([]string{}, environ...), "GTK_THEME="+look, "GDK_SCALE="+strconv.Itoa(scale))
	defer func() { s.environ = environ }()
	dir := filepath.Join(s.variable("HOME"), ".config", "xfce4", "xfconf", "xfce-perchannel-xml")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	text := strings.Replace(panelSettings, "DARK", strconv.FormatBool(theme == "dark"), 1)
	if err := os.WriteFile(filepath.Join(dir, "xfce4-panel.xml"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	service, err := os.ReadFile("/usr/share/dbus-1/services/org.xfce.Xfconf.service")
	if err != nil {
		s.t.Fatal(err)
	}
	exec := regexp.MustCompile(`(?m)^Exec=(\S+)`).FindSubmatch(service)
	if exec == nil {
		s.t.Fatalf("%s starts nothing", service)
	}
	daemon(s.t, s.command(string(exec[1])))
	bus, err := dbus.Connect(s.variable("DBUS_SESSION_BUS_ADDRESS"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = bus.Close() })
	owned := func(name string) func() bool {
		return func() bool {
			var there bool
			err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
			return err == nil && there
		}
	}
	eventually(s.t, "the panel's settings", owned("org.xfce.Xfconf"))
	daemon(s.t, s.command(panelProgram, "--disable-wm-check"))
	eventually(s.t, "a panel that shows icons", owned(watcher))
	return &host{t: s.t, bus: bus}
}

// registered finds the icon that another host shows, so that its menu can be
// read.
func (h *host) registered() {
	h.t.Helper()
	eventually(h.t, "an icon in the panel", func() bool {
		v, err := h.bus.Object(watcher, watcherPath).GetProperty(watcher + ".RegisteredStatusNotifierItems")
		if err != nil {
			return false
		}
		items, _ := v.Value().([]string)
		if len(items) == 0 {
			return false
		}
		owner, path, ok := strings.Cut(items[0], "/")
		h.mu.Lock()
		defer h.mu.Unlock()
		h.owner, h.path = owner, dbus.ObjectPath("/"+path)
		return ok
	})
}

// area is a part of the display.
type area struct{ x, y, w, h int }

// panelWindows are the windows of the panel's tray that are larger than an icon:
// its menus, the one that was opened last being the last.
func (s *session) panelWindows(least int) (list []area) {
	out, err := s.command("xdotool", "search", "--onlyvisible", "--class", "wrapper").Output()
	if err != nil {
		return nil // it finds none
	}
	for _, id := range strings.Fields(string(out)) {
		text, err := s.command("xdotool", "getwindowgeometry", "--shell", id).Output()
		if err != nil {
			continue // it is gone
		}
		var a area
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			n, _ := strconv.Atoi(value)
			switch name {
			case "X":
				a.x = n
			case "Y":
				a.y = n
			case "WIDTH":
				a.w = n
			case "HEIGHT":
				a.h = n
			}
		}
		if a.w >= least && a.h >= least {
			list = append(list, a)
		}
	}
	return list
}

// around is the smallest area that holds all of them.
func around(list []area) area {
	a := list[0]
	right, bottom := a.x+a.w, a.y+a.h
	for _, b := range list[1:] {
		right, bottom = max(right, b.x+b.w), max(bottom, b.y+b.h)
		a.x, a.y = min(a.x, b.x), min(a.y, b.y)
	}
	a.w, a.h = right-a.x, bottom-a.y
	return a
}

// TestPicturesOfTheTray writes the tray's menu as a panel draws it, in every look.
func TestPicturesOfTheTray(t *testing.T) {
	inEveryLook(t, trayPictures, 1, 2)
}

func trayPictures(t *testing.T, c *camera) {
	d := c.desk()
	d.trayless = true
	s := newSession(t, d)
	s.tray = s.startPanel(c.theme, c.scale)
	s.withClaude()
	h := busyHour(t, enough)
	data := s.withKey(h.settings)
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	h.client(s, data, "claude-code")
	p := s.start(launch{
		dir: data, args: []string{"app", "--hidden"}, environ: c.environ("SYNTHETIC_API_KEY="+keySynthetic, "ZAI_API_KEY="+keyZAI),
	})
	c.p = p
	s.tray.registered()
	s.tray.await("cerebras/one: ready", "")
	s.glmtray(data, "", "connect", "codex", "--yes")
	if err := h.cerebras.SetFaults(
		simulator.Fault{When: simulator.When{Key: "one"}, What: "cerebras/tpm", Wait: simulator.Duration(12 * time.Minute)},
	); err != nil {
		t.Fatal(err)
	}
	for _, q := range questions[:4] {
		h.ask(p.url(), q)
	}
	s.tray.await("cerebras/one: ", "back in ")
	eventually(t, "the tray has the agent that a command has connected", func() bool {
		h.ask(p.url(), questions[0])
		e, ok := s.tray.below("Connect", "Codex CLI")
		return ok && e.ticked
	})
	s.tray.await("Today: ", "")
	c.menu("tray", "")
	c.menu("tray-connect", "Connect")
	s.tray.clickBelow("Pin a provider", "Z.ai", func() bool { return s.tray.line("Pinned: zai until ") != "" })
	c.menu("tray-pinned", "Pinned: ")
}

// menuLeast is how wide and high a menu is at least, at 100 %; an icon is smaller.
const menuLeast = 40

// menu opens the icon's menu, and the submenu of the entry that begins so unless
// that is "", and takes a picture of what is open.
func (c *camera) menu(name, submenu string) {
	c.p.t.Helper()
	s := c.p.s
	var icon []area
	eventually(c.p.t, "the panel shows one icon", func() bool { icon = s.panelWindows(16 * c.scale); return len(icon) == 1 })
	x, y := icon[0].x+icon[0].w/2, icon[0].y+icon[0].h/2
	var open []area
	eventually(c.p.t, "the menu is open", func() bool {
		c.p.xdotool("mousemove", strconv.Itoa(x), strconv.Itoa(y), "sleep", "0.1", "mousedown", "3", "sleep", "0.1", "mouseup", "3")
		return within(3*time.Second, func() bool { open = s.panelWindows(menuLeast * c.scale); return len(open) == 1 })
	})
	if submenu != "" {
		entries, m := s.tray.menu(), open[0]
		i := slices.IndexFunc(entries, func(e entry) bool { return strings.HasPrefix(e.label, submenu) })
		// The entries are as high as each other, and the lines between them next to nothing.
		y := m.y + m.h*(2*i+1)/(2*len(entries))
		nudge := 0
		eventually(c.p.t, "the submenu is open", func() bool { // a menu that is not drawn yet takes no notice of the pointer
			nudge = 1 - nudge
			c.p.xdotool("mousemove", strconv.Itoa(m.x+m.w/2+nudge), strconv.Itoa(y))
			return within(time.Second, func() bool { open = s.panelWindows(menuLeast * c.scale); return len(open) == 2 })
		})
	}
	c.part(name, around(open))
	c.p.press("Escape")
	eventually(c.p.t, "the menu is closed", func() bool {
		if len(s.panelWindows(menuLeast*c.scale)) > 0 {
			c.p.press("Escape")
			return false
		}
		return true
	})
}
