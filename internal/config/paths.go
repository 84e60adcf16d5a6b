package config

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
)

// appDir is the folder's name in the user's folders.
const appDir = "glmtray"

// fileName is the settings file's name.
const fileName = "settings.toml"

// DefaultFile is where settings.toml lies if nobody says otherwise: in the
// user's config folder ($XDG_CONFIG_HOME, ~/Library/Application Support,
// %AppData%). environ is as os.Environ gives it.
func DefaultFile(environ []string) (string, error) {
	dir, err := userDir(readEnviron(environ), "XDG_CONFIG_HOME", ".config", "AppData")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, appDir, fileName), nil
}

// DefaultDataDir is where the database and the logs lie if nobody says
// otherwise: in the user's data folder ($XDG_DATA_HOME or ~/.local/share,
// ~/Library/Application Support, %LocalAppData%).
func DefaultDataDir(environ []string) (string, error) {
	dir, err := userDir(readEnviron(environ), "XDG_DATA_HOME", ".local/share", "LocalAppData")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, appDir), nil
}

func userDir(env layer, xdg, below, windows string) (string, error) {
	switch runtime.GOOS {
	case "windows":
		if dir := env.text(windows); dir != "" {
			return dir, nil
		}
		return "", errors.New("finding the user's folder: %" + windows + "% is not set; name one with --data-dir")
	case "darwin", "ios":
		if home := env.text("HOME"); home != "" {
			return filepath.Join(home, "Library", "Application Support"), nil
		}
	default:
		// The XDG specification has relative paths ignored.
		if dir := env.text(xdg); filepath.IsAbs(dir) {
			return dir, nil
		}
		if home := env.text("HOME"); home != "" {
			return filepath.Join(home, filepath.FromSlash(below)), nil
		}
	}
	return "", errors.New("finding the user's folder: HOME is not set; name one with --data-dir")
}

// variable is one variable of the environment or of an env file.
type variable struct {
	text   string
	origin Origin // its name, and the line of the env file
}

// layer is the environment, or an env file.
type layer map[string]variable

func (l layer) text(name string) string { return l[envName(name)].text }

// envName makes names comparable: Windows does not tell their case apart.
func envName(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

func readEnviron(environ []string) layer {
	l := make(layer, len(environ))
	for _, pair := range environ {
		name, text, ok := strings.Cut(pair, "=")
		if ok && name != "" {
			l[envName(name)] = variable{text, Origin(name)}
		}
	}
	return l
}
