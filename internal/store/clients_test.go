package store

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

func addedClient(t *testing.T, s *Store, name string) (Client, string) {
	t.Helper()
	c, key, err := s.AddClient(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

func registry(t *testing.T, s *Store) *Clients {
	t.Helper()
	c, err := NewClients(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantWho(t *testing.T, c *Clients, key, name string) {
	t.Helper()
	if got, ok := c.Who(key); got != name || ok != (name != "") {
		t.Errorf("Who says %q, %v; want %q", got, ok, name)
	}
}

func TestAKeyIsMarkedWithTheProcessThatItEndsWith(t *testing.T) {
	s := openAt(t, t.TempDir())
	addedClient(t, s, "run codex 4711") // a person's, whatever it is called
	if _, _, err := s.AddProcessClient(t.Context(), "run codex 4712", 4712); err != nil {
		t.Fatal(err)
	}
	list, err := s.AllClients(t.Context())
	if err != nil || len(list) != 2 || list[0].Process != 0 || list[1].Process != 4712 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAClientKeyIsRandomAndNowhereInClear(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	_, one := addedClient(t, s, "desk")
	_, two := addedClient(t, s, "desk")
	if one == two {
		t.Error("the same key twice")
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(one, "sk-"))
	if err != nil || len(raw) != 32 || !strings.HasPrefix(one, "sk-") {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	closed(t, s)
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		data := readAll(t, f)
		if bytes.Contains(data, []byte(one[3:])) || bytes.Contains(data, raw) {
			t.Errorf("%s holds the key", f)
		}
	}
}

func TestAClientIsFoundByKeyIdOrNameAndNeverGuessed(t *testing.T) {
	s := openAt(t, t.TempDir())
	desk, key := addedClient(t, s, "desk")
	twin, _ := addedClient(t, s, "twin")
	other, otherKey := addedClient(t, s, "twin")
	for x, want := range map[string]int64{"desk": desk.ID, "1": desk.ID, key: desk.ID, "3": other.ID, otherKey: other.ID} {
		if c, err := s.FindClient(t.Context(), x); err != nil || c.ID != want {
			t.Errorf("%.6s: client %d, %v; want %d", x, c.ID, err, want)
		}
	}
	_, err := s.FindClient(t.Context(), "twin")
	var several *AmbiguousError
	if !errors.Is(err, ErrAmbiguous) || !errors.As(err, &several) || len(several.Clients) != 2 || several.Clients[0].ID != twin.ID {
		t.Errorf("two twins: %v", err)
	}
	for _, x := range []string{"", "Desk", "des", "0", "99", "-1", key + "x", "%"} {
		_, err := s.FindClient(t.Context(), x)
		if !errors.Is(err, ErrNoClient) {
			t.Errorf("%.6s: %v", x, err)
		}
		if x == key+"x" && strings.Contains(err.Error(), key) {
			t.Error("the error repeats the key")
		}
	}
	for _, name := range []string{"", " desk", "12", "sk-mine", "a\nb", strings.Repeat("x", 65)} {
		if _, _, err := s.AddClient(t.Context(), name); err == nil {
			t.Errorf("%q was taken as a name", name)
		}
	}
}

func TestOnlyActiveKeysAreKnown(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	c, key := addedClient(t, s, "desk")
	reg := registry(t, s)
	wantWho(t, reg, key, "desk")
	for _, bad := range []string{"", "sk-", key[:len(key)-1], key + "A", strings.ToUpper(key), strings.Repeat("x", 1<<20)} {
		wantWho(t, reg, bad, "")
	}
	// Another process makes the changes, so only looking shows them.
	elsewhere := openAt(t, dir)
	look := func() {
		t.Helper()
		if err := reg.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(elsewhere.RevokeClient(t.Context(), c.ID))
	wantWho(t, reg, key, "desk")
	look()
	wantWho(t, reg, key, "")
	if reg.Active() != 0 {
		t.Errorf("%d are active", reg.Active())
	}
	ok(elsewhere.EnableClient(t.Context(), c.ID))
	look()
	wantWho(t, reg, key, "desk")
	ok(elsewhere.RemoveClient(t.Context(), c.ID))
	_, second := addedClient(t, elsewhere, "second")
	look()
	wantWho(t, reg, key, "")
	wantWho(t, reg, second, "second")
	for _, err := range []error{elsewhere.RevokeClient(t.Context(), 99), elsewhere.EnableClient(t.Context(), c.ID), elsewhere.RemoveClient(t.Context(), c.ID)} {
		if !errors.Is(err, ErrNoClient) {
			t.Errorf("a change of nobody: %v", err)
		}
	}
}

func TestUsesAreCountedInBatchesAndAreNoChange(t *testing.T) {
	s := openAt(t, t.TempDir())
	c, key := addedClient(t, s, "desk")
	_, unused := addedClient(t, s, "unused")
	reg := registry(t, s)
	version := reg.version
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				reg.Who(key)
			}
		})
	}
	for range 10 {
		if err := errors.Join(reg.flush(t.Context()), reg.Reload(t.Context())); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if err := reg.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := s.FindClient(t.Context(), "desk")
	if err != nil || got.Uses != 8000 || time.Since(got.LastUsed) > time.Minute || got.ID != c.ID {
		t.Errorf("%+v, %v", got, err)
	}
	if now, err := s.clientsVersion(t.Context()); now != version || err != nil {
		t.Errorf("version %d, was %d: a use counts as a change (%v)", now, version, err)
	}
	if err := s.RevokeClient(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := reg.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	reg.Who(unused)
	if err := reg.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.FindClient(t.Context(), "unused"); err != nil || got.Uses != 0 || !got.LastUsed.IsZero() {
		t.Errorf("a refused key was counted: %+v, %v", got, err)
	}
}

// A revocation keeps its date if it is repeated.
func TestARevocationHasADate(t *testing.T) {
	s := openAt(t, t.TempDir())
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	c, _ := addedClient(t, s, "desk")
	for range 2 {
		if err := s.RevokeClient(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	got, err := s.FindClient(t.Context(), "desk")
	if err != nil || got.Active() || !got.Revoked.Equal(now.Add(-2*time.Hour)) || !got.Created.Equal(got.Revoked) {
		t.Errorf("%+v, %v", got, err)
	}
}

const foreignSchema = `CREATE TABLE api_keys (id INTEGER PRIMARY KEY AUTOINCREMENT, api_key TEXT UNIQUE NOT NULL, name TEXT NOT NULL,
	created_at TEXT NOT NULL, revoked INTEGER DEFAULT 0, revoked_at TEXT, last_used_at TEXT, request_count INTEGER DEFAULT 0);`

// foreign makes a database as glm_awsomify_proxy does.
func foreign(t *testing.T, statements ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "incoming keys?.db")
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(file, "?", "%3f"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range statements {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// foreignKey is a key as Python's secrets.token_urlsafe(32) makes it.
func foreignKey(n int) string {
	sum := sha256.Sum256(fmt.Append(nil, n))
	return "sk-" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestThePredecessorsKeysAreTakenOver(t *testing.T) {
	k := foreignKey
	file := foreign(t, foreignSchema,
		`INSERT INTO api_keys (api_key, name, created_at, revoked, revoked_at, last_used_at, request_count) VALUES
		('`+k(1)+`', 'laptop', '2025-11-22T10:20:30.123456', 0, NULL, '2025-12-01T00:00:00', 41),
		('`+k(2)+`', 'laptop', '2025-11-23T10:20:30', 1, '2025-11-24T10:20:30.5', NULL, 0),
		('`+k(3)+`', '`+k(3)+`', 'no date', 1, NULL, NULL, NULL),
		('sk-short', '42', '2025-11-22T10:20:30', NULL, NULL, NULL, 0),
		('has a blank in it, and is no key of theirs', 'x', '2025-11-22T10:20:30', 0, NULL, NULL, 0)`)
	before := readAll(t, file)
	s := openAt(t, t.TempDir())
	got, err := s.ImportClients(t.Context(), file, false)
	if want := (Imported{Added: 4, Revoked: 2, Unusable: 1, Weak: 1}); err != nil || got != want {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	if !bytes.Equal(before, readAll(t, file)) {
		t.Error("the file was changed")
	}
	reg := registry(t, s)
	wantWho(t, reg, k(1), "laptop")
	wantWho(t, reg, k(2), "")
	wantWho(t, reg, k(3), "")
	wantWho(t, reg, "sk-short", "42")
	list, err := s.AllClients(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
	if c := list[0]; c.Uses != 41 || !c.LastUsed.Equal(time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)) || c.Created.Format(time.RFC3339) != "2025-11-22T10:20:30Z" {
		t.Errorf("%+v", c)
	}
	if c := list[1]; c.Revoked.Format(time.RFC3339Nano) != "2025-11-24T10:20:30.5Z" {
		t.Errorf("%+v", c)
	}
	if list[2].Name != "imported" {
		t.Error("a name that is a key was kept")
	}

	// The second time nothing changes, and what was removed stays away unless
	// somebody asks for it.
	if err := errors.Join(s.EnableClient(t.Context(), list[1].ID), s.RemoveClient(t.Context(), list[0].ID)); err != nil {
		t.Fatal(err)
	}
	got, err = s.ImportClients(t.Context(), file, false)
	if want := (Imported{Known: 3, Removed: 1, Unusable: 1}); err != nil || got != want {
		t.Errorf("the second time: %+v, %v; want %+v", got, err, want)
	}
	got, err = s.ImportClients(t.Context(), file, true)
	if want := (Imported{Added: 1, Known: 3, Unusable: 1}); err != nil || got != want {
		t.Errorf("again: %+v, %v; want %+v", got, err, want)
	}
	if err := reg.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantWho(t, reg, k(2), "laptop")
}

func TestAFileThatIsNoKeyDatabaseIsNamedAndNothingIsImported(t *testing.T) {
	s := openAt(t, t.TempDir())
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	write(t, text, []byte(strings.Repeat("not a database ", 100)))
	for name, file := range map[string]string{
		"missing": filepath.Join(dir, "missing.db"), "a folder": dir, "text": text,
		"another database": foreign(t, "CREATE TABLE users (x)"), "another table": foreign(t, "CREATE TABLE api_keys (x)"),
	} {
		got, err := s.ImportClients(t.Context(), file, false)
		if err == nil || !strings.Contains(err.Error(), file) || got != (Imported{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing.db")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the missing file was made")
	}
}

func BenchmarkWho(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, key, err := s.AddClient(b.Context(), "desk")
	if err != nil {
		b.Fatal(err)
	}
	reg, err := NewClients(b.Context(), s, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, ok := reg.Who(key); !ok {
				b.Error("nobody")
			}
		}
	})
}

func TestAKeyThatClientsShowAlreadyIsAdmittedOnce(t *testing.T) {
	s := openAt(t, t.TempDir())
	key := secret.New(foreignKey(1))
	got, err := s.AdmitClient(t.Context(), "litellm", key)
	if want := (Admitted{Imported{Added: 1}, 1}); err != nil || got != want {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	wantWho(t, registry(t, s), foreignKey(1), "litellm")
	got, err = s.AdmitClient(t.Context(), "another", key)
	if want := (Admitted{Imported{Known: 1}, 1}); err != nil || got != want {
		t.Errorf("the second time: %+v, %v; want %+v", got, err, want)
	}
	if got, err = s.AdmitClient(t.Context(), "weak", secret.New("sk-1234")); err != nil || got.Weak != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.AdmitClient(t.Context(), "12", key); err == nil {
		t.Error("a name that looks like an id was taken")
	}
}
