package e2e

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/store"
)

func TestKeysAndPortAreRememberedOverAKill(t *testing.T) {
	t.Parallel()
	// a runs dry for an hour, b is rejected, c serves.
	s := script(simulator.Cerebras)
	s.Keys[keyB] = simulator.KeyScript{Name: "b", Fault: "cerebras/wrong-key"}
	cerebras := provider(t, s)
	faults(t, cerebras, simulator.Fault{When: simulator.When{Key: "a"}, What: "cerebras/rpm", Wait: simulator.Duration(time.Hour)})
	// It has moved to a port before. Whoever has the default one, a glmtray that
	// runs here perhaps, is left alone.
	l := launch{dir: t.TempDir(), environ: cerebrasAt(cerebras.URL), args: []string{"serve"}}
	port := freePort(t)
	remember(t, l.dir, "port", port)
	p := start(t, l)
	if !strings.HasSuffix(p.url, ":"+port) {
		t.Fatalf("it listens on %s, and had moved to port %s", p.url, port)
	}
	p.ask(false).want(200, "cerebras")
	before := keysOf(p)
	if a, b := before["a"], before["b"]; a.State != "cooling" || b.State != "parked" || before["c"].State != "ready" {
		t.Fatalf("before the kill: %+v", before)
	}
	// States are written a moment after they change; a kill within it loses them.
	eventually(t, "the states are in the database", func() bool {
		kept := keptIn(t, p.dir)
		return kept["a"].Reason == before["a"].Reason && kept["b"].Parked
	})
	p.kill()
	cerebras.Reset()

	again := start(t, l)
	if again.url != p.url {
		t.Errorf("it listens on %s, and did on %s", again.url, p.url)
	}
	after := keysOf(again)
	for name, was := range before {
		is := after[name]
		if is.State != was.State || is.Reason != was.Reason || is.CoolUntil.Sub(was.CoolUntil).Abs() > time.Second {
			t.Errorf("%s: %s until %v (%s), was %s until %v (%s)",
				name, is.State, is.CoolUntil, is.Reason, was.State, was.CoolUntil, was.Reason)
		}
	}
	if r := again.ask(false).want(200, "cerebras"); r.header.Get("X-Glmtray-Key") != "c" || r.header.Get("X-Glmtray-Attempts") != "1" {
		t.Errorf("served by %s after %s attempts", r.header.Get("X-Glmtray-Key"), r.header.Get("X-Glmtray-Attempts"))
	}
	for _, c := range chats(cerebras.Calls()) {
		if c.Key != "c" {
			t.Errorf("key %s was used", c.Key)
		}
	}
}

// freePort is a port that nobody has, and that the system gives to nobody by
// itself meanwhile: Linux takes its own choices from 32768 on.
func freePort(t *testing.T) string {
	t.Helper()
	for port := 20_000 + os.Getpid()%10_000; ; port++ {
		text := strconv.Itoa(port)
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", text))
		if err == nil {
			_ = l.Close()
			return text
		}
		if port > 30_000 {
			t.Fatal(err)
		}
	}
}

// remember puts a fact into the database of a program that does not run yet.
func remember(t *testing.T, dir, name, value string) {
	t.Helper()
	s, err := store.Open(t.Context(), dir, nil)
	if err == nil {
		err = errors.Join(s.Remember(t.Context(), name, value, time.Time{}), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// keysOf gives the states of Cerebras' keys by name.
func keysOf(p *program) map[string]keyState {
	p.t.Helper()
	out := map[string]keyState{}
	for _, v := range p.status().Providers {
		if v.ID == "cerebras" {
			for _, k := range v.Keys {
				out[k.Name] = keyState{k.State, k.Reason, k.CoolUntil}
			}
		}
	}
	return out
}

type keyState struct {
	State, Reason string
	CoolUntil     time.Time
}

// keptIn gives what a database would hold if its program were killed now. It
// reads a copy, as the program is at work on the original; nil if the copy was
// made in the middle of a write.
func keptIn(t *testing.T, dir string) map[string]store.KeyState {
	t.Helper()
	at := t.TempDir()
	for _, file := range []string{"glmtray.db", "glmtray.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil
		}
		write(t, filepath.Join(at, file), string(raw))
	}
	s, err := store.Open(t.Context(), at, nil)
	if err != nil {
		return nil
	}
	defer func() { _ = s.Close() }()
	states, err := s.KeyStates(t.Context())
	if err != nil {
		return nil
	}
	kept := map[string]store.KeyState{}
	for _, k := range states {
		kept[k.Name] = k
	}
	return kept
}
