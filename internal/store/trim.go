package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Retention is how long records stay.
type Retention struct {
	MaxAge  time.Duration // of a request's row; 0: no bound
	MaxRows int           // of the requests' rows; 0: no bound

	// MaxBytes is how much of the database may be in use, everything in it
	// included, before the oldest requests go; 0: no bound.
	MaxBytes int64
}

const (
	// usageAge is how long usage by the hour stays: a year can be compared with
	// the one before, and it is a few rows an hour.
	usageAge = 400 * 24 * time.Hour
	// trimRows is how many rows go in one transaction. A writer waits that long,
	// some milliseconds.
	trimRows = 500
	// leastRows is how many go at least where the database is too large: fewer
	// would hardly fill a page, and only whole pages are free.
	leastRows = 25
	// trimPause lets others write in between.
	trimPause = 10 * time.Millisecond
	// trimFirst and trimEvery are when it is looked for what is too old.
	trimFirst = time.Minute
	trimEvery = 10 * time.Minute
)

// Retain removes what is too old, from time to time, until ctx ends.
func (s *Store) Retain(ctx context.Context, limits func() Retention) {
	timer := time.NewTimer(trimFirst)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if err := s.Trim(ctx, limits()); err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
			s.log.Warn("old records are not removed yet", "error", err)
		}
		timer.Reset(trimEvery)
	}
}

// Trim removes the oldest requests beyond the limits, what was used in hours that
// are too long ago, and gives the room back to the disk. It works in small steps
// with pauses, so that records are written meanwhile. The newest request always
// stays: the next one's number follows from it.
func (s *Store) Trim(ctx context.Context, r Retention) error {
	if err := s.repeat(ctx, r.requests(s.now())); err != nil {
		return err
	}
	if err := s.repeat(ctx, oldUsage(s.now())); err != nil {
		return err
	}
	if err := s.removeKinds(ctx); err != nil {
		return err
	}
	return s.shrink(ctx)
}

// trimStep removes some of what is too old and tells how much.
type trimStep func(context.Context, *sql.Tx) (int64, error)

// repeat does a step until there is nothing left for it.
func (s *Store) repeat(ctx context.Context, step trimStep) error {
	for {
		var n int64
		err := s.write(ctx, "removing old records", func(tx *sql.Tx) (err error) {
			n, err = step(ctx, tx)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
}

func rest(ctx context.Context) error {
	select {
	case <-time.After(trimPause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// requests gives the step that removes some of the oldest requests.
func (r Retention) requests(now time.Time) trimStep {
	return func(ctx context.Context, tx *sql.Tx) (int64, error) {
		var first, last, upTo, used int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(min(n), 0) FROM requests").Scan(&first); err != nil {
			return 0, err
		}
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM requests").Scan(&last); err != nil {
			return 0, err
		}
		if r.MaxAge > 0 {
			err := tx.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM (SELECT n, time FROM requests ORDER BY n LIMIT ?) WHERE time < ?",
				trimRows, now.Add(-r.MaxAge).UnixMilli()).Scan(&upTo)
			if err != nil {
				return 0, err
			}
		}
		if r.MaxRows > 0 {
			upTo = max(upTo, last-int64(r.MaxRows))
		}
		if err := tx.QueryRowContext(ctx, usedBytes).Scan(&used); err != nil {
			return 0, err
		}
		if r.MaxBytes > 0 && used > r.MaxBytes {
			// By a row's share of all that is there. The rest of the database is in
			// it, so that this is too few rather than too many.
			beyond := float64(used-r.MaxBytes) / float64(used)
			rows := int64(beyond * float64(last-first+1))
			upTo = max(upTo, first+max(rows, leastRows)-1)
		}
		upTo = min(upTo, first+trimRows-1, last-1)
		if upTo < first {
			return 0, nil
		}
		return removed(tx.ExecContext(ctx, "DELETE FROM requests WHERE n <= ?", upTo))
	}
}

// usedBytes asks for the size of what is in the database, without free pages.
const usedBytes = `SELECT (pages.page_count - free.freelist_count) * size.page_size
	FROM pragma_page_count AS pages, pragma_freelist_count AS free, pragma_page_size AS size`

// removeKinds removes kinds that no request is of any more. They are looked for
// beside the writer, and one may be in use again when it is to go.
func (s *Store) removeKinds(ctx context.Context) error {
	const unused = "NOT EXISTS (SELECT 1 FROM requests WHERE kind = request_kinds.id)"
	for {
		var ids []int64
		err := s.read(ctx, "looking for unused kinds", func(tx *sql.Tx) (err error) {
			ids, err = numbers(ctx, tx, "SELECT id FROM request_kinds WHERE "+unused+" LIMIT ?", trimRows)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		err = s.write(ctx, "removing unused kinds", func(tx *sql.Tx) error {
			for _, id := range ids {
				if _, err := tx.ExecContext(ctx, "DELETE FROM request_kinds WHERE id = ? AND "+unused, id); err != nil {
					return err
				}
			}
			s.kindsGone.Add(1) // before another transaction can begin
			return nil
		})
		if err != nil {
			return err
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
}

// oldUsage gives the step that removes the oldest hour.
func oldUsage(now time.Time) trimStep {
	return func(ctx context.Context, tx *sql.Tx) (int64, error) {
		var hour int64
		err := tx.QueryRowContext(ctx, "SELECT hour FROM usage_hours WHERE hour < ? ORDER BY hour LIMIT 1", now.Add(-usageAge).Unix()/3600).Scan(&hour)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return removed(tx.ExecContext(ctx, "DELETE FROM usage_hours WHERE hour = ?", hour))
	}
}

func removed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// shrink gives free pages back to the disk while there are many: the next rows
// will want some of them.
func (s *Store) shrink(ctx context.Context) error {
	const few = 256 // a megabyte
	for before := int64(1 << 62); ; {
		var free, all int64
		err := s.read(ctx, "looking for free room", func(tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, "PRAGMA page_count").Scan(&all)
		})
		if err != nil || free <= max(few, all/10) || free >= before { // the last: the file is not made for it
			return err
		}
		before = free
		if err := s.write(ctx, "giving room back", func(tx *sql.Tx) error { return vacuumSome(ctx, tx) }); err != nil {
			return err
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
}

// vacuumSome moves the file's last pages, half a megabyte of them, into free ones.
func vacuumSome(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "PRAGMA incremental_vacuum(128)")
	return err
}

// makeShrinkable prepares the file for shrink. An old one is written anew once,
// which takes a second for each 100 MB. Where that fails (it is in use, there is no
// room for a second one beside it) the database does without, and the next start
// tries again.
func (s *Store) makeShrinkable(ctx context.Context, db *sql.DB) error {
	const incremental = 2
	var mode int
	if err := db.QueryRowContext(ctx, "PRAGMA auto_vacuum").Scan(&mode); err != nil || mode == incremental {
		return err
	}
	for _, text := range []string{"PRAGMA auto_vacuum = INCREMENTAL", "VACUUM"} {
		_, err := db.ExecContext(ctx, text)
		switch {
		case err == nil:
		case isBusy(err):
			s.log.Info("the database cannot be made smaller yet: another process has it open")
			return nil
		case isDamage(err), ctx.Err() != nil:
			return err
		default:
			s.log.Warn("the database works, but its file cannot be made smaller; the next start tries again", "file", s.path, "error", err)
			return nil
		}
	}
	return nil
}
