package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// gatekeepers decide who asks: where they are, and the variable that holds what
// a stranger has presented.
var gatekeepers = []struct{ dir, function, presented string }{
	{"internal/proxy", "who", "text"},
	{"internal/proxy", "controls", "token"},
	{"internal/store", "Who", "presented"},
	{"internal/secret", "Equal", "p"}, // of either Value
}

// blind are the calls that take as long for a good key as for a bad one.
var blind = []string{"len", "[]byte", "secret.New", "secret.Value.Equal", "hashClientKey", "sha256.Sum256", "subtle.ConstantTimeCompare", "Who", "Equal"}

// What a stranger presents is compared with nothing but "" and nil, and goes
// nowhere but into digests and comparisons of constant time: the time that an
// answer takes then says nothing of how near a guess was.
func TestKeysAreComparedInConstantTime(t *testing.T) {
	all := sources(t)
	for _, g := range gatekeepers {
		seen := 0
		for _, s := range all {
			if s.dir != g.dir || s.isTest() {
				continue
			}
			for _, d := range s.file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == g.function && f.Body != nil {
					uses, wrong := usesOf(f.Body, g.presented)
					seen += uses
					for _, n := range wrong {
						t.Errorf("%s: what was presented is used where its content may cost time", s.set.Position(n.Pos()))
					}
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s in %s uses no %s: either it moved or this test no longer sees it", g.function, g.dir, g.presented)
		}
	}
}

// usesOf counts how often a variable (or a field) of that name is read, and
// lists where that is not blind.
func usesOf(body ast.Node, name string) (uses int, wrong []ast.Node) {
	var above []ast.Node
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			uses++
			if !harmless(above, id) {
				wrong = append(wrong, n)
			}
		}
		above = append(above, n)
		return true
	})
	return uses, wrong
}

// harmless looks at what is done with a value: above are the nodes around it,
// the outermost first.
func harmless(above []ast.Node, of ast.Node) bool {
	for i := len(above) - 1; i >= 0; i-- {
		switch n := above[i].(type) {
		case *ast.SelectorExpr, *ast.StarExpr, *ast.ParenExpr:
			of = n
			continue
		case *ast.AssignStmt:
			return slices.Contains(n.Lhs, of.(ast.Expr)) // it is given its value
		case *ast.BinaryExpr:
			return (n.Op == token.EQL || n.Op == token.NEQ) && (isNothing(n.X) || isNothing(n.Y) || isPointer(n.X) && isPointer(n.Y))
		case *ast.CallExpr:
			return slices.Contains(blind, calleeOf(n))
		}
		return false
	}
	return false
}

func isNothing(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BasicLit:
		return x.Value == `""`
	case *ast.Ident:
		return x.Name == "nil"
	}
	return false
}

// isPointer reports whether it is a field as it is, not what it points to.
func isPointer(x ast.Expr) bool {
	_, ok := x.(*ast.SelectorExpr)
	return ok
}

// calleeOf names what is called: "len", "subtle.ConstantTimeCompare", "[]byte",
// or of a method its name alone.
func calleeOf(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.ArrayType:
		if elem, ok := f.Elt.(*ast.Ident); ok && f.Len == nil {
			return "[]" + elem.Name
		}
	case *ast.SelectorExpr:
		if pkg, ok := f.X.(*ast.Ident); ok && slices.ContainsFunc(blind, func(b string) bool { return b == pkg.Name+"."+f.Sel.Name }) {
			return pkg.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// unbounded are functions that recurse as deep as foreign bytes nest, or try as
// often as a pattern lets them.
var unbounded = map[string]string{
	"gjson.Valid":      "it recurses without a bound: use json.Valid",
	"gjson.ValidBytes": "it recurses without a bound: use json.Valid",
	"hujson.Minimize":  "it recurses without a bound: see parseJSON in internal/connect",
	"hujson.Format":    "it recurses without a bound: see parseJSON in internal/connect",
	"hujson.Parse":     "it recurses without a bound: see parseJSON in internal/connect",
}

// bounded looks at the depth before it calls one of them.
const bounded = "internal/connect/jsondoc.go"

func TestForeignBytesGoToNoParserWithoutABound(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, imp := range s.file.Imports {
			if strings.Contains(imp.Path.Value, "dlclark/regexp2") {
				t.Errorf("%s imports regular expressions that backtrack", s.path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			if why, is := unbounded[pkg.Name+"."+sel.Sel.Name]; is && s.path != bounded {
				t.Errorf("%s: %s.%s: %s", s.set.Position(sel.Pos()), pkg.Name, sel.Sel.Name, why)
			}
			return true
		})
	}
}
