package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestOnlyWhatIsAsTheFileHasItIsLetGo(t *testing.T) {
	const program = "/opt/my apps/glmtray"
	var b strings.Builder
	for _, m := range []struct{ at, perms, file, anonymous string }{
		{"00400000-00500000", "r-xp", program, "0"},
		{"00500000-00700000", "r--p", program, "0"},
		{"00700000-00800000", "r--p", program, "16"}, // relocated
		{"00800000-00900000", "rw-p", program, "0"},
		{"00900000-00a00000", "r--s", program, "0"},
		{"7f0000000000-7f0000100000", "r-xp", "/lib/libc.so.6", "0"},
		{"7f0000100000-7f0000200000", "r-xp", program + ".old", "0"},
		{"7f0000200000-7f0000300000", "rw-p", "", "512"},
	} {
		fmt.Fprintf(&b, "%s %s 00000000 fe:00 9980100                          %s\nSize:               1024 kB\nRss:                 512 kB\n"+
			"Anonymous:             %s kB\nVmFlags: rd ex mr mw me\n", m.at, m.perms, m.file, m.anonymous)
	}
	got := cleanMappings(bufio.NewScanner(strings.NewReader(b.String())), program)
	if want := []mapping{{0x400000, 0x500000}, {0x500000, 0x700000}}; !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestAProgramGoesOnWithoutThePagesOfItsStart(t *testing.T) {
	before := ofFiles(t)
	letGoOfProgram()
	if after := ofFiles(t); after >= before {
		t.Errorf("%d kB of files are resident, and were %d", after, before)
	}
}

// ofFiles is how much of files is resident, in kB.
func ofFiles(t *testing.T) (kb int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		t.Fatal(err)
	}
	return kb
}
