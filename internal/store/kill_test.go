package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writerVar, if set, makes the test binary a process that writes to the store
// in that folder until it is killed.
const writerVar = "GLMTRAY_TEST_WRITE_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerVar); dir != "" {
		writeUntilKilled(dir)
		return
	}
	if dir := os.Getenv(loadVar); dir != "" {
		loadUntilKilled(dir)
		return
	}
	os.Exit(m.Run())
}

func writeUntilKilled(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, dir, nil)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	for i := 0; ; i++ {
		states := []KeyState{{Provider: "p", Name: "n", Errors: i, Barred: map[string]time.Time{"m": time.Now()}}}
		if err := s.SaveKeyStates(ctx, states); err != nil {
			fmt.Println("error", err)
			return
		}
		if err := s.Remember(ctx, fmt.Sprint("fact/", i%500), strings.Repeat("x", 500), time.Time{}); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println(i)
	}
}

func TestAKilledWriterLeavesASoundDatabaseWithAllItHadWritten(t *testing.T) {
	dir := t.TempDir()
	for round := range 5 {
		last := killAfter(t, dir, 60+37*round)
		s, err := Open(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Notices()) != 0 {
			t.Errorf("round %d: %q", round, s.Notices())
		}
		if err := quickCheck(t.Context(), s.writer); err != nil {
			t.Error(err)
		}
		states, err := s.KeyStates(t.Context())
		if err != nil || len(states) != 1 || states[0].Errors < last || len(states[0].Barred) != 1 {
			t.Errorf("round %d: it had written %d, found %+v, %v", round, last, states, err)
		}
		closed(t, s)
	}
}

// killAfter runs a writer, kills it once it has told of n writes, and gives the
// last it told of.
func killAfter(t *testing.T, dir string, n int) (last int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerVar+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Errorf("the writer said %q", lines.Text())
		}
		if last == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if last < n {
		t.Fatalf("the writer ended by itself after %d writes", last)
	}
	return last
}
