package connect

import (
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	base    = "http://127.0.0.1:18080"
	testKey = "sk-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
)

// rig is a user's home with a connector.
type rig struct {
	*Connector
	t    *testing.T
	home string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigIn(t, t.TempDir())
}

func newRigIn(t *testing.T, dir string) *rig {
	t.Helper()
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	k := New(Env{Home: home, GOOS: "linux", Root: filepath.Join(dir, "root")}, filepath.Join(dir, "data"))
	k.clock = func() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }
	return &rig{k, t, home}
}

func testWish() Wish {
	return Wish{BaseURL: base, Key: testKey, Models: Models{
		Large: Model{ID: largeName, Name: "large", Context: 131072, MaxOutput: 40960}, Small: Model{ID: smallName, Name: "small"},
	}}
}

func (r *rig) put(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.home, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func (r *rig) get(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.home, filepath.FromSlash(name)))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// tree is every file of the home, and every folder with a slash behind it.
func (r *rig) tree() map[string]string {
	r.t.Helper()
	list := map[string]string{}
	err := filepath.WalkDir(r.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == r.home {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, r.home+string(filepath.Separator)))
		if d.IsDir() {
			list[name+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(path)
		list[name] = string(text)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

func (r *rig) connect(id string, w Wish) *Changes {
	r.t.Helper()
	c, err := r.Plan(id, w)
	if err == nil {
		err = r.Apply(c, 7)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) disconnect(id string) *Undone {
	r.t.Helper()
	u, err := r.Undo(id)
	if err != nil {
		r.t.Fatal(err)
	}
	return u
}

// readOnly keeps a file from being written, and gives the way back.
func (r *rig) readOnly(name string) (again func()) {
	r.t.Helper()
	path := filepath.Join(r.home, filepath.FromSlash(name))
	chmod := func(mode os.FileMode) {
		r.t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			r.t.Fatal(err)
		}
	}
	chmod(0o400)
	return func() { r.t.Helper(); chmod(0o600) }
}

// editor installs the extension of Claude Code into an editor, whose settings
// are in the folder that is given.
func (r *rig) editor(home string) {
	r.put(home+"/extensions/anthropic.claude-code-2.0.1/package.json", "{}")
}

// asideOf reads the files that restoring has put aside.
func (r *rig) asideOf(list []Undone) (texts []string) {
	r.t.Helper()
	for _, u := range list {
		for _, f := range u.Files {
			if f.SetAside == "" {
				continue
			}
			text, err := os.ReadFile(f.SetAside)
			if err != nil {
				r.t.Error(err)
			}
			texts = append(texts, string(text))
		}
	}
	return texts
}

// nothingLeft wants our own folder as if nothing had been connected.
func (r *rig) nothingLeft() {
	r.t.Helper()
	list, err := filepath.Glob(filepath.Join(r.dataDir, "*"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, path := range list {
		if filepath.Base(path) != ledgerName+".lock" {
			r.t.Errorf("left behind: %s", path)
		}
	}
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range maps.Keys(want) {
		if text, ok := got[name]; !ok || text != want[name] {
			t.Errorf("%s: %v, got %q, want %q", name, ok, text, want[name])
		}
	}
	for name := range maps.Keys(got) {
		if _, ok := want[name]; !ok {
			t.Errorf("%s was not there before", name)
		}
	}
}

// TestWhatEachClientIsGiven compares with testdata/*.txtar: the files before,
// after connecting, and what a person is told. Disconnecting brings back the
// files before.
func TestWhatEachClientIsGiven(t *testing.T) {
	list, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(list) < 9 {
		t.Fatalf("%v, %d golden files", err, len(list))
	}
	for _, path := range list {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			golden, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			for _, f := range golden.Files {
				if name, ok := strings.CutPrefix(f.Name, "before/"); ok {
					r.put(name, string(f.Data))
				}
			}
			before := r.tree()
			first, _, _ := strings.Cut(string(golden.Comment), "\n")
			words := strings.Fields(strings.TrimPrefix(first, "client:"))
			w := testWish()
			w.Default = slices.Contains(words, "default")
			c := r.connect(words[0], w)
			got := outcome(r, golden, c, before)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := string(txtar.Format(golden)); string(got) != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if again := r.connect(words[0], w); !again.Empty() {
				t.Errorf("connecting again changes:\n%s", again.Files[0].Diff)
			}
			u := r.disconnect(words[0])
			if u.KeyID != 7 {
				t.Errorf("the key to revoke is %d", u.KeyID)
			}
			same(t, r.tree(), before)
			r.nothingLeft()
		})
	}
}

// outcome is a golden file as it is now.
func outcome(r *rig, golden *txtar.Archive, c *Changes, before map[string]string) []byte {
	a := &txtar.Archive{Comment: golden.Comment}
	for _, f := range golden.Files {
		if strings.HasPrefix(f.Name, "before/") {
			a.Files = append(a.Files, f)
		}
	}
	after := r.tree()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if text, was := before[name]; !strings.HasSuffix(name, "/") && (!was || text != after[name]) {
			a.Files = append(a.Files, txtar.File{Name: "after/" + name, Data: []byte(after[name])})
		}
	}
	told := strings.Join(c.Notes, "\n")
	for i := range c.Files {
		told += "\n" + c.Files[i].Diff
	}
	told = strings.TrimSpace(strings.ReplaceAll(told, r.home, "$HOME"))
	a.Files = append(a.Files, txtar.File{Name: "told", Data: []byte(told + "\n")})
	return txtar.Format(a)
}

// TestTheUsersEditsStay changes something between connecting and disconnecting.
func TestTheUsersEditsStay(t *testing.T) {
	const before = "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://else.example\"\n  }\n}\n"
	for _, c := range []struct{ name, from, to, want, kept string }{
		{"another variable is added", `"API_TIMEOUT_MS": "3000000",`, `"API_TIMEOUT_MS": "3000000", "EDITOR": "vim",`, "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://else.example\", \"EDITOR\": \"vim\"\n  }\n}\n", ""},
		{"our address is changed", base, "https://mine.example", "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://mine.example\"\n  }\n}\n", "env.ANTHROPIC_BASE_URL"},
		{"a value of ours is removed", "    \"API_TIMEOUT_MS\": \"3000000\",\n", "", before, ""},
		{"a setting at the top is added", "\n}\n", ",\n  \"model\": \"opus\"\n}\n", "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://else.example\"\n  },\n  \"model\": \"opus\"\n}\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.put(".claude.json", `{"hasCompletedOnboarding": true}`)
			r.put(".claude/settings.json", before)
			r.connect("claude-code", testWish())
			text := r.get(".claude/settings.json")
			if !strings.Contains(text, c.from) {
				t.Fatalf("there is no %q in:\n%s", c.from, text)
			}
			i := strings.LastIndex(text, c.from)
			r.put(".claude/settings.json", text[:i]+c.to+text[i+len(c.from):])
			u := r.disconnect("claude-code")
			if got := r.get(".claude/settings.json"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := strings.Join(u.Files[0].Kept, " "); got != c.kept {
				t.Errorf("kept %q", got)
			}
		})
	}
}

// A tool that writes its whole file anew, in its own layout, changes nothing
// about what is ours.
func TestAFileThatWasWrittenAnewIsUndoneByValue(t *testing.T) {
	r := newRig(t)
	r.put(".claude.json", `{"hasCompletedOnboarding": true}`)
	r.put(".claude/settings.json", "{\n    \"env\": {\"A\": \"b\"} }")
	r.connect("claude-code", testWish())
	d, err := newJSON([]byte(r.get(".claude/settings.json")))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := d.meaning(string(d.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	r.put(".claude/settings.json", compact)
	if u := r.disconnect("claude-code"); len(u.Files[0].Kept) > 0 || r.get(".claude/settings.json") != `{"env":{"A":"b"}}` {
		t.Errorf("%+v, %s", u, r.get(".claude/settings.json"))
	}
}

func TestLinksAreFollowedAndModesStay(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	for name, there := range map[string]bool{"a link to a file": true, "a link to nothing yet": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			real := filepath.Join(r.home, "dotfiles", "claude.json")
			link := filepath.Join(r.home, ".claude", "settings.json")
			if err := errors.Join(os.MkdirAll(filepath.Dir(real), 0o700), os.MkdirAll(filepath.Dir(link), 0o700), os.Symlink("../dotfiles/claude.json", link)); err != nil {
				t.Fatal(err)
			}
			mode := fs.FileMode(0o600)
			if there {
				mode = 0o640
				r.put("dotfiles/claude.json", "{}\n")
				if err := os.Chmod(real, mode); err != nil {
					t.Fatal(err)
				}
			}
			r.connect("claude-code", testWish())
			at, linkErr := os.Lstat(link)
			info, err := os.Lstat(real)
			if err != nil || linkErr != nil || at.Mode()&fs.ModeSymlink == 0 || info.Mode() != mode {
				t.Fatalf("link %v, file %v, %v, %v", at, info, linkErr, err)
			}
			r.disconnect("claude-code")
			at, linkErr = os.Lstat(link)
			info, err = os.Lstat(real)
			if linkErr != nil || at.Mode()&fs.ModeSymlink == 0 || there != (err == nil) || there && (info.Mode() != mode || r.get("dotfiles/claude.json") != "{}\n") {
				t.Errorf("link %v, file %v, %v, %v", at, info, linkErr, err)
			}
		})
	}
}

func TestFilesThatCannotBeEditedAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"broken": "{\"env\": ", "a list": "[]", "env is a text": `{"env": "x"}`, "env stands twice": `{"env": {}, "env": {}}`, "a key twice": `{"env": {"ANTHROPIC_BASE_URL": "a", "ANTHROPIC_BASE_URL": "b"}}`,
		"not JSON at all": "env:\n  key: csk-canary-0123456789\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.put(".claude/settings.json", text)
			before := r.tree()
			_, err := r.Plan("claude-code", testWish())
			if !errors.Is(err, ErrCannotEdit) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v", err)
			}
			same(t, r.tree(), before)
		})
	}
	if c, _ := Find("claude-code"); !strings.Contains(c.Recipe(Env{Home: "/h"}, testWish()), base) {
		t.Error("the recipe has no address")
	}
}

func TestAReadOnlyFileIsLeftAlone(t *testing.T) {
	r := newRig(t)
	path := r.put(".claude/settings.json", "{}")
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	before := r.tree()
	c, err := r.Plan("claude-code", testWish())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(c, 7); !errors.Is(err, ErrCannotEdit) {
		t.Errorf("got %v", err)
	}
	same(t, r.tree(), before)
	r.nothingLeft()
}

// TestWhatSomebodyWritesMeanwhileIsNotLost writes between the plan and its doing.
func TestWhatSomebodyWritesMeanwhileIsNotLost(t *testing.T) {
	r := newRig(t)
	r.put(".claude/settings.json", "{}")
	c, err := r.Plan("claude-code", testWish())
	if err != nil {
		t.Fatal(err)
	}
	r.put(".claude/settings.json", `{"model": "opus"}`)
	before := r.tree()
	if err := r.Apply(c, 7); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("got %v", err)
	}
	same(t, r.tree(), before)
	r.nothingLeft()
}

func TestNothingIsWrittenWithoutAKey(t *testing.T) {
	r := newRig(t)
	w := testWish()
	w.Key = ""
	c, err := r.Plan("codex", w)
	if err != nil || !c.NeedsKey || !strings.Contains(c.Files[0].Diff, KeyToCome) {
		t.Fatalf("%v, %+v", err, c)
	}
	if err := r.Apply(c, 7); !errors.Is(err, ErrNeedsKey) {
		t.Errorf("got %v", err)
	}
	r.connect("codex", testWish())
	if c, err = r.Plan("codex", w); err != nil || c.NeedsKey || !c.Empty() {
		t.Errorf("a client that has a key needs none: %v, %+v", err, c)
	}
	w.Key = KeyToCome
	if c, err = r.Plan("codex", w); err != nil || !c.NeedsKey || c.Empty() {
		t.Errorf("one whose key was revoked needs another: %v, %+v", err, c)
	}
}

// A file with nothing in it is no file that we have made.
func TestABlankFileComesBackBlank(t *testing.T) {
	for _, text := range []string{"", "\n", " \r\n", "{}", "{ }\n", "\ufeff"} {
		r := newRig(t)
		for _, name := range []string{".claude/settings.json", ".claude.json", ".config/opencode/opencode.jsonc"} {
			r.put(name, text)
		}
		if !strings.Contains(text, "{") {
			r.put(".codex/glmtray.config.toml", text)
		}
		before := r.tree()
		for _, id := range []string{"claude-code", "opencode", "codex"} {
			r.connect(id, testWish())
		}
		for _, id := range []string{"claude-code", "opencode", "codex"} {
			r.disconnect(id)
		}
		same(t, r.tree(), before)
		r.nothingLeft()
	}
}
