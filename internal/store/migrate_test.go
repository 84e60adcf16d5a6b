package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestAMigrationKeepsTheDataAndACopyOfWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	if err := s.Remember(t.Context(), "k", "v", time.Time{}); err != nil {
		t.Fatal(err)
	}
	closed(t, s)

	next := migration{len(migrations()) + 1, "next.sql", "CREATE TABLE more (x INTEGER); INSERT INTO more VALUES (7);", nil}
	s, err := openWith(t.Context(), dir, nil, append(migrations()[:len(migrations()):len(migrations())], next))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var x int
	if err := s.reader.QueryRowContext(t.Context(), "SELECT x FROM more").Scan(&x); err != nil || x != 7 {
		t.Errorf("the new table holds %d, %v", x, err)
	}
	if v, _, err := s.Recall(t.Context(), "k"); v != "v" || err != nil {
		t.Errorf("recalled %q, %v", v, err)
	}
	copies, _ := filepath.Glob(filepath.Join(dir, "glmtray.before-*.db"))
	if len(copies) != 1 {
		t.Fatalf("copies %q", copies)
	}
	old, err := openCopy(t, copies[0])
	if err != nil || old != "v" {
		t.Errorf("the copy holds %q, %v", old, err)
	}
}

func openCopy(t *testing.T, path string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	data := readAll(t, path)
	write(t, filepath.Join(dir, fileName), data)
	v, _, err := openAt(t, dir).Recall(t.Context(), "k")
	return v, err
}

func TestANewDatabaseIsNotCopied(t *testing.T) {
	dir := t.TempDir()
	closed(t, openAt(t, dir))
	closed(t, openAt(t, dir))
	if got := names(t, dir); got != fileName {
		t.Errorf("files %s", got)
	}
}

func TestAFailedMigrationChangesNothing(t *testing.T) {
	dir := t.TempDir()
	closed(t, openAt(t, dir))
	all := migrations()[:len(migrations()):len(migrations())]
	all = append(all,
		migration{len(all) + 1, "good.sql", "CREATE TABLE more (x INTEGER)", nil},
		migration{len(all) + 2, "bad.sql", "CREATE TABLE oops (", nil})
	_, err := openWith(t.Context(), dir, nil, all)
	if err == nil || !strings.Contains(err.Error(), "bad.sql") {
		t.Fatalf("error %v", err)
	}
	s := openAt(t, dir)
	var version, tables int
	err = s.reader.QueryRowContext(t.Context(), `SELECT (SELECT user_version FROM pragma_user_version()),
		(SELECT count(*) FROM sqlite_schema WHERE name = 'more')`).Scan(&version, &tables)
	if err != nil || version != len(migrations()) || tables != 0 {
		t.Errorf("version %d, %d tables of the failed migration, %v", version, tables, err)
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	if _, err := readMigrations(migrationFiles, "migrations"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"m/002_x.sql", "m/x.sql"} {
		if _, err := readMigrations(fstest.MapFS{bad: {}}, "m"); err == nil {
			t.Errorf("%s was taken as number 1", bad)
		}
	}
}

func TestACancelledOpenIsAnErrorAndNotDamage(t *testing.T) {
	dir := t.TempDir()
	closed(t, openAt(t, dir))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Open(ctx, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := names(t, dir); strings.Contains(got, "damaged") {
		t.Errorf("files %s", got)
	}
}
