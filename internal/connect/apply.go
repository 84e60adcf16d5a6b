package connect

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
)

// ErrNeedsKey is returned for a plan in which the key is still to come.
var ErrNeedsKey = errors.New("the client's key is not made yet")

// Apply does what a plan says. keyID is remembered for the day on which the key
// is to be revoked; 0 keeps the one that is remembered. If a file cannot be
// written, what was written is taken back, and the client is connected as it was
// before, with its old key, or not at all. If anything has changed since the plan
// was made, the error is [ErrMeanwhile], and nothing is done.
func (k *Connector) Apply(c *Changes, keyID int64) error {
	if c.NeedsKey {
		return ErrNeedsKey
	}
	return k.locked(func(l *ledger) error {
		id := c.Client.ID
		conn := l.Clients[id]
		if err := k.asPlanned(c, conn); err != nil {
			return err
		}
		if conn != nil {
			was := *conn
			err := k.carryOut(l, conn, c, keyID)
			if err != nil {
				err = errors.Join(err, k.revert(l, conn, c, &was, keyID))
			}
			return err
		}
		conn = &Connection{Since: k.now(), BaseURL: c.wish.BaseURL, KeyID: keyID}
		l.Clients[id] = conn
		err := k.carryOut(l, conn, c, keyID)
		if err != nil {
			u, undoErr := k.takeBack(id, conn, false)
			err = errors.Join(err, undoErr, k.forget(l, id, u, undoErr))
		}
		return err
	})
}

// asPlanned makes sure that a plan still fits: of two that connect one client at
// once the second would otherwise write down values that no file ever had.
func (k *Connector) asPlanned(c *Changes, now *Connection) error {
	if !reflect.DeepEqual(now, c.conn) {
		return fmt.Errorf("%w: %s", ErrMeanwhile, k.ledgerPath())
	}
	for i := range c.Files {
		if c.Files[i].Diff == "" {
			continue
		}
		if err := c.Files[i].disk.unchanged(); err != nil {
			return err
		}
	}
	return nil
}

// carryOut writes: copies first, then the ledger, then the files, so that
// whatever stands in a file is known how to undo. The client has its new key and
// address when all of it is done.
func (k *Connector) carryOut(l *ledger, conn *Connection, c *Changes, keyID int64) error {
	if err := k.prepare(conn, c); err != nil {
		return err
	}
	if err := k.remember(l, c.Client.ID); err != nil {
		return err
	}
	for i := range c.Files {
		if err := c.Files[i].write(); err != nil {
			return err
		}
	}
	conn.BaseURL = c.wish.BaseURL
	if keyID != 0 {
		conn.KeyID = keyID
	}
	k.conclude(conn, c)
	return k.remember(l, c.Client.ID)
}

// prepare keeps the copies, and puts what is going to be done into the ledger.
func (k *Connector) prepare(conn *Connection, c *Changes) error {
	conn.Files = nil
	for i := range c.Files {
		f := &c.Files[i]
		if f.disk.absent && f.record.Folders == nil {
			f.record.Folders = missingFolders(f.disk.real)
		}
		var err error
		if f.keep {
			err = k.keepCopy(c.Client.ID, conn, f.disk, &f.record)
		}
		conn.Files = append(conn.Files, f.record)
		if err != nil {
			return err
		}
	}
	return nil
}

// conclude says that the files hold what the ledger says, and drops what nobody
// needs any more. Where that cannot be removed, the next time tries again.
func (k *Connector) conclude(conn *Connection, c *Changes) {
	conn.Files = nil
	for i := range c.Files {
		f := &c.Files[i]
		if f.left != nil {
			_ = k.dropCopy(*f.left, false)
		}
		if f.drop && k.dropCopy(f.record, f.clean) == nil {
			continue
		}
		f.record.settle()
		conn.Files = append(conn.Files, f.record)
	}
}

// revert takes back what was done to a client that was connected before. A file
// that cannot be taken back keeps its new record, and the client its new key,
// which may stand in that file.
func (k *Connector) revert(l *ledger, conn *Connection, c *Changes, was *Connection, keyID int64) error {
	*conn = *was
	conn.Files = nil
	var failed []error
	for i := range c.Files {
		f := &c.Files[i]
		old := fileOf(was.Files, f.Path)
		if err := f.putBack(); err != nil {
			failed = append(failed, fmt.Errorf("taking back what was written: %w", err))
			conn.Files = append(conn.Files, f.record)
			if keyID != 0 {
				conn.KeyID = keyID
			}
			continue
		}
		if old != nil {
			conn.Files = append(conn.Files, *old)
		}
		if old == nil || old.Copy != f.record.Copy {
			failed = append(failed, k.dropCopy(f.record, true))
		}
	}
	return errors.Join(append(failed, k.remember(l, c.Client.ID))...)
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

// putBack undoes write. What somebody else has written since stays.
func (f *FileChange) putBack() error {
	now, err := look(f.Path)
	switch {
	case err != nil:
		return err
	case f.Diff == "" || now.absent == f.disk.absent && bytes.Equal(now.data, f.disk.data):
		return nil // it never came to be written
	case now.absent != (f.after == nil) || !bytes.Equal(now.data, f.after):
		return fmt.Errorf("%w: %s", ErrMeanwhile, f.Path)
	case f.disk.absent:
		err := now.remove()
		dropFolders(f.record.Folders)
		return err
	}
	now.info = f.disk.info // also where the file has to be made anew
	return now.write(f.disk.data)
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
		list = append(list, dir)
	}
	slices.Reverse(list)
	return list
}
