package main

import (
	"regexp"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() { scriptCommands["keyof"] = cmdKeyOf }

var keyInFile = regexp.MustCompile(`sk-[A-Za-z0-9_-]{43}`)

// keyof FILE NAME sets a variable to the client key that stands in a file.
func cmdKeyOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keyof FILE NAME")
	}
	key := keyInFile.FindString(ts.ReadFile(args[0]))
	if key == "" {
		ts.Fatalf("keyof: %s holds no key", args[0])
	}
	ts.Setenv(args[1], key)
}

func TestWhatStandsBehindRunIsTheProgramsOwn(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{[]string{"run", "claude", "--help"}, []string{"run", "claude", "--", "--help"}},
		{[]string{"--data-dir", "x", "run", "codex"}, []string{"--data-dir", "x", "run", "codex", "--"}},
		{[]string{"run", "vim", "-c"}, []string{"run", "vim", "-c"}},
		{[]string{"run"}, []string{"run"}},
		{[]string{"clients", "add", "run"}, []string{"clients", "add", "run"}},
		{nil, nil},
	} {
		if got := untouched(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%q became %q", c.args, got)
		}
	}
}

func TestAClientOfThisMachineReachesEveryAddress(t *testing.T) {
	for base, want := range map[string]string{
		"http://0.0.0.0:1234": "http://127.0.0.1:1234", "http://[::]:1234": "http://127.0.0.1:1234", "http://127.0.0.1:18080": "http://127.0.0.1:18080",
		"http://192.0.2.7:80": "http://192.0.2.7:80", "http://[::1]:5": "http://[::1]:5",
	} {
		if got := clientURL(base); got != want {
			t.Errorf("%s became %s", base, got)
		}
	}
}
