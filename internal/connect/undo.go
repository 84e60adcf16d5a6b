package connect

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// ErrNotConnected is returned for a client that is not connected.
var ErrNotConnected = errors.New("it is not connected")

// Undone is what was done to take one client's connection back.
type Undone struct {
	Client string       `json:"client"`
	KeyID  int64        `json:"key_id,omitempty"` // the key that is needed no more
	Files  []UndoneFile `json:"files"`
}

// UndoneFile is what was done to one file.
type UndoneFile struct {
	Path     string   `json:"path"`
	Removed  bool     `json:"removed,omitempty"`   // it was made by us and held nothing else
	Kept     []string `json:"kept,omitempty"`      // values that were changed since and stay
	FromCopy bool     `json:"from_copy,omitempty"` // the copy of the file as it was is back
	SetAside string   `json:"set_aside,omitempty"` // where the text is that the copy has replaced
	Copy     string   `json:"copy,omitempty"`      // a copy that was not removed
}

// back is a file as undoing leaves it.
type back struct {
	text    []byte // nil: no file
	change  bool
	changed []Edit // not ours any more
}

// undoFile gives what a file is to be without us.
func undoFile(f disk, record File) (back, error) {
	if f.absent {
		return back{}, nil
	}
	d, err := parse(record.Format, f.data)
	if err != nil {
		return back{}, err
	}
	var b back
	if b.changed, err = undo(d, record.Edits); err != nil {
		return back{}, err
	}
	b.text = d.bytes()
	if d.empty() {
		switch {
		case record.Created:
			b.text = nil
		case f.blank():
			b.text = f.data // somebody has emptied it
		case record.Blank != nil:
			b.text = []byte(*record.Blank)
		}
	}
	b.change = b.text == nil || !bytes.Equal(b.text, f.data)
	return b, nil
}

// Undo takes a client's connection back, value by value: what is still ours
// becomes what stood there before, what was changed since stays and is named.
// If a file cannot be read any more, it is left alone, and the connection stays.
func (k *Connector) Undo(id string) (*Undone, error) {
	var u *Undone
	err := k.locked(func(l *ledger) (err error) {
		conn := l.Clients[id]
		if conn == nil {
			return ErrNotConnected
		}
		u, err = k.takeBack(id, conn, false)
		return errors.Join(err, k.forget(l, id, u, err))
	})
	return u, err
}

// forget strikes out of the ledger what was taken back.
func (k *Connector) forget(l *ledger, id string, u *Undone, failed error) error {
	conn := l.Clients[id]
	if failed == nil {
		delete(l.Clients, id)
	} else {
		conn.Files = slices.DeleteFunc(conn.Files, func(f File) bool {
			return slices.ContainsFunc(u.Files, func(x UndoneFile) bool { return x.Path == f.Path })
		})
	}
	return k.write(l)
}

// takeBack undoes one connection. hard puts the copy in the place of a file
// that cannot be undone by value.
func (k *Connector) takeBack(id string, conn *Connection, hard bool) (*Undone, error) {
	u := &Undone{Client: id, KeyID: conn.KeyID, Files: []UndoneFile{}}
	var failed []error
	for _, f := range conn.Files {
		done, err := k.takeBackFile(f)
		if err != nil && hard {
			done, err = k.putCopy(f, err)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", f.Path, err))
			continue
		}
		u.Files = append(u.Files, done)
	}
	for _, f := range conn.Files { // files may share them
		dropFolders(f.Folders)
	}
	return u, errors.Join(failed...)
}

func (k *Connector) takeBackFile(record File) (UndoneFile, error) {
	u := UndoneFile{Path: record.Path}
	f, err := look(record.Path)
	if err != nil {
		return u, err
	}
	b, err := undoFile(f, record)
	if err != nil {
		return u, err
	}
	switch {
	case !b.change:
	case b.text == nil:
		u.Removed = true
		err = f.remove()
	default:
		err = f.write(b.text)
	}
	if err != nil {
		return u, err
	}
	for i := range b.changed {
		u.Kept = append(u.Kept, b.changed[i].Name())
	}
	clean := len(b.changed) == 0
	if !clean && record.Copy != "" && !record.Created {
		u.Copy = filepath.Join(k.copies(), record.Copy)
	}
	return u, k.dropCopy(record, clean)
}

// putCopy puts a file back as it was before the first connection, for want of
// a better way. What stood there is kept beside our data.
func (k *Connector) putCopy(record File, why error) (UndoneFile, error) {
	u := UndoneFile{Path: record.Path, FromCopy: true}
	text, ok := k.copyOf(record)
	if !ok && (!record.Created || record.Copy == "") {
		return u, fmt.Errorf("%w; and there is no copy of how it was", why)
	}
	f, err := look(record.Path)
	if err != nil {
		return u, err
	}
	if !f.absent {
		if u.SetAside, err = k.setAside(f); err != nil {
			return u, err
		}
	}
	if record.Created {
		u.Removed = true
		err = f.remove()
	} else {
		err = f.write(text)
	}
	if err != nil {
		return u, err
	}
	return u, k.dropCopy(record, true)
}

// Restore takes every connection back. It needs the ledger alone; where that is
// unusable, the notes beside the copies, and where a file cannot be undone by
// value, its copy. What could not be done is an error, and stays to be done.
func (k *Connector) Restore() ([]Undone, error) {
	var list []Undone
	noted, broken := k.noted()
	do := func(l *ledger) error {
		var failed []error
		for id, conn := range noted.Clients {
			if l.Clients[id] == nil { // the ledger was removed
				l.Clients[id] = conn
			}
		}
		for _, id := range slices.Sorted(maps.Keys(l.Clients)) {
			u, err := k.takeBack(id, l.Clients[id], true)
			list = append(list, *u)
			failed = append(failed, err, k.forget(l, id, u, err))
		}
		return errors.Join(failed...)
	}
	err := k.locked(do)
	if !errors.Is(err, ErrLedger) {
		return list, err
	}
	// What cannot be read now must not be lost, nor be in the way.
	aside := k.ledgerPath() + "." + k.now().Format(stampForm)
	if err := os.Rename(k.ledgerPath(), aside); err != nil {
		return nil, fmt.Errorf("putting the unreadable record aside: %w", err)
	}
	err = k.locked(do)
	for _, name := range broken {
		err = errors.Join(err, fmt.Errorf("the note beside %s cannot be read; it is a copy of a file as it was before", name))
	}
	return list, err
}
