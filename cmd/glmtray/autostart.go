package main

import (
	"fmt"
	"os"
	"strings"
)

// program is the path under which the system is to start us.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	return path, nil
}

// variable reads one variable of the environment that the program was given.
func (e *env) variable(name string) string {
	for _, pair := range e.environ {
		if have, value, ok := strings.Cut(pair, "="); ok && have == name {
			return value
		}
	}
	return ""
}

// startAtLoginOr has the system start us at login, in the tray, or no longer.
func startAtLoginOr(e *env, on bool) error {
	return wrapErr(setLogin(e, on), "changing what starts at login")
}
