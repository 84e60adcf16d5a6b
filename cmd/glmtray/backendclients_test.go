//go:build !headless

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// withClaude makes a home in which Claude Code was used, with a settings file.
func withClaude(t *testing.T, b *bench, text string) (file string) {
	t.Helper()
	file = filepath.Join(b.dir, ".claude", "settings.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func agentNamed(t *testing.T, d *desktop, id string) state.Agent {
	t.Helper()
	list, err := d.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(a state.Agent) bool { return a.ID == id })
	if i < 0 {
		t.Fatalf("%s is not among %v", id, list)
	}
	return list[i]
}

func TestWindowConnectsAnAgentAndPutsItsFileBackToTheByte(t *testing.T) {
	b := newBench(t)
	const original = "{\n  \"model\": \"opus\"\n}\n"
	file := withClaude(t, b, original)
	d, end := newWindow(t, b)
	defer end()
	if a := agentNamed(t, d, "claude-code"); a.Found == "" || a.Connected || !a.Writes {
		t.Fatalf("it stands as %+v", a)
	}
	plan, err := d.PlanAgent(t.Context(), "claude-code", true)
	if err != nil || !plan.Changes() || !strings.Contains(plan.Files[0].Diff, "ANTHROPIC_BASE_URL") {
		t.Fatalf("the plan: %+v, %v", plan, err)
	}
	if read(t, file) != original {
		t.Fatal("the plan was written")
	}
	done, err := d.ConnectAgent(t.Context(), "claude-code")
	if err != nil || !strings.HasPrefix(done.Said, "Connected Claude Code to http://127.0.0.1:") {
		t.Fatalf("connecting: %+v, %v", done, err)
	}
	key := keyInFile.FindString(read(t, file))
	if key == "" {
		t.Fatalf("its file has no key:\n%s", read(t, file))
	}
	if a := agentNamed(t, d, "claude-code"); !a.Connected || a.BaseURL == "" || len(a.Files) == 0 {
		t.Errorf("it stands as %+v", a)
	}
	keys, err := d.ClientKeys(t.Context())
	if err != nil || len(keys) != 1 || keys[0].Agent != "Claude Code" || !keys[0].Revoked.IsZero() {
		t.Errorf("the keys: %+v, %v", keys, err)
	}
	again, err := d.PlanAgent(t.Context(), "claude-code", true)
	if err != nil || again.Changes() {
		t.Errorf("connected already, and the plan is %+v, %v", again, err)
	}
	off, err := d.PlanAgent(t.Context(), "claude-code", false)
	if err != nil || !off.Changes() || strings.Contains(off.Files[0].Diff, key) {
		t.Errorf("the plan to put back: %+v, %v", off, err)
	}
	said, err := d.DisconnectAgents(t.Context())
	if err != nil || !strings.HasPrefix(said, "Disconnected Claude Code.") {
		t.Errorf("disconnecting: %q, %v", said, err)
	}
	if now := read(t, file); now != original {
		t.Errorf("the file is\n%s", now)
	}
	if keys, err := d.ClientKeys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("the keys: %+v, %v", keys, err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWindowTellsWhatToDoWhereAFileCannotBeEdited(t *testing.T) {
	b := newBench(t)
	withClaude(t, b, "{ this is no JSON")
	d, end := newWindow(t, b)
	defer end()
	plan, err := d.PlanAgent(t.Context(), "claude-code", true)
	if err != nil || len(plan.Notes) == 0 || !strings.Contains(plan.Recipe, "ANTHROPIC_BASE_URL") {
		t.Errorf("the plan: %+v, %v", plan, err)
	}
}

func TestWindowGivesAClientByHandItsRecipeWithAKey(t *testing.T) {
	b := newBench(t)
	d, end := newWindow(t, b)
	defer end()
	plan, err := d.PlanAgent(t.Context(), "openai-sdk", true)
	if err != nil || !plan.Key || keyInFile.MatchString(plan.Recipe) {
		t.Fatalf("the plan: %+v, %v", plan, err)
	}
	done, err := d.ConnectAgent(t.Context(), "openai-sdk")
	if err != nil || !keyInFile.MatchString(done.Recipe) {
		t.Errorf("it gives %+v, %v", done, err)
	}
	if plan, err = d.PlanAgent(t.Context(), "openai-sdk", true); err != nil || plan.Key || keyInFile.MatchString(plan.Recipe) {
		t.Errorf("shown once more: %+v, %v", plan, err)
	}
}

func TestWindowMakesRevokesAndAcceptsAClientKey(t *testing.T) {
	b := newBench(t)
	d, end := newWindow(t, b)
	defer end()
	key, err := d.AddClientKey(t.Context(), "ci")
	if err != nil || !keyInFile.MatchString(key) {
		t.Fatalf("got %q, %v", key, err)
	}
	if _, err := d.AddClientKey(t.Context(), key); err == nil || !strings.Contains(err.Error(), "looks like a key") {
		t.Errorf("a key as a name: %v", err)
	}
	keys, err := d.ClientKeys(t.Context())
	if err != nil || len(keys) != 1 || keys[0].Name != "ci" {
		t.Fatalf("the keys: %+v, %v", keys, err)
	}
	if err := d.RevokeClientKey(t.Context(), keys[0].ID); err != nil {
		t.Error(err)
	}
	if keys, _ = d.ClientKeys(t.Context()); keys[0].Revoked.IsZero() {
		t.Error("it is accepted")
	}
	if err := d.EnableClientKey(t.Context(), keys[0].ID); err != nil {
		t.Error(err)
	}
	if keys, _ = d.ClientKeys(t.Context()); !keys[0].Revoked.IsZero() {
		t.Error("it is not accepted")
	}
	if err := d.RevokeClientKey(t.Context(), 999); err == nil {
		t.Error("a key that is not there was revoked")
	}
}

func TestWindowTriesAProxyThatWantsClientKeys(t *testing.T) {
	d, end := newWindow(t, newBench(t), "GLMTRAY_ADDR=127.0.0.1:0", "ENABLE_INCOMING_AUTH=true", "LITELLM_MASTER_KEY=sk-master-0123456789abcdef")
	started(t, d, end)
	awaitState(t, d, state.Serving)
	if said, err := d.Try(t.Context()); err != nil || said == "" {
		t.Errorf("the demo says %q, %v", said, err)
	}
}

func TestWindowPinsTriesAndCountsToday(t *testing.T) {
	b := newBench(t)
	d, end := newWindow(t, b)
	if err := d.Set(t.Context(), "addr", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Try(t.Context()); err == nil {
		t.Error("it answers before it serves")
	}
	started(t, d, end)
	awaitState(t, d, state.Serving)
	said, err := d.Try(t.Context())
	if err != nil || said == "" {
		t.Errorf("the demo says %q, %v", said, err)
	}
	snap := d.Snapshot()
	if len(snap.Providers) == 0 || snap.Server.Primary == "" || snap.AtLogin != state.SwitchedOff {
		t.Errorf("the snapshot: %+v", snap)
	}
	if err := d.Pin(t.Context(), snap.Providers[0].ID, 1<<40); err != nil {
		t.Error(err)
	}
	if got := d.Snapshot().Server.Pinned; got != snap.Providers[0].ID {
		t.Errorf("pinned is %q", got)
	}
	if err := d.Pin(t.Context(), "", 0); err != nil {
		t.Error(err)
	}
	for limit := time.Now().Add(awaitLimit); d.Snapshot().Today.Requests != 1; time.Sleep(pollEvery) {
		if time.Now().After(limit) {
			t.Fatalf("today: %+v", d.Snapshot().Today)
		}
	}
}

func TestWindowChecksAndTakesOutASetting(t *testing.T) {
	b := newBench(t)
	d, end := newWindow(t, b)
	defer end()
	if err := d.Check("proxy", "nonsense"); err == nil || !strings.Contains(err.Error(), "proxy URL") {
		t.Errorf("checked as %v", err)
	}
	for _, value := range []string{"http://proxy.example:3128", ""} {
		if err := d.Check("proxy", value); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if err := d.Set(t.Context(), "proxy", value); err != nil {
			t.Fatal(err)
		}
		if s, err := d.wishes(t.Context()); err != nil || s.Proxy != value {
			t.Errorf("the settings are %+v, want the proxy %q: %v", s, value, err)
		}
	}
	if about, err := d.About(t.Context()); err != nil || about.DataDir != b.dir || about.ConfigFile == "" {
		t.Errorf("about: %+v, %v", about, err)
	}
}

func TestAnAnswersWords(t *testing.T) {
	for raw, want := range map[string]string{
		`{"choices":[{"message":{"content":" Hi. "}}]}`: "Hi.", `{"choices":[]}`: "an answer without words",
	} {
		if got, err := answerOf(200, []byte(raw)); err != nil || got != want {
			t.Errorf("%s is %q, %v", raw, got, err)
		}
	}
	if _, err := answerOf(503, []byte(`{"error":{"message":"all keys cool"}}`)); err == nil || !strings.Contains(err.Error(), "503: all keys cool") {
		t.Errorf("got %v", err)
	}
}
