package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// planCopy says what putting the copy of a file back does; the text is nil where
// there was no file. why is what keeps it from being undone by value.
func (k *Connector) planCopy(record File, why error) (p undoing, err error) {
	p.done = UndoneFile{Path: record.Path, FromCopy: true, Removed: record.Created}
	if p.disk, err = look(record.Path); err != nil {
		return p, err
	}
	if record.Created && record.Copy != "" {
		return p, nil
	}
	path, ok := k.copyPath(record)
	if ok {
		p.back.text, err = os.ReadFile(path) //nolint:gosec // in our own folder
	}
	if !ok || err != nil {
		return p, fmt.Errorf("%w; and there is no copy of how it was", why)
	}
	return p, p.disk.writable()
}

// putCopy puts a file back as it was before the first connection, for want of
// a better way. What stood there is kept beside our data.
func (k *Connector) putCopy(record File, why error) (UndoneFile, error) {
	p, err := k.planCopy(record, why)
	u := p.done
	if err != nil {
		return u, err
	}
	if !p.disk.absent {
		if u.SetAside, err = k.setAside(p.disk); err != nil {
			return u, fmt.Errorf("keeping what stands there: %w", err)
		}
	}
	if record.Created {
		err = p.disk.remove()
	} else {
		err = p.disk.write(p.back.text)
	}
	if err != nil {
		return u, errors.Join(err, ignoreMissing(os.Remove(u.SetAside))) // it still stands where it stood
	}
	if err := k.dropCopy(record, true); err != nil {
		return u, fmt.Errorf("it is back from its copy, and what stood there is kept in %s; but %w", u.SetAside, err)
	}
	return u, nil
}

// Restore takes every connection back. It needs the ledger alone; where that is
// unusable, the notes beside the copies, and where a file cannot be undone by
// value, its copy. What could not be done is an error, and stays to be done; so
// does the rest once ctx has ended.
func (k *Connector) Restore(ctx context.Context) ([]Undone, error) {
	var list []Undone
	var lost error
	salvage := func() (l *ledger, err error) {
		l, lost, err = k.salvage()
		return l, err
	}
	err := k.lockedWith(salvage, func(l *ledger) error {
		failed := []error{lost}
		for _, id := range slices.Sorted(maps.Keys(l.Clients)) {
			if ctx.Err() != nil {
				break
			}
			u, err := k.takeBack(id, l.Clients[id], true)
			list = append(list, *u)
			failed = append(failed, err, k.forget(l, id, u, err))
		}
		return errors.Join(append(failed, Stopped(ctx, slices.Sorted(maps.Keys(l.Clients))...))...)
	})
	return list, err
}

// Stopped is the error of an undoing that ended with its context, nil if that has
// not ended or no client was left: it names those that stay connected.
func Stopped(ctx context.Context, ids ...string) error {
	if ctx.Err() == nil || len(ids) == 0 {
		return nil
	}
	s := stopped{cause: ctx.Err()}
	for _, id := range ids {
		client, _ := Find(id)
		s.names = append(s.names, cmp.Or(client.Name, id))
	}
	return s
}

// stopped says what a context's end has left; the words of that end say nothing
// to people.
type stopped struct {
	names []string
	cause error
}

func (s stopped) Error() string { return "stopped; still connected: " + strings.Join(s.names, ", ") }
func (s stopped) Unwrap() error { return s.cause }

// ErrConnected is returned where something is still to be undone.
var ErrConnected = errors.New("agents are still connected")

// Clear removes what is left of the records once everything is undone. Copies of
// files as they were, which were kept for the user, stay and are named, and so is
// a ledger that could not be read.
func (k *Connector) Clear() (kept []string, err error) {
	if k.Connected() {
		return nil, ErrConnected
	}
	_ = os.Remove(k.copies()) // unless something is kept there
	kept = entries(k.copies(), "", "")
	lock := k.ledgerPath() + ".lock"
	litter := append(entries(k.dataDir, tempPrefix, tempSuffix), lock)
	for _, path := range litter {
		err = errors.Join(err, ignoreMissing(os.Remove(path)))
	}
	for _, path := range entries(k.dataDir, ledgerName+".", "") {
		if path != lock {
			kept = append(kept, path)
		}
	}
	return kept, err
}

// PlanRestore says what [Connector.Restore] would do. It writes nothing.
func (k *Connector) PlanRestore() (list []Undone, err error) {
	l, err := k.read()
	var failed []error
	if err != nil {
		var broken []string
		l, broken = k.noted()
		for _, copied := range broken {
			failed = append(failed, lostNote(copied))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.Clients)) {
		u, err := takeBackWith(id, l.Clients[id], func(f File) (UndoneFile, error) {
			p, err := k.planBack(f)
			if errors.Is(err, ErrCannotEdit) {
				p, err = k.planCopy(f, err)
			}
			return p.done, err
		})
		list = append(list, *u)
		failed = append(failed, err)
	}
	return list, errors.Join(failed...)
}

// salvage reads the ledger, or what can be known without it, and puts aside what
// cannot be read: it must not be lost, nor be in the way. lost names what is known
// of nothing else.
func (k *Connector) salvage() (l *ledger, lost, err error) {
	l, err = k.readFile()
	_, broken := k.noted()
	var all []error
	for _, copied := range broken {
		if l.names(copied) {
			continue // the ledger knows better
		}
		aside := free(copied + ".unreadable")
		if err := os.Rename(copied+noteSuffix, aside); err != nil {
			return nil, nil, fmt.Errorf("putting an unreadable note aside: %w", err)
		}
		all = append(all, fmt.Errorf("%w; it is %s now", lostNote(copied), aside))
	}
	if errors.Is(err, ErrLedger) {
		aside := free(k.ledgerPath() + "." + k.now().Format(stampForm))
		if err := os.Rename(k.ledgerPath(), aside); err != nil {
			return nil, nil, fmt.Errorf("putting the unreadable record aside: %w", err)
		}
	}
	l, err = k.read()
	return l, errors.Join(all...), err
}

// names reports whether the ledger has a file whose copy is this one.
func (l *ledger) names(copied string) bool {
	if l == nil {
		return false
	}
	for _, c := range l.Clients {
		if slices.ContainsFunc(c.Files, func(f File) bool { return f.Copy == filepath.Base(copied) }) {
			return true
		}
	}
	return false
}
