package ui

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write translations/en.json anew")

const english = "translations/en.json"

// speaking are the folders in which texts stand that the window shows.
var speaking = []string{".", "state", "../../cmd/glmtray"}

// constant is a text that stands in the source: a literal, several of them, or
// the name of one.
func constant(e ast.Expr, named map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := named[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, ok := constant(e.X, named)
		right, also := constant(e.Y, named)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

// spokenText is a text that the window says.
type spokenText struct {
	where string // it is said
	one   string // its form for one thing; "" if it counts none
}

// sayers are the functions that say a text, by how many of their arguments stand
// before it.
var sayers = map[string]int{"tr": 0, "Tr": 0, "spoken": 0, "Spoken": 0, "Error": 0, "trN": 1, "TrN": 1}

// spokenTexts are all that the window says.
func spokenTexts(t *testing.T) map[string]spokenText {
	t.Helper()
	said := map[string]spokenText{}
	for _, dir := range speaking {
		set := token.NewFileSet()
		files := parseFolder(t, set, dir)
		named := namedTexts(files)
		for name, text := range named {
			if dir == "." && (strings.HasPrefix(name, "tab") || strings.HasPrefix(name, "section")) {
				said[text] = spokenText{where: "the names of pages and their parts"}
			}
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if text, s, ok := sayingOf(call, named); ok {
						s.where = set.Position(call.Pos()).String()
						said[text] = s
					}
				}
				return true
			})
		}
	}
	return said
}

func parseFolder(t *testing.T, set *token.FileSet, dir string) (files []*ast.File) {
	t.Helper()
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, dir+"/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// namedTexts are the texts that have a name.
func namedTexts(files []*ast.File) map[string]string {
	named := map[string]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i := range v.Names {
					if text, ok := constant(v.Values[i], nil); ok {
						named[v.Names[i].Name] = text
					}
				}
			}
			return true
		})
	}
	return named
}

// sayingOf is the text that a call says, if it says one that stands there.
func sayingOf(call *ast.CallExpr, named map[string]string) (text string, s spokenText, ok bool) {
	name := ""
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		if x, ok := fn.X.(*ast.Ident); ok && x.Name == "state" {
			name = fn.Sel.Name
		}
	}
	before, says := sayers[name]
	if !says || len(call.Args) <= before {
		return "", s, false
	}
	at := before
	if before > 0 {
		if s.one, ok = constant(call.Args[at], named); !ok {
			return "", s, false
		}
		at++
	}
	text, ok = constant(call.Args[at], named)
	return text, s, ok
}

func TestEveryTextThatIsSaidCanBeTranslated(t *testing.T) {
	said := spokenTexts(t)
	if len(said) < 300 {
		t.Fatalf("only %d texts were found: this test no longer sees them", len(said))
	}
	want := map[string]any{} // as go-i18n reads it
	for text, s := range said {
		want[text] = text
		if s.one != "" {
			want[text] = map[string]any{"one": s.one, "other": text}
		}
	}
	if *update {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(want); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(english, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(english)
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(raw, &have); err != nil {
		t.Fatal(err)
	}
	for _, text := range slices.Sorted(maps.Keys(want)) {
		if !reflect.DeepEqual(have[text], want[text]) {
			t.Errorf("%s says %q, which %s does not have: go test ./internal/ui -run CanBeTranslated -update", said[text].where, text, english)
		}
	}
	for text := range have {
		if want[text] == nil {
			t.Errorf("%s has %q, which nobody says", english, text)
		}
	}
}

func TestATextIsFilledInAndCounts(t *testing.T) {
	speak()
	for want, got := range map[string]string{
		"Remove a/b?":      tr("Remove {{.Key}}?", "Key", "a/b"),
		"1 key ready":      trN(1, "{{.Count}} key ready", "{{.Count}} keys ready"),
		"1,040 keys ready": trN(1040, "{{.Count}} key ready", "{{.Count}} keys ready"),
		"Remove {{.X}}?":   tr("Remove {{.Key}}?", "Key", "{{.X}}"), // a name is no text of ours
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The toolkit speaks German and Polish, and we do not: it must not write
// a line of its own log for each of our texts, nor count them by its rules. A
// language is chosen once for a process, so that this asks others.
func TestALanguageThatOnlyTheToolkitSpeaksIsEnglishWithoutAComplaint(t *testing.T) {
	for _, locale := range []string{"de_DE.UTF-8", "pl_PL.UTF-8", "zh_TW.UTF-8", "fi_FI.UTF-8"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestATextIsFilledInAndCounts$", "-test.v")
		cmd.Env = append(os.Environ(), "LANG="+locale, "LC_ALL="+locale, "LANGUAGE=")
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "Fyne error") || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%s: %v\n%s", locale, err, out)
		}
	}
}
