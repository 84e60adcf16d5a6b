package connect

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// ErrNotConnected is returned for a client that is not connected.
var ErrNotConnected = errors.New("it is not connected")

// Undone is what was done to take one client's connection back, or would be.
type Undone struct {
	Client string       `json:"client"`
	KeyID  int64        `json:"key_id,omitempty"` // the key that is needed no more
	Files  []UndoneFile `json:"files"`            // those that are as they should be
	Failed bool         `json:"failed,omitempty"` // others are not, and stay connected
}

// UndoneFile is what was done to one file.
type UndoneFile struct {
	Path     string   `json:"path"`
	Removed  bool     `json:"removed,omitempty"`   // it was made by us and held nothing else
	Gone     bool     `json:"gone,omitempty"`      // somebody had removed it before, and it stays so
	Kept     []string `json:"kept,omitempty"`      // values that were changed since and stay
	FromCopy bool     `json:"from_copy,omitempty"` // the copy of the file as it was is back
	SetAside string   `json:"set_aside,omitempty"` // where the text is that the copy has replaced
	Copy     string   `json:"copy,omitempty"`      // a copy that was not removed
}

// back is a file as undoing leaves it.
type back struct {
	text    []byte // nil: no file
	change  bool
	gone    bool   // somebody has removed it, and with it what is not ours
	changed []Edit // not ours any more
}

// clean reports whether nothing of the connection is left, so that nobody needs
// the copy any more.
func (b *back) clean() bool { return !b.gone && len(b.changed) == 0 }

// undoFile gives what a file is to be without us.
func undoFile(f disk, record File) (back, error) {
	if f.absent || len(record.Edits) == 0 { // nothing was written, or all of it is gone
		return back{gone: f.absent && len(record.Edits) > 0 && !record.Created}, nil
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
	u, err := takeBackWith(id, conn, func(f File) (UndoneFile, error) {
		done, err := k.takeBackFile(f)
		if hard && errors.Is(err, ErrCannotEdit) {
			done, err = k.putCopy(f, err)
		}
		return done, err
	})
	for _, f := range conn.Files { // files may share them
		dropFolders(f.Folders)
	}
	return u, err
}

// takeBackWith does one thing with each file of a connection.
func takeBackWith(id string, conn *Connection, do func(File) (UndoneFile, error)) (*Undone, error) {
	u := &Undone{Client: id, KeyID: conn.KeyID, Files: []UndoneFile{}}
	var failed []error
	for _, f := range conn.Files {
		done, err := do(f)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", f.Path, err))
			continue
		}
		u.Files = append(u.Files, done)
	}
	if len(failed) > 0 {
		u.Failed, u.KeyID = true, 0 // the key stands in what could not be undone
	}
	return u, errors.Join(failed...)
}

// undoing is what is to be done to one file.
type undoing struct {
	disk disk
	back back
	done UndoneFile // what can be said of it then
}

// planBack says what undoing one file does.
func (k *Connector) planBack(record File) (p undoing, err error) {
	p.done.Path = record.Path
	if p.disk, err = look(record.Path); err != nil {
		return p, err
	}
	if p.back, err = undoFile(p.disk, record); err == nil && p.back.text != nil && p.back.change {
		err = p.disk.writable()
	}
	if err != nil {
		return p, err
	}
	p.done.Removed = p.back.change && p.back.text == nil
	p.done.Gone = p.back.gone
	p.done.Kept = namesOf(p.back.changed)
	if !p.back.clean() {
		p.done.Copy, _ = k.copyPath(record)
	}
	return p, nil
}

func (k *Connector) takeBackFile(record File) (UndoneFile, error) {
	p, err := k.planBack(record)
	switch {
	case err != nil:
		return p.done, err
	case !p.back.change:
	case p.back.text == nil:
		err = p.disk.remove()
	default:
		err = p.disk.write(p.back.text)
	}
	if err != nil {
		return p.done, err
	}
	return p.done, k.dropCopy(record, p.back.clean())
}
