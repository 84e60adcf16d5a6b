package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
)

type doctorCmd struct {
	JSON    bool   `name:"json" help:"As JSON."`
	Offline bool   `name:"offline" help:"Ask no provider; keys, models and clock are then judged by what is known here."`
	Bundle  bool   `name:"bundle" help:"Make a report for whoever helps you: it is shown, and written to FILE if you agree."`
	Yes     bool   `name:"yes" short:"y" help:"With --bundle: write it without asking."`
	File    string `arg:"" optional:"" type:"path" help:"With --bundle: where to; without it glmtray-report-… in this folder."`
}

// Help is the rest of --help.
func (c *doctorCmd) Help() string {
	return `Each line is ok, warn or FAIL; the exit code is 1 if any is FAIL. Providers are asked with GET /models, which is
free; keys under a vendor's policy (Z.ai's coding plan) are left alone.

A report (--bundle) has versions, settings as far as they are numbers and switches, these lines, the last requests
without any text, and no keys; the home folder is ~, and names of user, machine and foreign hosts are taken out. It is
shown before it is written, and sent nowhere.`
}

// How a check ended.
const (
	checkOK   = "ok"
	checkWarn = "warn"
	checkFail = "FAIL"
)

// check is one line of the doctor.
type check struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, warn, FAIL
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
	plain string // in a report, where Text repeats what others have said
}

// doctor is one examination.
type doctor struct {
	e        *env
	ctx      context.Context
	offline  bool
	load     config.Options
	settings *config.Settings // nil: they cannot be read
	broken   error            // why the keychain could not be read
	run      *runFile         // nil: no proxy runs
	status   *proxy.Status    // of the running proxy
	asked    askedProviders
	checks   []check
}

// Run examines everything.
func (c *doctorCmd) Run(e *env) error {
	switch {
	case c.Bundle && c.JSON:
		return errBundle
	case c.File != "" && !c.Bundle:
		return hint(errors.New("a file is for a report"), "glmtray doctor --bundle FILE")
	}
	d := &doctor{e: e, ctx: e.ctx, offline: c.Offline}
	d.examine()
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	if c.Bundle {
		return c.bundleTo(d)
	}
	failed := false
	for _, x := range d.checks {
		failed = failed || x.State == checkFail
	}
	err := d.print(e.stdout, c.JSON, failed)
	if err == nil && failed {
		err = errQuiet
	}
	return err
}

// examine runs the checks. Those after the settings need them.
func (d *doctor) examine() {
	if !d.checkSettings() {
		return
	}
	d.findProxy()
	d.checkFolder()
	d.checkDatabase()
	d.checkPort()
	d.checkKeychain()
	d.checkEnvironment()
	d.checkConnections()
	d.checkOutbound()
	d.askProviders()
	d.checkKeys()
	d.checkModels()
	d.checkClock()
}

func (d *doctor) print(w io.Writer, asJSON, failed bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"ok": !failed, "checks": d.checks})
	}
	var b strings.Builder
	for _, x := range d.checks {
		fmt.Fprintf(&b, "%-4s  %s: %s\n", x.State, x.Name, strings.ReplaceAll(x.Text, "\n", "\n        "))
		if x.Hint != "" {
			fmt.Fprintf(&b, "        hint: %s\n", x.Hint)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *doctor) ok(name, format string, args ...any) {
	d.checks = append(d.checks, check{Name: name, State: checkOK, Text: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(name, hint, format string, args ...any) {
	d.checks = append(d.checks, check{Name: name, State: checkWarn, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (d *doctor) fail(name, hint, format string, args ...any) {
	d.checks = append(d.checks, check{Name: name, State: checkFail, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// inReport says what a report has in place of the last line's text, which may repeat
// a client's or a provider's words.
func (d *doctor) inReport(text string) { d.checks[len(d.checks)-1].plain = text }

// checkSettings reads them; without the keychain if that cannot be read.
func (d *doctor) checkSettings() bool {
	const name = "settings"
	d.load = d.e.loadOptions(appOptions{})
	var err error
	d.settings, err = config.Load(d.ctx, d.load)
	if errors.Is(err, config.ErrKeychain) {
		d.broken = err
		without := d.load
		without.Keychain = noKeychain{}
		d.settings, err = config.Load(d.ctx, without)
	}
	if err != nil {
		d.fail(name, "the running proxy keeps its old settings; a new one does not start", "%v", err)
		return false
	}
	if _, err := os.Stat(d.settings.ConfigFile); err != nil {
		d.ok(name, "%s is not there: the defaults are used", d.settings.ConfigFile)
	} else {
		d.ok(name, "%s", d.settings.ConfigFile)
	}
	return true
}

// findProxy looks for the proxy of this data folder. Its address is this
// machine's, so that this is no network call.
func (d *doctor) findProxy() {
	run, err := running(d.ctx, d.settings.DataDir)
	if err != nil {
		if !errors.Is(err, errNotRunning) {
			d.warn("proxy", "", "%v", err)
		}
		return
	}
	d.run = run
	st, err := run.status(d.e)
	if err != nil {
		d.warn("proxy", "", "%s runs but does not tell its state: %v", run.URL, err)
		return
	}
	d.status = &st
}

func (d *doctor) checkEnvironment() {
	const name = "environment"
	var from []string
	for setting, origin := range d.settings.Origins {
		if d.isVariable(string(origin)) {
			from = append(from, fmt.Sprintf("%s from %s", setting, origin))
		}
	}
	for i := range d.settings.Providers {
		p := &d.settings.Providers[i]
		for _, k := range p.Keys {
			if d.isVariable(string(k.Origin)) {
				from = append(from, fmt.Sprintf("key %s/%s from %s", p.ID, k.Name, k.Origin))
			}
		}
	}
	if len(from) == 0 {
		d.ok(name, "no variable overrides a setting")
	} else {
		d.ok(name, "%s", sortedList(from))
		d.inReport(plural(len(from), "setting") + " or keys come from variables")
	}
	for _, n := range d.settings.Notes {
		if n.Warn {
			d.warn(name, "", "%s", n.Text)
			d.inReport("a note of the settings")
		}
	}
}

// isVariable tells an origin that is a variable from a place in a file.
func (d *doctor) isVariable(origin string) bool {
	for _, v := range config.Variables() {
		if origin == v.Name {
			return true
		}
	}
	return false
}
