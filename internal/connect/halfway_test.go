package connect

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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

// failedRepoint is a client of two files, of which the second could not be given
// another address.
func failedRepoint(t *testing.T, to string) (r *rig, before map[string]string, again func()) {
	t.Helper()
	r = newRig(t)
	r.put(".codex/config.toml", "model = \"gpt-5\"\n")
	before = r.tree()
	w := testWish()
	w.Default = true
	r.connect("codex", w)
	again = r.readOnly(".codex/config.toml")
	if list, err := r.Repoint(to); !errors.Is(err, ErrCannotEdit) || len(list) > 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	return r, before, again
}

func TestAnAddressThatCouldNotBeChangedIsTriedAgain(t *testing.T) {
	const second, third = "http://127.0.0.1:18098", "http://127.0.0.1:18099"
	for name, to := range map[string]string{"at the same address": second, "at another one": third, "back at the first one": base} {
		t.Run(name, func(t *testing.T) {
			r, before, again := failedRepoint(t, second)
			if list, err := r.Connections(); err != nil || list["codex"].BaseURL != base {
				t.Fatalf("it counts as done: %+v, %v", list["codex"], err)
			}
			again()
			if list, err := r.Repoint(to); err != nil || len(list) != 1 {
				t.Errorf("%+v, %v", list, err)
			}
			for _, file := range []string{".codex/config.toml", ".codex/glmtray.config.toml"} {
				if text := r.get(file); strings.Count(text, "http://") != 1 || !strings.Contains(text, to) {
					t.Errorf("%s:\n%s", file, text)
				}
			}
			if list, err := r.Repoint(to); err != nil || len(list) > 0 {
				t.Errorf("once more: %+v, %v", list, err)
			}
			r.disconnect("codex")
			same(t, r.tree(), before)
		})
	}
}

// Of two failures in a row the second must not forget what the first has left.
func TestWhatTwoFailuresLeaveIsStillOurs(t *testing.T) {
	r, before, again := failedRepoint(t, "http://127.0.0.1:18098")
	if _, err := r.Repoint("http://127.0.0.1:18099"); !errors.Is(err, ErrCannotEdit) {
		t.Fatal(err)
	}
	again()
	if u := r.disconnect("codex"); len(u.Files) != 2 || len(u.Files[0].Kept)+len(u.Files[1].Kept) > 0 {
		t.Errorf("it is taken for somebody else's: %+v", u)
	}
	same(t, r.tree(), before)
}

// Both have looked before either has written.
func TestOfTwoThatConnectAtOnceOneIsRefused(t *testing.T) {
	for name, before := range map[string]string{"a new client": "", "a connected one": "http://127.0.0.1:18070", "one that is disconnected meanwhile": base} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.put(".claude/settings.json", theirs)
			untouched := r.tree()
			w := testWish()
			if before != "" {
				w.BaseURL = before
				r.connect("claude-code", w)
			}
			var plans [2]*Changes
			for i := range plans {
				w := testWish()
				w.Key = strings.Replace(testKey, "0", string(rune('A'+i)), 1)
				var err error
				if plans[i], err = r.Plan("claude-code", w); err != nil {
					t.Fatal(err)
				}
			}
			if before == base {
				r.disconnect("claude-code")
			} else if err := r.Apply(plans[0], 8); err != nil {
				t.Fatal(err)
			}
			first := r.tree()
			if err := r.Apply(plans[1], 9); !errors.Is(err, ErrMeanwhile) {
				t.Errorf("got %v", err)
			}
			same(t, r.tree(), first)
			if before == base {
				r.nothingLeft()
				return
			}
			if u := r.disconnect("claude-code"); u.KeyID != 8 || len(u.Files[0].Kept) > 0 {
				t.Errorf("%+v", u)
			}
			same(t, r.tree(), untouched)
			r.nothingLeft()
		})
	}
}

// Of two files the second was written meanwhile: the first is not even touched.
func TestAPlanThatWasOutrunTouchesNothing(t *testing.T) {
	r := newRig(t)
	w := testWish()
	w.Default = true
	r.put(".codex/config.toml", "model = \"gpt-5\"\n")
	r.connect("codex", w)
	w.BaseURL = "http://127.0.0.1:18099"
	c, err := r.Plan("codex", w)
	if err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(r.home, ".codex", "glmtray.config.toml")
	long := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(first, long, long); err != nil || c.Files[0].Path != first {
		t.Fatalf("%v, the first is %s", err, c.Files[0].Path)
	}
	r.put(".codex/config.toml", r.get(".codex/config.toml")+"# mine\n")
	if err := r.Apply(c, 8); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("got %v", err)
	}
	if is, err := os.Stat(first); err != nil || !is.ModTime().Equal(long) {
		t.Errorf("it was written and taken back: %v", err)
	}
}

// Clients without files have a key alone.
func TestOfTwoKeysForOneClientTheSecondIsRefused(t *testing.T) {
	r := newRig(t)
	first, err := r.Plan("zed", testWish())
	second, err2 := r.Plan("zed", testWish())
	if err := errors.Join(err, err2, r.Apply(first, 8)); err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(second, 9); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("got %v", err)
	}
	if u := r.disconnect("zed"); u.KeyID != 8 {
		t.Errorf("%+v", u)
	}
}

func TestAFailedReconnectLeavesTheOldConnection(t *testing.T) {
	for _, file := range []string{".codex/config.toml", ".codex/glmtray.config.toml"} {
		t.Run(file, func(t *testing.T) {
			r := newRig(t)
			r.put(".codex/config.toml", "model = \"gpt-5\"\n")
			before := r.tree()
			w := testWish()
			w.Default = true
			r.connect("codex", w)
			connected := r.tree()
			again := r.readOnly(file)
			w.BaseURL, w.Key = "http://127.0.0.1:18099", strings.ReplaceAll(testKey, "0", "1")
			c, err := r.Plan("codex", w)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Apply(c, 8); !errors.Is(err, ErrCannotEdit) {
				t.Errorf("got %v", err)
			}
			same(t, r.tree(), connected)
			if list, err := r.Connections(); err != nil || list["codex"].KeyID != 7 || list["codex"].BaseURL != base {
				t.Errorf("it is known as %+v, %v", list["codex"], err)
			}
			again()
			if u := r.disconnect("codex"); u.KeyID != 7 {
				t.Errorf("%+v", u)
			}
			same(t, r.tree(), before)
			r.nothingLeft()
		})
	}
}

// A reconnect that fails and cannot be taken back either: the file has the new
// key, which must not be forgotten.
func TestAFileThatCannotBeTakenBackKeepsItsNewKey(t *testing.T) {
	r := newRig(t)
	before := r.tree()
	r.connect("opencode", testWish())
	w := testWish()
	w.Key = strings.ReplaceAll(testKey, "0", "1")
	c, err := r.Plan("opencode", w)
	if err != nil {
		t.Fatal(err)
	}
	err = r.locked(func(l *ledger) error {
		conn := l.Clients["opencode"]
		was := *conn
		if err := r.carryOut(l, conn, c, 8); err != nil {
			t.Fatal(err)
		}
		text := r.get(".config/opencode/opencode.json")
		r.put(".config/opencode/opencode.json", strings.Replace(text, "\n", "\n  // mine\n", 1))
		return r.revert(l, conn, c, &was, 8)
	})
	if !errors.Is(err, ErrMeanwhile) || !strings.Contains(r.get(".config/opencode/opencode.json"), "// mine") {
		t.Errorf("got %v", err)
	}
	u := r.disconnect("opencode")
	if u.KeyID != 8 || len(u.Files[0].Kept) > 0 {
		t.Errorf("%+v", u)
	}
	r.put(".config/opencode/opencode.json", "")
	if err := os.RemoveAll(filepath.Join(r.home, ".config")); err != nil {
		t.Fatal(err)
	}
	same(t, r.tree(), before)
}
