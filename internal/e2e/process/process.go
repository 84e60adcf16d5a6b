package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// How long is waited for what must come. Neither is a measure of anything: the
// machine may be busy with other tests.
const (
	startLimit = 60 * time.Second
	stopLimit  = 60 * time.Second
)

// Launch is how a program is started.
type Launch struct {
	Path     string   // of the binary
	Dir      string   // data folder
	Settings string   // written to settings.toml before the start; "": as it is
	Environ  []string // over the bare environment
	Args     []string // none: serve --addr 127.0.0.1:0
	Stdin    string
	Errors   *os.File // where stderr goes instead of Process.Stderr
	User     uint32   // whom it runs as; 0: as this process. Only root may say so
}

// Process is a glmtray process.
type Process struct {
	URL    string // as it said on stdout; "" until Listen
	Dir    string // its data folder
	Cmd    *exec.Cmd
	Stdout *Output
	Stderr *Output
	Gone   chan struct{} // closed when the process has ended

	code int // its exit code, once it is gone
}

// Run starts a process and waits for nothing.
func Run(l Launch) (*Process, error) {
	if l.Settings != "" {
		mode := os.FileMode(0o600)
		if l.User != 0 {
			mode = 0o644 // that user is to read it
		}
		err := errors.Join(os.MkdirAll(l.Dir, 0o700), os.WriteFile(filepath.Join(l.Dir, "settings.toml"), []byte(l.Settings), mode))
		if err != nil {
			return nil, err
		}
	}
	if l.Args == nil {
		l.Args = []string{"serve", "--addr", "127.0.0.1:0"}
	}
	p := &Process{Dir: l.Dir, Stdout: NewOutput(), Stderr: NewOutput(), Gone: make(chan struct{})}
	home := filepath.Join(l.Dir, "home")
	p.Cmd = exec.CommandContext(context.Background(), l.Path, l.Args...) //nolint:gosec // the program under test
	p.Cmd.Dir = l.Dir
	p.Cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, "TMPDIR=" + os.TempDir(),
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(home, "no-bus"),
		"GLMTRAY_DATA_DIR=" + l.Dir, "GORACE=atexit_sleep_ms=0",
	}, l.Environ...)
	p.Cmd.Stdin, p.Cmd.Stdout, p.Cmd.Stderr = strings.NewReader(l.Stdin), p.Stdout, p.Stderr
	if l.User != 0 {
		runAs(p.Cmd, l.User)
	}
	if l.Errors != nil {
		p.Cmd.Stderr = l.Errors
	}
	if err := p.Cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.Gone)
		_ = p.Cmd.Wait() // the exit code says it all
		p.code = p.Cmd.ProcessState.ExitCode()
	}()
	return p, nil
}

// Listen waits until the program says where it listens.
func (p *Process) Listen() error {
	select {
	case <-p.Stdout.First:
	case <-p.Gone:
		return fmt.Errorf("it ended with %d: %s%s", p.code, p.Stdout, p.Stderr)
	case <-time.After(startLimit):
		return fmt.Errorf("it does not listen: %s%s", p.Stdout, p.Stderr)
	}
	url, ok := strings.CutPrefix(p.Stdout.String(), "listening on ")
	if !ok {
		return fmt.Errorf("it said %q", p.Stdout)
	}
	p.URL = strings.TrimSpace(url)
	return nil
}

// Wait waits for the end and gives the exit code.
func (p *Process) Wait() (code int, err error) {
	select {
	case <-p.Gone:
		return p.code, nil
	case <-time.After(stopLimit):
		return 0, fmt.Errorf("it does not end: %s", p.Stderr)
	}
}

// Stop ends the program as a service manager does, and gives the exit code.
func (p *Process) Stop() (code int, err error) {
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	return p.Wait()
}

// Kill ends it as the machine's power switch does. One that has ended is left
// alone.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill() // nothing to do for one that has ended
	<-p.Gone
}

// Troubles are the signs on stderr that the program has a fault of its own.
func (p *Process) Troubles() (signs []string) {
	log := p.Stderr.String()
	for _, bad := range []string{"panic", "DATA RACE", "goroutine "} {
		if strings.Contains(log, bad) {
			signs = append(signs, bad)
		}
	}
	return signs
}
