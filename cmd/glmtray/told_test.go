//go:build !headless

package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// What the window says of other parts' sentences is known by their forms (state.Told),
// which stand apart from those who make the sentences. These tests have them made, with
// ‹ › around every name, and every text of ours said in ⟦ ⟧: a letter outside of both
// is English to whoever reads Chinese.

func translating(t *testing.T) {
	t.Helper()
	state.Translate(func(m *state.Message) string {
		inside := *m
		inside.Fills = nil
		for _, f := range m.Fills {
			inside.Fills = append(inside.Fills, state.Fill{Name: f.Name, Text: "⟧" + f.Text + "⟦"})
		}
		return "⟦" + inside.English() + "⟧"
	})
	t.Cleanup(func() { state.Translate((*state.Message).English) })
}

var oursOrNamed = regexp.MustCompile(`⟦[^⟦⟧]*⟧|‹[^‹›]*›|[0-9][0-9.,]* ?(s|min|h|ms)\b|"[^"]*"`)

// wantTold fails for a text of which something would be read in English.
func wantTold(t *testing.T, text string) {
	t.Helper()
	told := state.ToldLines(text)
	if left := oursOrNamed.ReplaceAllString(told, ""); strings.ContainsFunc(left, unicode.IsLetter) {
		t.Errorf("%q is not translated: %q", text, strings.TrimSpace(left))
	}
}

// anyWorld is a table, keys and a request as chance has them.
func anyWorld(r *rand.Rand) route.Input {
	some := func(n int) bool { return r.IntN(n) == 0 }
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	known := roster.New()
	s := &config.Settings{Aliases: []string{"‹claude-*›"}, SameFamilyFirst: some(2)}
	ids := []string{"‹a›", "‹b›", "‹c›"}
	for _, id := range ids {
		p := config.Provider{ID: id, Endpoints: []config.Endpoint{{}}, Roles: map[config.Role][]string{}, Models: map[string]config.ModelInfo{}}
		for _, role := range config.Roles {
			if some(3) {
				continue
			}
			model := "‹" + pick("glm", "gpt", "m") + "-" + string(role)[:1] + "›"
			p.Roles[role] = []string{model}
			if some(4) {
				known.Gone(id, model, time.Time{}, "404")
			}
			p.Models[model] = config.ModelInfo{Context: 1000 * (1 + r.IntN(300)), Vision: some(2)}
		}
		if some(2) {
			known.SetListed(id, []roster.Listed{{ID: "‹glm-x›"}})
		}
		s.Providers = append(s.Providers, p)
	}
	for i := range r.IntN(4) {
		rule := config.Rule{Name: fmt.Sprintf("‹rule %d›", i)}
		if some(2) {
			rule.When.Images = some(2)
			rule.When.TokensOver = r.IntN(3) * 50_000
			rule.When.Model = pick("", "‹*glm*›", "‹*opus*›|‹gpt*›")
		}
		for range 1 + r.IntN(3) {
			rule.Use = append(rule.Use, config.Target{Provider: pick(append(ids, "‹nobody›")...), Model: pick("large", "small", "vision", "‹own›")})
		}
		if some(3) {
			rule.Canary = config.Canary{Share: 50, Use: []config.Target{{Provider: pick(ids...), Model: "large"}}}
		}
		s.Rules = append(s.Rules, rule)
	}
	in := route.Input{Settings: s, Roster: known, Dice: r.Float64(), Usable: func(id string) int { return int(id[len("‹")]) % (1 + r.IntN(3)) }}
	in.Facts = chat.Facts{Model: pick("", "‹glm-x›", "‹claude-opus›", "‹gpt-5›"), Tokens: r.IntN(400_000)}
	if some(3) {
		in.Facts.Images, in.Facts.Pictures = true, r.IntN(3)
	}
	if some(5) {
		in.Pin = pick(append(ids, "‹nobody›")...)
	}
	return in
}

func TestWindowSaysWhyInTheReadersLanguage(t *testing.T) {
	translating(t)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same worlds each time
	seen := map[string]bool{}
	role := regexp.MustCompile(`(\bhas no |\bevery |\bits |›/)(large|small|vision)\b`) // a role is a name
	varies := regexp.MustCompile(`‹[^›]*›|[0-9][0-9,]*`)
	say := func(text string) {
		text = role.ReplaceAllString(text, "$1‹$2›")
		if form := varies.ReplaceAllString(text, "…"); text != "" && !seen[form] {
			seen[form] = true
			wantTold(t, text)
		}
	}
	for range 20_000 {
		d := route.Decide(anyWorld(r))
		say(d.Reason)
		say(d.Astray)
		for _, tried := range d.Trace() {
			say(tried.Reason)
			for _, l := range tried.Left {
				say(l.Why)
			}
		}
		for _, step := range d.Chain {
			say(step.Why)
		}
		if d.Refused != nil {
			say(d.Refused.Message)
		}
	}
	if len(seen) < 60 {
		t.Errorf("only %d kinds of reasons came about: this test no longer sees them", len(seen))
	}
}

func TestWindowSaysOfKeysInTheReadersLanguage(t *testing.T) {
	translating(t)
	for _, s := range []keypool.State{
		{State: keypool.Ready},
		{State: keypool.Busy, Slots: 2},
		{State: keypool.Parked, Reason: "parked by hand"},
		{State: keypool.Ready, Barred: map[string]string{"‹m›": ""}},
		{State: keypool.Ready, Barred: map[string]string{"‹m›": "since before the restart"}},
		{State: keypool.Missing, Reason: config.ErrNoItem.Error()},
		{State: keypool.Disabled},
		{State: keypool.Cooling, Reason: "requests per minute used up"},
		{State: keypool.Busy, Reason: "one request tries it first"},
	} {
		wantTold(t, s.Words("‹m›"))
	}
}

// literals are the texts that stand in a folder's source and that keep accepts: of
// functions and values that no test reaches.
func literals(t *testing.T, dir string, keep func(text string) bool) (texts []string) {
	t.Helper()
	for _, parsed := range sources(t, dir) {
		ast.Inspect(parsed, func(n ast.Node) bool {
			for _, e := range spelled(n) {
				if text, ok := joined(e); ok && keep(text) {
					texts = append(texts, text)
				}
			}
			return true
		})
	}
	return texts
}

// spelled are the values of a node in which a sentence may stand.
func spelled(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CompositeLit:
		return n.Elts
	case *ast.AssignStmt:
		return n.Rhs
	case *ast.ReturnStmt:
		return n.Results
	case *ast.KeyValueExpr:
		return []ast.Expr{n.Value}
	}
	return nil
}

var printed = regexp.MustCompile(`%\w`)

// joined is a text that is written out, on one line or several, with ‹x› for what is
// put into it.
func joined(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.CallExpr: // fmt.Sprintf("…", …), x.s.say("…"), colon(why)
		switch fn := e.Fun.(type) {
		case *ast.SelectorExpr:
			if fn.Sel.Name == "Itoa" {
				return "1", true
			}
			if fn.Sel.Name == "Sprintf" || fn.Sel.Name == "say" {
				text, ok = joined(e.Args[0])
				return printed.ReplaceAllString(strings.ReplaceAll(text, "%d", "1"), "‹x›"), ok
			}
		case *ast.Ident:
			if fn.Name == "colon" || fn.Name == "because" {
				return ": ‹x›", false
			}
		}
	case *ast.BinaryExpr:
		left, isLeft := joined(e.X)
		right, isRight := joined(e.Y)
		return cmp.Or(left, "‹x›") + cmp.Or(right, "‹x›"), isLeft || isRight
	}
	return "", false
}

func TestWindowSaysWhatCameBackInTheReadersLanguage(t *testing.T) {
	translating(t)
	sentence := regexp.MustCompile(`^[A-Za-z‹›'-]+ ([a-z0-9A-Z‹›'().,:;/?_-]+ ?)+$`)
	var found []string
	for _, room := range []string{"upstream", "keypool"} {
		found = append(found, literals(t, "../../internal/proxy/"+room, sentence.MatchString)...)
	}
	if len(found) < 60 {
		t.Fatalf("only %d were found: this test no longer sees them", len(found))
	}
	for _, text := range found {
		if !strings.Contains(netHTTP, text) && !slices.Contains(parts, text) {
			wantTold(t, text)
		}
	}
}

// parts are of sentences that are told whole: "tokens per minute used up".
var parts = []string{"‹x› per ‹x›", "‹x› used up"}

// netHTTP are the errors of net/http that the package looks for.
const netHTTP = "response headers exceeded, too many 1xx, unsupported transfer encoding, bad Content-Length, multiple Content-Length"

func TestWindowSaysWhatWasChangedInTheReadersLanguage(t *testing.T) {
	translating(t)
	changes := regexp.MustCompile(`^(added|asked|changed|dropped|joined|left out|lowered|moved|put|removed|renamed|switched|turned|wrapped) `)
	notes := notesOf(t, "../../internal/proxy/dialect")
	notes = append(notes, literals(t, "../../internal/proxy/dialect", changes.MatchString)...)
	notes = append(notes, "dropped 7 broken events") // package proxy counts them
	if len(notes) < 60 {
		t.Fatalf("only %d were found: this test no longer sees them", len(notes))
	}
	member := regexp.MustCompile(`\b([a-z]+([_.]|\[\])[a-z_.\[\]]*|temperature|thinking|tools|input)( (allowed_tools|‹x›))?`)
	for _, note := range notes {
		for _, change := range []string{note, note + " ×2"} {
			told := member.ReplaceAllString(state.ToldChange(change), "‹x›")
			left := oursOrNamed.ReplaceAllString(told, "")
			if !changes.MatchString(change) || strings.ContainsFunc(left, unicode.IsLetter) {
				t.Errorf("%q is not translated: %q", change, told)
			}
		}
	}
}

// notesOf are the notes that a package takes of what it does to a request, with ‹x› for
// what its source does not tell.
func notesOf(t *testing.T, dir string) (notes []string) {
	t.Helper()
	files := sources(t, dir)
	consts := map[string]ast.Expr{}
	for _, parsed := range files {
		for _, d := range parsed.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, spec := range d.Specs {
					if v := spec.(*ast.ValueSpec); len(v.Values) == 1 {
						consts[v.Names[0].Name] = v.Values[0]
					}
				}
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			fn, ok := call.Fun.(*ast.SelectorExpr)
			first, isText := joined(call.Args[0])
			if !ok || !isText {
				return true
			}
			rest := ""
			if len(call.Args) > 1 {
				what := call.Args[1]
				if name, ok := what.(*ast.Ident); ok && consts[name.Name] != nil {
					what = consts[name.Name]
				}
				text, _ := joined(what)
				rest = cmp.Or(text, "‹x›")
			}
			switch fn.Sel.Name {
			case "note":
				notes = append(notes, first+rest)
			case "drop":
				notes = append(notes, strings.TrimSpace("dropped "+first+" "+rest))
			}
			return true
		})
	}
	return notes
}

func TestWindowSaysTroublesInTheReadersLanguage(t *testing.T) {
	translating(t)
	// Names that stand in a sentence as they are, in every language.
	name := regexp.MustCompile(`glmtray [a-z]+( [a-z]+)?( NAME)?|\(service glmtray, user|--[a-z-]+|\b(HOME|TOML|run\.json|[A-Z]+_[A-Z_]+)\b`)
	found := 0
	for dir, commands := range map[string][]string{
		// What only commands say stands in no window.
		".": {
			"bundle.go", "clientimport.go", "connect.go", "disconnect.go", "doctor.go", "doctorlocal.go", "explain.go", "import.go", "logs.go",
			"logsexport.go", "main.go", "prompt.go", "restore.go", "run.go", "runclient.go", "shell_headless.go", "uninstall.go", "uninstalldata.go",
			"uninstallparts.go", "update.go", "usage.go",
		},
		"../../internal/config": {"envimport.go"}, "../../internal/connect": nil, "../../internal/store/keychain": nil,
		"../../internal/store": {"buckets.go", "clientregistry.go", "damage.go", "migrate.go", "migratekinds.go", "requestkind.go"}, // for the log
	} {
		for _, text := range troubles(t, dir, commands) {
			found++
			if aside := []string{
				"say where to: --first, --last or --before=OTHER", "a secret is not encoded", "‹x› key ‹x›: ‹x›",
				"printing the first client's key: ‹x›", "say --yes to agree beforehand, or name another endpoint with --endpoint",
			}; slices.Contains(aside, text) { // nobody who uses the window comes to these
				continue
			}
			told := name.ReplaceAllString(state.ToldLines(text), "")
			if left := oursOrNamed.ReplaceAllString(told, ""); strings.ContainsFunc(left, unicode.IsLetter) {
				t.Errorf("%s: %q is not translated: %q", dir, text, told)
			}
		}
	}
	if found < 100 {
		t.Fatalf("only %d were found: this test no longer sees them", found)
	}
}

// troubles are the errors and hints that stand in a folder's source, but for some files,
// with ‹x› for what is put into them.
func troubles(t *testing.T, dir string, but []string) (texts []string) {
	t.Helper()
	puts := regexp.MustCompile(`%[-+#]?[0-9.]*[a-zA-Z]`)
	for name, parsed := range sources(t, dir) {
		if slices.Contains(but, name) {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			var said []ast.Expr
			switch fn := call.Fun.(type) {
			case *ast.SelectorExpr:
				if fn.Sel.Name == "Errorf" || (fn.Sel.Name == "New" && len(call.Args) == 1) {
					said = call.Args[:1]
				}
			case *ast.Ident:
				if fn.Name == "hint" {
					said = call.Args[1:]
				}
			}
			for _, e := range said {
				if text, ok := joined(e); ok && strings.Contains(text, " ") {
					texts = append(texts, puts.ReplaceAllString(strings.ReplaceAll(text, "%d", "7"), "‹x›"))
				}
			}
			return true
		})
	}
	return texts
}

// sources are the files of a folder, by name.
func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v", dir, err)
	}
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = parsed
	}
	return files
}

func TestWindowSaysOfAgentsInTheReadersLanguage(t *testing.T) {
	translating(t)
	surroundings := connect.Env{Home: "‹home›", GOOS: "linux", Vars: []string{
		"ANTHROPIC_API_KEY=x", "ANTHROPIC_AUTH_TOKEN=x", "ANTHROPIC_BASE_URL=x", "OPENAI_API_KEY=x", "OPENAI_BASE_URL=x",
	}}
	for _, c := range connect.Clients() {
		for _, text := range []string{c.Restart, c.Unreachable} {
			if text != "" && state.Told(text) != "⟦"+text+"⟧" {
				t.Errorf("of %s %q is said in English", c.ID, text)
			}
		}
		// The lines that a person reads begin without a blank, what is to be typed with some.
		for line := range strings.Lines(c.Recipe(surroundings, connect.Wish{BaseURL: "http://127.0.0.1:18080", Models: connect.Models{Large: connect.Model{ID: "m"}}})) {
			line = strings.TrimRight(line, "\n")
			if !strings.HasPrefix(line, " ") && line != "" && state.Told(line) == line {
				t.Errorf("the recipe of %s says in English: %s", c.ID, line)
			}
		}
	}
	if got, want := toCome("x="+connect.KeyToCome), "x=⟦"+connect.KeyToCome+"⟧"; got != want {
		t.Errorf("a key to come is %s, not %s", got, want)
	}
	for _, o := range connect.Overrides(surroundings, "http://127.0.0.1:18080") {
		o.Name = "‹" + o.Name + "›"
		wantTold(t, o.String())
	}
	for _, text := range literals(t, "../../internal/connect", func(text string) bool { return strings.HasPrefix(text, "conflict: ") }) {
		wantTold(t, text)
	}
}

func TestWindowSaysThePoliciesInTheReadersLanguage(t *testing.T) {
	translating(t)
	policies := 0
	for _, p := range config.Presets() {
		for _, e := range p.Endpoints {
			if e.Policy != nil {
				policies++
				wantTold(t, e.Policy.Text)
			}
		}
	}
	if policies == 0 {
		t.Error("there is none")
	}
}

func TestWindowSaysWhatASettingMayBeInTheReadersLanguage(t *testing.T) {
	translating(t)
	for i := range settingRows {
		for _, wrong := range []string{"\x00", "-1", "", "?:?"} {
			if err := config.CheckScalar(settingRows[i].name, wrong); err != nil {
				wantTold(t, strings.Replace(err.Error(), settingRows[i].name, "‹name›", 1))
			}
		}
	}
}

func TestWindowHasWordsForEverySettingThatItShows(t *testing.T) {
	words, err := os.ReadFile("../../internal/ui/settingwords.go")
	if err != nil {
		t.Fatal(err)
	}
	for i := range settingRows {
		if !slices.Contains(regexp.MustCompile(`"\w+"`).FindAllString(string(words), -1), strconv.Quote(settingRows[i].name)) {
			t.Errorf("%s stands under its own name, which nobody can translate", settingRows[i].name)
		}
	}
}

// The toolkit complains of the language C before main begins.
func TestWindowSaysNothingBeforeTheProgramDoes(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "LANG=C", "LC_ALL=C", "LANGUAGE=")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "Fyne error") {
		t.Errorf("%v, %s", err, out)
	}
}
