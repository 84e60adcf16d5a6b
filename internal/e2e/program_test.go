package e2e

import (
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/e2e/process"
)

// How long is waited for what must come. None of these times is a measure of
// anything: the machine may be busy with other tests.
const (
	pollLimit = time.Minute
	pollEvery = 5 * time.Millisecond
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

var binary = process.Binary{Root: "../..", Name: "glmtray", Flags: []string{"-tags=headless"}, Variable: "GLMTRAY_BIN"}

// program is a glmtray process.
type program struct {
	*process.Process
	t      *testing.T
	url    string // as it said on stdout; "" for one that was not to listen
	dir    string // its data folder
	stdout *process.Output
	stderr *process.Output
	client *http.Client
	ended  bool // the test has seen to its end
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
	path, err := binary.Build()
	if err != nil {
		t.Fatal(err)
	}
	if l.dir == "" {
		l.dir = t.TempDir()
	}
	began, err := process.Run(process.Launch{Path: path, Dir: l.dir, Settings: l.settings, Environ: l.environ, Args: l.args})
	if err != nil {
		t.Fatal(err)
	}
	p := &program{
		Process: began, t: t, dir: l.dir, stdout: began.Stdout, stderr: began.Stderr,
		client: &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 256, DisableCompression: true}},
	}
	t.Cleanup(p.cleanup)
	return p
}

// start starts a program and waits until it listens.
func start(t *testing.T, l launch) *program {
	t.Helper()
	p := run(t, l)
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	p.url = p.URL
	return p
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.Cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for the end and wants that exit code.
func (p *program) wait(code int) {
	p.t.Helper()
	p.ended = true
	got, err := p.Wait()
	if err != nil {
		p.t.Fatal(err)
	}
	if got != code {
		p.t.Errorf("exit code %d, want %d: %s", got, code, p.stderr)
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
	p.Kill()
}

func (p *program) cleanup() {
	if !p.ended && p.url != "" {
		p.stop()
	}
	p.Kill()
	log := p.stderr.String()
	for _, bad := range p.Troubles() {
		p.t.Errorf("%q on stderr:\n%s", bad, log)
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
