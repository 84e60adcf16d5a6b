package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// Remembered is a small fact: a model that is gone, the port that was moved to.
type Remembered struct {
	Value string
	Until time.Time // when it is forgotten; zero: never
}

// saltName is where the salt of the keys' fingerprints stands.
const saltName = "fingerprint/salt"

// Remember keeps value under name until the given time, or for ever if that is
// zero, in place of what stood there. Names have their noun in front:
// "gone/cerebras/glm-4.6".
func (s *Store) Remember(ctx context.Context, name, value string, until time.Time) error {
	return s.write(ctx, "remembering "+name, func(tx *sql.Tx) error {
		if err := forgetPast(ctx, tx, s.now()); err != nil {
			return err
		}
		return remember(ctx, tx, name, Remembered{value, until})
	})
}

func remember(ctx context.Context, tx *sql.Tx, name string, r Remembered) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO remembered (name, value, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, until = excluded.until`,
		name, r.Value, millis(r.Until))
	return err
}

func forgetPast(ctx context.Context, tx *sql.Tx, now time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM remembered WHERE until <> 0 AND until <= ?`, now.UnixMilli())
	return err
}

// Recall gives what is kept under name; false if nothing is, or no longer.
func (s *Store) Recall(ctx context.Context, name string) (string, bool, error) {
	var value string
	var found bool
	err := s.read(ctx, "recalling "+name, func(tx *sql.Tx) (err error) {
		value, found, err = recall(ctx, tx, name, s.now())
		return err
	})
	return value, found, err
}

func recall(ctx context.Context, tx *sql.Tx, name string, now time.Time) (value string, found bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT value FROM remembered WHERE name = ? AND (until = 0 OR until > ?)`,
		name, now.UnixMilli()).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, err
}

// RecallPrefix gives all facts whose names begin with prefix, by whole name.
func (s *Store) RecallPrefix(ctx context.Context, prefix string) (map[string]Remembered, error) {
	out := map[string]Remembered{}
	err := s.read(ctx, "recalling "+prefix+"…", func(tx *sql.Tx) error {
		return recallPrefix(ctx, tx, prefix, s.now(), out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func recallPrefix(ctx context.Context, tx *sql.Tx, prefix string, now time.Time, out map[string]Remembered) error {
	// substr, not LIKE: names hold % and _.
	rows, err := tx.QueryContext(ctx, `
		SELECT name, value, until FROM remembered
		WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 AND (until = 0 OR until > ?2)`,
		prefix, now.UnixMilli())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var r Remembered
		var until int64
		if err := rows.Scan(&name, &r.Value, &until); err != nil {
			return err
		}
		r.Until = fromMillis(until)
		out[name] = r
	}
	return rows.Err()
}

// Forget drops what is kept under name. Nothing there is no error.
func (s *Store) Forget(ctx context.Context, name string) error {
	return s.write(ctx, "forgetting "+name, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM remembered WHERE name = ?`, name)
		return err
	})
}

// Salt gives the salt of this installation's key fingerprints, and makes it the
// first time. Processes that ask at once get the same one.
func (s *Store) Salt(ctx context.Context) ([]byte, error) {
	text, found, err := s.Recall(ctx, saltName)
	if err == nil && !found {
		err = s.write(ctx, "making a salt", func(tx *sql.Tx) error {
			text, found, err = recall(ctx, tx, saltName, s.now())
			if err != nil || found {
				return err
			}
			text = hex.EncodeToString(secret.NewSalt())
			return remember(ctx, tx, saltName, Remembered{Value: text})
		})
	}
	if err != nil {
		return nil, err
	}
	salt, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("reading the salt: %w", err)
	}
	return salt, nil
}
