package connect

import (
	"errors"
	"os"
	"path/filepath"
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
			list, err := r.Restore()
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
			if again, err := r.Restore(); err != nil || len(again) > 0 {
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
	if _, err := r.Restore(); err != nil {
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
	list, err := r.Restore()
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
	left, err := filepath.Glob(filepath.Join(r.copies(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), base) || strings.Contains(string(text), testKey) {
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

// LiteLLM takes another port while the client keeps pointing at the old one.
func TestClientsFollowTheProxysAddress(t *testing.T) {
	r, before := connected(t)
	const moved = "http://127.0.0.1:18099"
	r.put(".config/opencode/opencode.json", strings.Replace(r.get(".config/opencode/opencode.json"), base, "https://mine.example", 1))
	list, err := r.Repoint(moved)
	if err != nil || len(list) != 3 || list[0].From != base {
		t.Fatalf("%v, %+v", err, list)
	}
	for _, name := range []string{".claude/settings.json", ".codex/config.toml", ".codex/glmtray.config.toml"} {
		if text := r.get(name); !strings.Contains(text, moved) || strings.Contains(text, base) {
			t.Errorf("%s still has the old address:\n%s", name, text)
		}
	}
	if text := r.get(".config/opencode/opencode.json"); !strings.Contains(text, "https://mine.example") || len(list[2].Kept) != 1 {
		t.Errorf("what is the user's was fought over: %+v\n%s", list[2], text)
	}
	if again, err := r.Repoint(moved); err != nil || len(again) != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
	states, err := r.Detect()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if changed := strings.Join(s.Changed, " "); (s.Client.ID == "opencode") != strings.Contains(changed, "baseURL") || s.Connected && s.BaseURL != moved {
			t.Errorf("%s: changed %q, at %s", s.Client.ID, changed, s.BaseURL)
		}
	}
	u := r.disconnect("opencode")
	if len(u.Files[0].Kept) != 1 || !strings.Contains(r.get(".config/opencode/opencode.json"), "https://mine.example") {
		t.Errorf("%+v", u)
	}
	if err := os.RemoveAll(filepath.Join(r.home, ".config")); err != nil {
		t.Fatal(err)
	}
	r.disconnect("claude-code")
	r.disconnect("codex")
	same(t, r.tree(), before)
}

// The ledger is written before the file: whichever of the two a crash prevents,
// disconnecting undoes what there is.
func TestACrashBetweenLedgerAndFileIsUndone(t *testing.T) {
	r, before := connected(t)
	unwritten, err := os.ReadFile(filepath.Join(r.home, ".claude", "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Repoint("http://127.0.0.1:18099"); err != nil {
		t.Fatal(err)
	}
	// As if the file had not been written: the ledger still knows both.
	l, err := r.read()
	if err != nil {
		t.Fatal(err)
	}
	for i := range l.Clients["claude-code"].Files[0].Edits {
		if e := &l.Clients["claude-code"].Files[0].Edits[i]; e.Address != nil {
			e.Was = `"` + base + `"`
		}
	}
	if err := r.write(l); err != nil {
		t.Fatal(err)
	}
	r.put(".claude/settings.json", string(unwritten))
	for _, id := range []string{"claude-code", "codex", "opencode"} {
		r.disconnect(id)
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
