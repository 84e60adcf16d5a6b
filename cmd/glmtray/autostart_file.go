//go:build !windows

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// startsAtLogin reports whether the system starts us at login: whether there is
// the file that says so.
func startsAtLogin(e *env) (bool, error) {
	file, err := loginPlace(e)
	if err != nil {
		return false, err
	}
	_, err = os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// setLogin writes that file, or removes it.
func setLogin(e *env, on bool) error {
	file, err := loginPlace(e)
	if err != nil {
		return err
	}
	if !on {
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil // as wanted
	}
	path, err := program()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(loginText(path)), 0o644) //nolint:gosec // the system's session reads it, too; there is nothing secret in it
}
