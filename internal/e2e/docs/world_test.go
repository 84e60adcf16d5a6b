package docs

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // for the predecessor's client keys

	"github.com/glmtray/glmtray/internal/e2e/process"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/store/keychain/secretservice"
)

// commandLimit is no measure of anything: the machine may be busy.
const commandLimit = time.Minute

// address is where the pages have glmtray.
const address = "127.0.0.1:18080"

// world is a machine on which one page is read: a home, a keychain, agents, and
// a glmtray that runs.
type world struct {
	t       *testing.T
	path    string // of the program
	dir     string // what the reader is in
	environ []string
	serving *process.Process
	made    int // keys so far
}

// newWorld makes one; scripts are what the vendors do, environ what stands in the
// environment of glmtray besides.
func newWorld(t *testing.T, scripts map[string]simulator.Script, environ ...string) *world {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil && os.Getenv(secretservice.Require) != "1" {
		t.Skip("SKIPPED, NOT TESTED: the pages call curl, which is missing")
	}
	w := &world{t: t, path: helpOf(t).path, dir: t.TempDir()}
	var settings strings.Builder
	for _, vendor := range []string{"cerebras", "synthetic", "zai"} {
		script := scripts[vendor]
		script.Vendor = vendor
		s := httptest.NewServer(simulator.New(script))
		t.Cleanup(s.Close)
		endpoints := []string{vendor}
		if vendor == "zai" {
			endpoints = []string{"zai.endpoint.plan", "zai.endpoint.payg"}
		}
		for _, e := range endpoints {
			fmt.Fprintf(&settings, "[provider.%s]\nurl = \"%s/v1\"\nalso = {}\n", e, s.URL)
		}
	}
	w.write("request.json", `{"model": "claude-sonnet-4-5", "max_tokens": 8000, "messages": [{"role": "user", "content": "Where is the parser?"}]}`+"\n")
	w.write("keyfile", "csk-0123456789abcdefghijklmnopqrstuv\n")
	w.write(".env", "export CEREBRAS_API_KEYS='{\"desk\":\"csk-0123456789abcdef\"}'\nCEREBRAS_COOLDOWN=60\n")
	for _, agent := range []string{"claude", "codex", "opencode"} {
		w.write("bin/"+agent, "#!/bin/sh\nexit 0\n")
	}
	if err := os.Symlink(w.path, filepath.Join(w.dir, "bin", "glmtray")); err != nil {
		t.Fatal(err)
	}
	w.predecessor("incoming_keys.db")
	checkout := os.DirFS(filepath.Join(root, "packaging", "docker")) // a copy: what is typed may write
	if err := os.CopyFS(filepath.Join(w.dir, "packaging", "docker"), checkout); err != nil {
		t.Fatal(err)
	}
	w.environ = append([]string{
		"PATH=" + filepath.Join(w.dir, "bin") + ":" + os.Getenv("PATH"),
		"HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=", // nobody else is asked for anything
	}, environ...)
	for _, pair := range secretservice.Start(t).Env() {
		if name, _, _ := strings.Cut(pair, "="); slices.Contains([]string{"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"}, name) {
			w.environ = append(w.environ, pair)
		}
	}
	w.serving = w.serve(filepath.Join(w.dir, "data"), settings.String())
	w.write("data/home/.curlrc", "fail-with-body\nsilent\nshow-error\nmax-time = 60\nnoproxy = \"*\"\n")
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700)); err != nil { //nolint:gosec // some are programs
		w.t.Fatal(err)
	}
}

// serve starts a glmtray and ends it with the test.
func (w *world) serve(dir, settings string) *process.Process {
	w.t.Helper()
	p, err := process.Run(process.Launch{Path: w.path, Dir: dir, Settings: settings, Environ: w.environ})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.Kill)
	if err := p.Listen(); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// predecessor writes client keys as glm_awsomify_proxy has them.
func (w *world) predecessor(name string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = db.ExecContext(w.t.Context(), `CREATE TABLE api_keys (id INTEGER PRIMARY KEY AUTOINCREMENT, api_key TEXT UNIQUE NOT NULL,
		name TEXT NOT NULL, created_at TEXT NOT NULL, revoked INTEGER DEFAULT 0, revoked_at TEXT, last_used_at TEXT, request_count INTEGER DEFAULT 0);
		INSERT INTO api_keys (api_key, name, created_at) VALUES ('sk-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG', 'laptop', '2025-11-01T10:00:00')`)
	if err := errors.Join(err, db.Close()); err != nil {
		w.t.Fatal(err)
	}
}

var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// do carries out a command of a page and gives what it printed.
func (w *world) do(c *command) (string, error) {
	row, isSpecial := specialOf(c)
	if isSpecial && specials[row].how == lasts {
		return w.interrupt(c)
	}
	text := strings.ReplaceAll(c.text, address, strings.TrimPrefix(w.serving.URL, "http://"))
	if isSpecial {
		text += " --yes"
	}
	if strings.Contains(text, "logs show ID") {
		text = strings.ReplaceAll(text, "logs show ID", "logs show "+w.newest())
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", text) //nolint:gosec // what the pages say
	cmd.Dir, cmd.Env = w.dir, w.serving.Cmd.Env
	cmd.Stdin = strings.NewReader(w.key(c))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s%s", err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

// interrupt starts what lasts in a folder of its own, waits for its first line,
// and ends it.
func (w *world) interrupt(c *command) (string, error) {
	s := c.runs[0]
	args := slices.Clone(s.args)
	for i := range args {
		args[i] = port.ReplaceAllString(args[i], "127.0.0.1:0")
	}
	w.made++
	dir := filepath.Join(w.dir, fmt.Sprint("lasting", w.made))
	settings, err := os.ReadFile(filepath.Join(w.serving.Dir, "settings.toml"))
	if err != nil {
		return "", err
	}
	if i := slices.Index(args, "--env-file"); i >= 0 {
		args[i+1] = filepath.Join(w.dir, args[i+1])
	}
	vendors, _, _ := strings.Cut(string(settings), "[[key]]") // a key of the keychain is another test's
	p, err := process.Run(process.Launch{
		Path: w.path, Dir: dir, Settings: vendors, Args: args,
		Environ: append(append(slices.Clone(w.environ), "GLMTRAY_ADDR=127.0.0.1:0"), s.vars...),
	})
	if err != nil {
		return "", err
	}
	w.t.Cleanup(p.Kill)
	if err := p.Listen(); err != nil {
		return "", err
	}
	code, err := p.Stop()
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, p.Stderr)
	}
	return p.Stdout.String(), err
}

// key is what somebody pastes where a key is asked for, another one each time.
func (w *world) key(c *command) string {
	for _, words := range c.called("glmtray") {
		if len(words) > 2 && words[0] == "keys" && words[1] == "add" {
			w.made++
			shape := map[string]string{"cerebras": "csk-%032d", "synthetic": "syn_%032d", "zai": "%032d.ABCDEFGHIJKLMNOP"}[words[2]]
			return fmt.Sprintf(shape+"\n", w.made)
		}
	}
	return ""
}

// newest is the id of the last request.
func (w *world) newest() string {
	w.t.Helper()
	var id string
	for end := time.Now().Add(commandLimit); id == "" && time.Now().Before(end); { // a record comes after its answer
		cmd := exec.CommandContext(w.t.Context(), w.path, "logs", "--json", "--limit", "1") //nolint:gosec // the program under test
		cmd.Env = w.serving.Cmd.Env
		out, err := cmd.Output()
		if err != nil {
			w.t.Fatal(err)
		}
		var r struct{ ID string }
		if json.Unmarshal(out, &r) == nil {
			id = r.ID
		}
	}
	return id
}

// end ends the glmtray as a service manager does.
func (w *world) end() {
	w.t.Helper()
	if err := w.serving.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Error(err)
	}
	if code, err := w.serving.Wait(); err != nil || code != 0 {
		w.t.Errorf("glmtray ended with %d, %v: %s", code, err, w.serving.Stderr)
	}
}

// finding is a line of doctor.
type finding struct{ Name, State, Text string }

func verdictOn(t *testing.T, out []byte, name string) finding {
	t.Helper()
	var report struct{ Checks []finding }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range report.Checks {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("nothing of %s: %s", name, out)
	return finding{}
}
