package connect

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

// keepCopy puts a file as it was beside our data, with its note. Of a file that
// is not there yet the note alone is kept.
func (k *Connector) keepCopy(client string, c *Connection, f disk, record *File) error {
	path := k.dated(client, f)
	if !f.absent {
		if err := k.put(path, f.data); err != nil {
			return fmt.Errorf("keeping a copy of %s: %w", f.path, err)
		}
	}
	record.Copy = filepath.Base(path)
	// The note takes the name where there is no copy to take it: files of one
	// name in several folders are each to have their own.
	return k.noteEdits(client, c, *record)
}

// dated gives a name in the folder of copies that nothing has yet: when, whose,
// and the name of the file. Several clients' files are called settings.json.
func (k *Connector) dated(whose string, f disk) string {
	name := k.now().Format(stampForm) + "-" + whose + "-" + strings.TrimPrefix(filepath.Base(f.path), ".")
	return free(filepath.Join(k.copies(), name))
}

// put writes into the folder of copies.
func (k *Connector) put(path string, text []byte) error {
	if err := os.MkdirAll(k.copies(), 0o700); err != nil {
		return err
	}
	return replace(path, text, nil)
}

// free gives a path that nothing has yet, be it a number longer.
func free(path string) string {
	name := path
	for n := 2; exists(name) || exists(name+noteSuffix); n++ {
		name = fmt.Sprintf("%s-%d", path, n)
	}
	return name
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
		err = k.put(filepath.Join(k.copies(), f.Copy+noteSuffix), append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("noting what is done to %s: %w", f.Path, err)
	}
	return nil
}

// dropCopy removes a copy and its note, or the note alone. A copy whose note
// stays is not removed: the note would lead nowhere.
func (k *Connector) dropCopy(f File, whole bool) error {
	if f.Copy == "" {
		return nil
	}
	path := filepath.Join(k.copies(), filepath.Base(f.Copy))
	err := ignoreMissing(os.Remove(path + noteSuffix))
	if err == nil && whole {
		err = ignoreMissing(os.Remove(path))
		_ = os.Remove(k.copies()) // unless there are others
	}
	if err != nil {
		return fmt.Errorf("removing the copy of how it was: %w", err)
	}
	return nil
}

// copyPath gives the place of a file as it was; false if no copy is there.
func (k *Connector) copyPath(f File) (string, bool) {
	if f.Copy == "" || f.Created {
		return "", false
	}
	path := filepath.Join(k.copies(), filepath.Base(f.Copy))
	return path, exists(path)
}

// noted rebuilds the ledger from the notes beside the copies, for when it is
// unusable itself. The copies whose notes cannot be read are named.
func (k *Connector) noted() (l *ledger, broken []string) {
	l = &ledger{Version: ledgerVersion, Clients: map[string]*Connection{}}
	for _, path := range k.notes() {
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

// notes are the notes' paths, the oldest first.
func (k *Connector) notes() []string { return entries(k.copies(), "", noteSuffix) }

// entries are the paths in a folder whose names begin and end so, in their
// order. Unlike a pattern it takes a folder's name as it is, brackets and all.
func entries(dir, prefix, suffix string) (paths []string) {
	list, _ := os.ReadDir(dir) // of a folder that cannot be read nothing is known
	for _, e := range list {
		if strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

// setAside keeps what stands in a file before a copy is put in its place.
func (k *Connector) setAside(f disk) (string, error) {
	path := k.dated("set-aside", f)
	return path, k.put(path, f.data)
}

// now is the clock, cut to the second.
func (k *Connector) now() time.Time {
	if k.clock != nil {
		return k.clock()
	}
	return time.Now().Truncate(time.Second)
}
