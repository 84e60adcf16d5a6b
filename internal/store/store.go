package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite" // the driver "sqlite" as well
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	fileName = "glmtray.db"
	// suspectSuffix marks a database in which a running program met damage, so
	// that the next start looks through all of it, however large.
	suspectSuffix = ".suspect"
	// readers is how many connections read beside the one that writes. Each
	// has a page cache of its own.
	readers = 2
)

// ErrClosed is returned by every method once the Store is closed.
var ErrClosed = errors.New("the store is closed")

// Store is the database. See the package for its contract.
type Store struct {
	path    string
	log     *slog.Logger
	now     func() time.Time
	steps   []migration
	writer  *sql.DB
	reader  *sql.DB
	mu      sync.Mutex
	notices []string
	closed  bool

	kindsGone atomic.Int64 // how often kinds of requests were removed: ids of them may be remembered
}

// Open opens the database in dir and makes both if they are missing. A nil log
// is silent. What was found broken and set aside is told by [Store.Notices].
// A lock that is not given up within 5 s, a missing permission or a full disk
// is an error.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	return openWith(ctx, dir, log, migrations())
}

func openWith(ctx context.Context, dir string, log *slog.Logger, steps []migration) (*Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	s := &Store{path: filepath.Join(dir, fileName), log: log, now: time.Now, steps: steps}
	if err := s.prepareFolder(dir); err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	// Twice at most: a database is set aside and a new one begun. A third
	// round would mean that the disk damages what is written to it.
	for range 3 {
		err = s.openPatiently(ctx)
		var broken *unusable
		if !errors.As(err, &broken) {
			break
		}
		if aside := s.setAside(broken); aside != nil {
			err = aside
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening store %s: %w", s.path, err)
	}
	return s, nil
}

// Exists reports whether a data folder has a database, without making one.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileName))
	return err == nil
}

// How long, and how often, an open that finds the database locked is tried.
const (
	busyLimit = 5 * time.Second
	busyPause = 20 * time.Millisecond
)

// openPatiently opens while others do. SQLite's own busy timeout covers a
// locked database, but not the switch to its write-ahead log, which is refused
// at once while another connection is at the same.
func (s *Store) openPatiently(ctx context.Context) error {
	for end := time.Now().Add(busyLimit); ; {
		err := s.open(ctx)
		if !isBusy(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// prepareFolder makes the data folder. One that exists keeps its mode: the user
// may have pointed --data-dir at a home folder, whose mode is not ours to set.
func (s *Store) prepareFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if info, err := os.Stat(dir); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		s.log.Warn("the data folder can be written by others", "folder", dir, "mode", info.Mode().Perm().String())
	}
	return nil
}

// open makes one attempt. The error is *unusable if the file is to be set aside.
func (s *Store) open(ctx context.Context) (err error) {
	if err := s.prepareFile(); err != nil {
		return err
	}
	writer, err := sql.Open("sqlite", dsn(s.path, false))
	if err != nil {
		return err
	}
	writer.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			_ = writer.Close()
			err = damage(err)
		}
	}()
	version, err := s.examine(ctx, writer)
	if err != nil {
		return err
	}
	// Only now is the file known to be ours: this writes to it. The first line
	// holds only for a file that has nothing in it.
	if _, err := writer.ExecContext(ctx, "PRAGMA auto_vacuum = INCREMENTAL"); err != nil {
		return err
	}
	if _, err := writer.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	if err := s.migrate(ctx, writer, version); err != nil {
		return err
	}
	if err := s.makeShrinkable(ctx, writer); err != nil {
		return err
	}
	reader, err := sql.Open("sqlite", dsn(s.path, true))
	if err != nil {
		return err
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(1)
	s.writer, s.reader = writer, reader
	return nil
}

// prepareFile makes an empty file with the right mode, which SQLite then gives
// to its -wal and -shm as well, and takes other people's rights off an old one.
func (s *Store) prepareFile() error {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case err == nil:
		return f.Close()
	case !errors.Is(err, os.ErrExist):
		return err
	case runtime.GOOS == "windows":
		return nil
	}
	// By name: to close a file that another Store of this process has open
	// would drop that one's POSIX locks.
	if err := os.Chmod(s.path, 0o600); err != nil {
		return err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Chmod(s.path+suffix, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// dsn spells the connection. Small caches: the database holds records that are
// written once and rarely read.
func dsn(path string, readOnly bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "foreign_keys(1)", "synchronous(NORMAL)",
		"cache_size(-512)", "journal_size_limit(4194304)", "trusted_schema(0)",
	}}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Set("_txlock", "immediate")
	}
	path = filepath.ToSlash(path)
	if path[0] != '/' {
		path = "/" + path // C:/… is /C:/… in a URI
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// Close writes the log back into the database and closes it. A second Close
// does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	// Readers first: the last connection to close does the checkpoint, and a
	// query_only connection could not.
	if err := errors.Join(s.reader.Close(), s.writer.Close()); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

// Path is the database's file.
func (s *Store) Path() string { return s.path }

// Notices tells, for people, what was found wrong at Open and what was done.
func (s *Store) Notices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notices)
}

func (s *Store) notice(text string) {
	s.mu.Lock()
	s.notices = append(s.notices, text)
	s.mu.Unlock()
	s.log.Warn(text)
}

// write runs fn in a transaction that may write. What fn wrote is kept only if
// it returns nil.
func (s *Store) write(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	return s.transact(ctx, doing, s.writer, nil, fn)
}

// read runs fn in a transaction that sees one state of the database.
func (s *Store) read(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	return s.transact(ctx, doing, s.reader, &sql.TxOptions{ReadOnly: true}, fn)
}

func (s *Store) transact(ctx context.Context, doing string, db *sql.DB, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return fmt.Errorf("%s: %w", doing, ErrClosed)
	}
	err := inTx(ctx, db, opts, fn)
	if err == nil {
		return nil
	}
	if isDamage(err) {
		s.suspect(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func inTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// millis writes a time as the database has it: rounded up, so that a key is not
// asked before its deadline.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Millisecond - time.Nanosecond).UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
