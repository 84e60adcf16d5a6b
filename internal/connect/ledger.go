package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// read reads the ledger; one that is not there is empty.
func (k *Connector) read() (*ledger, error) {
	l := &ledger{Version: ledgerVersion}
	raw, err := os.ReadFile(k.ledgerPath())
	if err == nil {
		if err = json.Unmarshal(raw, l); err != nil {
			err = errors.New("it is no JSON of ours") // whose error would quote it
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
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
func (k *Connector) locked(fn func(l *ledger) error) error {
	if err := os.MkdirAll(k.dataDir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	unlock, err := lockedfile.MutexAt(k.ledgerPath() + ".lock").Lock()
	if err != nil {
		return fmt.Errorf("locking the record of connections: %w", err)
	}
	defer unlock()
	l, err := k.read()
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
