package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/route"
)

type explainCmd struct {
	File string        `arg:"" help:"A request body in any of the three dialects; - reads standard input."`
	JSON bool          `name:"json" help:"As JSON."`
	In   time.Duration `name:"in" placeholder:"60s" help:"Look ahead: which way it would go after that time, as the cooldowns known now leave the keys."`
}

// Help is the rest of --help.
func (c *explainCmd) Help() string {
	return `It asks the running proxy or, if none runs, does what one started now would do. Each rule is shown with the
reason why it holds or not, then each target with its model and the state of its keys.`
}

// Run explains.
func (c *explainCmd) Run(e *env) error {
	body, err := c.body(e)
	if err != nil {
		return err
	}
	x, err := e.explain(body, c.In)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.stdout, x)
	}
	return printExplanation(e.stdout, x)
}

func (c *explainCmd) body(e *env) ([]byte, error) {
	if c.File != "-" {
		body, err := os.ReadFile(c.File)
		return body, wrapErr(err, "reading the request")
	}
	body, err := io.ReadAll(e.stdin)
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return body, nil
}

// explain asks the running proxy, or one that is only put together.
func (e *env) explain(body []byte, in time.Duration) (*proxy.Explanation, error) {
	run, err := e.proxy()
	if err == nil {
		x := new(proxy.Explanation)
		return x, run.control(e.ctx, "explain?in="+in.String(), bytes.NewReader(body), x)
	}
	if !errors.Is(err, errNotRunning) {
		return nil, err
	}
	a, err := e.quietApp(appOptions{})
	if err != nil {
		return nil, err
	}
	defer a.close()
	x, fault := a.server.Explain(body, in)
	if fault != nil {
		return nil, fault
	}
	return x, nil
}

func printExplanation(w io.Writer, x *proxy.Explanation) error {
	b := new(strings.Builder)
	way := "whole"
	if x.Stream {
		way = "streamed"
	}
	tokens := thousands(int64(x.Tokens)) + " tokens"
	if x.Tokens == 1 {
		tokens = "1 token"
	}
	fmt.Fprintf(b, "request\n  %s dialect, model %s, %s, %s, %s bytes of text, about %s\n",
		x.Dialect, dash(x.Model), way, plural(x.Images, "picture"), thousands(int64(x.TextBytes)), tokens)
	for _, c := range x.Changes {
		fmt.Fprintf(b, "  repaired: %s\n", c)
	}
	b.WriteString("\nrules\n")
	for _, t := range x.Trace {
		writeTried(b, t)
	}
	if x.Refused != "" {
		fmt.Fprintf(b, "\nrefused\n  %s\n", x.Refused)
	} else {
		fmt.Fprintf(b, "\ntargets of %q\n", x.Rule)
	}
	for i := range x.Steps {
		writeStep(b, i+1, &x.Steps[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTried(b *strings.Builder, t route.Tried) {
	mark := "no "
	if t.Matched {
		mark = "YES"
	}
	fmt.Fprintf(b, "  %s  %s: %s\n", mark, t.Rule, t.Reason)
	for _, l := range t.Left {
		fmt.Fprintf(b, "         without %s: %s\n", l.Target, l.Why)
	}
}

func writeStep(b *strings.Builder, n int, s *proxy.ExplainedStep) {
	verdict := s.Verdict
	if s.Key != "" {
		verdict += " with key " + s.Key
	}
	fmt.Fprintf(b, "  %d. %s: %s\n     sends %s in the %s dialect (%s)\n", n, s.Target, verdict, s.Model, s.Dialect, s.Why)
	for i := range s.Keys {
		k := &s.Keys[i]
		words := keyWords(k)
		if why, barred := k.Barred[s.Model]; barred {
			words += "; not for " + s.Model + ": " + why
		}
		fmt.Fprintf(b, "     key %s: %s\n", k.Name, words)
	}
	for _, c := range s.Changes {
		fmt.Fprintf(b, "     changed: %s\n", c)
	}
	if s.Refused != "" {
		fmt.Fprintf(b, "     cannot be said there: %s\n", s.Refused)
	}
}
