package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// page is one file that people read.
type page struct {
	name   string // from the root: "docs/keys.md"
	text   string
	blocks []block
}

// block is what stands between two fences.
type block struct {
	line int // of its first line
	lang string
	text string
}

// pages are README.md and docs/*.md.
func pages(t *testing.T) (list []page) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(files) < 5 {
		t.Fatalf("the pages are not where they were: %v, %v", files, err)
	}
	for _, file := range append([]string{filepath.Join(root, "README.md")}, files...) {
		name, _ := filepath.Rel(root, file)
		text := read(t, file)
		list = append(list, page{filepath.ToSlash(name), text, blocksOf(text)})
	}
	return list
}

// read reads a file whose lines Git may have ended as Windows does.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

var fence = regexp.MustCompile("^( *)```([a-z]*) *$")

// blocksOf finds the fenced blocks, those within lists as well.
func blocksOf(text string) (list []block) {
	var open *block
	indent := ""
	for n, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && open == nil:
			open, indent = &block{line: n + 2, lang: m[2]}, m[1]
		case m != nil:
			list = append(list, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	return list
}

// withoutBlocks is the running text.
func (p *page) withoutBlocks() string {
	var b strings.Builder
	in := false
	for line := range strings.Lines(p.text) {
		if fence.MatchString(strings.TrimSuffix(line, "\n")) {
			in = !in
		} else if !in {
			b.WriteString(line)
		}
	}
	return b.String()
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// anchor is what a heading is called in an address (github.com).
func anchor(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r == ' ' || r == '-':
			b.WriteByte('-')
		case r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.withoutBlocks(), -1) {
			path, at, _ := strings.Cut(m[1], "#")
			if strings.Contains(m[1], "://") {
				continue
			}
			file := filepath.Join(root, filepath.Dir(p.name), path)
			if path == "" {
				file = filepath.Join(root, p.name)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %s leads nowhere", p.name, m[1])
				continue
			}
			if at == "" {
				continue
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(read(t, file), -1) {
				anchors = append(anchors, anchor(h[1]))
			}
			if !slices.Contains(anchors, at) {
				t.Errorf("%s: %s has no heading that is called so", p.name, m[1])
			}
		}
	}
}

func TestEveryPageCanBeFoundFromTheReadme(t *testing.T) {
	t.Parallel()
	list := pages(t)
	for _, p := range list[1:] {
		if !strings.Contains(list[0].text, "]("+p.name+")") && p.name != "docs/faults.md" { // written by make faults
			t.Errorf("the README does not link %s", p.name)
		}
	}
}
