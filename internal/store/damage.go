package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID stands in the header of our databases ("glmt"), so that
// somebody else's file is not taken for ours.
const applicationID = 0x676c6d74

// fullCheckBelow is the size up to which a database is looked through at each
// start: about 3 ms for 1 MiB. A larger one is looked through after damage was
// met in it; its first pages are read in any case.
const fullCheckBelow = 1 << 20

// unusable says why a database is to be set aside.
type unusable struct {
	word  string // for the file's name: "damaged", "newer", "foreign"
	why   string
	file  os.FileInfo // what was looked at: another process may have replaced it
	cause error
}

func (u *unusable) Error() string { return u.why }
func (u *unusable) Unwrap() error { return u.cause }

// isDamage tells what only a broken file answers. Locks, permissions, a full
// disk and read errors of the device are not among it: they may pass.
func isDamage(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff // without the extended part
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// damage turns what isDamage tells into *unusable.
func damage(err error) error {
	var already *unusable
	if errors.As(err, &already) || !isDamage(err) {
		return err
	}
	return &unusable{word: "damaged", why: "the database is damaged: " + err.Error(), cause: err}
}

// examine finds out what the file is without writing to it, and gives its
// schema version: 0 for a new one.
func (s *Store) examine(ctx context.Context, db *sql.DB) (version int, err error) {
	file, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	defer func() {
		var broken *unusable
		if err = damage(err); errors.As(err, &broken) {
			broken.file = file
		}
	}()
	var app, objects int
	err = db.QueryRowContext(ctx, `SELECT
		(SELECT user_version FROM pragma_user_version()),
		(SELECT application_id FROM pragma_application_id()),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&version, &app, &objects)
	if err != nil {
		return 0, err
	}
	if objects == 0 && version == 0 {
		return 0, nil
	}
	if err := s.readable(ctx, db, version, app); err != nil {
		return 0, err
	}
	return version, s.sound(ctx, db, file.Size())
}

// readable tells whether the database is one of ours that this program knows.
func (s *Store) readable(ctx context.Context, db *sql.DB, version, app int) error {
	if app != applicationID {
		return &unusable{word: "foreign", why: "the database was not made by glmtray"}
	}
	if version <= len(s.steps) {
		return nil
	}
	why := fmt.Sprintf("a newer glmtray wrote the database (version %d, this one knows %d)", version, len(s.steps))
	if err := aloneWith(ctx, db); err != nil {
		return fmt.Errorf("%s and seems to be running: %w", why, err)
	}
	return &unusable{word: "newer", why: why}
}

// sound looks through a database that is small or was suspected.
func (s *Store) sound(ctx context.Context, db *sql.DB, size int64) error {
	_, err := os.Stat(s.path + suspectSuffix)
	suspected := err == nil
	if size > fullCheckBelow && !suspected {
		return nil
	}
	if err := quickCheck(ctx, db); err != nil {
		return err
	}
	if suspected {
		_ = os.Remove(s.path + suspectSuffix)
	}
	return nil
}

// aloneWith fails if another process has the database open, which then would go
// on writing into a file that was renamed under it.
func aloneWith(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for _, statement := range []string{"PRAGMA busy_timeout = 200", "PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "ROLLBACK"} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func quickCheck(ctx context.Context, db *sql.DB) error {
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return &unusable{word: "damaged", why: "the database is damaged: " + strings.ReplaceAll(found, "\n", " ")}
	}
	return nil
}

// suspect is called when a running program meets damage.
func (s *Store) suspect(cause error) {
	s.log.Error("the database is damaged; it will be checked at the next start", "file", s.path, "error", cause)
	if f, err := os.OpenFile(s.path+suspectSuffix, os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		_ = f.Close()
	}
}

// setAside renames the database and its -wal and -shm, so that all three can
// still be opened together under the new name.
func (s *Store) setAside(broken *unusable) error {
	if now, err := os.Stat(s.path); err == nil && broken.file != nil && !os.SameFile(now, broken.file) {
		return nil // another process has just done it: open what is there now
	}
	target, err := s.freeName(broken.word)
	if err != nil {
		return fmt.Errorf("%w; setting it aside: %w", broken, err)
	}
	// The log first: a crash in between leaves a database without its log, not
	// a new database with a foreign log.
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(s.path+suffix, target+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w; setting it aside: %w", broken, err)
		}
	}
	_ = os.Remove(s.path + suspectSuffix)
	s.notice(fmt.Sprintf("%s; it was kept as %s and a new one was begun", broken.why, target))
	return nil
}

// freeName gives a dated name beside the database that nothing has yet:
// glmtray.damaged-20261122-230500.db.
func (s *Store) freeName(word string) (string, error) {
	base := strings.TrimSuffix(s.path, filepath.Ext(s.path)) + "." + word + s.now().UTC().Format("-20060102-150405")
	for n := range 100 {
		name := base
		if n > 0 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		if _, err := os.Lstat(name + ".db"); errors.Is(err, fs.ErrNotExist) {
			return name + ".db", nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("finding a free name like %s: %w", base, fs.ErrExist)
}
