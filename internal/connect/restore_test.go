package connect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const theirs = "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://else.example\", // theirs\n    \"EDITOR\": \"vim\"\n  }\n}\n"

// connected is a home in which three clients are connected, and how it was.
func connected(t *testing.T) (*rig, map[string]string) {
	t.Helper()
	r := newRig(t)
	r.put(".claude/settings.json", theirs)
	r.put(".codex/config.toml", "model = \"gpt-5\"\n")
	before := r.tree()
	w := testWish()
	w.Default = true
	r.connect("claude-code", w)
	r.connect("codex", w)
	r.connect("opencode", w)
	return r, before
}

// Crash recovery elsewhere has dropped the users' settings; here it needs less
// than is ever lost at once.
func TestRestoreBringsEverythingBack(t *testing.T) {
	for name, damage := range map[string]func(r *rig) error{
		"nothing is lost":     func(*rig) error { return nil },
		"the copies are lost": func(r *rig) error { return os.RemoveAll(r.copies()) },
		"the ledger is lost":  func(r *rig) error { return os.Remove(r.ledgerPath()) },
		"the ledger is empty": func(r *rig) error { return os.WriteFile(r.ledgerPath(), nil, 0o600) },
		"the ledger is cut":   func(r *rig) error { return os.Truncate(r.ledgerPath(), 200) },
		"the ledger is newer": func(r *rig) error { return os.WriteFile(r.ledgerPath(), []byte(`{"version": 99}`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			r, before := connected(t)
			if err := damage(r); err != nil {
				t.Fatal(err)
			}
			list, err := r.Restore(t.Context())
			if err != nil || len(list) != 3 {
				t.Errorf("%v, %+v", err, list)
			}
			for _, u := range list {
				if u.KeyID != 7 {
					t.Errorf("%s: the key to revoke is %d", u.Client, u.KeyID)
				}
			}
			same(t, r.tree(), before)
			left, err := filepath.Glob(filepath.Join(r.copies(), "*"))
			if err != nil || len(left) > 0 || r.Connected() {
				t.Errorf("left behind: %v, %v", left, err)
			}
			if again, err := r.Restore(t.Context()); err != nil || len(again) > 0 {
				t.Errorf("once more: %v, %v", again, err)
			}
		})
	}
}

// What the user changed stays, also without the ledger.
func TestRestoreWithoutTheLedgerKeepsTheUsersEdits(t *testing.T) {
	r, _ := connected(t)
	r.put(".claude/settings.json", strings.Replace(r.get(".claude/settings.json"), `"vim"`, `"emacs"`, 1))
	if err := os.Remove(r.ledgerPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := r.get(".claude/settings.json"), strings.Replace(theirs, "vim", "emacs", 1); got != want {
		t.Errorf("got %q", got)
	}
}

func TestABrokenFileIsLeftByDisconnectAndReplacedByRestore(t *testing.T) {
	r, _ := connected(t)
	r.put(".claude/settings.json", "{ half a file")
	if _, err := r.Undo("claude-code"); !errors.Is(err, ErrCannotEdit) {
		t.Errorf("got %v", err)
	}
	if got := r.get(".claude/settings.json"); got != "{ half a file" {
		t.Errorf("it became %q", got)
	}
	list, err := r.Restore(t.Context())
	if err != nil || !list[0].Files[0].FromCopy {
		t.Fatalf("%v, %+v", err, list)
	}
	if got := r.get(".claude/settings.json"); got != theirs {
		t.Errorf("got %q", got)
	}
	aside, err := os.ReadFile(list[0].Files[0].SetAside)
	if err != nil || string(aside) != "{ half a file" {
		t.Errorf("what stood there is lost: %q, %v", aside, err)
	}
}

// cc-switch #3688, #4254: the proxy's own address was saved as what stood there
// before, and the user stayed at a dead gateway.
func TestOurOwnValuesAreNeverWhatStoodThereBefore(t *testing.T) {
	r := newRig(t)
	r.put(".claude/settings.json", "{\n  \"env\": {\n    \"EDITOR\": \"vim\"\n  }\n}\n")
	r.connect("claude-code", testWish())
	if err := errors.Join(os.Remove(r.ledgerPath()), os.RemoveAll(r.copies())); err != nil {
		t.Fatal(err) // the data folder was deleted, the client's file was not
	}
	w := testWish()
	w.BaseURL, w.Former, w.Key = "http://127.0.0.1:18081", []string{base}, strings.ReplaceAll(testKey, "0", "1")
	c := r.connect("claude-code", w)
	if !strings.Contains(strings.Join(c.Notes, " "), "nobody remembers") {
		t.Errorf("it is not told: %q", c.Notes)
	}
	w.BaseURL = "http://127.0.0.1:18082" // once more: the file holds what we wrote just now
	r.connect("claude-code", w)
	for _, path := range entries(r.copies(), "", "") {
		if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "TOKEN\": \"sk-") || strings.Contains(string(text), testKey) {
			t.Errorf("a copy of our own values: %s, %v", path, err)
		}
	}
	r.disconnect("claude-code")
	if got := r.get(".claude/settings.json"); strings.Contains(got, "127.0.0.1") || strings.Contains(got, "TOKEN") || !strings.Contains(got, "vim") {
		t.Errorf("got %s", got)
	}
}

// Connecting again and again remembers what stood there at the very first.
func TestTheFirstValueIsTheOneThatComesBack(t *testing.T) {
	r := newRig(t)
	r.put(".claude/settings.json", theirs)
	before := r.tree()
	w := testWish()
	for _, address := range []string{base, "http://127.0.0.1:18081", "http://127.0.0.1:18082"} {
		w.BaseURL = address
		r.connect("claude-code", w)
	}
	w.Key, w.Models.Large.Context = "sk-another-0123456789abcdef", 0 // a value that is no longer written
	r.connect("claude-code", w)
	if strings.Contains(r.get(".claude/settings.json"), "MAX_CONTEXT") {
		t.Error("a limit that is not known any more still stands there")
	}
	r.disconnect("claude-code")
	same(t, r.tree(), before)
}

func TestTheKeyStandsInTheClientsFileAlone(t *testing.T) {
	r, _ := connected(t)
	if !strings.Contains(r.get(".codex/glmtray.config.toml"), testKey) {
		t.Error("the client has no key")
	}
	err := filepath.WalkDir(r.dataDir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 && !strings.HasSuffix(path, ".lock") {
			t.Errorf("others can read %s: %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), testKey) {
			t.Errorf("%s holds the client's key", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Plan("opencode", Wish{BaseURL: base, Key: "sk-else-0123456789", Models: testWish().Models})
	if err != nil || strings.Contains(c.Files[0].Diff, "sk-") {
		t.Errorf("%v, the diff shows a key:\n%s", err, c.Files[0].Diff)
	}
}

// The copy is for a file that cannot be read any more, not for whatever else goes
// wrong: it would take the user's edits with it.
func TestRestoreKeepsTheUsersEditsWhenItsOwnCopyCannotBeRemoved(t *testing.T) {
	r, _ := connected(t)
	r.put(".claude/settings.json", strings.Replace(r.get(".claude/settings.json"), `"vim"`, `"emacs"`, 1))
	var stuck string
	for _, path := range r.notes() {
		if strings.Contains(path, "-settings.json") {
			stuck = path
		}
	}
	if err := errors.Join(os.Remove(stuck), os.MkdirAll(filepath.Join(stuck, "in the way"), 0o700)); err != nil {
		t.Fatal(err)
	}
	list, err := r.Restore(t.Context())
	if err == nil || !list[0].Failed || list[0].KeyID != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if got, want := r.get(".claude/settings.json"), strings.Replace(theirs, "vim", "emacs", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := os.RemoveAll(stuck); err != nil {
		t.Fatal(err)
	}
	if list, err := r.Restore(t.Context()); err != nil || len(list) != 1 || list[0].KeyID != 7 {
		t.Errorf("once more: %+v, %v", list, err)
	}
	if left, err := os.ReadDir(r.copies()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", left)
	}
}

// What restoring would do is what it does, and looking changes nothing.
func TestAPlanToRestoreIsWhatIsDone(t *testing.T) {
	r, _ := connected(t)
	r.put(".claude/settings.json", "{ half a file")
	r.put(".codex/config.toml", strings.Replace(r.get(".codex/config.toml"), `"glmtray"`, `"mine"`, 1))
	before, ours := r.tree(), entries(r.dataDir, "", "")
	plan, err := r.PlanRestore()
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.tree(), before)
	if now := entries(r.dataDir, "", ""); !slices.Equal(now, ours) || !r.Connected() {
		t.Errorf("our folder was %v, is %v", ours, now)
	}
	list, err := r.Restore(t.Context())
	if err != nil || !list[0].Files[0].FromCopy || len(list[1].Files[1].Kept)+len(list[1].Files[0].Kept) == 0 {
		t.Errorf("%+v, %v", list, err)
	}
	list[0].Files[0].SetAside = "" // which only doing it knows
	if !reflect.DeepEqual(plan, list) {
		t.Errorf("planned\n%+v, done\n%+v", plan, list)
	}
}

func TestWhatIsLeftOfTheRecordsIsCleared(t *testing.T) {
	r, _ := connected(t)
	if _, err := r.Clear(); !errors.Is(err, ErrConnected) || !r.Connected() {
		t.Errorf("while agents are connected: %v", err)
	}
	if err := os.WriteFile(r.ledgerPath(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.put(".codex/config.toml", strings.Replace(r.get(".codex/config.toml"), `"glmtray"`, `"mine"`, 1))
	list, err := r.Restore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range list[1].Files {
		if f.Copy != "" {
			want = append(want, f.Copy)
		}
	}
	want = append(want, r.ledgerPath()+".20261128-120000")
	if err := os.WriteFile(filepath.Join(r.dataDir, ".glmtray-1.tmp"), nil, 0o600); err != nil { // as a kill leaves it
		t.Fatal(err)
	}
	kept, err := r.Clear()
	if err != nil || len(want) != 2 || !slices.Equal(kept, want) {
		t.Errorf("kept %v, %v, want %v", kept, err, want)
	}
	for _, path := range want {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := r.Clear(); err != nil || len(kept) > 0 {
		t.Errorf("kept %v, %v", kept, err)
	}
	if left := entries(r.dataDir, "", ""); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRestoringStopsBetweenClients(t *testing.T) {
	r, before := connected(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	here := r.tree()
	if list, err := r.Restore(ctx); !errors.Is(err, context.Canceled) || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
	same(t, r.tree(), here)
	if list, err := r.Restore(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("%+v, %v", list, err)
	}
	same(t, r.tree(), before)
}

func TestAClientThatIsNotConnectedIsNotUndone(t *testing.T) {
	r := newRig(t)
	if _, err := r.Undo("codex"); !errors.Is(err, ErrNotConnected) {
		t.Errorf("got %v", err)
	}
	if list, err := r.Repoint(base); err != nil || list != nil {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := os.Stat(filepath.Join(r.dataDir, ledgerName)); err == nil {
		t.Error("a ledger was made for nothing")
	}
}

// A connection to the profile grows into one to the main file, and stays so.
func TestCodexStaysTheUsualChoice(t *testing.T) {
	r := newRig(t)
	r.connect("codex", testWish())
	w := testWish()
	w.Default = true
	r.connect("codex", w)
	if c := r.connect("codex", testWish()); len(c.Files) != 2 || !c.Empty() {
		t.Errorf("%+v", c.Files)
	}
	r.disconnect("codex")
	same(t, r.tree(), map[string]string{})
}

// A client whose file lies elsewhere now leaves the old one as it was.
func TestAFileThatIsNoLongerTheClientsGetsItsValuesBack(t *testing.T) {
	r := newRig(t)
	r.connect("opencode", testWish())
	r.put(".config/opencode/opencode.jsonc", "{} // mine\n")
	r.connect("opencode", testWish())
	if _, err := os.Stat(filepath.Join(r.home, ".config/opencode/opencode.json")); err == nil {
		t.Error("the old file is still there")
	}
	r.disconnect("opencode")
	if got := r.get(".config/opencode/opencode.jsonc"); got != "{} // mine\n" {
		t.Errorf("got %q", got)
	}
	r.nothingLeft()
}
