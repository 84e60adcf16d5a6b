//go:build !headless

package main

import (
	"errors"
	"path/filepath"
	"strings"
)

// autostartFile is where a desktop session looks for what to start
// (specifications.freedesktop.org/autostart-spec, 0.5).
func autostartFile(e *env) (string, error) {
	dir := e.variable("XDG_CONFIG_HOME")
	if dir == "" {
		home := e.variable("HOME")
		if home == "" {
			return "", errors.New("HOME is not set")
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "autostart", "glmtray.desktop"), nil
}

func startsAtLogin(e *env) (bool, error) {
	file, err := autostartFile(e)
	if err != nil {
		return false, err
	}
	return isThere(file)
}

func addToLogin(e *env) error {
	file, err := autostartFile(e)
	if err != nil {
		return err
	}
	path, err := program()
	if err != nil {
		return err
	}
	return writeLogin(file, "[Desktop Entry]\nType=Application\nName=glmtray\nComment=One local address for all your GLM-class API keys\n"+
		"Exec="+execWord(path)+" app --hidden\nTerminal=false\nX-GNOME-Autostart-enabled=true\n")
}

// execWord quotes a path as the Exec key wants it: once for the command line,
// and the backslashes of that once more for the value itself; "%" is doubled.
func execWord(path string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`, "%", "%%").Replace(path)
	return `"` + strings.ReplaceAll(quoted, `\`, `\\`) + `"`
}

func takeFromLogin(e *env) error {
	file, err := autostartFile(e)
	if err != nil {
		return err
	}
	return removeLogin(file)
}
