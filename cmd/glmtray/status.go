package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/roster"
)

type statusCmd struct {
	JSON bool `name:"json" help:"As JSON, as GET /_status has it."`
}

// Run shows the running proxy.
func (c *statusCmd) Run(e *env) error {
	run, err := e.proxy()
	if err != nil {
		return err
	}
	st, err := run.status(e)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.stdout, st)
	}
	if err := printStatus(e.stdout, run.URL, &st); err != nil {
		return err
	}
	e.noteUnused(st.ConfigFile)
	return nil
}

// noteUnused says that a settings file cannot be used as it stands: the running proxy
// then goes by what stood there before.
func (e *env) noteUnused(file string) {
	load := e.loadOptions(appOptions{})
	load.File, load.Keychain = file, noKeychain{}
	var problem config.Problem
	if _, err := config.Load(e.ctx, load); errors.As(err, &problem) && problem.File != "" {
		e.note("the settings file is not in force, what stood in it before is: %v", problem)
	}
}

func printStatus(w io.Writer, url string, st *proxy.Status) error {
	err := table(w, func(row func(...string)) {
		up := time.Duration(st.Uptime * float64(time.Second)).Truncate(time.Second)
		row("address", fmt.Sprintf("%s (glmtray %s)", url, st.Version))
		row("state", fmt.Sprintf("%s for %s", st.State, up))
		if st.Demo {
			row("demo", "the built-in demo provider answers; add a key with: glmtray keys add cerebras")
		}
		row("primary", dash(st.Primary))
		if st.Pinned != nil {
			row("pinned", fmt.Sprintf("%s until %s (%s left)", st.Pinned.Provider, st.Pinned.Until.Local().Format(time.TimeOnly), back(st.Pinned.Until)))
		}
		row("requests", fmt.Sprintf("%s so far, %s failed, %s running",
			thousands(st.Requests.Total), thousands(st.Requests.Failed), thousands(st.Requests.InFlight)))
		row("settings", st.ConfigFile)
	})
	for i := range st.Providers {
		if err == nil {
			err = printProvider(w, &st.Providers[i], st.Models[st.Providers[i].ID])
		}
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w, "\nroutes") // the table below tells what went wrong
	err = table(w, func(row func(...string)) {
		for _, r := range st.Routes {
			row("  "+r.Rule, r.When, strings.Trim(strings.Join(r.Use, " → ")+"; "+r.Canary, "; "))
		}
	})
	for _, n := range st.Notes {
		if err == nil {
			_, err = fmt.Fprintln(w, "\nnote: "+n)
		}
	}
	return err
}

func printProvider(w io.Writer, p *proxy.StatusProvider, models roster.ProviderModels) error {
	if _, err := fmt.Fprintf(w, "\n%s (%s)\n", p.ID, p.Name); err != nil {
		return err
	}
	return table(w, func(row func(...string)) {
		for i := range p.Keys {
			k := &p.Keys[i]
			mark := " "
			if k.Current {
				mark = "*"
			}
			row(mark+" "+k.Name, keyWords(k), dash(k.Account), k.Origin)
			for model, why := range k.Barred {
				row("", "not for "+model+": "+why)
			}
		}
		for _, l := range p.Limits {
			row("  limit", limitWords(l), dash(l.Account))
		}
		for _, g := range models.Gone {
			row("  gone", g.ID+": "+g.Why)
		}
	})
}

func limitWords(l proxy.SeenLimit) string {
	words := fmt.Sprintf("%s of %s %s per %s left", thousands(l.Remaining), thousands(l.Limit), l.Kind, l.Window)
	if time.Until(l.Reset) > 0 {
		words += ", full again in " + back(l.Reset)
	}
	return words
}
