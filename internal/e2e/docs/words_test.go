package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// texts are all that the program may say: the texts of its source, with those
// that are put together of several in one.
type texts []string

// has reports whether some text holds this one.
func (t texts) has(words string) bool {
	for _, text := range t {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// said reads them, from everything that is no test and no tool of ours.
func said(t *testing.T) (list texts) {
	t.Helper()
	set := token.NewFileSet()
	for _, dir := range []string{"cmd/glmtray", "internal/config", "internal/connect", "internal/proxy", "internal/store", "internal/ui"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || d.Name() == "simulator") {
				return filepath.SkipDir
			}
			if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if text, ok := literal(e); ok {
						list = append(list, text)
						return false
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// literal is a text, or several with + between; what is no text among them is "…".
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, isLeft := literal(e.X)
		right, isRight := literal(e.Y)
		if e.Op != token.ADD || !isLeft && !isRight {
			return "", false
		}
		if !isLeft {
			left = "…"
		}
		if !isRight {
			right = "…"
		}
		return left + right, true
	}
	return "", false
}

// row is a table's row whose first cells quote the program.
var row = regexp.MustCompile("(?m)^(?:\\| (?:[0-9, ]+ )?(`.*)|(`this is .*`))$")

var quotation = regexp.MustCompile("`([^`]+)`")

// What the page quotes must be what the program says; "…" stands for what differs.
func TestTroublesAreToldInTheProgramsOwnWords(t *testing.T) {
	t.Parallel()
	all := said(t)
	seen := 0
	for _, p := range pages(t) {
		if p.name != "docs/troubleshooting.md" {
			continue
		}
		for _, m := range row.FindAllStringSubmatch(p.text, -1) {
			cell, _, _ := strings.Cut(m[1]+m[2], " |")
			for _, q := range quotation.FindAllStringSubmatch(cell, -1) {
				for part := range strings.SplitSeq(q[1], "…") {
					if part = strings.Trim(part, " ()"); len(part) < 3 {
						continue
					}
					seen++
					if !all.has(part) {
						t.Errorf("%s: nothing says %q", p.name, part)
					}
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d quotations were found", seen)
	}
}
