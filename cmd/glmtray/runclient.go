package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/store"
)

type runCmd struct {
	Program string   `arg:"" name:"program" help:"claude, codex or opencode."`
	Args    []string `arg:"" optional:"" name:"args" help:"Whatever the program is to be given."`
}

// Help is the rest of --help.
func (*runCmd) Help() string {
	return `Starts an agent with the environment that points it at this proxy. No file is touched; the client key that it is given
ends with it. Everything behind the program's name is its own: glmtray run claude -p "hello". Signals and the exit code
are passed through.`
}

// Validate wants a program that can be started so.
func (c *runCmd) Validate() error {
	if !slices.Contains(connect.Runnable(), c.Program) {
		return fmt.Errorf("the program is one of %s", strings.Join(connect.Runnable(), ", "))
	}
	return nil
}

// exitStatus is the exit code of a program that was run.
type exitStatus int

// Error implements error.
func (s exitStatus) Error() string { return "exit code " + strconv.Itoa(int(s)) }

// untouched leaves everything behind `run PROGRAM` to that program.
func untouched(args []string) []string {
	i := slices.Index(args, "run")
	if i < 0 || i+1 >= len(args) || !slices.Contains(connect.Runnable(), args[i+1]) {
		return args
	}
	return slices.Insert(slices.Clone(args), i+2, "--")
}

// Run starts the program and ends with it.
func (c *runCmd) Run(e *env) (err error) {
	r, err := e.connectRoom()
	if err != nil {
		return err
	}
	if r.run, err = running(e.ctx, r.dataDir); err != nil {
		return err
	}
	if err := r.findProxy(); err != nil {
		return err
	}
	s, err := e.openStore()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	forgetDead(e.ctx, s)
	made, key, err := s.AddProcessClient(e.ctx, fmt.Sprintf("run %s %d", c.Program, os.Getpid()), os.Getpid())
	if err != nil {
		return err
	}
	// The key ends with the program, whatever ends this one.
	defer func() {
		err = errors.Join(err, s.RemoveClient(context.WithoutCancel(e.ctx), made.ID))
		r.renew()
	}()
	r.renew()
	r.wish.Key = key
	start, err := connect.RunWith(c.Program, r.surroundings, r.wish)
	if err != nil {
		return err
	}
	for _, note := range start.Notes {
		e.note("%s", note)
	}
	return e.follow(start, c.Args)
}

// forgetDead removes the keys of runs that were killed, whatever they are called.
func forgetDead(ctx context.Context, s *store.Store) {
	list, err := s.AllClients(ctx)
	if err != nil {
		return // adding one will tell
	}
	for i := range list {
		if list[i].Process != 0 && !alive(list[i].Process) {
			_ = s.RemoveClient(ctx, list[i].ID) // the next run tries again
		}
	}
}

// alive reports whether a process runs.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil || runtime.GOOS == "windows" {
		return err == nil // which Windows tells, and cannot be asked otherwise
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

// follow runs a program to its end. Signals go to it: those of the keyboard
// reach it by themselves, since it is of the same group.
func (e *env) follow(start connect.Run, args []string) error {
	cmd := exec.CommandContext(context.WithoutCancel(e.ctx), start.Program, append(slices.Clone(start.Args), args...)...) //nolint:gosec // the program that the user has named
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = start.Vars, e.stdin, e.stdout, e.stderr
	heard := make(chan os.Signal, 4)
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	signal.Notify(heard, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(heard)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", start.Program, err)
	}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-heard:
				if sig != os.Interrupt || !e.keyboard() {
					_ = cmd.Process.Signal(sig) // it may just have ended
				}
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	if err == nil {
		return nil
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exitStatus(exitCode(exit.ProcessState))
	}
	return fmt.Errorf("running %s: %w", start.Program, err)
}

// keyboard reports whether a terminal sends its signals to this whole group.
func (e *env) keyboard() bool {
	f, ok := e.stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// exitCode is a process' exit code as shells have it: 128 and the signal if it
// was ended by one.
func exitCode(p *os.ProcessState) int {
	if status, ok := p.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return p.ExitCode()
}
