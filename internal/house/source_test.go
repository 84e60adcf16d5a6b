package house

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// revealers are the only packages that may take a key out of its secret.Value:
// where the outgoing header is written, where the keychain is, and the type's own.
var revealers = []string{"internal/proxy/upstream", "internal/store/keychain", "internal/secret"}

// nameless are package names that say nothing of what is in them.
var nameless = []string{
	"util", "utils", "common", "helper", "helpers", "type", "types", "model", "models", "manager", "managers",
	"misc", "shared", "base", "lib",
}

// source is one parsed Go file of ours.
type source struct {
	path string // from the root, with slashes
	dir  string
	file *ast.File
	set  *token.FileSet
}

// sources parses every Go file there is, whatever its build tags.
func sources(t *testing.T) (list []source) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor" || name == "bin" || name == "dist") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		list = append(list, source{path: rel, dir: filepath.ToSlash(filepath.Dir(rel)), file: file, set: set})
		return nil
	})
	if err != nil {
		t.Fatalf("reading the source: %v", err)
	}
	return list
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// reveals lists the lines where a key is taken out.
func (s source) reveals() (lines []int) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reveal" {
			lines = append(lines, s.set.Position(sel.Pos()).Line)
		}
		return true
	})
	return lines
}

func TestAKeyIsRevealedInTwoPackagesOnly(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		lines := s.reveals()
		if len(lines) > 0 {
			seen[s.dir] = true
		}
		if !slices.Contains(revealers, s.dir) {
			for _, line := range lines {
				t.Errorf("%s:%d takes a key out of its secret.Value", s.path, line)
			}
		}
	}
	// A wall that finds nothing where something must be is blind.
	for _, dir := range revealers[:2] {
		if !seen[dir] {
			t.Errorf("%s reveals no key: either it moved or this test no longer sees it", dir)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if _, known := documented[s.dir]; !known {
			documented[s.dir] = false
		}
		if filepath.Base(s.path) == "doc.go" && s.file.Doc != nil {
			text := s.file.Doc.Text()
			want := "Package " + s.file.Name.Name + " "
			if s.file.Name.Name == "main" {
				want = "Command " + filepath.Base(s.dir) + " "
			}
			if !strings.HasPrefix(text, want) {
				t.Errorf("%s does not begin with %q", s.path, want)
			}
			documented[s.dir] = true
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no doc.go with a comment", dir)
		}
	}
}

func TestNamesSayWhatAThingIs(t *testing.T) {
	told := map[string]bool{}
	for _, s := range sources(t) {
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); slices.Contains(nameless, name) {
			t.Errorf("%s: a package named %s", s.path, name)
		}
		if strings.Contains(s.dir, "_") && !told[s.dir] {
			told[s.dir] = true
			t.Errorf("%s: a directory with an underscore", s.dir)
		}
		if !goodFileName(filepath.Base(s.path), constrained(s.file)) {
			t.Errorf("%s: an underscore that means nothing to Go", s.path)
		}
	}
}

// platforms are the operating systems and processors that we build for, as Go
// spells them in file names.
var platforms = []string{"linux", "darwin", "windows", "freebsd", "openbsd", "netbsd", "unix", "amd64", "arm64"}

// goodFileName allows _test, a platform, and a suffix of one's own if the file
// has a build constraint to go with it ("shell_headless.go").
func goodFileName(name string, constrained bool) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
	parts := strings.Split(name, "_")
	for i, suffix := range parts[1:] {
		if !slices.Contains(platforms, suffix) && (!constrained || i > 0) {
			return false
		}
	}
	return true
}

// constrained reports whether a file has a //go:build line.
func constrained(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Pos() < file.Package && constraint.IsGoBuild(c.Text) {
				return true
			}
		}
	}
	return false
}

func TestAnUnderscoreMeansSomethingToGo(t *testing.T) {
	tests := []struct {
		name        string
		constrained bool
		want        bool
	}{
		{"value.go", false, true},
		{"value_test.go", false, true},
		{"holder_linux.go", false, true},
		{"holder_linux_test.go", false, true},
		{"holder_other.go", true, true},
		{"shell_headless.go", true, true},
		{"key_pool.go", false, false},
		{"key_pool_linux.go", false, false},
		{"key_pool_other.go", true, false},
	}
	for _, tt := range tests {
		if got := goodFileName(tt.name, tt.constrained); got != tt.want {
			t.Errorf("%s, constrained %v: %v", tt.name, tt.constrained, got)
		}
	}
}
