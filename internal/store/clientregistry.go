package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Clients knows in memory whose key is whose. Run must run for changes of other
// processes to be seen and uses to be written.
type Clients struct {
	store *Store
	log   *slog.Logger
	known atomic.Pointer[map[[sha256.Size]byte]*knownClient]
	dirty atomic.Bool // some use is not written yet

	mu      sync.Mutex // one reload or flush at a time; guards what follows
	version int64
	uses    map[int64]*clientUse // by id; outlives reloads
	failing bool
}

// knownClient is not changed once others see it.
type knownClient struct {
	id     int64
	name   string
	hash   [sha256.Size]byte
	active bool
	use    *clientUse
}

// clientUse is what is not written yet.
type clientUse struct {
	n    atomic.Int64
	last atomic.Int64 // Unix milliseconds
}

// clientsEvery is how often changes are looked for and uses are written. A
// change is in force after that much and the little that reading it takes.
const clientsEvery = time.Second

// maxClientKey bounds what is hashed for a stranger.
const maxClientKey = 1024

// NewClients reads the clients. A nil log is silent.
func NewClients(ctx context.Context, s *Store, log *slog.Logger) (*Clients, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Clients{store: s, log: log, uses: map[int64]*clientUse{}}
	if err := c.Reload(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Who tells whose key was presented and counts the use. It asks nobody but the
// memory. What is looked up and compared is the key's SHA-256, so how long it
// takes says nothing that helps to find a key; a revoked key takes as long as a
// good one.
func (c *Clients) Who(presented string) (name string, ok bool) {
	if presented == "" || len(presented) > maxClientKey {
		return "", false
	}
	hash := hashClientKey(presented)
	k := (*c.known.Load())[hash]
	if k == nil || subtle.ConstantTimeCompare(k.hash[:], hash[:]) != 1 || !k.active {
		return "", false
	}
	k.use.n.Add(1)
	k.use.last.Store(time.Now().UnixMilli())
	if !c.dirty.Load() {
		c.dirty.Store(true)
	}
	return k.name, true
}

// Active is how many keys are accepted.
func (c *Clients) Active() int {
	n := 0
	for _, k := range *c.known.Load() {
		if k.active {
			n++
		}
	}
	return n
}

// Run looks for changes and writes uses until ctx ends. Close writes the rest.
func (c *Clients) Run(ctx context.Context) {
	tick := time.NewTicker(clientsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := c.look(ctx)
		if err == nil {
			err = c.flush(ctx)
		}
		c.tell(ctx, err)
	}
}

// tell logs a trouble when it begins and when it ends, not at each round.
func (c *Clients) tell(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	before := c.failing
	c.failing = err != nil
	c.mu.Unlock()
	switch {
	case err != nil && !before:
		c.log.Error("client keys stay as they were when the database could last be used", "error", err)
	case err == nil && before:
		c.log.Info("client keys are up to date again")
	}
}

// look reads the clients again if somebody changed them.
func (c *Clients) look(ctx context.Context) error {
	version, err := c.store.clientsVersion(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	same := version == c.version
	c.mu.Unlock()
	if same {
		return nil
	}
	return c.Reload(ctx)
}

// Reload reads the clients now, for a change that this process made itself.
func (c *Clients) Reload(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, version, err := c.store.knownClients(ctx)
	if err != nil {
		return err
	}
	known := make(map[[sha256.Size]byte]*knownClient, len(list))
	for i := range list {
		k := &list[i]
		if c.uses[k.id] == nil {
			c.uses[k.id] = new(clientUse)
		}
		k.use = c.uses[k.id]
		known[k.hash] = k
	}
	c.known.Store(&known)
	c.version = version
	return nil
}

// flush writes the uses so far.
func (c *Clients) flush(ctx context.Context) error {
	if !c.dirty.Swap(false) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := map[int64]int64{}
	for id, u := range c.uses {
		if n := u.n.Swap(0); n > 0 {
			taken[id] = n
		}
	}
	err := c.store.write(ctx, "counting the clients' requests", func(tx *sql.Tx) error {
		for id, n := range taken {
			_, err := tx.ExecContext(ctx, `UPDATE clients SET uses = uses + ?, last_used = max(last_used, ?) WHERE id = ?`,
				n, c.uses[id].last.Load(), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for id, n := range taken {
			c.uses[id].n.Add(n)
		}
		c.dirty.Store(true)
	}
	return err
}

// Close writes what is not written yet.
func (c *Clients) Close(ctx context.Context) error { return c.flush(ctx) }

// knownClients reads what a registry needs, and the version of it.
func (s *Store) knownClients(ctx context.Context) (list []knownClient, version int64, err error) {
	err = s.read(ctx, "reading client keys", func(tx *sql.Tx) error {
		if version, err = clientsVersion(ctx, tx); err != nil {
			return err
		}
		list, err = knownClients(ctx, tx)
		return err
	})
	return list, version, err
}

func knownClients(ctx context.Context, tx *sql.Tx) ([]knownClient, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, name, hash, revoked = 0 FROM clients`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []knownClient
	for rows.Next() {
		var k knownClient
		var hash []byte
		if err := rows.Scan(&k.id, &k.name, &hash, &k.active); err != nil {
			return nil, err
		}
		if copy(k.hash[:], hash) != len(k.hash) {
			return nil, fmt.Errorf("client %d has a hash of %d bytes", k.id, len(hash))
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

func (s *Store) clientsVersion(ctx context.Context) (version int64, err error) {
	err = s.read(ctx, "looking for changed client keys", func(tx *sql.Tx) error {
		version, err = clientsVersion(ctx, tx)
		return err
	})
	return version, err
}

func clientsVersion(ctx context.Context, tx *sql.Tx) (version int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT n FROM clients_version`).Scan(&version)
	return version, err
}
