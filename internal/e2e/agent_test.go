package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// agent is a client in a home and a project of its own.
type agent struct {
	t       *testing.T
	name    string
	path    string
	home    string
	project string
	environ []string
	stdin   string // what is piped into it
}

// newAgent makes a home in which nothing is configured. It lies neither in the
// folder for temporary files, where Codex refuses to have its own, nor within a
// repository, which OpenCode would take a snapshot of.
func newAgent(t *testing.T, name string) *agent {
	t.Helper()
	a := &agent{t: t, name: name, path: client(t, name)}
	base, err := clientCache("homes")
	if err != nil {
		t.Fatal(err)
	}
	if err = os.MkdirAll(base, 0o700); err != nil {
		t.Fatal(err)
	}
	if a.home, err = os.MkdirTemp(base, name+"-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(a.home) })
	a.project = filepath.Join(a.home, "project")
	write(t, filepath.Join(a.project, "README.md"), "# A project\n")
	a.environ = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + a.home, "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8", "TERM=dumb", "SHELL=/bin/sh",
		"DISABLE_AUTOUPDATER=1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
		"OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1",
	}
	return a
}

// run runs the client in its project, gives what it printed, and wants it to
// have succeeded.
func (a *agent) run(args ...string) string {
	a.t.Helper()
	stdout, stderr, err := a.try(args...)
	if err != nil {
		a.t.Fatalf("%s %q: %v\nstdout: %s\nstderr: %s", a.name, args, err, last(stdout), last(stderr))
	}
	return stdout
}

// try runs the client and gives what it printed.
func (a *agent) try(args ...string) (stdout, stderr string, err error) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), agentLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.path, args...)
	cmd.Dir, cmd.Env = a.project, a.environ
	if a.stdin != "" {
		cmd.Stdin = strings.NewReader(a.stdin)
	}
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	err = cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.String(), log.String(), err
}

// keeps says which of the texts stand in a file of the client's home, and where.
func (a *agent) keeps(texts ...string) (found []string) {
	a.t.Helper()
	looked := 0
	err := filepath.WalkDir(a.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, text+" in "+path)
			}
		}
		looked++
		return err
	})
	if err != nil || looked < 2 {
		a.t.Errorf("looking through its home: %d files: %v", looked, err)
	}
	return found
}

// providerKeys must never reach a client.
var providerKeys = []string{keyA, keyB, keyC, keyS, keyZ}

// holdsNoKey looks for the providers' keys in all that the client has written.
func (a *agent) holdsNoKey() {
	a.t.Helper()
	for _, where := range a.keeps(providerKeys...) {
		a.t.Errorf("a provider's key: %s", where)
	}
}

func last(text string) string { return text[max(0, len(text)-4000):] }

// kept is a request as `glmtray logs --json` shows it.
type kept struct {
	Time time.Time // when it came in

	Client, Path, Asked, Provider, Model, Key, Rule, Reason, Outcome, Error string

	Attempts, Status int
	Stream           bool
	Changed          []string
	Tries            []struct {
		Provider, Model, Key, Class string
		Status                      int
	}
}

// history ends the program, so that all is written, and gives its records,
// oldest first.
func (p *program) history() (list []kept) {
	p.t.Helper()
	p.stop()
	l := run(p.t, launch{dir: p.dir, args: []string{"logs", "--json", "-n", "1000"}})
	l.wait(0)
	for line := range strings.Lines(l.stdout.String()) {
		var r kept
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			p.t.Fatalf("%v: %s", err, line)
		}
		list = append(list, r)
	}
	// They are kept in the order in which they were done with: one whose tokens had to
	// be counted here comes late.
	slices.SortStableFunc(list, func(a, b kept) int { return a.Time.Compare(b.Time) })
	return list
}

// answered are the requests that a provider has answered, by "provider/model".
// Codex hangs up behind the last event, which the provider may see.
func answered(calls map[string][]simulator.Call) map[string]int {
	n := map[string]int{}
	for provider, list := range calls {
		for _, c := range list {
			if c.Dialect != "" && c.Status == 200 && c.Fault == "" {
				n[provider+"/"+c.Model]++
			}
		}
	}
	return n
}

// tellsTheTruth compares the records with what the providers have seen: who
// answered, and with which model.
func tellsTheTruth(t *testing.T, records []kept, calls map[string][]simulator.Call) {
	t.Helper()
	told := map[string]int{}
	for _, r := range records {
		if r.Rule == "" || r.Reason == "" || r.Asked == "" {
			t.Errorf("a record does not say why: %+v", r)
		}
		if r.Outcome == "ok" && r.Status == 200 {
			told[r.Provider+"/"+r.Model]++
		}
	}
	if seen := answered(calls); !maps.Equal(told, seen) || len(seen) == 0 {
		t.Errorf("the records tell of %v, the providers have answered %v", told, seen)
	}
}
