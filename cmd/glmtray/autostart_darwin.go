package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"path/filepath"
)

const loginLabel = "org.glmtray.glmtray"

// loginPlace is where launchd looks for what to start at login (man 5
// launchd.plist).
func loginPlace(e *env) (string, error) {
	home := e.variable("HOME")
	if home == "" {
		return "", errors.New("HOME is not set")
	}
	return filepath.Join(home, "Library", "LaunchAgents", loginLabel+".plist"), nil
}

// loginText has the program started in the tray.
func loginText(program string) string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(program)) // a buffer takes everything
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key><string>` + loginLabel + `</string>
	<key>ProgramArguments</key>
	<array><string>` + escaped.String() + `</string><string>app</string><string>--hidden</string></array>
	<key>RunAtLoad</key><true/>
</dict>
</plist>
`
}
