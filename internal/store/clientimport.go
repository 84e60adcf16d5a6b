package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/glmtray/glmtray/internal/secret"
)

// Imported says what became of the keys in a file.
type Imported struct {
	Added    int `json:"added"`
	Revoked  int `json:"revoked"`  // of those added: revoked there, and so here
	Known    int `json:"known"`    // were here before and stay as they are
	Removed  int `json:"removed"`  // left out: they were removed here
	Unusable int `json:"unusable"` // left out: they could never be sent as a key
	Weak     int `json:"weak"`     // of those added: so short that they could be guessed
}

// weakBelow is a length that no key of the predecessor's making is below.
const weakBelow = 32

// ImportClients takes over the client keys of glm_awsomify_proxy from its
// incoming_keys.db, where they stand in clear. The file is only read. Names,
// dates, counts and revocations come along; ids do not. A key that is here
// already stays as it is, also if it is revoked on one side only. Keys that
// were removed here come back only if again is true.
func (s *Store) ImportClients(ctx context.Context, file string, again bool) (Imported, error) {
	var report Imported
	list, err := readForeignClients(ctx, file)
	if err != nil {
		return report, fmt.Errorf("reading client keys of %s: %w", file, err)
	}
	err = s.changeClients(ctx, "importing clients", func(tx *sql.Tx) error {
		report = Imported{}
		for i := range list {
			if err := importClient(ctx, tx, &list[i], again, &report); err != nil {
				return err
			}
		}
		return nil
	})
	return report, err
}

// AdmitClient takes over one key that clients show already, under a name. As in an
// import a key that is here stays as it is, and one that was removed comes back. It is
// kept as a hash, as all are.
func (s *Store) AdmitClient(ctx context.Context, name string, key secret.Value) (report Admitted, err error) {
	if err := checkClientName(name); err != nil {
		return report, fmt.Errorf("admitting a client: %w", err)
	}
	c := foreignClient{Client: Client{Name: name, Created: s.now()}, hash: key.Digest(), usable: !key.Empty(), weak: key.Len() < weakBelow}
	err = s.changeClients(ctx, "admitting a client", func(tx *sql.Tx) error {
		report = Admitted{}
		if err := importClient(ctx, tx, &c, true, &report.Imported); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT id FROM clients WHERE hash = ?`, c.hash[:]).Scan(&report.ID)
	})
	return report, err
}

// Admitted says what became of one key.
type Admitted struct {
	Imported
	ID int64 // the client's
}

// foreignClient is a client with its hash. The key itself is dropped as soon
// as it is read.
type foreignClient struct {
	Client
	hash   [sha256.Size]byte
	usable bool
	weak   bool
}

func importClient(ctx context.Context, tx *sql.Tx, c *foreignClient, again bool, report *Imported) error {
	if !c.usable {
		report.Unusable++
		return nil
	}
	var known, removed bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM clients WHERE hash = ?1),
		EXISTS (SELECT 1 FROM removed_clients WHERE hash = ?1)`, c.hash[:]).Scan(&known, &removed)
	switch {
	case err != nil:
		return err
	case known:
		report.Known++
		return nil
	case removed && !again:
		report.Removed++
		return nil
	}
	if _, err := addClient(ctx, tx, c.Client, c.hash); err != nil {
		return err
	}
	report.Added++
	if !c.Active() {
		report.Revoked++
	}
	if c.weak {
		report.Weak++
	}
	return nil
}

// readForeignClients reads the predecessor's table.
func readForeignClients(ctx context.Context, file string) (list []foreignClient, err error) {
	if file, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	// SQLite's own words for these are "unable to open database file".
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	db, err := sql.Open("sqlite", foreignDSN(file))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `
		SELECT api_key, name, created_at, coalesce(revoked, 0) <> 0, coalesce(revoked_at, ''),
			coalesce(last_used_at, ''), coalesce(request_count, 0)
		FROM api_keys ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("it is no database of glm_awsomify_proxy: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		c, err := scanForeign(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// foreignDSN opens somebody else's database without ever writing to it.
func foreignDSN(path string) string {
	path = filepath.ToSlash(path)
	if path[0] != '/' {
		path = "/" + path
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)", "trusted_schema(0)"}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func scanForeign(rows *sql.Rows) (c foreignClient, err error) {
	var key, created, revokedAt, used string
	var revoked bool
	if err := rows.Scan(&key, &c.Name, &created, &revoked, &revokedAt, &used, &c.Uses); err != nil {
		return c, err
	}
	c.hash = hashClientKey(key)
	c.usable = key != "" && !strings.ContainsFunc(key, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || r == ' ' })
	c.weak = len(key) < weakBelow
	c.Name = importedName(c.Name, key)
	c.Created, c.LastUsed = foreignTime(created), foreignTime(used)
	if revoked {
		c.Revoked = foreignTime(revokedAt)
		if c.Revoked.IsZero() { // nobody knows when: at once
			c.Revoked = c.Created
		}
		if c.Revoked.IsZero() {
			c.Revoked = time.Unix(1, 0)
		}
	}
	return c, nil
}

// importedName keeps a name that somebody is used to, unless it could not be
// printed or holds the key itself.
func importedName(name, key string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(name), ""))
	if len(name) > maxClientName {
		name = strings.ToValidUTF8(name[:maxClientName], "")
	}
	if name == "" || (key != "" && strings.Contains(name, key)) || strings.HasPrefix(name, clientKeyPrefix) {
		return "imported"
	}
	return name
}

// foreignTime reads Python's datetime.isoformat(), which is UTC there and has
// no zone; fractions are left out when they are zero. What cannot be read is
// the zero time.
func foreignTime(text string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t
		}
	}
	return time.Time{}
}
