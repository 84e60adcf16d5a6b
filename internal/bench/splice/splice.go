package splice

import (
	"fmt"
	"os"
	"strings"
)

// Table replaces what stands in a file between
//
//	<!-- COMMAND writes from here … -->
//	<!-- COMMAND writes to here -->
func Table(file, command, table string) error {
	raw, err := os.ReadFile(file) //nolint:gosec // the caller's own file
	if err != nil {
		return err
	}
	opening, closing := "<!-- "+command+" writes from here", "<!-- "+command+" writes to here -->"
	before, rest, found := strings.Cut(string(raw), opening)
	line, _, _ := strings.Cut(rest, "\n")
	_, after, closed := strings.Cut(rest, closing)
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table, which is between %q and %q", file, opening+" -->", closing)
	}
	text := before + opening + line + "\n\n" + strings.TrimSpace(table) + "\n\n" + closing + after
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // a text for everybody
}
