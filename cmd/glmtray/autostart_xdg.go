//go:build !windows && !darwin

package main

import (
	"errors"
	"path/filepath"
	"strings"
)

// loginPlace is where a desktop session looks for what to start
// (specifications.freedesktop.org/autostart-spec, 0.5).
func loginPlace(e *env) (string, error) {
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

// loginText has the program started in the tray.
func loginText(program string) string {
	return "[Desktop Entry]\nType=Application\nName=glmtray\nComment=One local address for all your GLM-class API keys\n" +
		"Exec=" + execWord(program) + " app --hidden\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
}

// execWord quotes a path as the Exec key wants it: once for the command line,
// and the backslashes of that once more for the value itself; "%" is doubled.
func execWord(path string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`, "%", "%%").Replace(path)
	return `"` + strings.ReplaceAll(quoted, `\`, `\\`) + `"`
}
