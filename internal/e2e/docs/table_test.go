package docs

import (
	"slices"
	"strings"
	"testing"
)

// How a command of ours is run that is not simply run.
type manner int

const (
	lasts manner = iota // until it says something; then it is interrupted and must end well
	asks                // with --yes: there is nobody to ask
)

// special is a row for commands that begin with these words and have none of
// those in without.
type special struct {
	words   string
	without string
	how     manner
	why     string
}

var specials = []special{
	{"glmtray serve", "", lasts, "it serves until it is interrupted"},
	{"glmtray keys add", "", asks, "it asks for terms and for what is unusual"},
	{"glmtray connect", "--list --diff", asks, "it shows a diff and asks"},
	{"glmtray import", "--dry-run", asks, "it shows what it found and asks"},
}

// foreign are programs of others that are not run, and why.
var foreign = map[string]string{
	"sudo":       "it changes the machine",
	"systemctl":  "it wants an installed package, and a user's or the machine's systemd",
	"loginctl":   "it changes the machine",
	"journalctl": "it wants an installed package",
	"docker":     "it wants a daemon; packaging/try.sh runs the image",
	"kubectl":    "it wants a cluster; packaging/try.sh checks the manifests",
	"ssh":        "it wants another machine",
	"tar":        "it wants a package that was built; packaging/try.sh unpacks it",
	"sha256sum":  "it wants a release",
	"gh":         "it asks GitHub",
	"make":       "it builds or tests all; that its target exists is checked",
}

// along are programs that are run where they stand beside ours.
var along = []string{"cd", "cp", "grep", "echo", "cat"}

// specialOf finds the row of a command.
func specialOf(c *command) (int, bool) {
	if len(c.runs) == 0 {
		return 0, false
	}
	first := append([]string{c.runs[0].program}, c.runs[0].args...)
	for i, s := range specials {
		words, not := strings.Fields(s.words), strings.Fields(s.without)
		if len(first) < len(words) || !slices.Equal(first[:len(words)], words) {
			continue
		}
		if !slices.ContainsFunc(not, func(w string) bool { return slices.Contains(first, w) }) {
			return i, true
		}
	}
	return 0, false
}

// foreignOf tells of the first program of a command that is not ours to run.
func foreignOf(c *command) (program, why string) {
	for _, s := range c.runs {
		if text, ok := foreign[s.program]; ok {
			return s.program, text
		}
	}
	return "", ""
}

func TestEveryCommandIsRunOrNamedAndEveryRowIsNeeded(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, p := range pages(t) {
		for _, c := range p.commands(t) {
			program, _ := foreignOf(&c)
			row, isSpecial := specialOf(&c)
			switch {
			case program != "":
				used[program] = true
			case isSpecial:
				used[specials[row].words] = true
			default:
				for _, s := range c.runs {
					if s.program != "glmtray" && s.program != "curl" && !slices.Contains(along, s.program) {
						t.Errorf("%s: %q is neither run nor named in table_test.go", &c, s.program)
					}
				}
			}
		}
	}
	for program := range foreign {
		if !used[program] {
			t.Errorf("no page has %s: take its row out", program)
		}
	}
	for _, s := range specials {
		if !used[s.words] {
			t.Errorf("no page has %q: take its row out", s.words)
		}
	}
}
