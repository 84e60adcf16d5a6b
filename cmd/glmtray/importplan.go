package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

// place decides what becomes of one key: it is stored already, fills the place of
// one that is named and missing, or gets a name of its own.
func (m *importing) place(k config.ImportKey) error {
	p, err := m.r.provider(k.Provider)
	if err != nil {
		return err
	}
	n := &newKey{provider: p.ID, key: k.Key, agreed: []string{wantsReplace, wantsTwin}}
	x := importedKey{newKey: n, from: k.From, provider: p}
	if x.twin, err = m.storedAs(p, &k.Key); err != nil {
		m.keychain = err
	}
	if x.twin == "" {
		n.key.Name = m.freeName(p, n.key.Name)
		x.old = keyOf(p, n.key.Name)
	}
	m.keys = append(m.keys, x)
	return nil
}

// storedAs names the key that is stored already, for the same host.
func (m *importing) storedAs(p *config.Provider, k *config.Key) (string, error) {
	if m.keychain != nil {
		return "", m.keychain
	}
	host := config.Host(p.Endpoint(k.Endpoint).URL)
	names := []string{cmpName(k.Name)} // asked for also if none is named: the keychain may not be there
	for i := range p.Keys {
		names = append(names, p.Keys[i].Name)
	}
	for i, name := range names {
		item, err := m.r.chain.Get(m.r.e.ctx, p.ID, name)
		switch {
		case errors.Is(err, keychain.ErrNotFound):
		case err != nil:
			return "", err
		case i > 0 && item.Secret.Equal(k.Secret) && (item.Host == "" || item.Host == host):
			return p.ID + "/" + name, nil
		}
	}
	return "", nil
}

func cmpName(name string) string {
	if name == "" {
		return "main"
	}
	return name
}

// freeName gives a name that replaces no key: the wished one if nobody has it, or
// whoever has it is not in the keychain.
func (m *importing) freeName(p *config.Provider, wish string) string {
	wish = cmpName(wish)
	taken := func(name string) bool {
		inThis := func(k importedKey) bool { return k.provider == p && k.twin == "" && k.key.Name == name }
		if slices.ContainsFunc(m.keys, inThis) {
			return true
		}
		if keyOf(p, name) == nil || m.keychain != nil {
			return keyOf(p, name) != nil
		}
		_, err := m.r.chain.Get(m.r.e.ctx, p.ID, name)
		return !errors.Is(err, keychain.ErrNotFound)
	}
	name := wish
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", wish, n)
	}
	return name
}

// isNew reports whether the key is to be stored.
func (k *importedKey) isNew() bool { return k.twin == "" && !k.declined }

// show tells what was found, and what would become of it.
func (m *importing) show(dry bool) error {
	var b strings.Builder
	if dry {
		b.WriteString("Nothing is changed; this is what would be:\n")
	}
	m.showKeys(&b)
	m.showSettings(&b)
	if len(m.found.Clients) > 0 {
		b.WriteString("client keys: a hash into the database, the key stays good\n")
		m.lines(&b, func(row func(...string)) {
			for _, c := range m.found.Clients {
				row("  "+c.Key.Name, m.fingerprint(&c.Key), string(c.From))
			}
		})
	}
	if len(m.found.Left) > 0 {
		b.WriteString("left out\n")
		for _, l := range m.found.Left {
			fmt.Fprintf(&b, "  %s: %s\n", l.From, strings.ReplaceAll(l.Why, "\n", "\n      "))
		}
	}
	for _, text := range m.found.Notes {
		fmt.Fprintf(&b, "note: %s\n", text)
	}
	_, err := io.WriteString(m.r.e.stdout, b.String())
	return err
}

func (m *importing) lines(b *strings.Builder, rows func(row func(cells ...string))) {
	_ = table(b, rows) // a builder refuses nothing
}

func (m *importing) showKeys(b *strings.Builder) {
	if len(m.keys) == 0 {
		return
	}
	b.WriteString("keys: into the keychain\n")
	m.lines(b, func(row func(...string)) {
		for i := range m.keys {
			k := &m.keys[i]
			what := "new"
			switch {
			case m.keychain != nil:
				what = "the keychain cannot be read"
			case k.twin != "":
				what = "stored already, as " + k.twin
			case k.old != nil:
				what = "fills the place of the missing one"
			}
			name := k.provider.ID + "/" + cmpName(k.key.Name)
			row("  "+name, m.fingerprint(&k.key), string(k.from), what)
		}
	})
}

func (m *importing) showSettings(b *strings.Builder) {
	if len(m.found.Settings) == 0 {
		return
	}
	fmt.Fprintf(b, "settings: into %s\n", m.r.file)
	m.lines(b, func(row func(...string)) {
		for _, s := range m.found.Settings {
			what := "new"
			switch {
			case s.Same:
				what = "stands there already"
			case s.Was != "":
				what = "in place of " + string(s.Was)
			}
			row("  "+s.TOML, string(s.From), what)
		}
	})
}

// fingerprint tells keys apart as `keys list` does; where there is no database yet
// there is no salt for it either.
func (m *importing) fingerprint(k *config.Key) string {
	if m.salt == nil {
		return "-"
	}
	return k.Secret.Fingerprint(m.salt)
}

// changes counts the settings that are written.
func (m *importing) changes() (n int) {
	for _, s := range m.found.Settings {
		if !s.Same {
			n++
		}
	}
	return n
}

func (m *importing) newKeys() (n int) {
	for i := range m.keys {
		if m.keys[i].isNew() {
			n++
		}
	}
	return n
}

func (m *importing) empty() bool { return m.newKeys()+m.changes()+len(m.found.Clients) == 0 }

// amount says how much is imported: "2 keys, 1 client key and 3 settings".
func (m *importing) amount() string {
	var parts []string
	for _, x := range []struct {
		n    int
		noun string
	}{{m.newKeys(), "key"}, {len(m.found.Clients), "client key"}, {m.changes(), "setting"}} {
		if x.n > 0 {
			parts = append(parts, plural(x.n, x.noun))
		}
	}
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return strings.Join(parts, "")
}

// agree asks what `keys add` would ask of each key. One whose terms are not agreed
// to is left out; the others are not its business.
func (m *importing) agree(ask *asker) error {
	for i := range m.keys {
		k := &m.keys[i]
		for k.isNew() {
			_, _, err := m.r.check(k.newKey)
			var w *wants
			if err == nil {
				break
			}
			if errors.As(err, &w) {
				err = ask.answer(k.newKey, w)
			}
			switch {
			case errors.Is(err, errDeclined) && m.r.e.ctx.Err() == nil:
				m.r.note("%s/%s is left out", k.provider.ID, k.key.Name)
				k.declined = true
			case err != nil:
				return err
			}
		}
	}
	return nil
}

// variables names those that hold keys.
func (m *importing) variables() (names []string) {
	for _, k := range slices.Concat(m.found.Keys, m.found.Clients) {
		name, _, _ := strings.Cut(string(k.From), " ")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
