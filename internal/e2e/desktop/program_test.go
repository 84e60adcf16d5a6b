//go:build linux && !headless

package desktop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/e2e/process"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// build makes the binary as a release is made.
var build = (&process.Binary{
	Root: "../../..", Name: "glmtray-desktop", Flags: []string{"-tags=migrated_fynedo"}, Cgo: true, Variable: "GLMTRAY_DESKTOP_BIN",
}).Build

// program is a glmtray process on a session's display.
type program struct {
	t      *testing.T
	s      *session
	dir    string // its data folder
	cmd    *exec.Cmd
	stdout *text
	stderr *text
	gone   chan struct{} // closed when the process has ended
	code   int           // its exit code, once it is gone
	ended  bool          // the test has seen to its end
}

// launch is how a program is started.
type launch struct {
	dir      string   // data folder; "" for a new one
	settings string   // written to settings.toml before the start
	environ  []string // over the session's
	args     []string
}

// start starts a process on the display.
func (s *session) start(l launch) *program {
	s.t.Helper()
	path, err := build()
	if err != nil {
		s.t.Fatal(err)
	}
	if l.dir == "" {
		l.dir = s.t.TempDir()
	}
	if l.settings != "" {
		if err := os.WriteFile(filepath.Join(l.dir, "settings.toml"), []byte(l.settings), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	p := &program{t: s.t, s: s, dir: l.dir, stdout: new(text), stderr: new(text), gone: make(chan struct{})}
	p.cmd = s.command(path, l.args...)
	p.cmd.Dir = l.dir
	p.cmd.Env = append(append([]string{}, s.environ...), "GLMTRAY_DATA_DIR="+l.dir)
	p.cmd.Env = append(p.cmd.Env, l.environ...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(p.gone)
		_ = p.cmd.Wait() // the exit code says it all
		p.code = p.cmd.ProcessState.ExitCode()
	}()
	s.t.Cleanup(p.cleanup)
	return p
}

// glmtray runs one of the program's commands to its end, and gives what it says.
func (s *session) glmtray(dir, stdin string, args ...string) string {
	s.t.Helper()
	path, err := build()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := s.command(path, args...)
	cmd.Env = append(append([]string{}, s.environ...), "GLMTRAY_DATA_DIR="+dir)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("glmtray %v: %v: %s", args, err, out)
	}
	return string(out)
}

// withKey is a data folder whose settings point at a provider and name a key
// that stands in the keychain.
func (s *session) withKey(settings string) (dir string) {
	s.t.Helper()
	dir = s.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "settings.toml"), []byte(settings), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.glmtray(dir, keyOne, "keys", "add", "cerebras", "one")
	return dir
}

// url is where it serves, as it said on standard output.
func (p *program) url() string {
	p.t.Helper()
	var url string
	eventually(p.t, "it listens:\n"+p.stderr.String(), func() bool {
		_, rest, ok := strings.Cut(p.stdout.String(), "listening on ")
		line, _, whole := strings.Cut(rest, "\n")
		url = line
		return ok && whole
	})
	return url
}

// wait waits for the end and wants that exit code.
func (p *program) wait(code int) {
	p.t.Helper()
	p.ended = true
	select {
	case <-p.gone:
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // it tells where it hangs
		<-p.gone
		p.t.Fatalf("it does not end: %s", p.stderr)
	}
	if p.code != code {
		p.t.Errorf("exit code %d, want %d: %s", p.code, code, p.stderr)
	}
}

// stop ends the program as a session manager does.
func (p *program) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // wait tells if it had ended before
	p.wait(0)
}

func (p *program) cleanup() {
	if dir := os.Getenv("GLMTRAY_SCREENSHOTS"); dir != "" && p.t.Failed() {
		p.failure(dir)
	}
	if !p.ended {
		p.stop()
	}
	_ = p.cmd.Process.Kill() // nothing to do for one that has ended
	<-p.gone
	log := p.stderr.String()
	for _, bad := range []string{"panic", "DATA RACE", "goroutine ", "Error in Fyne call thread"} {
		if strings.Contains(log, bad) {
			p.t.Errorf("%q on stderr:\n%s", bad, log)
		}
	}
	if p.t.Failed() {
		p.t.Logf("stderr:\n%s", log[max(0, len(log)-30000):])
	}
}

// failure writes what the window shows where a test has failed.
func (p *program) failure(dir string) {
	if id := p.window(); id != "" {
		name := filepath.Join(dir, "failed-"+strings.ReplaceAll(p.t.Name(), "/", "-")+".png")
		if err := p.s.command("import", "-window", id, name).Run(); err != nil {
			p.t.Logf("no picture of it: %v", err)
		}
	}
}

// ask sends a chat completion and gives the answer's status and text.
func (p *program) ask() (status int, body string) {
	p.t.Helper()
	raw, err := json.Marshal(map[string]any{
		"model": "gpt-oss-120b", "messages": []any{map[string]any{"role": "user", "content": "hello"}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url()+"/v1/chat/completions", bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// text is what a process writes.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// What the simulated Cerebras knows.
const (
	keyOne = "csk-one-0123456789abcdef"
	keyTwo = "csk-two-0123456789abcdef"
)

// cerebras starts a provider within this process, so that its call log can be
// looked at; the program under test is another process all the same.
func cerebras(t *testing.T, faults ...simulator.Fault) *simulator.Running {
	t.Helper()
	p, err := simulator.Start(context.WithoutCancel(t.Context()), "", simulator.Script{
		Vendor: simulator.Cerebras, Faults: faults,
		Keys: map[string]simulator.KeyScript{keyOne: {Name: "one"}, keyTwo: {Name: "two"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// settingsFor points the program at a provider and away from fixed ports.
func settingsFor(p *simulator.Running) string {
	return fmt.Sprintf("addr = \"127.0.0.1:0\"\ndemo = false\nlog_requests = false\n\n[provider.cerebras]\nurl = %q\n", p.URL+"/v1")
}

// served are the names of the keys that chats were answered with, in order.
func served(p *simulator.Running) []string {
	var out []string
	for _, c := range p.Calls() {
		if strings.HasSuffix(c.Path, "/chat/completions") && c.Status == http.StatusOK {
			out = append(out, c.Key)
		}
	}
	return out
}
