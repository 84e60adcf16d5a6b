package keychain

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/zalando/go-keyring"
)

// system is the keychain of the system that runs.
type system struct{}

func (system) get(user string) (string, error) {
	if err := reachable(); err != nil {
		return "", err
	}
	return keyring.Get(Service, user)
}

func (system) set(user, text string) error {
	if err := reachable(); err != nil {
		return err
	}
	return keyring.Set(Service, user, text)
}

func (system) remove(user string) error {
	if err := reachable(); err != nil {
		return err
	}
	return keyring.Delete(Service, user)
}

var errNoBus = errors.New("there is no D-Bus session")

// reachable keeps the D-Bus library from running dbus-launch where there is no
// session to be found (SSH, a service, a container): that would start a bus of
// its own which has no keys on it and outlives us. Where there is a display,
// dbus-launch finds the session of that display.
func reachable() error {
	switch runtime.GOOS {
	case "darwin", "windows":
		return nil
	}
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return nil
	}
	if os.Getenv("DISPLAY") != "" {
		return nil
	}
	// Where godbus 5.2.4 looks (conn_other.go).
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(fmt.Sprintf("/run/user/%d/%s", os.Getuid(), name)); err == nil {
			return nil
		}
	}
	return errNoBus
}
