//go:build !headless

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	var err error
	if on {
		err = addToLogin(e)
	} else {
		err = takeFromLogin(e)
	}
	if err != nil {
		return fmt.Errorf("changing what starts at login: %w", err)
	}
	return nil
}

// isThere reports whether a file is.
func isThere(file string) (bool, error) {
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// writeLogin writes a file that the system reads at login.
func writeLogin(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // the system's session reads it, too; there is nothing secret in it
}

// removeLogin removes it; that it is not there is as wanted.
func removeLogin(file string) error {
	if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
