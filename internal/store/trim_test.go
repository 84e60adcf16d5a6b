package store

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

// countIn counts a table's rows.
func countIn(t *testing.T, s *Store, table string) (n int64) {
	t.Helper()
	if err := s.reader.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheOldestRequestsGoByAgeAndByNumberAndTheirUsageStays(t *testing.T) {
	const all = 3000
	for _, c := range []struct {
		name string
		r    Retention
		left int64
	}{
		{"within the limits", Retention{MaxAge: time.Hour, MaxRows: all}, all},
		{"no limits", Retention{}, all},
		{"too many", Retention{MaxRows: 700}, 700},
		{"too old", Retention{MaxAge: time.Second}, 999},
		{"the stricter one holds", Retention{MaxAge: time.Second, MaxRows: 10}, 10},
		{"the last one stays", Retention{MaxAge: time.Nanosecond}, 1},
		{"not too large", Retention{MaxBytes: 64 << 20}, all},
		{"too large, whatever goes", Retention{MaxBytes: 1}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openAt(t, t.TempDir())
			list := make([]Request, all) // one a millisecond
			for i := range list {
				list[i] = requestNo(i)
				if i < 1000 {
					list[i].Rule = "an old rule"
				}
			}
			putAll(t, s, list...)
			s.now = func() time.Time { return list[all-1].Time.Add(2 * time.Millisecond) }
			kinds := countIn(t, s, "request_kinds")
			if err := s.Trim(t.Context(), c.r); err != nil {
				t.Fatal(err)
			}
			if got := countIn(t, s, "requests"); got != c.left {
				t.Errorf("%d are left, want %d", got, c.left)
			}
			if got := countIn(t, s, "request_kinds"); (got < kinds) != (c.left <= 2000) {
				t.Errorf("%d kinds of %d are left", got, kinds)
			}
			total, err := s.Usage(t.Context(), UsageQuery{})
			if err != nil || len(total) != 1 || total[0].Requests != all {
				t.Errorf("usage %+v, %v", total, err)
			}
			putAll(t, s, requestNo(all))
			if n, err := s.LastRequest(t.Context()); n != all+1 || err != nil {
				t.Errorf("the next number is %d, %v", n, err)
			}
		})
	}
}

func TestNoMoreRequestsGoThanTheSizeWants(t *testing.T) {
	const all, page = 20_000, 4096
	s := openAt(t, t.TempDir())
	fillRequests(t, s, all)
	used := func() (n int64) {
		if err := s.reader.QueryRowContext(t.Context(), usedBytes).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	perRow := float64(used()) / all
	for _, less := range []int64{1, 10 * page, used() / 2} {
		limit := used() - less
		before := countIn(t, s, "requests")
		if err := s.Trim(t.Context(), Retention{MaxBytes: limit}); err != nil {
			t.Fatal(err)
		}
		gone := before - countIn(t, s, "requests")
		if now := used(); now > limit || limit-now > 16*page { // an index gives its pages back some at a time
			t.Errorf("%d bytes less were wanted, and it is %d bytes below that", less, limit-now)
		}
		if most := 1.2*float64(less)/perRow + 100; float64(gone) > most {
			t.Errorf("%d bytes less were wanted, and %d requests are gone, which is more than %.0f", less, gone, most)
		}
	}
}

func TestADatabaseThatCannotBeWrittenAnewOpensAndSaysSo(t *testing.T) {
	dir := t.TempDir()
	makeUnshrinkable(t, dir)
	s := openAt(t, dir)
	putAll(t, s, requestNo(0), requestNo(1))
	// Another program's table, in an order that only that program knows: its copy
	// cannot be made.
	for _, text := range []string{
		"PRAGMA auto_vacuum = NONE", "VACUUM", "CREATE TABLE other (a TEXT)", "PRAGMA writable_schema = ON",
		"UPDATE sqlite_schema SET sql = 'CREATE TABLE other (a TEXT COLLATE theirs)' WHERE name = 'other'",
	} {
		if _, err := s.writer.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	closed(t, s)

	var log bytes.Buffer
	s, err := Open(t.Context(), dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if !strings.Contains(log.String(), "cannot be made smaller") || !strings.Contains(log.String(), "theirs") {
		t.Errorf("the log: %s", &log)
	}
	if n := countIn(t, s, "requests"); n != 2 || len(s.Notices()) > 0 {
		t.Errorf("%d requests, notices %q", n, s.Notices())
	}
	if err := s.Trim(t.Context(), Retention{MaxRows: 1}); err != nil || countIn(t, s, "requests") != 1 {
		t.Errorf("%d requests, %v", countIn(t, s, "requests"), err)
	}
}

func TestAWriterGoesOnWhenKindsThatItRemembersAreRemoved(t *testing.T) {
	s := openAt(t, t.TempDir())
	w := idleWriter(s)
	defer w.finalize()
	other := requestNo(1)
	w.Put(requestNo(0))
	w.Put(other)
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Trim(t.Context(), Retention{MaxRows: 1}); err != nil {
		t.Fatal(err)
	}
	if n := countIn(t, s, "request_kinds"); n != 1 {
		t.Fatalf("%d kinds are left", n)
	}
	w.Put(requestNo(0))
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	got, err := s.Requests(t.Context(), RequestQuery{})
	if err != nil || len(got) != 2 || got[0].ID != requestNo(0).ID || got[1].ID != other.ID {
		t.Errorf("%d requests, %v", len(got), err)
	}
}

func TestUsageGoesAfterFourHundredDays(t *testing.T) {
	s := openAt(t, t.TempDir())
	old, young := requestNo(0), requestNo(1)
	now := young.Time.Add(time.Hour)
	s.now = func() time.Time { return now }
	old.Time = now.Add(-usageAge - 2*time.Hour)
	young.Time = now.Add(-usageAge + 2*time.Hour)
	putAll(t, s, old, young)
	if err := s.Trim(t.Context(), Retention{}); err != nil {
		t.Fatal(err)
	}
	total, err := s.Usage(t.Context(), UsageQuery{})
	if err != nil || len(total) != 1 || total[0].Requests != 1 {
		t.Errorf("usage %+v, %v", total, err)
	}
}

func TestTheFileBecomesSmallerAndAWriterIsNotHeldUp(t *testing.T) {
	const all = 30_000
	for _, c := range []struct {
		name string
		old  bool
	}{{"a new database", false}, {"one that was made when it could not", true}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.old {
				makeUnshrinkable(t, dir)
			}
			s := openAt(t, dir)
			fillRequests(t, s, all)
			checkpoint(t, s)
			before := fileSize(t, s)
			w := NewRequestWriter(s, RequestOptions{})
			ctx, stop := context.WithCancel(t.Context())
			slowest := make(chan time.Duration)
			go func() { slowest <- slowestWrite(ctx, s) }()
			if err := s.Trim(t.Context(), Retention{MaxRows: 1000}); err != nil {
				t.Fatal(err)
			}
			stop()
			t.Logf("the longest wait of another writer was %v", <-slowest)
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkpoint(t, s)
			if after := fileSize(t, s); after > before/2 {
				t.Errorf("%d bytes of %d are left", after, before)
			}
			if err := quickCheck(t.Context(), s.writer); err != nil {
				t.Error(err)
			}
		})
	}
}

// slowestWrite writes until ctx ends and gives the longest time that one took.
func slowestWrite(ctx context.Context, s *Store) (slowest time.Duration) {
	for ctx.Err() == nil {
		from := time.Now()
		if err := s.Remember(ctx, "x", "y", time.Time{}); err != nil {
			break
		}
		slowest = max(slowest, time.Since(from))
	}
	return slowest
}

// makeUnshrinkable leaves a database as one without auto_vacuum was made.
func makeUnshrinkable(t *testing.T, dir string) {
	t.Helper()
	s := openAt(t, dir)
	for _, text := range []string{"PRAGMA auto_vacuum = NONE", "VACUUM"} {
		if _, err := s.writer.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, s)
}

func checkpoint(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
}

func fileSize(t *testing.T, s *Store) int64 {
	t.Helper()
	info, err := os.Stat(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
