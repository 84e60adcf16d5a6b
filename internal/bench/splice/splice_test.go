package splice

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheTableTakesThePlaceOfTheLastOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	const page = "# Title\n\n<!-- make x writes from here (a word) -->\nold\n<!-- make x writes to here -->\n\nend\n"
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "# Title\n\n<!-- make x writes from here (a word) -->\n\n| a |\n\n<!-- make x writes to here -->\n\nend\n"
	for range 2 { // a second time changes nothing
		if err := Table(file, "make x", "| a |\n"); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(file); string(got) != want {
			t.Fatalf("got %q", got)
		}
	}
	if err := Table(file, "make y", ""); err == nil || !strings.Contains(err.Error(), "no place for the table") {
		t.Errorf("a page without the place: %v", err)
	}
}
