package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// ErrLedger means that the ledger cannot be read; [Connector.Restore] works
// without it.
var ErrLedger = errors.New("the record of connections cannot be read")

const (
	ledgerName    = "connections.json"
	ledgerVersion = 1
)

// Connection is what the ledger keeps of one client.
type Connection struct {
	Since   time.Time `json:"since"`
	BaseURL string    `json:"base_url"` // which the client was given last
	KeyID   int64     `json:"key_id"`   // whose key it has, as the caller knows it; 0: nobody's
	Files   []File    `json:"files,omitempty"`
}

// File is what was done to one file.
type File struct {
	Path    string   `json:"path"`
	Format  string   `json:"format"`
	Created bool     `json:"created,omitempty"` // there was none
	Folders []string `json:"folders,omitempty"` // that were made for it, the outermost first
	Blank   *string  `json:"blank,omitempty"`   // all that stood in it, where that was nothing but blanks
	Copy    string   `json:"copy,omitempty"`    // of how it was, in the folder of copies
	Edits   []Edit   `json:"edits"`
}

// halfway reports whether some values were to be changed, and it is not known
// whether they were.
func (c *Connection) halfway() bool {
	return slices.ContainsFunc(c.Files, func(f File) bool {
		return slices.ContainsFunc(f.Edits, func(e Edit) bool { return e.Was != "" })
	})
}

// settle says that the file holds what the edits say.
func (f *File) settle() {
	for i := range f.Edits {
		f.Edits[i].Was = ""
	}
}

// ledger is the whole record.
type ledger struct {
	Version int                    `json:"version"`
	Clients map[string]*Connection `json:"clients"`
}

func (k *Connector) ledgerPath() string { return filepath.Join(k.dataDir, ledgerName) }

// read reads the ledger. What it lacks and the notes know is taken from them: a
// client that was forgotten would be connected anew, and our own values taken for
// the user's.
func (k *Connector) read() (*ledger, error) {
	l, err := k.readFile()
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, err
	}
	noted, broken := k.noted()
	if missing && len(broken) > 0 {
		return nil, fmt.Errorf("%w: %s is gone, and %w", ErrLedger, k.ledgerPath(), lostNote(broken[0]))
	}
	if missing {
		return noted, nil
	}
	for id, c := range noted.Clients {
		if l.Clients[id] == nil {
			l.Clients[id] = c
		}
	}
	return l, nil
}

// lostNote says what is known of a copy whose note cannot be read.
func lostNote(copied string) error {
	if !exists(copied) {
		return fmt.Errorf("%s, which says what was done to a file, cannot be read", copied+noteSuffix)
	}
	return fmt.Errorf("%s, which says what was done to a file, cannot be read; %s is that file as it was before", copied+noteSuffix, copied)
}

// readFile reads the ledger's file; fs.ErrNotExist if there is none.
func (k *Connector) readFile() (*ledger, error) {
	l := &ledger{Version: ledgerVersion}
	raw, err := os.ReadFile(k.ledgerPath())
	if err == nil {
		if err = json.Unmarshal(raw, l); err != nil {
			err = errors.New("it is no JSON of ours") // whose error would quote it
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrLedger, k.ledgerPath(), err)
	case l.Version != ledgerVersion:
		return nil, fmt.Errorf("%w: %s is of another version of glmtray (%d)", ErrLedger, k.ledgerPath(), l.Version)
	}
	if l.Clients == nil {
		l.Clients = map[string]*Connection{}
	}
	for id, c := range l.Clients {
		if c == nil {
			delete(l.Clients, id)
		}
	}
	return l, nil
}

// write writes the ledger; an empty one is removed.
func (k *Connector) write(l *ledger) error {
	if len(l.Clients) == 0 {
		return ignoreMissing(os.Remove(k.ledgerPath()))
	}
	raw, err := json.MarshalIndent(l, "", "  ")
	if err == nil {
		err = replace(k.ledgerPath(), append(raw, '\n'), nil)
	}
	if err != nil {
		return fmt.Errorf("writing the record of connections: %w", err)
	}
	return nil
}

// locked runs fn with the ledger, which nobody else changes meanwhile.
func (k *Connector) locked(fn func(l *ledger) error) error { return k.lockedWith(k.read, fn) }

// lockedWith is locked for who reads the ledger in another way.
func (k *Connector) lockedWith(read func() (*ledger, error), fn func(l *ledger) error) error {
	if err := os.MkdirAll(k.dataDir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	unlock, err := lockedfile.MutexAt(k.ledgerPath() + ".lock").Lock()
	if err != nil {
		return fmt.Errorf("locking the record of connections: %w", err)
	}
	defer unlock()
	l, err := read()
	if err != nil {
		return err
	}
	return fn(l)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
