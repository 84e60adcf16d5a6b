package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/glmtray/glmtray/internal/e2e/process"
)

// nobody is the user whom a test that runs as root starts the program as: what
// is kept from a user's other programs is never kept from root.
const nobody = 65534

// doomed is a program that is to crash with keys in its memory.
type doomed struct {
	dir    string
	cmd    *exec.Cmd
	stdout *process.Output
	stderr *process.Output
	ended  chan error
}

// startDoomed starts the program as an ordinary user, with core dumps allowed and
// everything told that a crash can tell.
func startDoomed(t *testing.T, environ ...string) *doomed {
	t.Helper()
	built, err := binary.Build()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "glmtray-doomed-") // t.TempDir lies in a folder that is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &doomed{dir: dir, stdout: process.NewOutput(), stderr: process.NewOutput(), ended: make(chan error, 1)}
	code, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "glmtray")
	if err := os.WriteFile(path, code, 0o700); err != nil {
		t.Fatal(err)
	}
	d.cmd = exec.CommandContext(context.Background(), "sh", "-c", `ulimit -S -c $(ulimit -H -c); exec "$0" "$@"`, path, "serve", "--addr", "127.0.0.1:0")
	d.cmd.Dir = dir
	d.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/no-bus",
		"GLMTRAY_DATA_DIR=" + dir, "GOTRACEBACK=crash", "GLMTRAY_LOG_LEVEL=debug",
	}, environ...)
	d.cmd.Stdout, d.cmd.Stderr = d.stdout, d.stderr
	if os.Getuid() == 0 {
		d.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for _, name := range []string{dir, path} {
			if err := os.Chown(name, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	t.Cleanup(func() { _ = d.cmd.Process.Kill() }) // it has ended, unless the test has failed
	select {
	case <-d.stdout.First:
	case err := <-d.ended:
		t.Fatalf("it ended: %v: %s", err, d.stderr)
	}
	return d
}

func TestACrashLeavesNoKeyBehind(t *testing.T) {
	t.Parallel()
	if os.Getenv("GLMTRAY_RACE") == "1" {
		t.Skip("the race detector makes crashes of its own")
	}
	asked, over := make(chan struct{}), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/chat/completions") {
			asked <- struct{}{}
			<-over // the key is in use when the program dies
		}
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(over) })
	d := startDoomed(
		t, "CEREBRAS_API_KEY="+canaries["cerebras/odd"], "CEREBRAS_BASE_URL="+silent.URL+"/v1",
		"GLMTRAY_CLIENT_KEY="+clientCanaries["the client's key"],
	)
	url := strings.TrimSpace(strings.TrimPrefix(d.stdout.String(), "listening on "))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, bytes.NewReader(chatBody(true, "hello")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+clientCanaries["the client's key"])
	go func() {
		if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-asked

	proc := fmt.Sprintf("/proc/%d", d.cmd.Process.Pid)
	limits, err := os.ReadFile(proc + "/limits")
	if err != nil || !strings.Contains(string(limits), "Max core file size        0 ") {
		t.Errorf("core dumps are allowed: %v\n%s", err, limits)
	}
	// The kernel gives /proc/PID to root where a user's other programs may not look.
	info, err := os.Stat(proc + "/environ")
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("its environment can be read by other programs of its user: %v", err)
	}
	if os.Getuid() != 0 {
		if _, err := os.ReadFile(proc + "/environ"); err == nil {
			t.Error("its environment can be read by other programs of its user")
		}
	}

	if err := d.cmd.Process.Signal(unix.SIGABRT); err != nil {
		t.Fatal(err)
	}
	<-d.ended
	if status := d.cmd.ProcessState.Sys().(syscall.WaitStatus); status.CoreDump() || !status.Signaled() {
		t.Errorf("its memory was written to the disk: %v", d.cmd.ProcessState)
	}
	told := d.stderr.String()
	if !strings.Contains(told, "SIGABRT") || !strings.Contains(told, "goroutine ") {
		t.Fatalf("the test is blind: it did not crash: %s", told)
	}
	for _, s := range []*search{searchFor(canaries), searchFor(clientCanaries)} {
		s.in(t, "what the crash said", []byte(told))
		if err := os.Remove(filepath.Join(d.dir, "glmtray")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		s.under(t, d.dir)
	}
}

// What a provider sends unasked is quoted by net/http in a log of its own.
func TestAKeyThatComesUnaskedIsNotLogged(t *testing.T) {
	t.Parallel()
	key := canaries["cerebras/odd"]
	listed, answered := make(chan struct{}, 16), make(chan struct{})
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		const body = `{"object":"list","data":[],"choices":[{"message":{"role":"assistant","content":"ok"}}]}`
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if strings.HasSuffix(r.URL.Path, "/chat/completions") {
			<-answered
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Key: "+key+"\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until it is closed
			return
		}
		listed <- struct{}{}
	}))
	t.Cleanup(provider.Close)
	p := start(t, launch{environ: []string{"CEREBRAS_API_KEY=" + key, "CEREBRAS_BASE_URL=" + provider.URL + "/v1"}})
	<-listed // the models, which would else be asked for over the same connection
	p.ask(false).want(200, "cerebras")
	close(answered)
	eventually(t, "what came unasked is told", func() bool { return strings.Contains(p.stderr.String(), "Unsolicited") })
	searchFor(canaries).in(t, "its output", []byte(p.stderr.String()))
}
