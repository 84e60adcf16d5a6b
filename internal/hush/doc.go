// Package hush keeps the standard logger silent until main begins.
//
// The window's toolkit looks for the system's language while it is initialised, and
// writes three lines to standard error where that is C or POSIX, as it is under
// systemd, cron and in containers: before a command that prints a version, too. Nothing
// else logs so early. Go initialises packages that are ready in the order of their
// paths, so this one, which needs the logger alone, comes before the toolkit; a test of
// cmd/glmtray holds that.
package hush

import (
	"io"
	"log"
	"os"
)

func init() { log.SetOutput(io.Discard) }

// Over lets the logger speak again.
func Over() { log.SetOutput(os.Stderr) }
