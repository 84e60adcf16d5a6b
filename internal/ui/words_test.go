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
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

var update = flag.Bool("update", false, "write translations/en.json anew")

const english = "translations/en.json"

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

// spokenTexts are all that the window says, by where it is said.
func spokenTexts(t *testing.T) map[string]string {
	t.Helper()
	set := token.NewFileSet()
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
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
	said := map[string]string{}
	for name, text := range named {
		if strings.HasPrefix(name, "tab") || strings.HasPrefix(name, "section") {
			said[text] = "the names of pages and their parts"
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if fn, ok := call.Fun.(*ast.Ident); ok && (fn.Name == "tr" || fn.Name == "spoken") {
				if text, ok := constant(call.Args[0], named); ok {
					said[text] = set.Position(call.Pos()).String()
				}
			}
			return true
		})
	}
	for _, f := range wholeExchange().Facts() {
		said[f.Name] = "state.Exchange.Facts"
	}
	return said
}

// wholeExchange is a request of which everything is known.
func wholeExchange() *state.Exchange {
	return &state.Exchange{Finished: event.Finished{
		Time: time.Now(), Client: "a", Method: "POST", Path: "/", Asked: "m", Provider: "p", Model: "m", Key: "k", Rule: "r", Reason: "s",
		Status: 200, Outcome: "ok", Error: "e", Tokens: event.Tokens{Prompt: 1, Completion: 1}, Took: time.Second, Changed: []string{"x"},
	}}
}

func TestEveryTextThatIsSaidCanBeTranslated(t *testing.T) {
	said := spokenTexts(t)
	if len(said) < 100 {
		t.Fatalf("only %d texts were found: this test no longer sees them", len(said))
	}
	if *update {
		texts := map[string]string{}
		for text := range said {
			texts[text] = text
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(texts); err != nil {
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
	var have map[string]string
	if err := json.Unmarshal(raw, &have); err != nil {
		t.Fatal(err)
	}
	for _, text := range slices.Sorted(maps.Keys(said)) {
		if have[text] == "" {
			t.Errorf("%s says %q, which %s does not have: go test ./internal/ui -run CanBeTranslated -update", said[text], text, english)
		}
	}
	for text := range have {
		if said[text] == "" {
			t.Errorf("%s has %q, which nobody says", english, text)
		}
	}
}

func TestATextIsFilledIn(t *testing.T) {
	speak()
	if got := tr("Remove {{.Key}}?", "Key", "a/b"); got != "Remove a/b?" {
		t.Errorf("got %q", got)
	}
}
