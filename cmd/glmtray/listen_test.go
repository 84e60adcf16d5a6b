package main

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// The default port is a user's own: what it does is seen on another one.
func TestProgramsOfThisMachineReachAProxyThatListensEverywhere(t *testing.T) {
	for host, want := range map[string]string{"0.0.0.0": "http://127.0.0.1:80", "::": "http://127.0.0.1:80", "127.0.0.1": "http://127.0.0.1:80"} {
		if got := (&listening{host: host, port: 80}).local(); got != want {
			t.Errorf("at %s it is reached at %s", host, got)
		}
	}
}

func TestAPortThatIsTakenMovesAndStaysWhereItMovedTo(t *testing.T) {
	holder, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Close() }()
	port := portOf(holder)
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))

	if _, err := listen(t.Context(), addr, true, 0); err == nil || !strings.Contains(err.Error(), "is taken by") {
		t.Fatalf("a port that was given is kept or refused: %v", err)
	}
	moved, err := listen(t.Context(), addr, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer moved.close()
	if moved.port <= port || moved.port >= port+portTries || !strings.Contains(moved.moved, "is taken by") {
		t.Fatalf("port %d moved to %d: %q", port, moved.port, moved.moved)
	}

	b := newBench(t)
	e := &env{
		ctx: t.Context(), cli: &folders{DataDir: b.dir}, environ: []string{"HOME=" + b.dir},
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
	}
	a, err := newApp(e, appOptions{noDemo: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if got := a.rememberedPort(); got != 0 {
		t.Errorf("it remembers %d before anything moved", got)
	}
	a.rememberPort(moved)
	if got := a.rememberedPort(); got != moved.port {
		t.Errorf("it remembers %d, not %d", got, moved.port)
	}

	moved.close()
	_ = holder.Close() // the first choice is free now, and yet the other is kept
	kept, err := listen(t.Context(), addr, false, a.rememberedPort())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.close()
	if kept.port != moved.port || !strings.Contains(kept.moved, "is kept") {
		t.Errorf("it listens on %d, and did on %d: %q", kept.port, moved.port, kept.moved)
	}
}
