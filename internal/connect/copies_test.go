package connect

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// It was removed, and is made anew: the copy of what was the user's is still not
// ours to remove.
func TestTheCopyOfAFileThatIsMadeAnewStays(t *testing.T) {
	r, _ := connected(t)
	if err := os.Remove(filepath.Join(r.home, ".claude/settings.json")); err != nil {
		t.Fatal(err)
	}
	c := r.connect("claude-code", testWish())
	_, path, _ := strings.Cut(strings.Join(c.Notes, "\n"), "is kept in ")
	path, _, _ = strings.Cut(path, ".\n")
	path = strings.TrimSuffix(path, ".")
	if u := r.disconnect("claude-code"); !u.Files[0].Removed {
		t.Errorf("%+v", u)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != theirs {
		t.Errorf("how it was is lost: %q, %v; told %q", text, err, c.Notes)
	}
	r.disconnect("codex")
	r.disconnect("opencode")
	if left := entries(r.copies(), "", ""); !slices.Equal(left, []string{path}) || r.Connected() {
		t.Errorf("in the folder: %v", left)
	}
}

func TestANoteThatCannotBeReadIsToldOnce(t *testing.T) {
	for name, ledger := range map[string]string{"the ledger is gone": "", "the ledger is broken": "{"} {
		t.Run(name, func(t *testing.T) {
			r, before := connected(t)
			if err := os.Remove(r.ledgerPath()); err != nil {
				t.Fatal(err)
			}
			if ledger != "" {
				if err := os.WriteFile(r.ledgerPath(), []byte(ledger), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			broken := ""
			for _, path := range r.notes() {
				if strings.Contains(path, "-settings.json") {
					broken = path
				}
			}
			if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Plan("codex", testWish()); !errors.Is(err, ErrLedger) {
				t.Errorf("a client is connected on top of what is lost: %v", err)
			}
			if !r.Connected() {
				t.Error("there is nothing to undo")
			}
			copied := strings.TrimSuffix(broken, noteSuffix)
			for _, look := range []func() ([]Undone, error){r.PlanRestore, func() ([]Undone, error) { return r.Restore(t.Context()) }} {
				if list, err := look(); err == nil || !strings.Contains(err.Error(), copied) || len(list) != 3 {
					t.Errorf("%v, %+v", err, list)
				}
			}
			if text, err := os.ReadFile(copied); err != nil || string(text) != theirs {
				t.Errorf("the copy: %q, %v", text, err)
			}
			if list, err := r.Restore(t.Context()); err != nil || len(list) > 0 {
				t.Errorf("once more: %v, %+v", err, list)
			}
			before[".claude/settings.json"] = r.get(".claude/settings.json") // which nothing is known of
			same(t, r.tree(), before)
		})
	}
}

// A record that is gone is made of the notes: otherwise our own values, or those
// that stood there at the second time, would come back one day.
func TestALostLedgerIsMadeOfTheNotes(t *testing.T) {
	r, before := connected(t)
	if err := os.Remove(r.ledgerPath()); err != nil {
		t.Fatal(err)
	}
	states, err := r.Detect()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if want := slices.Contains([]string{"claude-code", "codex", "opencode"}, s.Client.ID); s.Connected != want || len(s.Changed) > 0 {
			t.Errorf("%s: connected %v, changed %v", s.Client.ID, s.Connected, s.Changed)
		}
	}
	w := testWish()
	w.BaseURL = "http://127.0.0.1:18099"
	r.connect("claude-code", w)
	if list, err := r.Repoint(w.BaseURL); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, id := range []string{"claude-code", "codex", "opencode"} {
		r.disconnect(id)
	}
	same(t, r.tree(), before)
	r.nothingLeft()
}

func TestAnUnreadableLedgerIsSeenThroughTheNotes(t *testing.T) {
	r, _ := connected(t)
	if err := os.Truncate(r.ledgerPath(), 10); err != nil {
		t.Fatal(err)
	}
	states, err := r.Detect()
	i := slices.IndexFunc(states, func(s State) bool { return s.Client.ID == "codex" })
	if !errors.Is(err, ErrLedger) || !states[i].Connected || states[i].BaseURL != base {
		t.Errorf("%v, %+v", err, states[i])
	}
}

// Two clients have a settings.json, and the one must not take the other's place.
func TestFilesOfOneNameAreEachKept(t *testing.T) {
	r := newRig(t)
	r.editor(".vscode")
	r.put(".claude/settings.json", "{}\n")
	r.put(".config/Code/User/settings.json", "{}\n")
	r.connect("claude-code", testWish())
	r.connect("claude-code-vscode", testWish())
	r.put(".claude/settings.json", "{ one")
	r.put(".config/Code/User/settings.json", "{ two")
	list, err := r.Restore(t.Context())
	if aside := r.asideOf(list); err != nil || !slices.Equal(aside, []string{"{ one", "{ two"}) {
		t.Errorf("put aside: %q, %v", aside, err)
	}
	for _, name := range []string{".claude/settings.json", ".config/Code/User/settings.json"} {
		if got := r.get(name); got != "{}\n" {
			t.Errorf("%s became %q", name, got)
		}
	}
}

// One editor has settings already, another has none: the note of the one must
// not take the place of the other's, nor go with its copy.
func TestFilesOfOneClientAndOneNameAreEachKept(t *testing.T) {
	for _, there := range []string{"Code", "VSCodium"} {
		t.Run(there, func(t *testing.T) {
			r := newRig(t)
			r.editor(".vscode")
			r.editor(".vscode-oss")
			r.put(".config/"+there+"/User/settings.json", "{ \"mine\": 1 }\n")
			before := r.tree()
			r.connect("claude-code-vscode", testWish())
			if err := os.Remove(r.ledgerPath()); err != nil {
				t.Fatal(err)
			}
			r.put(".config/"+there+"/User/settings.json", "{ broken")
			list, err := r.Restore(t.Context())
			if err != nil || len(list) != 1 || len(list[0].Files) != 2 {
				t.Errorf("%+v, %v", list, err)
			}
			same(t, r.tree(), before)
		})
	}
}

// Somebody has removed the file with all that stood in it before us.
func TestTheCopyOfAFileThatIsGoneStays(t *testing.T) {
	r, _ := connected(t)
	if err := os.Remove(filepath.Join(r.home, ".claude/settings.json")); err != nil {
		t.Fatal(err)
	}
	u := r.disconnect("claude-code")
	if !u.Files[0].Gone {
		t.Fatalf("%+v", u)
	}
	if text, err := os.ReadFile(u.Files[0].Copy); err != nil || string(text) != theirs {
		t.Errorf("how it was is lost: %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(r.home, ".claude/settings.json")); err == nil {
		t.Error("it was made again")
	}
}

// A file that leaves the connection with a value of the user's in it keeps its
// copy, and that is told.
func TestAFileThatLeavesKeepsItsCopyForWhatWasChanged(t *testing.T) {
	r := newRig(t)
	const before = "{\n  \"theme\": \"dark\"\n}\n"
	r.put(".config/opencode/opencode.json", before)
	r.connect("opencode", testWish())
	r.put(".config/opencode/opencode.json", strings.Replace(r.get(".config/opencode/opencode.json"), base, "https://mine.example", 1))
	r.put(".config/opencode/opencode.jsonc", "{} // mine\n")
	c := r.connect("opencode", testWish())
	told := strings.Join(c.Notes, "\n")
	if !strings.Contains(told, "stays so: provider.glmtray.options.baseURL") {
		t.Errorf("told: %s", told)
	}
	_, path, _ := strings.Cut(told, "is kept in ")
	copied, err := os.ReadFile(strings.TrimSuffix(path, "."))
	if err != nil || string(copied) != before {
		t.Errorf("the copy is lost: %q, %v", copied, err)
	}
	if got := r.get(".config/opencode/opencode.json"); !strings.Contains(got, "https://mine.example") {
		t.Errorf("the user's value is gone:\n%s", got)
	}
	if u := r.disconnect("opencode"); len(u.Files) != 1 {
		t.Errorf("the file that left is still connected: %+v", u)
	}
}

func TestWhatStandsInAReadOnlyFileIsNotPutAsideForNothing(t *testing.T) {
	r, _ := connected(t)
	r.put(".claude/settings.json", "{ half a file")
	again := r.readOnly(".claude/settings.json")
	if plan, err := r.PlanRestore(); !errors.Is(err, ErrCannotEdit) || !plan[0].Failed {
		t.Errorf("planned: %+v, %v", plan, err)
	}
	list, err := r.Restore(t.Context())
	if !errors.Is(err, ErrCannotEdit) || !list[0].Failed {
		t.Errorf("%+v, %v", list, err)
	}
	if aside := entries(r.copies(), "", ""); len(aside) != 2 { // the copy and its note
		t.Errorf("in the folder: %v", aside)
	}
	again()
	if _, err := r.Restore(t.Context()); err != nil || r.get(".claude/settings.json") != theirs {
		t.Errorf("%v, %q", err, r.get(".claude/settings.json"))
	}
}

// A home folder may have brackets in its name, which patterns give a meaning.
func TestAHomeWithBracketsIsAHomeLikeOthers(t *testing.T) {
	r := newRigIn(t, filepath.Join(t.TempDir(), "a [b] {c} *"))
	r.editor(".vscode")
	r.put(".vscode/extensions/saoudrizwan.claude-dev-3.0.0/package.json", "{}")
	r.put(".claude/settings.json", theirs)
	for _, id := range []string{"claude-code-vscode", "cline"} {
		if c, _ := Find(id); !strings.Contains(c.Find(r.env), "extensions") {
			t.Errorf("%s is not found", id)
		}
	}
	before := r.tree()
	r.connect("claude-code", testWish())
	if err := os.Remove(r.ledgerPath()); err != nil {
		t.Fatal(err)
	}
	if list, err := r.Restore(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%v, %+v", err, list)
	}
	same(t, r.tree(), before)
}
