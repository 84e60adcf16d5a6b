package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/bench/splice"
)

// packages have such a benchmark.
var packages = []string{
	"./internal/proxy/dialect", "./internal/proxy", "./internal/proxy/keypool", "./internal/proxy/route", "./internal/store", "./internal/event",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	each := flag.Duration("each", time.Second, "how long each benchmark runs")
	write := flag.Bool("write", false, "put the table into docs/speed.md")
	flag.Parse()
	if err := run(ctx, *each, *write, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, each time.Duration, write bool, w io.Writer) error {
	args := []string{
		"test", "-trimpath", "-tags", "migrated_fynedo,headless", "-run", "^$", "-bench", "^BenchmarkGrowth$",
		"-benchtime", each.String(), "-p", "1", "-count", "1", "-timeout", "30m",
	}
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...) //nolint:gosec // our own words
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go test: %w\n%s", err, out)
	}
	shown := table(series(out))
	if _, err := io.WriteString(w, shown); err != nil || !write {
		return err
	}
	return splice.Table("docs/speed.md", "make bench-growth", shown)
}

// point is what one size of something costs.
type point struct {
	n    int
	each time.Duration
}

// line is one thing that grows.
type line struct {
	what   string
	points []point
}

var measured = regexp.MustCompile(`^BenchmarkGrowth/(.+)/(\d+)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op`)

// series reads go test's output.
func series(out []byte) []line {
	var all []line
	at := map[string]int{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		m := measured.FindStringSubmatch(s.Text())
		if m == nil {
			continue
		}
		what := strings.ReplaceAll(m[1], "_", " ")
		n, _ := strconv.Atoi(m[2])
		ns, _ := strconv.ParseFloat(m[3], 64)
		i, known := at[what]
		if !known {
			i = len(all)
			at[what], all = i, append(all, line{what: what})
		}
		all[i].points = append(all[i].points, point{n, time.Duration(ns)})
	}
	return all
}

// table shows each series and, beside it, how the cost grew with the size: 0 if
// it did not, 1 if in proportion.
func table(all []line) string {
	var b strings.Builder
	b.WriteString("| what grows | cost at each size | from the first to the last: size, cost |\n|---|---|---|\n")
	for _, l := range all {
		var costs []string
		for _, p := range l.points {
			costs = append(costs, fmt.Sprintf("%d: %s", p.n, short(p.each)))
		}
		first, last := l.points[0], l.points[len(l.points)-1]
		size := "–"
		if first.n > 0 {
			size = fmt.Sprintf("× %d", last.n/first.n)
		}
		fmt.Fprintf(&b, "| %s | %s | %s, × %.1f |\n", l.what, strings.Join(costs, ", "), size, float64(last.each)/float64(max(first.each, 1)))
	}
	return b.String()
}

func short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
