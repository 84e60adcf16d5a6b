package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	copiesName = "connect-copies"
	noteSuffix = ".edits.json"
	stampForm  = "20060102-150405"
)

func (k *Connector) copies() string { return filepath.Join(k.dataDir, copiesName) }

// note lies beside a copy and says whose it is and what was done since, so that
// the ledger is not the only one to know.
type note struct {
	Client     string     `json:"client"`
	Connection Connection `json:"connection"` // with this one file
}

// keepCopy puts a file as it was beside our data, and gives the copy's name. Of
// a file that is not there yet only the note is kept.
func (k *Connector) keepCopy(client string, f disk) (string, error) {
	if err := os.MkdirAll(k.copies(), 0o700); err != nil {
		return "", fmt.Errorf("keeping a copy: %w", err)
	}
	stem := k.now().Format(stampForm) + "-" + client + "-" + strings.TrimPrefix(filepath.Base(f.path), ".")
	name := stem
	for n := 2; exists(filepath.Join(k.copies(), name)) || exists(filepath.Join(k.copies(), name+noteSuffix)); n++ {
		name = fmt.Sprintf("%s-%d", stem, n)
	}
	if f.absent {
		return name, nil
	}
	if err := replace(filepath.Join(k.copies(), name), f.data, nil); err != nil {
		return "", fmt.Errorf("keeping a copy of %s: %w", f.path, err)
	}
	return name, nil
}

// noteEdits writes what was done to a file beside its copy.
func (k *Connector) noteEdits(client string, c *Connection, f File) error {
	if f.Copy == "" {
		return nil
	}
	one := *c
	one.Files = []File{f}
	raw, err := json.MarshalIndent(note{client, one}, "", "  ")
	if err == nil {
		err = replace(filepath.Join(k.copies(), f.Copy+noteSuffix), append(raw, '\n'), nil)
	}
	if err != nil {
		return fmt.Errorf("noting what is done to %s: %w", f.Path, err)
	}
	return nil
}

// dropCopy removes a copy and its note, or the note alone.
func (k *Connector) dropCopy(f File, whole bool) error {
	if f.Copy == "" {
		return nil
	}
	err := ignoreMissing(os.Remove(filepath.Join(k.copies(), f.Copy+noteSuffix)))
	if whole {
		err = errors.Join(err, ignoreMissing(os.Remove(filepath.Join(k.copies(), f.Copy))))
		_ = os.Remove(k.copies()) // unless there are others
	}
	return err
}

// copyOf gives a file as it was; false if no copy is there.
func (k *Connector) copyOf(f File) ([]byte, bool) {
	if f.Copy == "" || f.Created {
		return nil, false
	}
	raw, err := os.ReadFile(filepath.Join(k.copies(), filepath.Base(f.Copy))) //nolint:gosec // in our own folder
	return raw, err == nil
}

// noted rebuilds the ledger from the notes beside the copies, for when it is
// unusable itself. Notes that cannot be read are named.
func (k *Connector) noted() (l *ledger, broken []string) {
	l = &ledger{Version: ledgerVersion, Clients: map[string]*Connection{}}
	list, err := filepath.Glob(filepath.Join(k.copies(), "*"+noteSuffix))
	if err != nil {
		return l, nil
	}
	slices.Sort(list)
	for _, path := range list {
		var n note
		raw, err := os.ReadFile(path) //nolint:gosec // in our own folder
		if err != nil || json.Unmarshal(raw, &n) != nil || n.Client == "" || len(n.Connection.Files) != 1 {
			broken = append(broken, strings.TrimSuffix(path, noteSuffix))
			continue
		}
		if c := l.Clients[n.Client]; c != nil {
			c.Files = append(c.Files, n.Connection.Files...)
			continue
		}
		l.Clients[n.Client] = &n.Connection
	}
	return l, broken
}

// setAside keeps what stood in a file before a copy was put in its place.
func (k *Connector) setAside(f disk) (string, error) {
	path := filepath.Join(k.copies(), k.now().Format(stampForm)+"-set-aside-"+strings.TrimPrefix(filepath.Base(f.path), "."))
	if err := os.MkdirAll(k.copies(), 0o700); err != nil {
		return "", err
	}
	return path, replace(path, f.data, nil)
}

// now is the clock, cut to the second.
func (k *Connector) now() time.Time {
	if k.clock != nil {
		return k.clock()
	}
	return time.Now().Truncate(time.Second)
}
