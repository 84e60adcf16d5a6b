package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Client is somebody who may use the proxy. Its key is not kept: whoever lost
// it is given another.
type Client struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"` // not unique: while keys are changed a client has two
	Created  time.Time `json:"created,omitzero"`
	Revoked  time.Time `json:"revoked,omitzero"`   // since when; zero: it is accepted
	LastUsed time.Time `json:"last_used,omitzero"` // up to a second late
	Uses     int64     `json:"uses"`
	Process  int       `json:"process,omitempty"` // the id of the process that the key ends with; 0: none
}

// Active reports whether the client's key is accepted.
func (c *Client) Active() bool { return c.Revoked.IsZero() }

var (
	// ErrNoClient means that no client fits.
	ErrNoClient = errors.New("no client has this name, id or key")
	// ErrAmbiguous means that several fit; see [AmbiguousError].
	ErrAmbiguous = errors.New("several clients fit")
)

// AmbiguousError names the clients that fit, for a person to choose from by id.
type AmbiguousError struct{ Clients []Client }

func (e *AmbiguousError) Error() string {
	ids := make([]string, len(e.Clients))
	for i := range e.Clients {
		ids[i] = strconv.FormatInt(e.Clients[i].ID, 10)
	}
	return ErrAmbiguous.Error() + ": ids " + strings.Join(ids, ", ")
}

// Is finds ErrAmbiguous.
func (e *AmbiguousError) Is(target error) bool { return target == ErrAmbiguous }

// clientKeyPrefix is what clients and people know an OpenAI-style key by.
const clientKeyPrefix = "sk-"

// newClientKey makes a key: 256 random bits.
func newClientKey() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return clientKeyPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// hashClientKey is the form in which a key is kept. A slow hash protects what
// people invent: 256 random bits cannot be guessed however fast the guessing,
// and a slow hash would be paid at each request. No salt either: no two keys
// are alike, no table of 2^256 keys exists, and one that stands in the same
// file keeps nothing from whoever has the file.
func hashClientKey(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

// maxClientName is in bytes; the name stands in each of the client's records.
const maxClientName = 64

// checkClientName refuses what could be taken for something else.
func checkClientName(name string) error {
	_, notNumber := strconv.ParseInt(name, 10, 64)
	switch {
	case name == "" || len(name) > maxClientName:
		return fmt.Errorf("a client's name has 1 to %d bytes", maxClientName)
	case strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("a client's name has printable characters and no blank at its ends")
	case strings.HasPrefix(name, clientKeyPrefix):
		return errors.New("a client's name does not begin like a key")
	case notNumber == nil:
		return errors.New("a client's name is no number: that would look like an id")
	}
	return nil
}

// AddClient makes a client and its key. The key is given this once and cannot
// be found out later.
func (s *Store) AddClient(ctx context.Context, name string) (c Client, key string, err error) {
	return s.AddProcessClient(ctx, name, 0)
}

// AddProcessClient is AddClient for a key that ends with a process: whoever finds
// that the process has ended may remove it.
func (s *Store) AddProcessClient(ctx context.Context, name string, process int) (c Client, key string, err error) {
	if err := checkClientName(name); err != nil {
		return Client{}, "", fmt.Errorf("adding a client: %w", err)
	}
	key = newClientKey()
	err = s.changeClients(ctx, "adding a client", func(tx *sql.Tx) (err error) {
		c, err = addClient(ctx, tx, Client{Name: name, Created: s.now(), Process: process}, hashClientKey(key))
		return err
	})
	if err != nil {
		return Client{}, "", err
	}
	return c, key, nil
}

func addClient(ctx context.Context, tx *sql.Tx, c Client, hash [sha256.Size]byte) (Client, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO clients (name, hash, created, revoked, last_used, uses, process) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.Name, hash[:], millis(c.Created), millis(c.Revoked), millis(c.LastUsed), c.Uses, c.Process)
	if err != nil {
		return Client{}, err
	}
	c.Created = fromMillis(millis(c.Created))
	c.ID, err = res.LastInsertId()
	return c, err
}

// changeClients writes and then makes sure that it has reached the disk: a key
// that was shown, or one that was revoked, must not come undone by a power cut.
func (s *Store) changeClients(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	if err := s.write(ctx, doing, fn); err != nil {
		return err
	}
	// A commit alone is not synced (synchronous = NORMAL); a checkpoint syncs
	// the log before anything else. What is committed stands in any case.
	if _, err := s.writer.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		s.log.Warn("the database was not synced", "error", err)
	}
	return nil
}

const clientColumns = `id, name, created, revoked, last_used, uses, process`

// AllClients gives every client, the revoked ones too, oldest first.
func (s *Store) AllClients(ctx context.Context) (list []Client, err error) {
	err = s.read(ctx, "reading clients", func(tx *sql.Tx) error {
		list, err = clientsWhere(ctx, tx, "true")
		return err
	})
	return list, err
}

func clientsWhere(ctx context.Context, tx *sql.Tx, condition string, args ...any) ([]Client, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+clientColumns+` FROM clients WHERE `+condition+` ORDER BY id`, args...) //nolint:gosec // conditions are constants of this file
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []Client
	for rows.Next() {
		var c Client
		var created, revoked, used int64
		if err := rows.Scan(&c.ID, &c.Name, &created, &revoked, &used, &c.Uses, &c.Process); err != nil {
			return nil, err
		}
		c.Created, c.Revoked, c.LastUsed = fromMillis(created), fromMillis(revoked), fromMillis(used)
		list = append(list, c)
	}
	return list, rows.Err()
}

// FindClient finds the one client that x means: its key, its id or its name.
// The error is [ErrNoClient] if there is none and an [AmbiguousError] if there
// are several; neither repeats x, which may be a key.
func (s *Store) FindClient(ctx context.Context, x string) (Client, error) {
	var fit []Client
	err := s.read(ctx, "looking for a client", func(tx *sql.Tx) (err error) {
		id, notNumber := strconv.ParseInt(x, 10, 64)
		if notNumber != nil {
			id = 0 // which nothing has
		}
		hash := hashClientKey(x)
		fit, err = clientsWhere(ctx, tx, `hash = ? OR id = ? OR name = ?`, hash[:], id, x)
		return err
	})
	switch {
	case err != nil:
		return Client{}, err
	case len(fit) == 0:
		return Client{}, ErrNoClient
	case len(fit) > 1:
		return Client{}, &AmbiguousError{fit}
	}
	return fit[0], nil
}

// RevokeClient ends the acceptance of a client's key, for good or until
// [Store.EnableClient]. One that is revoked already keeps its date.
func (s *Store) RevokeClient(ctx context.Context, id int64) error {
	return s.changeClients(ctx, "revoking a client", func(tx *sql.Tx) error {
		return oneClient(tx.ExecContext(ctx,
			`UPDATE clients SET revoked = iif(revoked = 0, ?, revoked) WHERE id = ?`, millis(s.now()), id))
	})
}

// EnableClient takes a revocation back.
func (s *Store) EnableClient(ctx context.Context, id int64) error {
	return s.changeClients(ctx, "enabling a client", func(tx *sql.Tx) error {
		return oneClient(tx.ExecContext(ctx, `UPDATE clients SET revoked = 0 WHERE id = ?`, id))
	})
}

// RemoveClient forgets a client. Its records stay. An import at start does not
// bring it back.
func (s *Store) RemoveClient(ctx context.Context, id int64) error {
	return s.changeClients(ctx, "removing a client", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO removed_clients (hash, removed) SELECT hash, ? FROM clients WHERE id = ?
			ON CONFLICT (hash) DO UPDATE SET removed = excluded.removed`, millis(s.now()), id)
		if err != nil {
			return err
		}
		return oneClient(tx.ExecContext(ctx, `DELETE FROM clients WHERE id = ?`, id))
	})
}

// oneClient makes an error of a change that met nobody.
func oneClient(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNoClient)
	}
	return nil
}
