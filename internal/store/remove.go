package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
)

// databaseShape are the names of the database and of what stands beside it: its
// log, copies from before a migration, and databases that were set aside. One
// that somebody else made is not ours, whatever it was renamed to.
var databaseShape = lazy.Regexp(`^glmtray(\.(before-\d+|damaged|newer)-\d{8}-\d{6}(-\d+)?)?\.db(-wal|-shm|\.suspect)?$`)

// Remove removes the database in dir, its copies, and what was set aside of it.
// Nobody may have it open. Whatever else is in dir stays, and so does dir.
func Remove(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if databaseShape().MatchString(e.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// RemoveBodies removes every body file of ours in dir, and dir if nothing else is
// in it. No [Bodies] may be writing there.
func RemoveBodies(ctx context.Context, dir string) error {
	never := time.Now().AddDate(1000, 0, 0) // when even the newest is too old
	err := newBodyFolder(BodyOptions{Dir: dir, MaxAge: 1}).sweep(ctx, never)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_ = os.Remove(dir) // unless somebody keeps something in it
	return err
}
