package connect

import (
	"os"
	"path/filepath"
	"strings"
)

// Env is the surroundings of the user whose clients are meant.
type Env struct {
	Home string   // the user's home folder
	Dir  string   // the working folder, for settings of a project; "": none
	GOOS string   // as runtime.GOOS has it
	Vars []string // NAME=value, as os.Environ gives them
	Root string   // what stands for /, where the system's own files are; "" is /
}

// Var gives a variable; "" if it is not set.
func (e Env) Var(name string) string {
	value := ""
	for _, pair := range e.Vars {
		n, v, ok := strings.Cut(pair, "=")
		if ok && (n == name || e.GOOS == windows && strings.EqualFold(n, name)) {
			value = v // of several the last one counts, as for programs that are started
		}
	}
	return value
}

const (
	windows = "windows"
	darwin  = "darwin"
)

// home gives a path in the home folder.
func (e Env) home(parts ...string) string {
	return filepath.Join(append([]string{e.Home}, parts...)...)
}

// system gives a path of the system.
func (e Env) system(path string) string { return filepath.Join(e.Root, filepath.FromSlash(path)) }

// configHome is $XDG_CONFIG_HOME or ~/.config. Clients that follow the XDG
// specification with the xdg-basedir library do so on every system.
func (e Env) configHome() string {
	if dir := e.Var("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return e.home(".config")
}

// appData is the folder in which editors keep a user's settings.
func (e Env) appData() string {
	switch e.GOOS {
	case windows:
		if dir := e.Var("APPDATA"); dir != "" {
			return dir
		}
		return e.home("AppData", "Roaming")
	case darwin:
		return e.home("Library", "Application Support")
	}
	return e.configHome()
}

// LookPath finds a program in PATH; "" if it is not there.
func (e Env) LookPath(program string) string {
	names := []string{program}
	if e.GOOS == windows {
		names = []string{program + ".exe", program + ".cmd", program + ".bat"}
	}
	for _, dir := range filepath.SplitList(e.Var("PATH")) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if err == nil && info.Mode().IsRegular() && (e.GOOS == windows || info.Mode().Perm()&0o111 != 0) {
				return path
			}
		}
	}
	return ""
}

// found says how a client was found: by its program, or by the first of some
// paths that exists. "" if it was not.
func (e Env) found(program string, paths ...string) string {
	if path := e.LookPath(program); path != "" {
		return path
	}
	for _, path := range paths {
		if exists(path) {
			return path
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
