package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/glmtray/glmtray/internal/store"
)

type logsCmd struct {
	List   logsListCmd   `cmd:"" default:"withargs" help:"Show the newest records, filtered if you like. This is also what logs alone means."`
	Show   logsShowCmd   `cmd:"" help:"Show all that is known of one request: each try, and why."`
	Export logsExportCmd `cmd:"" help:"Write all records that fit as JSON lines or CSV, the oldest first."`
}

// logsFilter says which records are wanted.
type logsFilter struct {
	Provider string `name:"provider" placeholder:"ID" help:"Only those that this provider answered."`
	Client   string `name:"client" placeholder:"NAME" help:"Only those of this client."`
	Model    string `name:"model" placeholder:"ID" help:"Only those that asked for this model or got it."`
	Status   string `name:"status" placeholder:"WHICH" help:"Only those with this status (429), of this class (4xx), or all that failed (error)."`
	Since    string `name:"since" placeholder:"WHEN" help:"Only those since then: 90s, 1h, 2d, 15:04, 2026-11-22, 2026-11-22T15:04:05Z."`
	Grep     string `name:"grep" placeholder:"TEXT" help:"Only those with this text in reason, error, model, path or a try."`
}

type logsListCmd struct {
	logsFilter
	Follow bool `name:"follow" short:"f" help:"Go on with new ones until interrupted."`
	Limit  int  `name:"limit" short:"n" default:"50" placeholder:"N" help:"At most so many, the newest (50)."`
	JSON   bool `name:"json" help:"As JSON, one object in a line."`
}

// logsEvery is how often new records are looked for; they are written a
// quarter of a second after a request has ended.
const logsEvery = 250 * time.Millisecond

// Run shows the records, the newest last.
func (c *logsListCmd) Run(e *env) error {
	q, err := c.query(time.Now())
	if err != nil {
		return err
	}
	if c.Limit < 1 {
		return fmt.Errorf("--limit is a number from 1 on: %d", c.Limit)
	}
	q.Limit = c.Limit
	return e.withStore(func(s *store.Store) error {
		last, err := s.LastRequest(e.ctx)
		if err != nil {
			return err
		}
		q.Before = last + 1
		list, err := s.Requests(e.ctx, q)
		if err != nil {
			return err
		}
		slices.Reverse(list)
		if err := c.print(e.stdout, list); err != nil {
			return err
		}
		if len(list) == 0 && !c.Follow && !c.JSON {
			e.note("no request fits")
		}
		if !c.Follow {
			return nil
		}
		q.Before, q.Limit = 0, 1000
		return c.follow(e, s, q, last)
	})
}

// query turns the flags into a query.
func (c *logsFilter) query(now time.Time) (q store.RequestQuery, err error) {
	if err := store.CheckStatus(c.Status); err != nil {
		return q, err
	}
	q = store.RequestQuery{Provider: c.Provider, Client: c.Client, Model: c.Model, Status: c.Status, Grep: c.Grep}
	if c.Since != "" {
		q.Since, err = parseWhen("--since", c.Since, now)
	}
	return q, err
}

// parseWhen reads a span back from now or a point in time, that a flag has.
func parseWhen(flag, text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location())
			if t.After(now) {
				t = t.AddDate(0, 0, -1)
			}
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is a span such as 1h or a time such as 15:04 or 2026-11-22: %s", flag, short(text))
}

// follow shows what comes after n until it is interrupted.
func (c *logsListCmd) follow(e *env, s *store.Store, q store.RequestQuery, n int64) error {
	tick := time.NewTicker(logsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-e.ctx.Done():
			return nil
		}
		// Asked first: what is written meanwhile comes the next time.
		last, err := s.LastRequest(e.ctx)
		if err == nil && last > n {
			q.After, q.Before = n, last+1
			var list []store.Request
			if list, err = s.Requests(e.ctx, q); err == nil {
				err = c.print(e.stdout, list)
			}
			if n = last; len(list) == q.Limit {
				n = list[len(list)-1].N
			}
		}
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *logsListCmd) print(w io.Writer, list []store.Request) error {
	var b strings.Builder
	for i := range list {
		if !c.JSON {
			writeLogLine(&b, &list[i])
			continue
		}
		text, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeLogLine writes a request as people read it. The beginning of its id is
// enough for `logs show`.
func writeLogLine(b *strings.Builder, r *store.Request) {
	who := "nobody"
	if r.Provider != "" {
		who = r.Provider + "/" + r.Model + " " + r.Key
	}
	fmt.Fprintf(b, "%s  %.8s  %3d  %7s  %-10s  %s → %s", r.Time.Local().Format("2006-01-02 15:04:05"), r.ID, r.Status,
		roughly(r.Took), dash(plain(r.Client)), dash(plain(r.Asked)), plain(who))
	if r.Tokens.Prompt+r.Tokens.Completion > 0 {
		fmt.Fprintf(b, "  %d+%d tokens", r.Tokens.Prompt, r.Tokens.Completion)
	}
	if r.Rule != "" {
		fmt.Fprintf(b, "  %s: %s", plain(r.Rule), plain(r.Reason))
	}
	if n := len(r.Tries); n > 1 {
		fmt.Fprintf(b, "  %d tries", n)
	}
	if r.Failed() {
		fmt.Fprintf(b, "  FAILED %s", plain(r.Outcome))
		if r.Error != "" {
			fmt.Fprintf(b, ": %s", plain(r.Error))
		}
	}
	b.WriteByte('\n')
}

// plain keeps a client's text from steering the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// roughly writes a duration short: 850ms, 12.3s, 2m5s.
func roughly(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

type logsShowCmd struct {
	ID   string `arg:"" help:"The request's id or the beginning of it."`
	JSON bool   `name:"json" help:"As JSON."`
}

// Run shows one request.
func (c *logsShowCmd) Run(e *env) error {
	return e.withStore(func(s *store.Store) error {
		r, err := s.FindRequest(e.ctx, c.ID)
		if errors.Is(err, store.ErrNoRequest) {
			return hint(fmt.Errorf("%w: %s", err, short(c.ID)), "see: glmtray logs")
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, &r)
		}
		return printRequest(e.stdout, &r)
	})
}

func printRequest(w io.Writer, r *store.Request) error {
	way := "whole"
	if r.Stream {
		way = "streamed"
	}
	answered := "nobody"
	if r.Provider != "" {
		answered = r.Provider + "/" + r.Model + " with key " + r.Key
	}
	err := table(w, func(row func(...string)) {
		say := func(name, text string) {
			if text != "" {
				row(name, plain(text))
			}
		}
		say("request", r.ID)
		say("time", r.Time.Local().Format("2006-01-02 15:04:05.000 MST"))
		say("client", r.Client)
		say("asked", r.Method+" "+r.Path+", model "+dash(r.Asked)+", "+way+", "+thousands(r.BytesIn)+" bytes")
		say("answered", answered)
		say("why", strings.Trim(r.Rule+": "+r.Reason, ": "))
		say("status", strconv.Itoa(r.Status)+" "+r.Outcome)
		say("error", r.Error)
		say("changed", strings.Join(r.Changed, ", "))
		took := roughly(r.Took)
		if r.BytesOut > 0 {
			took += ", first byte after " + roughly(r.FirstByte) + ", " + thousands(r.BytesOut) + " bytes"
		}
		say("took", took)
		sayUsed(say, r)
		if r.Demo {
			say("demo", "the built-in demo provider answered")
		}
	})
	if err != nil || len(r.Tries) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w, "\ntries"); err != nil {
		return err
	}
	return table(w, func(row func(...string)) {
		for i, t := range r.Tries {
			status := "-"
			if t.Status > 0 {
				status = strconv.Itoa(t.Status)
			}
			row(fmt.Sprintf("  %d", i+1), plain(t.Provider+"/"+t.Model), "key "+plain(dash(t.Key)), status, t.Class, roughly(t.Took), plain(t.Reason))
		}
	})
}

// sayUsed tells what a request took, as far as it is known.
func sayUsed(say func(name, text string), r *store.Request) {
	if r.Tokens.Prompt+r.Tokens.Completion > 0 {
		counted := ""
		if r.Counted {
			counted = "; counted here, since the provider did not tell"
		}
		say("tokens", fmt.Sprintf("%s prompt (%s cached), %s completion (%s reasoning)%s", thousands(int64(r.Tokens.Prompt)),
			thousands(int64(r.Tokens.Cached)), thousands(int64(r.Tokens.Completion)), thousands(int64(r.Tokens.Reasoning)), counted))
	}
	if r.TPS > 0 {
		say("speed", fmt.Sprintf("%.0f tokens per second", r.TPS))
	}
	if r.Cost != nil {
		plan := ""
		if r.CostEquivalent {
			plan = " (equivalent: the key belongs to a plan)"
		}
		say("cost", usd(*r.Cost)+plan)
	}
}
