package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/bench/splice"
)

// command is how the tables in the pages say who wrote them.
const command = "make security"

// tags are those of every other test, so that nothing is built twice.
const tags = "migrated_fynedo,headless"

func main() {
	write := flag.Bool("write", false, "replace the tables in docs/security.md and README.md")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *write); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be ended
	}
}

// run runs the tests, and prints or writes the table. It is started at the root
// of the repository.
func run(ctx context.Context, write bool) error {
	results, err := tested(ctx)
	if err != nil {
		return err
	}
	fmt.Println(full(func(p promise) string { return verdict(p, results) }))
	broken := 0
	for _, p := range promises {
		if v := verdict(p, results); v != held {
			broken++
			fmt.Fprintf(os.Stderr, "%s: %s\n", p.says, v)
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d promises are not held", broken, len(promises))
	}
	if !write {
		return nil
	}
	return errors.Join(
		splice.Table("docs/security.md", command, full(allHeld)),
		splice.Table("README.md", command, short()),
	)
}

const held = "held"

func allHeld(promise) string { return held }

// tested runs every test that a promise names, and says of each how it ended:
// "pass", "fail" or "skip".
func tested(ctx context.Context) (map[string]string, error) {
	byPackage := map[string][]string{}
	for _, p := range promises {
		for _, test := range p.tests {
			pkg, name, _ := strings.Cut(test, ".")
			if !slices.Contains(byPackage[pkg], name) {
				byPackage[pkg] = append(byPackage[pkg], name)
			}
		}
	}
	results := map[string]string{}
	for _, pkg := range slices.Sorted(maps.Keys(byPackage)) {
		names := byPackage[pkg]
		fmt.Fprintf(os.Stderr, "%s: %d tests\n", pkg, len(names))
		cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-trimpath", "-tags="+tags, "-json", //nolint:gosec // the names are ours
			"-run", "^("+strings.Join(names, "|")+")$", "./"+pkg)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			return nil, fmt.Errorf("running the tests of %s: %w\n%s", pkg, err, stderr.String())
		}
		if err := read(bytes.NewReader(out), pkg, results); err != nil {
			return nil, fmt.Errorf("reading the results of %s: %w\n%s", pkg, err, stderr.String())
		}
	}
	return results, nil
}

// read takes the results of top-level tests from what `go test -json` says.
func read(r io.Reader, pkg string, results map[string]string) error {
	for dec := json.NewDecoder(r); ; {
		var e struct{ Action, Test string }
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if e.Test != "" && !strings.Contains(e.Test, "/") && slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			results[pkg+"."+e.Test] = e.Action
		}
	}
}

// verdict says how a promise stands.
func verdict(p promise, results map[string]string) string {
	for _, test := range p.tests {
		switch results[test] {
		case "pass":
		case "":
			return "not held: " + test + " did not run to its end"
		default:
			return "not held: " + test + ": " + results[test]
		}
	}
	return held
}

// full is the table of docs/security.md.
func full(verdict func(promise) string) string {
	var b strings.Builder
	for _, f := range foes {
		fmt.Fprintf(&b, "| **%s**: %s | | |\n", f.name, f.can)
		for _, p := range promises {
			if p.against == f.name {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", p.says, "`"+strings.Join(p.tests, "` `")+"`", verdict(p))
			}
		}
	}
	return "| promise | the tests that hold it | verdict |\n|---|---|---|\n" + b.String()
}

// short is the table of README.md.
func short() string {
	var b strings.Builder
	b.WriteString("| who may be hostile | promises | tests | verdict |\n|---|---|---|---|\n")
	for _, f := range foes {
		var says []string
		tests := 0
		for _, p := range promises {
			if p.against == f.name {
				says = append(says, p.says)
				tests += len(p.tests)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", f.name, strings.Join(says, "<br>"), tests, held)
	}
	return b.String()
}
