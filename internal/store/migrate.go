package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. It leads from number-1 to number.
type migration struct {
	number int
	name   string
	text   string
	then   func(context.Context, *sql.Tx) error // what SQL cannot say; may be nil
}

// further is what follows the text of a migration, by its number.
var further = map[int]func(context.Context, *sql.Tx) error{5: shareKinds}

// migrations are the embedded files in order. They are part of the program, so
// a gap or a bad name among them is a programmer's fault and a test's find.
var migrations = sync.OnceValue(func() []migration {
	list, err := readMigrations(migrationFiles, "migrations")
	if err != nil {
		panic(err)
	}
	return list
})

func readMigrations(files fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	list := make([]migration, 0, len(entries))
	for i, e := range entries {
		digits, _, _ := strings.Cut(e.Name(), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || number != i+1 {
			return nil, fmt.Errorf("reading migrations: %s is not number %d", e.Name(), i+1)
		}
		text, err := fs.ReadFile(files, dir+"/"+e.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, migration{number, e.Name(), string(text), further[number]})
	}
	return list, nil
}

// migrate brings the schema from version to the latest, all steps or none.
func (s *Store) migrate(ctx context.Context, db *sql.DB, version int) error {
	steps := s.steps
	if version >= len(steps) {
		return nil
	}
	if version > 0 {
		if err := s.copyBefore(ctx, db, version); err != nil {
			return fmt.Errorf("copying the database before it is changed: %w", err)
		}
	}
	err := inTx(ctx, db, nil, func(tx *sql.Tx) error {
		// Another process may have been quicker; the transaction holds the
		// write lock, so what is read here stands.
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version >= len(steps) {
			return nil
		}
		for _, step := range steps[version:] {
			if _, err := tx.ExecContext(ctx, step.text); err != nil {
				return fmt.Errorf("%s: %w", step.name, err)
			}
			if step.then == nil {
				continue
			}
			if err := step.then(ctx, tx); err != nil {
				return fmt.Errorf("%s: %w", step.name, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps)))
		return err
	})
	if err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

// copyBefore writes glmtray.before-2-20261122-230500.db beside the database.
func (s *Store) copyBefore(ctx context.Context, db *sql.DB, version int) (err error) {
	target, err := s.freeName(fmt.Sprintf("before-%d", version+1))
	if err != nil {
		return err
	}
	// VACUUM INTO takes an empty file as it is, so its mode is ours to choose.
	f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(target)
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", target); err != nil {
		return err
	}
	s.log.Info("the database was copied before a migration", "copy", target)
	return nil
}
