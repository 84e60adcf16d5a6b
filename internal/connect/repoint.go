package connect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Repointed is what was done when the proxy's address moved.
type Repointed struct {
	Client string
	From   string   // the address it had
	Kept   []string // addresses that are not ours any more: "FILE: NAME"
}

// Repoint gives the connected clients another address of the proxy. Only values
// that are still ours are changed.
func (k *Connector) Repoint(base string) ([]Repointed, error) {
	if !k.Connected() {
		return nil, nil // without a lock, and without making a folder
	}
	var list []Repointed
	err := k.locked(func(l *ledger) error {
		var failed []error
		for _, id := range slices.Sorted(maps.Keys(l.Clients)) {
			conn := l.Clients[id]
			if conn.BaseURL == base && !conn.halfway() {
				continue
			}
			r := Repointed{Client: id, From: conn.BaseURL}
			if err := k.repoint(l, id, base, &r); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", id, err))
				continue
			}
			list = append(list, r)
		}
		return errors.Join(failed...)
	})
	return list, err
}

// repoint changes one client. Until the files are written the ledger knows both
// addresses of each value, and the client as one of the old address: where it
// could not be changed, the next start tries again.
func (k *Connector) repoint(l *ledger, id, base string, r *Repointed) error {
	conn := l.Clients[id]
	type moved struct {
		disk  disk
		after []byte
	}
	var writes []moved
	files := slices.Clone(conn.Files)
	for i := range files {
		f, err := look(files[i].Path)
		if err != nil {
			return err
		}
		if f.absent {
			r.Kept = append(r.Kept, files[i].Path+": the file is gone")
			continue
		}
		after, kept, err := repointFile(f, &files[i], base)
		if err != nil {
			return fmt.Errorf("%s: %w", files[i].Path, err)
		}
		r.Kept = append(r.Kept, kept...)
		if after != nil {
			writes = append(writes, moved{f, after})
		}
	}
	conn.Files = files
	if err := k.remember(l, id); err != nil {
		return err
	}
	for _, m := range writes {
		if err := m.disk.write(m.after); err != nil {
			return err
		}
	}
	for i := range files {
		files[i].settle()
	}
	conn.BaseURL = base
	return k.remember(l, id)
}

// repointFile gives the text of a file with the new address; nil if nothing
// changes.
func repointFile(f disk, record *File, base string) (after []byte, kept []string, err error) {
	d, err := parse(record.Format, f.data)
	if err != nil {
		return nil, nil, err
	}
	record.Edits = slices.Clone(record.Edits)
	for i := range record.Edits {
		e := &record.Edits[i]
		if e.Address == nil {
			continue
		}
		standing := e.standing(d)
		if standing == "" {
			kept = append(kept, record.Path+": "+e.Name())
			continue
		}
		text := d.write(base + *e.Address)
		meaning, err := d.meaning(text)
		if err != nil {
			return nil, nil, err
		}
		*e = e.rewritten(standing, meaning)
		if standing == meaning {
			continue // an earlier try got as far as this
		}
		if _, err := d.set(e.Path, text); err != nil {
			return nil, nil, err
		}
		after = d.bytes()
	}
	return after, kept, nil
}
