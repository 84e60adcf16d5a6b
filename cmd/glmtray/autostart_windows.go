package main

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

// runKey lists what Windows starts when this user logs on
// (learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys).
const (
	runKey   = `Software\Microsoft\Windows\CurrentVersion\Run`
	runValue = "glmtray"
)

// loginPlace names the place of our value.
func loginPlace(*env) (string, error) { return `HKEY_CURRENT_USER\` + runKey + `\` + runValue, nil }

// startsAtLogin reports whether the system starts us at login.
func startsAtLogin(*env) (bool, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = key.Close() }() // it was only read
	_, _, err = key.GetStringValue(runValue)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// setLogin writes our value, or removes it.
func setLogin(_ *env, on bool) error {
	if !on {
		return takeFromLogin()
	}
	path, err := program()
	if err != nil {
		return err
	}
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	return errors.Join(key.SetStringValue(runValue, `"`+path+`" app --hidden`), key.Close())
}

func takeFromLogin() error {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = key.DeleteValue(runValue)
	if errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, key.Close())
}
