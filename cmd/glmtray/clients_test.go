package main

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() {
	scriptCommands["keep"] = cmdKeep
	scriptCommands["incoming"] = cmdIncoming
	scriptCommands["sql"] = cmdSQL
	scriptCommands["glob"] = cmdGlob
}

// sql STATEMENT changes the program's own database behind its back.
func cmdSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql STATEMENT")
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(ts.Getenv("GLMTRAY_DATA_DIR"), "glmtray.db")))
	ts.Check(err)
	_, err = db.Exec(args[0])
	ts.Check(errors.Join(err, db.Close()))
}

// glob PATTERN looks for files whose names are not known.
func cmdGlob(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] glob PATTERN")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if neg == (len(found) > 0) {
		ts.Fatalf("%s: %q", args[0], found)
	}
}

// keep NAME sets a variable to what the last command wrote to standard output.
func cmdKeep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// incoming FILE NAME KEY… makes or extends a database as glm_awsomify_proxy's
// manage_keys.py does.
func cmdIncoming(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: incoming FILE NAME KEY...")
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(ts.MkAbs(args[0])))
	ts.Check(err)
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS api_keys (id INTEGER PRIMARY KEY AUTOINCREMENT, api_key TEXT UNIQUE NOT NULL, name TEXT NOT NULL,
		created_at TEXT NOT NULL, revoked INTEGER DEFAULT 0, revoked_at TEXT, last_used_at TEXT, request_count INTEGER DEFAULT 0)`)
	ts.Check(err)
	for i := 1; i < len(args); i += 2 {
		_, err := db.Exec(`INSERT INTO api_keys (name, api_key, created_at, request_count) VALUES (?, ?, '2025-11-22T10:20:30.123456', 41)`, args[i], args[i+1])
		ts.Check(err)
	}
	ts.Check(db.Close())
}

func TestSinceIsASpanOrAPointInTime(t *testing.T) {
	zone := time.FixedZone("here", 3600)
	now := time.Date(2026, 11, 22, 15, 4, 5, 0, zone)
	for text, want := range map[string]time.Time{
		"90s": now.Add(-90 * time.Second), "1h": now.Add(-time.Hour), "2d": now.AddDate(0, 0, -2),
		"2026-11-21": time.Date(2026, 11, 21, 0, 0, 0, 0, zone), "2026-11-21 10:00": time.Date(2026, 11, 21, 10, 0, 0, 0, zone),
		"2026-11-21T10:00:00Z": time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
		"14:00":                time.Date(2026, 11, 22, 14, 0, 0, 0, zone),
		"16:00":                time.Date(2026, 11, 21, 16, 0, 0, 0, zone), // not today yet
	} {
		if got, err := parseWhen("--since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{"soon", "-1h", "-2d", "25:00", "2026-13-01"} {
		if got, err := parseWhen("--since", bad, now); err == nil {
			t.Errorf("%s was taken as %v", bad, got)
		}
	}
}

func TestWhatAClientSentCannotSteerTheTerminal(t *testing.T) {
	if got := plain("a\x1b[31mb\nc\u202e"); strings.ContainsAny(got, "\x1b\n\u202e") || !strings.Contains(got, "[31mb") {
		t.Errorf("%q", got)
	}
}
