package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/store"
)

type logsExportCmd struct {
	logsFilter
	Format string `name:"format" enum:"jsonl,csv" default:"jsonl" help:"jsonl (one object in a line, as of logs --json) or csv."`
	Output string `name:"output" short:"o" placeholder:"FILE" type:"path" help:"Write to this file, which must not exist yet, in place of the standard output."`
}

// Help tells what stands in an export.
func (*logsExportCmd) Help() string {
	return `Records hold no bodies and no keys: those of the requests are in the log folder, if they are kept at all. In CSV a cell is
empty where a figure is not known, and a text that a spreadsheet would take for a formula begins with an apostrophe.`
}

// Run writes the records, a page at a time.
func (c *logsExportCmd) Run(e *env) error {
	q, err := c.query(time.Now())
	if err != nil {
		return err
	}
	return e.withStore(func(s *store.Store) error {
		n := 0
		write := func(out io.Writer) error {
			buffer := bufio.NewWriter(out)
			put, flush := exporter(c.Format, buffer)
			err := s.EachRequest(e.ctx, q, func(r *store.Request) error {
				n++
				return put(r)
			})
			return errors.Join(err, flush(), buffer.Flush())
		}
		if c.Output == "" {
			return write(e.stdout)
		}
		if _, err := os.Lstat(c.Output); err == nil {
			return hint(fmt.Errorf("writing records: %s exists already", c.Output), "name another file, or remove this one")
		}
		if err := replaceFile(c.Output, write); err != nil {
			return fmt.Errorf("writing records: %w", err)
		}
		e.note("%s in %s", plural(n, "record"), c.Output)
		return nil
	})
}

// exporter gives what writes one record, and what ends it.
func exporter(format string, w io.Writer) (put func(*store.Request) error, flush func() error) {
	if format == "jsonl" {
		enc := json.NewEncoder(w)
		return func(r *store.Request) error { return enc.Encode(r) }, func() error { return nil }
	}
	table := csv.NewWriter(w)
	err := table.Write(csvColumns)
	put = func(r *store.Request) error {
		if err != nil {
			return err
		}
		return table.Write(csvRow(r))
	}
	return put, func() error { table.Flush(); return table.Error() }
}

var csvColumns = []string{
	"n", "id", "time", "client", "method", "path", "asked", "provider", "model", "key", "rule", "reason", "attempts", "status", "outcome",
	"error", "stream", "demo", "bytes_in", "bytes_out", "prompt", "cached", "cache_write", "completion", "reasoning", "counted",
	"cost_usd", "cost_equivalent", "first_byte_ms", "streamed_ms", "tokens_per_second", "took_ms", "changed",
}

func csvRow(r *store.Request) []string {
	tokens := func(n int) string {
		if r.Tokens.Prompt+r.Tokens.Completion == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	cost, equivalent, speed := "", "", ""
	if r.Cost != nil {
		cost, equivalent = strconv.FormatFloat(*r.Cost, 'f', -1, 64), strconv.FormatBool(r.CostEquivalent)
	}
	if r.TPS > 0 {
		speed = strconv.FormatFloat(r.TPS, 'f', 2, 64)
	}
	return []string{
		strconv.FormatInt(r.N, 10), cell(r.ID), r.Time.Format("2006-01-02T15:04:05.000Z07:00"), cell(r.Client), cell(r.Method), cell(r.Path),
		cell(r.Asked), cell(r.Provider), cell(r.Model), cell(r.Key), cell(r.Rule), cell(r.Reason), strconv.Itoa(r.Attempts),
		strconv.Itoa(r.Status), cell(r.Outcome), cell(r.Error), strconv.FormatBool(r.Stream), strconv.FormatBool(r.Demo),
		strconv.FormatInt(r.BytesIn, 10), strconv.FormatInt(r.BytesOut, 10), tokens(r.Tokens.Prompt), tokens(r.Tokens.Cached),
		tokens(r.Tokens.CacheWrite), tokens(r.Tokens.Completion), tokens(r.Tokens.Reasoning), strconv.FormatBool(r.Counted),
		cost, equivalent, inMillis(r.FirstByte), inMillis(r.Streamed), speed, inMillis(r.Took), cell(strings.Join(r.Changed, "; ")),
	}
}

// inMillis is empty for what is not known.
func inMillis(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 3, 64)
}

// cell keeps a client's text from being run by whoever opens the table.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
