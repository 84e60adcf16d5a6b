package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/store"
)

type disconnectCmd struct {
	Clients []string `arg:"" optional:"" name:"client" help:"Which, see: glmtray connect --list"`
	All     bool     `name:"all" help:"Every client that is connected."`
	JSON    bool     `name:"json" help:"As JSON."`
}

// Help is the rest of --help.
func (*disconnectCmd) Help() string {
	return `Each value that is still ours becomes what stood there before; one that was changed since stays, and is named. A file that
was made for the connection goes. The client's key is accepted no longer. glmtray restore does all of that at once, also
when the database or a part of the records is gone.`
}

// Validate wants clients that there are.
func (c *disconnectCmd) Validate() error { return knownClients(c.Clients) }

// Run disconnects.
func (c *disconnectCmd) Run(e *env) error {
	r, err := e.connectRoom()
	if err != nil {
		return err
	}
	connections, err := r.connections()
	if err != nil {
		return err
	}
	names := slices.Clone(c.Clients)
	switch {
	case len(names) > 0:
		names = companions(names, connections)
	case len(connections) == 0:
		return r.tellUndone(nil, nil, c.JSON)
	case c.All:
		names = slices.Sorted(maps.Keys(connections))
	default:
		list := strings.Join(slices.Sorted(maps.Keys(connections)), ", ")
		return hint(errors.New("say which client; connected: "+list), "or: glmtray disconnect --all")
	}
	undone, failed := r.undo(names)
	return r.tellUndone(undone, failed, c.JSON)
}

// undo disconnects clients, one after the other until the context ends.
func (r *connectRoom) undo(names []string) (undone []connect.Undone, failed error) {
	for i, name := range names {
		if err := connect.Stopped(r.e.ctx, names[i:]...); err != nil {
			return undone, errors.Join(failed, err)
		}
		u, err := r.connector.Undo(name)
		if u != nil {
			undone = append(undone, *u)
		}
		if errors.Is(err, connect.ErrCannotEdit) {
			err = hint(err, "mend the file, or put back the copy from before with: glmtray restore")
		}
		failed = errors.Join(failed, wrapErr(outrun(err), "disconnecting "+name))
	}
	return undone, failed
}

// outrun says what to do where somebody else was quicker.
func outrun(err error) error {
	if errors.Is(err, connect.ErrMeanwhile) {
		return hint(err, "nothing of theirs was overwritten; look at it, and do the same once more")
	}
	return err
}

// companions adds the clients that came along.
func companions(names []string, connections map[string]*connect.Connection) []string {
	for _, name := range slices.Clone(names) {
		client, _ := connect.Find(name)
		if connections[client.With] != nil && !slices.Contains(names, client.With) {
			names = append(names, client.With)
		}
	}
	return names
}

type restoreCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Help is the rest of --help.
func (*restoreCmd) Help() string {
	return `Puts back what stood in the clients' files before they were connected, all at once. It needs connections.json in the data
folder, and no proxy, database or settings; if that file is gone or broken, the notes beside the copies serve. Where a
client's file cannot be read any more, its dated copy comes back, and what stood there is kept. To remove glmtray:
glmtray uninstall, which does this as well.`
}

// Run restores.
func (c *restoreCmd) Run(e *env) error {
	r, err := e.connectRoom()
	if err != nil {
		return err
	}
	undone, err := r.restore()
	return r.tellUndone(undone, err, c.JSON)
}

// restore disconnects everything at once.
func (r *connectRoom) restore() ([]connect.Undone, error) {
	undone, err := r.connector.Restore(r.e.ctx)
	return undone, wrapErr(outrun(err), "restoring")
}

// tellUndone gives up the keys and tells what was done; failed is what was not,
// and is given back.
func (r *connectRoom) tellUndone(list []connect.Undone, failed error, asJSON bool) error {
	r.giveUpKeys(list)
	if asJSON {
		return errors.Join(printJSON(r.e.stdout, append([]connect.Undone{}, list...)), failed)
	}
	text := undoneText(list)
	if len(list) == 0 && failed == nil {
		text = "No client is connected.\n"
	}
	_, err := fmt.Fprint(r.e.stdout, text)
	return errors.Join(err, failed)
}

// giveUpKeys removes the keys of clients that were disconnected, whether or not
// somebody has had enough meanwhile.
func (r *connectRoom) giveUpKeys(list []connect.Undone) {
	ctx := context.WithoutCancel(r.e.ctx)
	var ids []int64
	for i := range list {
		if list[i].KeyID != 0 {
			ids = append(ids, list[i].KeyID)
		}
	}
	if len(ids) == 0 {
		return
	}
	r.withStore(ctx, func(s *store.Store) (failed error) {
		for _, id := range ids {
			if err := s.RemoveClient(ctx, id); !errors.Is(err, store.ErrNoClient) {
				failed = errors.Join(failed, err)
			}
		}
		return failed
	})
	r.renew()
}

// undoneText says what was done.
func undoneText(list []connect.Undone) string {
	var b strings.Builder
	for i := range list {
		client, _ := connect.Find(list[i].Client)
		switch {
		case list[i].Failed:
			fmt.Fprintf(&b, "%s stays connected: not all of its files could be put back.\n", client.Name)
		case client.Writes():
			fmt.Fprintf(&b, "Disconnected %s. Running sessions keep what they have read until they are started again.\n", client.Name)
		default:
			fmt.Fprintf(&b, "Disconnected %s. Its key is accepted no longer; what you have written by hand stays.\n", client.Name)
		}
		for _, f := range list[i].Files {
			fmt.Fprintf(&b, "  %s\n", undoneWords(&f))
		}
	}
	return b.String()
}

// undoneWords says what one file is then.
func undoneWords(f *connect.UndoneFile) string {
	what := "as before"
	switch {
	case f.FromCopy:
		what = "the copy from before"
		if f.SetAside != "" {
			what += "; what stood there is kept in " + f.SetAside
		}
	case f.Gone:
		what = "removed by somebody else since, which stays so"
		if f.Copy != "" {
			what += "; how it was before is kept in " + f.Copy
		}
	case f.Removed:
		what = "removed, there was none before"
	case len(f.Kept) > 0:
		what = "as before, but for what was changed since: " + strings.Join(f.Kept, ", ")
		if f.Copy != "" {
			what += "; the file from before is kept in " + f.Copy
		}
	}
	return f.Path + ": " + what
}
