package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/store"
)

// job is one client that is being connected.
type job struct {
	plan   *connect.Changes
	wish   connect.Wish
	oldKey int64 // the one that it had; 0: none
	done   bool
}

// plans says what each client would be given. A client whose file cannot be
// edited gets its recipe, and is an error beside the others.
func (r *connectRoom) plans(names []string) (jobs []*job, failed error) {
	connections, err := r.connections()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		j, err := r.plan(name, connections[name])
		if err != nil {
			failed = errors.Join(failed, r.refused(name, err))
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs, failed
}

// plan says what one client would be given. conn is its connection; nil: none.
func (r *connectRoom) plan(name string, conn *connect.Connection) (j *job, err error) {
	j = &job{wish: r.wish}
	if conn != nil {
		j.oldKey = conn.KeyID
		if !r.keyWorks(conn.KeyID) {
			j.wish.Key = connect.KeyToCome
		}
	}
	j.plan, err = r.connector.Plan(name, j.wish)
	return j, err
}

// keyWorks reports whether the key that a client was given is still accepted.
func (r *connectRoom) keyWorks(id int64) bool {
	works := false
	r.withStore(r.e.ctx, func(s *store.Store) error {
		list, err := s.AllClients(r.e.ctx)
		for i := range list {
			works = works || list[i].ID == id && list[i].Active()
		}
		return err
	})
	return works
}

// renew has the running proxy read the clients' keys now. It looks for changes
// every second, and an agent that is started at once would be refused; Claude
// Code does not ask again.
func (r *connectRoom) renew() {
	run := r.run
	if run == nil {
		run, _ = running(r.e.ctx, r.dataDir)
	}
	if run != nil {
		_ = run.control(context.WithoutCancel(r.e.ctx), "clients", nil, nil) // if not, then within the second
	}
}

// withStore runs fn on the database, if there is one. What fails is told: what
// is done to the clients' files does not depend on it.
func (r *connectRoom) withStore(ctx context.Context, fn func(*store.Store) error) {
	s, err := r.store(ctx)
	if s != nil {
		err = errors.Join(fn(s), s.Close())
	}
	if err != nil {
		r.e.note("client keys: %v", err)
	}
}

// refused tells what to do by hand where a file cannot be edited.
func (r *connectRoom) refused(name string, err error) error {
	err = fmt.Errorf("connecting %s: %w", name, err)
	client, _ := connect.Find(name)
	if !errors.Is(err, connect.ErrCannotEdit) {
		return err
	}
	tell(r.e.stderr, hint(err, "nothing was written. Do it by hand, with a key from glmtray clients add "+name+":\n"+client.Recipe(r.surroundings, r.wish)))
	return errQuiet // there may be several
}

// carryOut makes the key, writes, and gives up the old key.
func (r *connectRoom) carryOut(j *job) error {
	id := j.plan.Client.ID
	if j.plan.Client.Unreachable != "" {
		return nil // it was told
	}
	recipe := !j.plan.Client.Writes()
	if recipe && j.oldKey != 0 && j.wish.Key == "" {
		j.done = true // it has a key already
		return nil
	}
	if !j.plan.NeedsKey {
		err := r.connector.Apply(j.plan, 0)
		j.done = err == nil
		return wrapErr(outrun(err), "connecting "+id)
	}
	return r.e.withStore(func(s *store.Store) error { return wrapErr(outrun(r.withNewKey(s, j)), "connecting "+id) })
}

// withNewKey connects a client with a key that is made for it, and gives up the
// one that it had: or the new one, if nothing came of it.
func (r *connectRoom) withNewKey(s *store.Store, j *job) error {
	id := j.plan.Client.ID
	made, key, err := s.AddClient(r.e.ctx, id)
	if err != nil {
		return err
	}
	j.wish.Key = key
	plan, err := r.connector.Plan(id, j.wish)
	if err == nil {
		j.plan = plan
		err = r.connector.Apply(plan, made.ID)
	}
	unused := made.ID
	switch {
	case err == nil:
		j.done, unused = true, j.oldKey
	case r.hasKey(id, made.ID):
		unused = 0 // a file has it, which could not be taken back
	}
	defer r.renew()
	if unused != 0 {
		if e := s.RemoveClient(r.e.ctx, unused); e != nil && !errors.Is(e, store.ErrNoClient) {
			r.e.note("the client key %d is not needed any more and could not be removed: %v", unused, e)
		}
	}
	return err
}

// hasKey reports whether a client is known to have a key.
func (r *connectRoom) hasKey(client string, id int64) bool {
	list, err := r.connector.Connections()
	return err == nil && list[client] != nil && list[client].KeyID == id
}

func wrapErr(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// jobView is a job for programs.
type jobView struct {
	Client  string     `json:"client"`
	Name    string     `json:"name"`
	Done    bool       `json:"connected"`
	Changes bool       `json:"changes"` // whether anything is, or would be, written
	BaseURL string     `json:"base_url"`
	Files   []fileView `json:"files"`
	Notes   []string   `json:"notes,omitempty"`
	Restart string     `json:"restart,omitempty"`
	Recipe  string     `json:"recipe,omitempty"`
}

type fileView struct {
	Path string `json:"path"`
	New  bool   `json:"new,omitempty"`
	Diff string `json:"diff,omitempty"`
}

func (r *connectRoom) view(j *job) jobView {
	c := &j.plan.Client
	v := jobView{
		Client: c.ID, Name: c.Name, Done: j.done, Changes: !j.plan.Empty(), BaseURL: r.wish.BaseURL, Files: []fileView{},
		Notes: j.plan.Notes, Restart: c.Restart,
	}
	for i := range j.plan.Files {
		f := &j.plan.Files[i]
		v.Files = append(v.Files, fileView{f.Path, f.New, f.Diff})
	}
	if c.Unreachable != "" {
		v.Notes = append(v.Notes, c.Unreachable)
	} else if !c.Writes() {
		v.Recipe = c.Recipe(r.surroundings, j.wish)
	}
	return v
}

// show tells what would be written.
func (r *connectRoom) show(jobs []*job, asJSON bool) error {
	if asJSON {
		return r.printViews(jobs)
	}
	for _, j := range jobs {
		var b strings.Builder
		v := r.view(j)
		for _, note := range v.Notes {
			fmt.Fprintf(&b, "%s\n", wrap(v.Name+": "+note, textWidth))
		}
		switch {
		case !j.plan.Client.Writes():
		case !v.Changes:
			fmt.Fprintf(&b, "%s is connected to %s already.\n", v.Name, v.BaseURL)
		}
		for _, f := range v.Files {
			b.WriteString(f.Diff)
		}
		if _, err := io.WriteString(r.e.stdout, b.String()); err != nil {
			return err
		}
	}
	return nil
}

func (r *connectRoom) printViews(jobs []*job) error {
	views := make([]jobView, len(jobs))
	for i, j := range jobs {
		views[i] = r.view(j)
	}
	return printJSON(r.e.stdout, views)
}

// tellDone tells what was done and what is to be started again, and names what
// speaks against it.
func (r *connectRoom) tellDone(jobs []*job, asJSON bool) error {
	if asJSON {
		return r.printViews(jobs)
	}
	var b strings.Builder
	for _, j := range jobs {
		v := r.view(j)
		switch {
		case !v.Done:
		case v.Recipe != "":
			fmt.Fprintf(&b, "%s: write this.\n\n%s", v.Name, v.Recipe)
			if j.wish.Key == "" {
				b.WriteString("\nIts key was shown when it was made. For another one: glmtray disconnect " + v.Client + ", then connect it again.\n")
			}
			fmt.Fprintf(&b, "\n%s\n", v.Restart)
		case v.Changes:
			fmt.Fprintf(&b, "Connected %s to %s. %s\n", v.Name, v.BaseURL, v.Restart)
		}
	}
	if _, err := io.WriteString(r.e.stdout, b.String()); err != nil {
		return err
	}
	r.tellSurroundings()
	return nil
}

// tellSurroundings names what has a say beside the files.
func (r *connectRoom) tellSurroundings() {
	for _, o := range connect.Overrides(r.surroundings, r.wish.BaseURL) {
		r.e.note("%s", o)
	}
	for _, text := range connect.Elsewhere(r.surroundings) {
		r.e.note("%s", text)
	}
}
