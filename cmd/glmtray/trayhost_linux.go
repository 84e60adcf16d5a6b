//go:build !headless

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// busLimit is how long the session bus may take to say who is there.
const busLimit = 2 * time.Second

// watcherName is whom every host of StatusNotifierItem registers with. GNOME
// has none without its AppIndicator extension.
const watcherName = "org.kde.StatusNotifierWatcher"

// watchTrayHost reports whether something shows tray icons, and calls changed
// from then on, until ctx ends, whenever that becomes otherwise. Without a bus
// there will never be a tray.
func watchTrayHost(ctx context.Context, changed func(bool)) (there, ever bool) {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return false, false
	}
	context.AfterFunc(ctx, func() { _ = bus.Close() }) // it was only listened to
	owners := make(chan *dbus.Signal, 16)
	bus.Signal(owners)
	first, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	rule := fmt.Sprintf("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'", watcherName)
	if err := bus.BusObject().CallWithContext(first, "org.freedesktop.DBus.AddMatch", 0, rule).Err; err != nil {
		return false, true
	}
	err = bus.BusObject().CallWithContext(first, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&there)
	go func() {
		for signal := range owners { // closed with the connection
			var name, before, after string
			if dbus.Store(signal.Body, &name, &before, &after) == nil && name == watcherName {
				changed(after != "")
			}
		}
	}()
	return err == nil && there, true
}
