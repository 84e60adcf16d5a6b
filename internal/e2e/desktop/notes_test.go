//go:build linux && !headless

package desktop

import (
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// notes shows notifications, as a desktop does: it owns the service's name, and
// keeps what it was told.
type notes struct {
	t  *testing.T
	mu sync.Mutex
	// told are titles and texts: "All keys cool down: cerebras/one is …".
	told []string
}

const notifications = "org.freedesktop.Notifications"

func newNotes(t *testing.T, address string) *notes {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	n := &notes{t: t}
	if err := bus.Export(bubble{n}, "/org/freedesktop/Notifications", notifications); err != nil {
		t.Fatal(err)
	}
	if reply, err := bus.RequestName(notifications, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("owning %s: %v, %v", notifications, reply, err)
	}
	return n
}

// bubble is what programs call.
type bubble struct{ n *notes }

// Notify takes a notification (specifications.freedesktop.org/notification-spec, 1.2).
func (b bubble) Notify(_ string, _ uint32, _, title, text string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	b.n.mu.Lock()
	defer b.n.mu.Unlock()
	b.n.told = append(b.n.told, title+": "+text)
	return uint32(len(b.n.told)), nil //nolint:gosec // a handful
}

// await waits for a notification that begins so.
func (n *notes) await(prefix string) string {
	n.t.Helper()
	var got string
	if !within(pollLimit, func() bool {
		got = n.find(prefix)
		return got != ""
	}) {
		n.t.Fatalf("nobody was told %q; told: %q", prefix, n.told)
	}
	return got
}

func (n *notes) find(prefix string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, text := range n.told {
		if strings.HasPrefix(text, prefix) {
			return text
		}
	}
	return ""
}
