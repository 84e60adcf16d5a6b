package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

type uninstallCmd struct {
	Yes        bool `name:"yes" short:"y" help:"Do not ask. The data stays, unless --delete-data is given as well."`
	KeepData   bool `name:"keep-data" xor:"data" help:"Keep records and settings, and do not ask about them."`
	DeleteData bool `name:"delete-data" xor:"data" help:"Delete records and settings, and do not ask about them."`
	DryRun     bool `name:"dry-run" help:"Show what would be done, and do nothing."`
}

// Help is the rest of --help.
func (*uninstallCmd) Help() string {
	return `Takes back what glmtray has changed on this machine, part by part, and asks before each:

  agents          what stood in their settings before comes back, as with glmtray restore
  start at login  the entry is removed
  keychain        the keys that the settings name are removed
  data            the data folder and the settings are deleted, or stay

It shows all of that first, needs neither the database nor the record of connections, and says at the end what was done
and what was left; the program itself is yours to delete. It does nothing while glmtray runs, and never deletes the data
that an agent is still to be put back with. The exit code is 1 if something could not be done.`
}

// Run takes everything back.
func (c *uninstallCmd) Run(e *env) error {
	r, err := e.connectRoom()
	if err != nil {
		return err
	}
	if err := c.idle(r); err != nil {
		return err
	}
	u := &uninstall{r: r, ask: newAsker(e, c.Yes)}
	parts := []part{u.agents(), u.login(), u.keychain(), u.data(c)}
	if err := u.show(parts); err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintln(e.stdout, "\nNothing was changed.")
		return errors.Join(err, u.failed)
	}
	u.failed = nil // carrying it out tells for itself
	for i := range parts {
		if err := u.carryOut(&parts[i]); err != nil && len(u.done) == 0 {
			return err
		} else if err != nil {
			return errors.Join(u.tell(), u.failed, err)
		}
	}
	if e.ctx.Err() != nil {
		u.failed = errors.Join(u.failed, errors.New("interrupted"))
	}
	return errors.Join(u.tell(), u.failed)
}

// idle refuses while a glmtray runs: it would write anew what is removed.
func (c *uninstallCmd) idle(r *connectRoom) error {
	run, err := running(r.e.ctx, r.dataDir)
	switch {
	case errors.Is(err, errNotRunning):
		return nil
	case err != nil:
		return hint(err, "if no glmtray runs, remove "+runPath(r.dataDir))
	case c.DryRun:
		r.e.note("glmtray is running (%s, process %d); it has to be quit before", run.URL, run.PID)
		return nil
	}
	return hint(
		fmt.Errorf("glmtray is running (%s, process %d)", run.URL, run.PID),
		"quit it in its window or tray, or with Ctrl+C where it serves, and do this once more; to look only: glmtray uninstall --dry-run",
	)
}

// part is a group of what is taken back together.
type part struct {
	name    string
	plan    []string     // what would be done, a line each
	nothing string       // said where there is no plan
	agree   func() error // asks; errDeclined is a no
	do      func() error
	stays   []string // what is left after a no
}

// uninstall is what was done, and what was not.
type uninstall struct {
	r          *connectRoom
	ask        *asker
	done, left []string
	named      bool // the settings name keys that are still in the keychain
	failed     error
}

// show tells what would be done.
func (u *uninstall) show(parts []part) error {
	var b strings.Builder
	for i := range parts {
		p := &parts[i]
		fmt.Fprintf(&b, "%s\n", p.name)
		for _, line := range p.plan {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		if len(p.plan) == 0 {
			fmt.Fprintf(&b, "  %s\n", p.nothing)
		}
	}
	_, err := io.WriteString(u.r.e.stdout, b.String())
	return err
}

// carryOut asks about one part and does it. What cannot be done ends none of the
// others; an error is that nobody can be asked.
func (u *uninstall) carryOut(p *part) error {
	if len(p.plan) == 0 {
		return nil
	}
	err := u.r.e.ctx.Err()
	if err == nil {
		err = p.agree()
	}
	switch {
	case errors.Is(err, errDeclined), u.r.e.ctx.Err() != nil:
		u.left = append(u.left, p.stays...)
	case err != nil:
		return err
	default:
		u.failed = errors.Join(u.failed, p.do())
	}
	return nil
}

// tell says at the end what was done and what was left.
func (u *uninstall) tell() error {
	if path, err := os.Executable(); err == nil {
		u.left = append(u.left, "this program: "+path)
	}
	var b strings.Builder
	for _, list := range []struct {
		title string
		lines []string
	}{{"Done:", u.done}, {"Left:", u.left}} {
		if len(list.lines) > 0 {
			fmt.Fprintf(&b, "\n%s\n  %s\n", list.title, strings.Join(list.lines, "\n  "))
		}
	}
	_, err := io.WriteString(u.r.e.stdout, b.String())
	return err
}
