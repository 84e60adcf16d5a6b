package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/store"
)

type clientsCmd struct {
	Add    clientAddCmd    `cmd:"" help:"Make a client and print its key, this once."`
	List   clientListCmd   `cmd:"" help:"Show all clients; never a key."`
	Revoke clientRevokeCmd `cmd:"" help:"Accept a client's key no longer."`
	Enable clientEnableCmd `cmd:"" help:"Take a revocation back."`
	Stats  clientStatsCmd  `cmd:"" help:"Show who uses the proxy how much."`
	Remove clientRemoveCmd `cmd:"" help:"Forget a client."`
	Import clientImportCmd `cmd:"" help:"Take over the client keys of glm_awsomify_proxy (incoming_keys.db)."`
}

// Help is the rest of --help.
func (*clientsCmd) Help() string {
	return `A client is a tool or a person with a key of its own for this proxy. Whether a key is wanted says require_client_key
(ENABLE_INCOMING_AUTH); a key that is shown anyway names the client in the records. Changes are in force in a running
proxy within two seconds.`
}

// note tells what a person should know beside the result.
func (e *env) note(format string, args ...any) {
	_, _ = fmt.Fprintf(e.stderr, "note: "+format+"\n", args...)
}

type clientAddCmd struct {
	Name string `arg:"" help:"How the client shall be called in lists and records."`
	JSON bool   `name:"json" help:"As JSON."`
}

// Run makes a client. Standard output is the key alone, so that it can be
// taken into a variable.
func (c *clientAddCmd) Run(e *env) error {
	return e.withStore(func(s *store.Store) error {
		made, key, err := addClient(e, s, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, struct {
				store.Client
				Key string `json:"key"`
			}{made, key})
		}
		e.note("this is the key of %s (id %d); it is not shown again", made.Name, made.ID)
		if list, err := s.AllClients(e.ctx); err == nil && namesakes(list, made.Name) > 1 {
			e.note("%d clients have this name; ids tell them apart", namesakes(list, made.Name))
		}
		_, err = fmt.Fprintln(e.stdout, key)
		return err
	})
}

// addClient makes a client and its key, which is not to be had again.
func addClient(e *env, s *store.Store, name string) (made store.Client, key string, err error) {
	if looksLikeKey(name) {
		return made, "", hint(errors.New("the name looks like a key"), "a client's key is made by glmtray; give the client a name")
	}
	return s.AddClient(e.ctx, name)
}

func namesakes(list []store.Client, name string) (n int) {
	for i := range list {
		if list[i].Name == name {
			n++
		}
	}
	return n
}

type clientListCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run lists the clients.
func (c *clientListCmd) Run(e *env) error {
	return e.withStore(func(s *store.Store) error {
		list, err := s.AllClients(e.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, append([]store.Client{}, list...))
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(e.stdout, "There is no client yet. Make one with: glmtray clients add NAME")
			return err
		}
		return e.clientTable(list)
	})
}

func (e *env) clientTable(list []store.Client) error {
	return table(e.stdout, func(row func(...string)) {
		row("ID", "NAME", "STATE", "CREATED", "LAST USED", "REQUESTS")
		for i := range list {
			c := &list[i]
			state := "active"
			if !c.Active() {
				state = "revoked " + day(c.Revoked)
			}
			row(strconv.FormatInt(c.ID, 10), c.Name, state, day(c.Created), day(c.LastUsed), thousands(c.Uses))
		}
	})
}

// day writes a time to the minute, as the person's clock has it.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// clientRef names one client on the command line.
type clientRef struct {
	Client string `arg:"" name:"client" help:"Its name, its id or its key."`
	JSON   bool   `name:"json" help:"As JSON."`
}

// change does something to the one client that is meant and shows what it is
// then.
func (c *clientRef) change(e *env, done string, fn func(*store.Store, store.Client) error) error {
	return e.withStore(func(s *store.Store) error {
		found, err := c.find(e, s)
		if err != nil {
			return err
		}
		if err := fn(s, found); err != nil {
			return err
		}
		if !c.JSON {
			_, err := fmt.Fprintf(e.stdout, "%s %s (id %d).\n", done, found.Name, found.ID)
			return err
		}
		if now, err := s.FindClient(e.ctx, strconv.FormatInt(found.ID, 10)); err == nil {
			found = now
		}
		return printJSON(e.stdout, found)
	})
}

// find finds the client. Where several fit a person is asked, and nobody else
// is guessed.
func (c *clientRef) find(e *env, s *store.Store) (store.Client, error) {
	found, err := s.FindClient(e.ctx, c.Client)
	if errors.Is(err, store.ErrNoClient) {
		return found, hint(fmt.Errorf("%w: %s", err, short(c.Client)), "see: glmtray clients list")
	}
	var several *store.AmbiguousError
	if !errors.As(err, &several) {
		return found, err
	}
	ids := make([]string, len(several.Clients))
	for i := range several.Clients {
		ids[i] = strconv.FormatInt(several.Clients[i].ID, 10)
	}
	ask := newAsker(e, false)
	if ask.tty != nil {
		quiet := *e
		quiet.stdout = e.stderr
		if err := quiet.clientTable(several.Clients); err != nil {
			return found, err
		}
	}
	id, askErr := ask.choose("Which id?", ids)
	if askErr != nil {
		return found, askErr
	}
	for i := range ids {
		if ids[i] == id {
			return several.Clients[i], nil
		}
	}
	return found, hint(err, "say which by its id: glmtray clients list")
}

type clientRevokeCmd struct{ clientRef }

// Run revokes.
func (c *clientRevokeCmd) Run(e *env) error {
	return c.change(e, "Revoked", func(s *store.Store, found store.Client) error { return s.RevokeClient(e.ctx, found.ID) })
}

type clientEnableCmd struct{ clientRef }

// Run takes a revocation back.
func (c *clientEnableCmd) Run(e *env) error {
	return c.change(e, "Enabled", func(s *store.Store, found store.Client) error { return s.EnableClient(e.ctx, found.ID) })
}

type clientRemoveCmd struct {
	clientRef
	Yes bool `name:"yes" short:"y" help:"Do not ask."`
}

// Run forgets a client; its requests stay in the records.
func (c *clientRemoveCmd) Run(e *env) error {
	return c.change(e, "Removed", func(s *store.Store, found store.Client) error {
		id := fmt.Sprintf("%s (id %d)", found.Name, found.ID)
		if err := newAsker(e, c.Yes).confirm("Remove "+id+" for good?", "removing "+id); err != nil {
			return err
		}
		return s.RemoveClient(e.ctx, found.ID)
	})
}

type clientStatsCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// clientStats is what `clients stats` tells.
type clientStats struct {
	Clients  int            `json:"clients"`
	Active   int            `json:"active"`
	Revoked  int            `json:"revoked"`
	Requests int64          `json:"requests"`
	LastUsed time.Time      `json:"last_used,omitzero"`
	Top      []store.Client `json:"top"` // by requests
}

// Run counts.
func (c *clientStatsCmd) Run(e *env) error {
	return e.withStore(func(s *store.Store) error {
		list, err := s.AllClients(e.ctx)
		if err != nil {
			return err
		}
		st := statsOf(list)
		if c.JSON {
			return printJSON(e.stdout, st)
		}
		_, err = fmt.Fprintf(e.stdout, "%s, %d active, %d revoked; %s requests, the last %s\n",
			plural(st.Clients, "client"), st.Active, st.Revoked, thousands(st.Requests), day(st.LastUsed))
		if err != nil || len(st.Top) == 0 {
			return err
		}
		return e.clientTable(st.Top)
	})
}

func statsOf(list []store.Client) clientStats {
	st := clientStats{Clients: len(list), Top: append([]store.Client{}, list...)}
	for i := range list {
		if list[i].Active() {
			st.Active++
		} else {
			st.Revoked++
		}
		st.Requests += list[i].Uses
		if list[i].LastUsed.After(st.LastUsed) {
			st.LastUsed = list[i].LastUsed
		}
	}
	slices.SortStableFunc(st.Top, func(a, b store.Client) int { return cmp.Compare(b.Uses, a.Uses) })
	return st
}

type clientImportCmd struct {
	File string `arg:"" help:"The predecessor's incoming_keys.db; it is only read." type:"path"`
	JSON bool   `name:"json" help:"As JSON."`
}

// Run imports. Who asks for it by name wants removed clients back as well.
func (c *clientImportCmd) Run(e *env) error {
	return e.withStore(func(s *store.Store) error {
		got, err := s.ImportClients(e.ctx, c.File, true)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, got)
		}
		if got.Unusable > 0 {
			e.note("left out, since it could not be sent as a key: %d", got.Unusable)
		}
		if got.Weak > 0 {
			e.note("so short that they could be guessed: %s; give those clients others", plural(got.Weak, "key"))
		}
		e.noteOpenDoor()
		_, err = fmt.Fprintf(e.stdout, "Imported %s (%d of them revoked); %d were known already. The keys stand in clear in %s: delete it when you need it no longer.\n",
			plural(got.Added, "client"), got.Revoked, got.Known, c.File)
		return err
	})
}

// noteOpenDoor says that clients get in without a key, to whoever has just taken
// over the keys of a proxy that wanted them.
func (e *env) noteOpenDoor() {
	load := e.loadOptions(appOptions{})
	load.Keychain = noKeychain{}
	if settings, err := config.Load(e.ctx, load); err == nil && !settings.RequireClientKey {
		e.note("these keys name their clients in the records, but none is wanted so far; to let nobody in without: require_client_key = true in %s", settings.ConfigFile)
	}
}
