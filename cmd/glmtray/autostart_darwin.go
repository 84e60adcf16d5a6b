//go:build !headless

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"path/filepath"
)

const loginLabel = "org.glmtray.glmtray"

// agentFile is where launchd looks for what to start at login (man 5
// launchd.plist).
func agentFile(e *env) (string, error) {
	home := e.variable("HOME")
	if home == "" {
		return "", errors.New("HOME is not set")
	}
	return filepath.Join(home, "Library", "LaunchAgents", loginLabel+".plist"), nil
}

func startsAtLogin(e *env) (bool, error) {
	file, err := agentFile(e)
	if err != nil {
		return false, err
	}
	return isThere(file)
}

func addToLogin(e *env) error {
	file, err := agentFile(e)
	if err != nil {
		return err
	}
	path, err := program()
	if err != nil {
		return err
	}
	var escaped bytes.Buffer
	if err := xml.EscapeText(&escaped, []byte(path)); err != nil {
		return err
	}
	return writeLogin(file, `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key><string>`+loginLabel+`</string>
	<key>ProgramArguments</key>
	<array><string>`+escaped.String()+`</string><string>app</string><string>--hidden</string></array>
	<key>RunAtLoad</key><true/>
</dict>
</plist>
`)
}

func takeFromLogin(e *env) error {
	file, err := agentFile(e)
	if err != nil {
		return err
	}
	return removeLogin(file)
}
