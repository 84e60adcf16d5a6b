package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
)

var (
	variableRow = regexp.MustCompile("(?m)^\\| (`[A-Z][A-Z0-9_]+`[^|]*) \\| ([^|]*) \\|")
	variable    = regexp.MustCompile("`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`")
	settingName = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
)

// What the pages on coming from a predecessor say of its variables is what the
// program knows of them: each is there, under the setting that it sets, and said
// to be of no use only where it is.
func TestEveryVariableOfAPredecessorIsToldAsItIs(t *testing.T) {
	t.Parallel()
	known := map[string]config.Variable{}
	for _, v := range config.Variables() {
		if !strings.HasPrefix(v.Name, "GLMTRAY_") {
			known[v.Name] = v
		}
	}
	told := map[string]bool{}
	for _, p := range pages(t) {
		if !strings.HasPrefix(p.name, "docs/from-") {
			continue
		}
		for _, m := range variableRow.FindAllStringSubmatch(p.text, -1) {
			for _, n := range variable.FindAllStringSubmatch(m[1], -1) {
				v, ok := known[n[1]]
				if !ok {
					t.Errorf("%s: %s is a variable of nobody's", p.name, n[1])
					continue
				}
				told[v.Name] = true
				setting, _, _ := strings.Cut(v.Use, ",")
				switch unused := strings.Contains(m[2], "not used"); {
				case unused == v.Honoured:
					t.Errorf("%s: %s is honoured: %v, and the page says %q", p.name, v.Name, v.Honoured, m[2])
				case v.Honoured && isSetting(setting) && !strings.Contains(m[2], "`"+setting+"`"):
					t.Errorf("%s: %s sets %s, and the page says %q", p.name, v.Name, setting, m[2])
				}
			}
		}
		for _, n := range variable.FindAllStringSubmatch(p.text, -1) { // an address, in the text
			told[n[1]] = true
		}
	}
	for name := range known {
		if !told[name] && !strings.HasSuffix(name, "_BASE_URL") { // glmtray's own additions
			t.Errorf("no page on coming from a predecessor has %s", name)
		}
	}
}

// isSetting reports whether there is a setting of this name.
func isSetting(name string) bool {
	if !settingName.MatchString(name) {
		return false
	}
	for _, s := range config.ScalarNames() {
		if s == name {
			return true
		}
	}
	return false
}
