package connect

import (
	"time"
)

// State is how a client stands.
type State struct {
	Client    Client
	Found     string // how it was found on this machine; "": it was not
	Connected bool
	Since     time.Time
	BaseURL   string // which it was given
	KeyID     int64
	Files     []string
	Changed   []string // values of ours that somebody has changed since: "FILE: NAME"
}

// Detect looks at every client. A ledger that cannot be read is an error
// ([ErrLedger]), and the states are given as the notes have them.
func (k *Connector) Detect() ([]State, error) {
	l, err := k.read()
	if err != nil {
		l, _ = k.noted()
	}
	var list []State
	for _, c := range Clients() {
		s := State{Client: c, Found: c.find(k.env)}
		if conn := l.Clients[c.ID]; conn != nil {
			s.Connected, s.Since, s.BaseURL, s.KeyID = true, conn.Since, conn.BaseURL, conn.KeyID
			for _, f := range conn.Files {
				s.Files = append(s.Files, f.Path)
				for _, name := range changedIn(f) {
					s.Changed = append(s.Changed, f.Path+": "+name)
				}
			}
		}
		list = append(list, s)
	}
	return list, err
}

// changedIn names the values of a file that somebody has changed since.
func changedIn(f File) []string {
	now, err := look(f.Path)
	if err != nil {
		return []string{"the file cannot be read"}
	}
	if now.absent {
		return []string{"the file is gone"}
	}
	d, err := parse(f.Format, now.data)
	if err != nil {
		return []string{"the file cannot be read"}
	}
	return drifted(d, f.Edits)
}

// Connections are the connected clients by id.
func (k *Connector) Connections() (map[string]*Connection, error) {
	l, err := k.read()
	if err != nil {
		return nil, err
	}
	return l.Clients, nil
}

// Connected reports whether there is anything to undo.
func (k *Connector) Connected() bool { return exists(k.ledgerPath()) || len(k.notes()) > 0 }
