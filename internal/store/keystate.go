package store

import (
	"context"
	"database/sql"
	"time"
)

// KeyState is what is known of a provider's key over a restart.
type KeyState struct {
	Provider    string
	Name        string
	Fingerprint string               // a state counts only for the key it was learned of
	CoolUntil   time.Time            // zero: not cooling
	Reason      string               // why it cools or is parked, for people
	Parked      bool                 // out of use until a person changes or enables it
	Errors      int                  // failures in a row
	Barred      map[string]time.Time // models it may not use; zero time: until the key changes
	Rate        float64              // learned requests per second of its account; 0: none
	Ceiling     float64              // the rate at which refusals came
	RateAt      time.Time            // when Rate was learned
}

// SaveKeyStates writes each state in place of what is kept under its provider
// and name. States of other keys stay. Times are kept to the millisecond,
// rounded up.
func (s *Store) SaveKeyStates(ctx context.Context, states []KeyState) error {
	if len(states) == 0 {
		return nil
	}
	return s.write(ctx, "saving key states", func(tx *sql.Tx) error {
		for i := range states {
			if err := saveKeyState(ctx, tx, &states[i], s.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveKeyState(ctx context.Context, tx *sql.Tx, k *KeyState, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO key_states (provider, name, fingerprint, cool_until, reason, parked, errors, saved, rate, ceiling, rate_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (provider, name) DO UPDATE SET
			fingerprint = excluded.fingerprint, cool_until = excluded.cool_until, reason = excluded.reason,
			parked = excluded.parked, errors = excluded.errors, saved = excluded.saved,
			rate = excluded.rate, ceiling = excluded.ceiling, rate_at = excluded.rate_at`,
		k.Provider, k.Name, k.Fingerprint, millis(k.CoolUntil), k.Reason, k.Parked, k.Errors, millis(now),
		k.Rate, k.Ceiling, millis(k.RateAt))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM key_bars WHERE provider = ? AND name = ?`, k.Provider, k.Name)
	if err != nil {
		return err
	}
	for model, until := range k.Barred {
		_, err := tx.ExecContext(ctx, `INSERT INTO key_bars (provider, name, model, until) VALUES (?, ?, ?, ?)`,
			k.Provider, k.Name, model, millis(until))
		if err != nil {
			return err
		}
	}
	return nil
}

// KeyStates gives every state that is kept, by provider and name. Deadlines
// that have passed are given as they are.
func (s *Store) KeyStates(ctx context.Context) ([]KeyState, error) {
	var states []KeyState
	err := s.read(ctx, "reading key states", func(tx *sql.Tx) (err error) {
		if states, err = keyStates(ctx, tx); err != nil {
			return err
		}
		return addBars(ctx, tx, states)
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

func keyStates(ctx context.Context, tx *sql.Tx) ([]KeyState, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT provider, name, fingerprint, cool_until, reason, parked, errors, rate, ceiling, rate_at
		FROM key_states ORDER BY provider, name`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var states []KeyState
	for rows.Next() {
		var k KeyState
		var until, learned int64
		err := rows.Scan(&k.Provider, &k.Name, &k.Fingerprint, &until, &k.Reason, &k.Parked, &k.Errors, &k.Rate, &k.Ceiling, &learned)
		if err != nil {
			return nil, err
		}
		k.CoolUntil, k.RateAt = fromMillis(until), fromMillis(learned)
		states = append(states, k)
	}
	return states, rows.Err()
}

func addBars(ctx context.Context, tx *sql.Tx, states []KeyState) error {
	at := make(map[[2]string]*KeyState, len(states))
	for i := range states {
		at[[2]string{states[i].Provider, states[i].Name}] = &states[i]
	}
	rows, err := tx.QueryContext(ctx, `SELECT provider, name, model, until FROM key_bars`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id [2]string
		var model string
		var until int64
		if err := rows.Scan(&id[0], &id[1], &model, &until); err != nil {
			return err
		}
		k := at[id]
		if k == nil {
			continue // the foreign key forbids it
		}
		if k.Barred == nil {
			k.Barred = map[string]time.Time{}
		}
		k.Barred[model] = fromMillis(until)
	}
	return rows.Err()
}

// DeleteKeyState forgets a key. One that is not kept is no error.
func (s *Store) DeleteKeyState(ctx context.Context, provider, name string) error {
	return s.write(ctx, "deleting a key's state", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM key_states WHERE provider = ? AND name = ?`, provider, name)
		return err
	})
}
