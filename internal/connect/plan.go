package connect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Connector connects the clients of one user to the proxy of one data folder.
type Connector struct {
	env     Env
	dataDir string
	clock   func() time.Time // nil: the system's; for tests
}

// New makes a connector. Nothing is read or written yet.
func New(env Env, dataDir string) *Connector { return &Connector{env: env, dataDir: dataDir} }

// Changes are what connecting a client would do. Nothing of it is done yet.
type Changes struct {
	Client Client
	Files  []FileChange
	// Notes are what a person should know: what stands in the way, what was
	// changed by others since.
	Notes []string
	// NeedsKey says that a key has to be made, and the plan with it.
	NeedsKey bool

	wish Wish
	conn *Connection // as the ledger had it; nil: not connected
}

// FileChange is what would be done to one file.
type FileChange struct {
	Path string
	New  bool   // there is no such file yet
	Diff string // for people; without keys. "" if nothing changes
	// Kept are values that were changed since and stay, where the file leaves the
	// connection.
	Kept []string

	disk   disk
	after  []byte
	record File
	keep   bool  // a copy is kept of how the file is now
	drop   bool  // the file is no longer one of the client's
	clean  bool  // nothing of the connection is left in it then
	left   *File // its record until now, whose copy stays for the user; nil: that goes on
}

// Empty reports whether everything is as wished already.
func (c *Changes) Empty() bool {
	return !slices.ContainsFunc(c.Files, func(f FileChange) bool { return f.Diff != "" })
}

// Plan says what connecting a client would change. It writes nothing.
func (k *Connector) Plan(id string, w Wish) (*Changes, error) {
	client, ok := Find(id)
	if !ok {
		return nil, fmt.Errorf("there is no client %q", id)
	}
	c := &Changes{Client: client, wish: w}
	l, err := k.read()
	if err != nil {
		return nil, err
	}
	var known []File
	if c.conn = l.Clients[id]; c.conn != nil {
		known = c.conn.Files
	}
	if !client.Writes() {
		c.NeedsKey = client.Unreachable == "" && w.key() == KeyToCome
		return c, nil
	}
	w.Default = w.Default || k.usual(client, w, known)
	targets := client.targets(k.env, w)
	for _, t := range targets {
		if err := c.add(t, fileOf(known, t.path)); err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
	}
	gone := slices.DeleteFunc(slices.Clone(known), func(f File) bool {
		return slices.ContainsFunc(targets, func(t target) bool { return t.path == f.Path })
	})
	if err := c.leaveAll(gone); err != nil {
		return nil, err
	}
	for i := range c.Files {
		k.tellLeft(c, &c.Files[i])
	}
	return c, nil
}

// PlanUndo says what [Connector.Undo] would change. It writes nothing.
func (k *Connector) PlanUndo(id string) ([]FileChange, error) {
	l, err := k.read()
	if err != nil {
		return nil, err
	}
	conn := l.Clients[id]
	if conn == nil {
		return nil, ErrNotConnected
	}
	var c Changes
	err = c.leaveAll(conn.Files)
	return c.Files, err
}

// usual reports whether the client was made to use us as its usual choice
// before: then it stays so.
func (k *Connector) usual(client Client, w Wish, known []File) bool {
	without, with := w, w
	without.Default, with.Default = false, true
	plain := client.targets(k.env, without)
	return slices.ContainsFunc(client.targets(k.env, with), func(t target) bool {
		return fileOf(known, t.path) != nil && !slices.ContainsFunc(plain, func(p target) bool { return p.path == t.path })
	})
}

func fileOf(files []File, path string) *File {
	for i := range files {
		if files[i].Path == path {
			return &files[i]
		}
	}
	return nil
}

// add plans one file. prev is what was done to it before, or nil.
func (c *Changes) add(t target, prev *File) error {
	f, err := look(t.path)
	if err != nil {
		return err
	}
	d, err := parse(t.format, f.data)
	if err != nil {
		return err
	}
	fc := FileChange{Path: t.path, New: f.absent, disk: f, record: begin(t, f, prev)}
	edits := fc.record.Edits
	before := bytes.Clone(d.bytes())
	stale := c.wish.leftover(t.wants, d)
	if prev != nil {
		c.tellDrift(t.path, d, edits)
		stale = func(want, string) bool { return false }
	}
	if fc.record.Edits, err = change(d, edits, t.wants, stale); err != nil {
		return err
	}
	found := fc.record.Copy == "" && c.found(t, before, edits, fc.record.Edits)
	c.conflicts(t, d, fc.record.Edits, edits)
	if fc.after = d.bytes(); !bytes.Equal(fc.after, before) || f.absent {
		fc.Diff = diffOf(t.path, f, fc.after)
	}
	fc.keep = fc.Diff != "" && fc.record.Copy == "" && len(edits) == 0 && !found // never of our own values
	c.NeedsKey = c.NeedsKey || t.needsKey(d)
	fc.left = prev.left(&fc.record)
	c.Files = append(c.Files, fc)
	return nil
}

// left is a record whose copy stays, since the next one goes without it; nil: it
// goes on with it.
func (f *File) left(next *File) *File {
	if f == nil || f.Copy == next.Copy {
		return nil
	}
	return f
}

// needsKey reports whether the key that is to come stands in a file.
func (t target) needsKey(d document) bool {
	return slices.ContainsFunc(t.wants, func(w want) bool {
		text, _ := d.value(w.path)
		return w.secret && text == d.write(KeyToCome)
	})
}

// begin is a file's record before this plan.
func begin(t target, f disk, prev *File) File {
	record := File{Path: t.path, Format: t.format, Created: f.absent}
	switch {
	case prev != nil && !f.absent:
		return *prev
	case prev != nil && prev.Created: // somebody has removed it, which leaves nothing of theirs
		record.Copy = prev.Copy
	case prev != nil: // somebody has removed what was theirs: its copy is no longer ours to remove
	case !f.absent && f.blank():
		blank := string(f.data)
		record.Blank = &blank
	}
	return record
}

// leaveAll is leave for several files.
func (c *Changes) leaveAll(files []File) error {
	for _, f := range files {
		if err := c.leave(f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// leave plans that a file which is none of the client's any more gets back what
// stood there.
func (c *Changes) leave(prev File) error {
	f, err := look(prev.Path)
	if err != nil {
		return err
	}
	back, err := undoFile(f, prev)
	if err != nil {
		return err
	}
	fc := FileChange{
		Path: prev.Path, Kept: namesOf(back.changed),
		disk: f, after: back.text, record: prev, drop: true, clean: back.clean(),
	}
	if back.change {
		fc.Diff = diffOf(prev.Path, f, back.text)
	}
	c.Files = append(c.Files, fc)
	return nil
}

// tellLeft says what others have made of a file that is none of the client's any
// more, or that was removed, and where the copy is that stays.
func (k *Connector) tellLeft(c *Changes, f *FileChange) {
	record := &f.record
	switch {
	case f.drop && !f.clean:
		c.tell("%s is no longer a file of %s. Somebody has changed it since, which stays so: %s.",
			f.Path, c.Client.Name, cmp.Or(strings.Join(f.Kept, ", "), "it is gone"))
	case f.left != nil:
		record = f.left
		c.tell("%s was removed by somebody else since, so it is made anew.", f.Path)
	default:
		return
	}
	if path, ok := k.copyPath(*record); ok {
		c.tell("How it was before is kept in %s.", path)
	}
}

// found reports whether a file held values of ours that the ledger did not
// know: then it is no file to keep a copy of.
func (c *Changes) found(t target, before []byte, prev, edits []Edit) bool {
	d, err := parse(t.format, before)
	if err != nil {
		return false
	}
	for _, e := range edits {
		known := slices.ContainsFunc(prev, func(p Edit) bool { return slices.Equal(p.Path, e.Path) })
		if _, there := d.value(e.Path); there && !known && !e.Had && !e.Holder {
			c.tell("%s held values of an earlier connection that nobody remembers: they are taken for ours, not for yours.", t.path)
			return true
		}
	}
	return false
}

// tellDrift names what others have changed since the client was connected.
func (c *Changes) tellDrift(path string, d document, edits []Edit) {
	if names := drifted(d, edits); len(names) > 0 {
		c.tell("%s was changed since: %s. What stands there now is what disconnecting puts back.", path, strings.Join(names, ", "))
	}
}

// conflicts names what speaks against us in the same file.
func (c *Changes) conflicts(t target, d document, edits, prev []Edit) {
	for _, w := range t.wants {
		fresh := slices.ContainsFunc(edits, func(e Edit) bool { return w.is(e.Path) && e.Had }) &&
			!slices.ContainsFunc(prev, func(e Edit) bool { return w.is(e.Path) })
		if w.present && fresh {
			c.tell("conflict: %s is set in %s as well. Only one of it and our token may be, so it is emptied; disconnecting puts it back.",
				variableOf(w.path), t.path)
		}
	}
	if _, ok := d.value([]string{"apiKeyHelper"}); ok {
		c.tell("conflict: apiKeyHelper in %s may give Claude Code another key than ours.", t.path)
	}
}

// variableOf is the name of the variable that a path leads to.
func variableOf(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if name, ok := strings.CutPrefix(path[i], byName); ok {
			return name
		}
	}
	return path[len(path)-1]
}

func (c *Changes) tell(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// drifted names the values that are not ours any more.
func drifted(d document, edits []Edit) (names []string) {
	for i := range edits {
		if !edits[i].Holder && !edits[i].ours(d) {
			names = append(names, edits[i].Name())
		}
	}
	return names
}
