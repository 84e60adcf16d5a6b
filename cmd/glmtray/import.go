package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/store"
)

type importCmd struct {
	Env    string `name:"env" required:"" placeholder:"FILE" type:"path" help:"The file of variables, such as .env; it is only read."`
	DryRun bool   `name:"dry-run" help:"Only show what would be done."`
	Yes    bool   `name:"yes" short:"y" help:"Agree to every question beforehand."`
}

// Help is the rest of --help.
func (c *importCmd) Help() string {
	return `Takes over what stands in an env file of glm_awsomify_proxy, of zai-proxy or of a LiteLLM set-up: the providers'
keys go into the keychain of your system, as with glmtray keys add; settings go into settings.toml, whose comments
stay; a key that clients show stays good. All of it is shown and asked for before. A key that is stored already is
not stored again, and none is replaced. The client keys of glm_awsomify_proxy stand in a database of their own:
glmtray clients import.`
}

// Run imports.
func (c *importCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	m, err := newImport(r, c.Env)
	if err != nil {
		return err
	}
	if err := m.show(c.DryRun); err != nil {
		return err
	}
	switch {
	case m.keychain != nil && !c.DryRun:
		return hint(fmt.Errorf("nothing was changed: %w", m.keychain), importElsewhere(m.keychain, c.Env))
	case m.keychain != nil:
		e.note("the keychain cannot be used: %v", m.keychain)
		return nil
	case c.DryRun:
		return nil
	case m.empty():
		_, err := fmt.Fprintln(e.stdout, "There is nothing to import.")
		return err
	}
	ask := newAsker(e, c.Yes)
	if err := ask.confirm("Import "+m.amount()+"?", "importing "+filepath.Base(c.Env)); err != nil {
		return err
	}
	if err := m.agree(ask); err != nil {
		return err
	}
	if err := m.carryOut(); err != nil {
		return err
	}
	m.after(c.Env)
	return nil
}

// importElsewhere is what to do where there is no keychain.
func importElsewhere(err error, file string) string {
	text := hintOf(chainError(err))
	if text != "" {
		text += "; or "
	}
	return text + "let the keys stay where they are: glmtray serve --env-file " + file
}

// importing is an env file that is being taken over.
type importing struct {
	r        *keyRoom
	file     string
	found    *config.EnvImport
	keys     []importedKey
	keychain error // why the keychain cannot be used
	salt     []byte
}

// importedKey is one key of the file, and what becomes of it.
type importedKey struct {
	*newKey
	from     config.Origin
	provider *config.Provider
	old      *config.Key // is named, but not in the keychain
	twin     string      // it is stored already, under this name
	declined bool
}

func newImport(r *keyRoom, file string) (*importing, error) {
	found, err := config.ReadEnvImport(config.Options{File: r.file, DataDir: r.dataDir, Environ: r.e.homeOnly(), EnvFile: file})
	if err != nil {
		return nil, err
	}
	m := &importing{r: r, file: file, found: found}
	if store.Exists(r.dataDir) {
		err := r.e.withStore(func(s *store.Store) (err error) {
			m.salt, err = s.Salt(r.e.ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, k := range found.Keys {
		if err := m.place(k); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// carryOut writes everything, or leaves everything as it was.
func (m *importing) carryOut() error {
	var items []stored
	for i := range m.keys {
		if k := &m.keys[i]; k.isNew() {
			items = append(items, stored{k.provider.ID, k.key.Name, itemOf(k.provider, &k.key)})
		}
	}
	admitted, err := m.admit()
	if err != nil {
		return err
	}
	err = m.r.together(items, m.write)
	if err != nil && len(admitted) > 0 {
		err = errors.Join(err, m.r.e.withStore(func(s *store.Store) (failed error) {
			for _, id := range admitted {
				failed = errors.Join(failed, s.RemoveClient(m.r.e.ctx, id))
			}
			return failed
		}))
	}
	return err
}

// write changes the settings.
func (m *importing) write(d *config.Doc) error {
	for i := range m.keys {
		if k := &m.keys[i]; k.isNew() {
			if err := nameKey(d, k.provider, k.key, k.old); err != nil {
				return err
			}
		}
	}
	for _, s := range m.found.Settings {
		if err := d.SetScalar(s.Name, s.Text); err != nil {
			return err
		}
	}
	return nil
}

// admit takes the clients' keys into the database and gives the ids of those
// that are new there.
func (m *importing) admit() (admitted []int64, err error) {
	if len(m.found.Clients) == 0 {
		return nil, nil
	}
	err = m.r.e.withStore(func(s *store.Store) error {
		for _, c := range m.found.Clients {
			got, err := s.AdmitClient(m.r.e.ctx, c.Key.Name, c.Key.Secret)
			if err != nil {
				return err
			}
			if got.Added > 0 {
				admitted = append(admitted, got.ID)
			}
			if got.Weak > 0 {
				m.r.note("%s is so short that it could be guessed: make another with glmtray clients add", c.From)
			}
		}
		return nil
	})
	return admitted, err
}

// after says what was done, and what still holds the keys.
func (m *importing) after(file string) {
	r := m.r
	for i := range m.keys {
		k := &m.keys[i]
		switch {
		case !k.isNew():
			continue
		case k.old == nil:
			k.provider.Keys = append(k.provider.Keys, k.key)
		default:
			if err := config.Touch(r.file); err != nil {
				r.note("%v", err) // the poke below does the same
			}
		}
		r.say("Added %s/%s.", k.provider.ID, k.key.Name)
	}
	if n := m.changes(); n > 0 {
		r.say("Wrote %s into %s.", plural(n, "setting"), r.file)
	}
	for _, c := range m.found.Clients {
		r.say("The client key of %s is accepted as %q.", c.From, c.Key.Name)
	}
	told := map[string]bool{}
	for i := range m.keys {
		if p := m.keys[i].provider; !told[p.ID] {
			told[p.ID] = true
			r.noteEnvironment(p)
		}
	}
	r.poke()
	m.remains(file)
}

// remains says what to do with the file, which is never touched.
func (m *importing) remains(file string) {
	if len(m.found.Keys)+len(m.found.Clients) == 0 {
		return
	}
	r := m.r
	r.note("%s still holds the keys in clear. When glmtray serves as you wish (glmtray keys test), delete it, or take out the lines of %s.",
		file, strings.Join(m.variables(), ", "))
	if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		r.note("others on this machine can read it (%s); until then: chmod 600 %s", info.Mode().Perm(), file)
	}
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			r.note("it lies in a Git repository: if it was ever committed, the keys stand in its history, and new ones are safer")
			return
		}
		if dir == filepath.Dir(dir) {
			return
		}
	}
}
