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

// saltName is where the salt of the keys' fingerprints stands.
const saltName = "fingerprint/salt"

// Remember keeps a small fact, such as the port that was moved to, under name until
// the given time, or for ever if that is zero, in place of what stood there. Names
// have their noun in front: "fingerprint/salt".
func (s *Store) Remember(ctx context.Context, name, value string, until time.Time) error {
	return s.write(ctx, "remembering "+name, func(tx *sql.Tx) error {
		if err := forgetPast(ctx, tx, s.now()); err != nil {
			return err
		}
		return remember(ctx, tx, name, value, until)
	})
}

func remember(ctx context.Context, tx *sql.Tx, name, value string, until time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO remembered (name, value, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, until = excluded.until`,
		name, value, millis(until))
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
			return remember(ctx, tx, saltName, text, time.Time{})
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
