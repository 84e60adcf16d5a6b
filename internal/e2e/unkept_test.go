package e2e

import (
	"database/sql"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // another program that has the database open
)

// Whoever cannot write what it wanted to is tempted to say what that was.
func TestNoKeyIsShownWhenNothingCanBeKept(t *testing.T) {
	t.Parallel()
	n := newNest(t)
	events := n.open(http.MethodGet, "/_events", nil, "Authorization", "Bearer "+clientCanaries["the client's key"])
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		raw, _ := io.ReadAll(events.Body) // until the program ends
		n.keep("/_events", raw)
	}()
	if status := n.send(http.MethodPost, path, chatBody(true, "hello")); status != 200 {
		t.Fatalf("nothing fails, and yet: %d", status)
	}
	logs := filepath.Join(n.dir, "logs")
	eventually(t, "a file is where the folder should be", func() bool { // which the first answer's bodies may make anew
		return os.RemoveAll(logs) == nil && os.WriteFile(logs, nil, 0o600) == nil
	})
	release := hold(t, filepath.Join(n.dir, "glmtray.db"))
	for i, what := range []string{"openai/wrong-key", "html-403", "cut", "cerebras/500", "cerebras/param"} {
		n.what = what + ", and nothing can be kept"
		n.fail(t, i, what)
	}
	eventually(t, "both are told", func() bool {
		told := n.stderr.String()
		return strings.Contains(told, "served but not recorded") && strings.Contains(told, "database is locked")
	})
	n.look(t)
	release()
	n.commands(t)
	n.stop()
	<-watched
	n.look(t)
	for what, data := range n.collected {
		n.keys.in(t, what, data)
		n.clients.in(t, what, data)
	}
	n.keys.in(t, "its output", []byte(n.stdout.String()+n.stderr.String()))
	n.clients.in(t, "its output", []byte(n.stdout.String()+n.stderr.String()))
}

// hold lets nobody else write to a database until it is released.
func hold(t *testing.T, file string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), "PRAGMA busy_timeout = 10000"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
	}
}
