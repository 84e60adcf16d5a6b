package connect

import (
	"errors"
	"path/filepath"
)

// ErrNeedsKey is returned for a plan in which the key is still to come.
var ErrNeedsKey = errors.New("the client's key is not made yet")

// Apply does what a plan says. keyID is remembered for the day on which the key
// is to be revoked; 0 keeps the one that is remembered. If a file cannot be
// written, what was written for a client that was not connected before is taken
// back.
func (k *Connector) Apply(c *Changes, keyID int64) error {
	if c.NeedsKey {
		return ErrNeedsKey
	}
	fresh := false
	err := k.locked(func(l *ledger) error {
		conn := l.Clients[c.Client.ID]
		if fresh = conn == nil; fresh {
			conn = &Connection{Since: k.now()}
			l.Clients[c.Client.ID] = conn
		}
		conn.BaseURL = c.wish.BaseURL
		if keyID != 0 {
			conn.KeyID = keyID
		}
		return k.carryOut(l, conn, c)
	})
	if err != nil && fresh {
		if _, undoErr := k.Undo(c.Client.ID); undoErr != nil && !errors.Is(undoErr, ErrNotConnected) {
			err = errors.Join(err, undoErr)
		}
	}
	return err
}

// carryOut writes: copies first, then the ledger, then the files, so that
// whatever stands in a file is known how to undo.
func (k *Connector) carryOut(l *ledger, conn *Connection, c *Changes) error {
	conn.Files = nil
	for i := range c.Files {
		f := &c.Files[i]
		if f.keep {
			name, err := k.keepCopy(c.Client.ID, f.disk)
			if err != nil {
				return err
			}
			f.record.Copy = name
		}
		if f.disk.absent && f.record.Folders == nil {
			f.record.Folders = missingFolders(f.disk.real)
		}
		conn.Files = append(conn.Files, f.record)
	}
	if err := k.remember(l, c.Client.ID); err != nil {
		return err
	}
	for i := range c.Files {
		if err := c.Files[i].write(); err != nil {
			return err
		}
	}
	conn.Files = nil
	for i := range c.Files {
		f := &c.Files[i]
		if !f.drop {
			f.record.settle()
			conn.Files = append(conn.Files, f.record)
		} else if err := k.dropCopy(f.record, true); err != nil {
			return err
		}
	}
	return k.remember(l, c.Client.ID)
}

// write does what is planned for one file.
func (f *FileChange) write() error {
	switch {
	case f.Diff == "":
		return nil
	case f.after == nil:
		err := f.disk.remove()
		dropFolders(f.record.Folders)
		return err
	}
	return f.disk.write(f.after)
}

// remember writes the ledger, and the notes that stand in for it.
func (k *Connector) remember(l *ledger, id string) error {
	for _, f := range l.Clients[id].Files {
		if err := k.noteEdits(id, l.Clients[id], f); err != nil {
			return err
		}
	}
	return k.write(l)
}

func missingFolders(path string) []string {
	var list []string
	for dir := filepath.Dir(path); !exists(dir) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		list = append([]string{dir}, list...)
	}
	return list
}
