package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// declared lists the tests of a package.
func declared(t *testing.T, pkg string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

func TestEveryPromiseHasTestsThatExist(t *testing.T) {
	known := map[string][]string{}
	for _, p := range promises {
		if len(p.tests) == 0 {
			t.Errorf("nothing holds %q", p.says)
		}
		if !slices.ContainsFunc(foes, func(f struct{ name, can string }) bool { return f.name == p.against }) {
			t.Errorf("%q is against nobody that is listed", p.says)
		}
		for _, test := range p.tests {
			pkg, name, _ := strings.Cut(test, ".")
			if known[pkg] == nil {
				known[pkg] = declared(t, pkg)
			}
			if !slices.Contains(known[pkg], name) {
				t.Errorf("%q is held by %s, which is not there", p.says, test)
			}
		}
	}
}

func TestThePagesShowWhatIsPromised(t *testing.T) {
	for page, table := range map[string]string{"docs/security.md": full(allHeld), "README.md": short()} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), strings.TrimSpace(table)) {
			t.Errorf("%s does not show the promises as they are: run %s ARGS=-write", page, command)
		}
	}
}

func TestAPromiseIsHeldOnlyIfAllItsTestsHavePassed(t *testing.T) {
	p := promise{tests: []string{"a.TestX", "a.FuzzY"}}
	const begun = `{"Action":"run","Test":"TestX"}{"Action":"output","Test":"TestX"}`
	for _, c := range []struct {
		name, said string
		want       bool
	}{
		{"all pass", begun + `{"Action":"pass","Test":"TestX"}{"Action":"pass","Test":"FuzzY/seed#0"}{"Action":"pass","Test":"FuzzY"}{"Action":"pass"}`, true},
		{"one was skipped", begun + `{"Action":"skip","Test":"TestX"}{"Action":"pass","Test":"FuzzY"}`, false},
		{"one failed", begun + `{"Action":"pass","Test":"TestX"}{"Action":"fail","Test":"FuzzY"}`, false},
		{"one did not end", begun + `{"Action":"pass","Test":"FuzzY"}`, false},
		{"only a part of one has passed", begun + `{"Action":"pass","Test":"TestX"}{"Action":"pass","Test":"FuzzY/seed#0"}`, false},
		{"nothing ran", ``, false},
	} {
		results := map[string]string{}
		if err := read(strings.NewReader(c.said), "a", results); err != nil {
			t.Fatal(err)
		}
		if got := verdict(p, results) == held; got != c.want {
			t.Errorf("%s: %s", c.name, verdict(p, results))
		}
	}
}
