package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const root = "../.."

// How long is waited for what must come. None of these times is a measure of
// anything: the machine may be busy with other tests.
const (
	startLimit = 60 * time.Second
	stopLimit  = 60 * time.Second
	pollLimit  = 30 * time.Second
	pollEvery  = 5 * time.Millisecond
)

// TestMain lets more tests run side by side than there are cores: nearly all of
// their time they wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // a number
	}
	os.Exit(m.Run())
}

// build makes the binary. It lies in bin/, where the linker is spared if
// nothing has changed.
//
// GLMTRAY_BIN names one that was built elsewhere, such as a package's.
//
// It runs within a test and looks at every source file, so that `go test` knows
// that the result depends on them: the program is not imported here, and a
// cached "ok" would hide what became of it.
var build = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GLMTRAY_BIN"); path != "" {
		return filepath.Abs(path)
	}
	for _, dir := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			return "", err
		}
	}
	cgo, name, args := "CGO_ENABLED=0", "glmtray", []string{"build", "-buildvcs=false", "-trimpath", "-tags=headless"}
	if os.Getenv("GLMTRAY_RACE") == "1" {
		cgo, name, args = "CGO_ENABLED=1", "glmtray-race", append(args, "-race")
	}
	out, err := filepath.Abs(filepath.Join(root, "bin", "e2e", name))
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(context.Background(), "go", append(args, "-o", out, "./cmd/glmtray")...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), cgo)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/glmtray: %w\n%s", err, text)
	}
	return out, nil
})

// program is a glmtray process.
type program struct {
	t      *testing.T
	url    string // as it said on stdout; "" for one that was not to listen
	dir    string // its data folder
	cmd    *exec.Cmd
	stdout *lines
	stderr *lines
	client *http.Client
	gone   chan struct{} // closed when the process has ended
	code   int           // its exit code, once it is gone
	ended  bool          // the test has seen to its end
}

// launch is how a program is started.
type launch struct {
	dir      string   // data folder; "" for a new one
	settings string   // written to settings.toml before the start
	environ  []string // over the bare environment
	args     []string // instead of: serve --addr 127.0.0.1:0
}

// run starts a process and waits for nothing.
func run(t *testing.T, l launch) *program {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	if l.dir == "" {
		l.dir = t.TempDir()
	}
	if l.settings != "" {
		write(t, filepath.Join(l.dir, "settings.toml"), l.settings)
	}
	if l.args == nil {
		l.args = []string{"serve", "--addr", "127.0.0.1:0"}
	}
	p := &program{
		t: t, dir: l.dir, stdout: newLines(), stderr: newLines(), gone: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 256, DisableCompression: true}},
	}
	home := filepath.Join(l.dir, "home")
	p.cmd = exec.CommandContext(context.Background(), path, l.args...)
	p.cmd.Dir = l.dir
	p.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, "TMPDIR=" + os.TempDir(),
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(home, "no-bus"),
		"GLMTRAY_DATA_DIR=" + l.dir, "GORACE=atexit_sleep_ms=0",
	}, l.environ...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.gone)
		_ = p.cmd.Wait() // the exit code says it all
		p.code = p.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(p.cleanup)
	return p
}

// start starts a program and waits until it listens.
func start(t *testing.T, l launch) *program {
	t.Helper()
	p := run(t, l)
	select {
	case <-p.stdout.first:
	case <-p.gone:
		t.Fatalf("it ended with %d: %s%s", p.code, p.stdout, p.stderr)
	case <-time.After(startLimit):
		t.Fatalf("it does not listen: %s%s", p.stdout, p.stderr)
	}
	url, ok := strings.CutPrefix(p.stdout.String(), "listening on ")
	if !ok {
		t.Fatalf("it said %q", p.stdout)
	}
	p.url = strings.TrimSpace(url)
	return p
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for the end and wants that exit code.
func (p *program) wait(code int) {
	p.t.Helper()
	p.ended = true
	select {
	case <-p.gone:
	case <-time.After(stopLimit):
		p.t.Fatalf("it does not end: %s", p.stderr)
	}
	if p.code != code {
		p.t.Errorf("exit code %d, want %d: %s", p.code, code, p.stderr)
	}
}

// stop ends the program as a service manager does.
func (p *program) stop() {
	p.t.Helper()
	p.client.CloseIdleConnections()
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

// kill ends it as the machine's power switch does.
func (p *program) kill() {
	p.t.Helper()
	p.ended = true
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.gone
}

func (p *program) cleanup() {
	if !p.ended && p.url != "" {
		p.stop()
	}
	_ = p.cmd.Process.Kill() // nothing to do for one that has ended
	<-p.gone
	log := p.stderr.String()
	for _, bad := range []string{"panic", "DATA RACE", "goroutine "} {
		if strings.Contains(log, bad) {
			p.t.Errorf("%q on stderr:\n%s", bad, log)
		}
	}
	if out := p.stdout.String(); p.url != "" && out != "listening on "+p.url+"\n" {
		p.t.Errorf("stdout holds more than its one line: %q", out)
	}
	if p.t.Failed() {
		p.t.Logf("stderr of %s:\n%s", p.url, log[max(0, len(log)-8000):])
	}
}

// status is what these tests look at of /_status.
type status struct {
	State     string
	Demo      bool
	Primary   string
	Providers []struct {
		ID   string
		Keys []struct {
			Name, State, Reason string
			CoolUntil           time.Time `json:"cool_until"`
		}
	}
}

func (p *program) status() status {
	p.t.Helper()
	var st status
	if err := json.Unmarshal(p.do(http.MethodGet, "/_status", nil).want(200, "-").body, &st); err != nil {
		p.t.Fatal(err)
	}
	return st
}

// control carries out a verb as the program's own commands do, by the token of
// run.json.
func (p *program) control(verb string) {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.dir, "run.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	var file struct{ Token string }
	if err := json.Unmarshal(raw, &file); err != nil {
		p.t.Fatal(err)
	}
	p.do(http.MethodPost, "/_control/"+verb, nil, "X-Glmtray-Control", file.Token).want(200, "-")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok, for what has no event to wait for.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !within(pollLimit, ok) {
		t.Fatalf("never: %s", what)
	}
}

func within(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(pollEvery) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// lines is what a process writes.
type lines struct {
	mu    sync.Mutex
	b     bytes.Buffer
	first chan struct{} // closed at the end of the first line
	begun bool
}

func newLines() *lines { return &lines{first: make(chan struct{})} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.begun && bytes.IndexByte(p, '\n') >= 0 {
		l.begun = true
		close(l.first)
	}
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// requests are the canonical lines, one for each request.
func (l *lines) requests() []string {
	var out []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, " msg=request ") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}
