package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one server beside this program.
type process struct {
	cmd   *exec.Cmd
	errs  *os.File // what it says of errors
	url   string
	pprof string // address of its profiles; none: ""
}

// launch runs a server; what it says of errors is kept.
func launch(ctx context.Context, environ []string, name string, args ...string) (*process, error) {
	p, _, err := launched(ctx, environ, false, name, args...)
	return p, err
}

// start runs a server and waits for its "listening on URL" line.
func start(ctx context.Context, environ []string, name string, args ...string) (*process, error) {
	p, out, err := launched(ctx, environ, true, name, args...)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			p.url = strings.TrimSpace(url)
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s %s did not listen: %s", name, strings.Join(args, " "), p.stop())
}

func launched(ctx context.Context, environ []string, piped bool, name string, args ...string) (*process, io.Reader, error) {
	errs, err := os.CreateTemp("", "bench-*.log")
	if err != nil {
		return nil, nil, err
	}
	_ = os.Remove(errs.Name())                     // it lives as long as it is open
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // our own programs
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environ...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = errs
	var out io.Reader
	if piped {
		if out, err = cmd.StdoutPipe(); err != nil {
			return nil, nil, errors.Join(err, errs.Close())
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, errs.Close())
	}
	return &process{cmd: cmd, errs: errs}, out, nil
}

// stop ends the process, waits for it, and gives the end of what it said.
func (p *process) stop() string {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	end, _ := p.errs.Seek(0, io.SeekEnd)
	last := make([]byte, min(end, 4<<10))
	n, _ := p.errs.ReadAt(last, end-int64(len(last)))
	_ = p.errs.Close()
	return string(last[:n])
}

// ticks is the kernel's USER_HZ, 100 on every Linux that Go runs on.
const ticks = 100

// cpu is the processor time that the process has used so far: by its threads'
// own clocks, which count nanoseconds, or else by its ticks.
func (p *process) cpu() time.Duration {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	var total time.Duration
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		ran, _, _ := strings.Cut(string(raw), " ")
		ns, _ := strconv.ParseInt(ran, 10, 64)
		total += time.Duration(ns)
	}
	if total > 0 {
		return total
	}
	return p.ticked()
}

func (p *process) ticked() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks
}

// rss is the resident memory in MiB.
func (p *process) rss() float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}
