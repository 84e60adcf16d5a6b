package connect

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/glmtray/glmtray/internal/lazy"
)

// diffOf shows what changes in a file, for people. Values that are keys, or are
// named so, are left out: a terminal has a history.
func diffOf(path string, f disk, after []byte) string {
	from := path
	if f.absent {
		from = "/dev/null"
	}
	text := string(diff.Diff(from, f.data, path, after))
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "diff ") {
			continue
		}
		fmt.Fprintln(&b, clip(mask(line)))
	}
	return b.String()
}

var (
	namedSecret  = lazy.Regexp(`(?i)(key|token|secret|password|passwd|credential|authorization|bearer|cookie)`)
	quotedText   = lazy.Regexp(`"(?:[^"\\]|\\.)*"|'[^']*'`)
	inAddress    = lazy.Regexp(`://[^/@\s"']+@`)
	shapedSecret = lazy.Regexp(`^[A-Za-z0-9_+=.-]{20,}$`)
)

// mask leaves out what may be a key: long words of letters and digits, and
// every value on a line that is named like one.
func mask(line string) string {
	named := namedSecret().MatchString(line)
	colon := strings.IndexAny(line, ":=")
	line = inAddress().ReplaceAllString(line, "://…@")
	return quotedText().ReplaceAllStringFunc(line, func(quoted string) string {
		text := quoted[1 : len(quoted)-1]
		name := colon >= 0 && strings.Index(line, quoted) < colon
		switch {
		case text == KeyToCome || name || digits(text):
			return quoted
		case named && len(text) >= 8 && !strings.HasPrefix(text, "http") && !isVariable(text):
			return `"…"`
		case shapedSecret().MatchString(text) && strings.ContainsAny(text, "0123456789") && !strings.HasPrefix(text, "claude-"):
			return `"…"`
		}
		return quoted
	})
}

func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// isVariable reports whether a text is written like the name of a variable.
func isVariable(text string) bool {
	return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// clip keeps a file that is written on one line from filling the screen.
func clip(line string) string {
	const most = 240
	if r := []rune(line); len(r) > most {
		return string(r[:most]) + "…"
	}
	return line
}
