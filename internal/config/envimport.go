package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/secret"
)

// EnvImport is what an env file of a predecessor means here. Nothing is written
// by reading it.
type EnvImport struct {
	Keys     []ImportKey
	Clients  []ImportKey // keys that clients may show; the provider is ""
	Settings []ImportSetting
	Left     []Left
	Notes    []string // what a person should know beside
}

// ImportKey is one key of the file.
type ImportKey struct {
	Provider string
	Key      Key    // Name is "" where the file gives none
	From     Origin // the variable and its line
}

// ImportSetting is one variable that sets something.
type ImportSetting struct {
	From Origin
	Name string // in settings.toml
	Text string // as [Doc.SetScalar] takes it
	TOML string // as it stands in settings.toml then; without a password
	Same bool   // the settings say so already
	Was  Origin // the line of the settings that is replaced
}

// Left is a variable that is not taken over, and why.
type Left struct {
	From Origin
	Why  string
}

// envImporter sorts an env file's variables.
type envImporter struct {
	*loader
	doc  *Doc   // the settings' text as it would be
	dir  string // what the file's relative paths are relative to
	base string
	out  *EnvImport
	set  map[string]Origin // scalars by the variable that set them
}

// ReadEnvImport reads an env file (o.EnvFile) of glm_awsomify_proxy, of zai-proxy
// or of a LiteLLM set-up and says what it means, beside the settings that o names.
// A variable that is broken is among those left; an error means that the file or
// the settings cannot be read. Neither holds a key.
func ReadEnvImport(o Options) (*EnvImport, error) {
	file := o.EnvFile
	o.EnvFile = ""
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading variables: %w", err)
	}
	if len(data) > maxEnvFile {
		return nil, fmt.Errorf("reading variables: %s has more than %d bytes: it is no env file", filepath.Base(file), maxEnvFile)
	}
	l, err := readAlone(o)
	if err != nil {
		return nil, err
	}
	before, err := readAlone(o)
	if err != nil {
		return nil, err
	}
	text, _, err := openSettings(l.o.File)
	if err != nil {
		return nil, err
	}
	m := &envImporter{loader: l, doc: newDoc(text), dir: filepath.Dir(file), base: filepath.Base(file), out: new(EnvImport), set: map[string]Origin{}}
	lines, problems := parseEnvFile(m.base, string(data))
	if n := len(problems); n > 0 && problems[n-1].Field != "" { // the rest of the file is in the quotes
		return nil, problems[n-1:]
	}
	for _, p := range problems {
		m.left(at(p.File, p.Line), "it %s", p.Text)
	}
	m.settings(m.current(lines))
	m.keys(before.s)
	m.clientKeys()
	return m.out, nil
}

// maxEnvFile is far beyond every such file.
const maxEnvFile = 1 << 20

// readAlone reads the settings file and no environment.
func readAlone(o Options) (*loader, error) {
	l, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if err := l.file(); err != nil {
		return nil, err
	}
	l.s.Notes = nil
	return l, l.problems.err()
}

func (m *envImporter) left(from Origin, format string, args ...any) {
	m.out.Left = append(m.out.Left, Left{from, fmt.Sprintf(format, args...)})
}

// reference is a value that only a shell, or compose, could fill in.
var reference = lazy.Regexp(`^\$(\{\w+|\w+$)`)

// current leaves the variables that count, and makes them what the keys are read
// from.
func (m *envImporter) current(lines []envLine) []envLine {
	last := map[string]int{}
	for i, e := range lines {
		last[envName(e.name)] = i
	}
	var kept []envLine
	for i, e := range lines {
		switch {
		case last[envName(e.name)] != i:
			m.left(e.origin, "it is given once more in line %d", lines[last[envName(e.name)]].line)
		case strings.TrimSpace(e.text) == "":
			m.left(e.origin, "it is empty")
		case reference().MatchString(e.text):
			m.left(e.origin, "it stands for another variable, which this file alone does not tell")
		default:
			kept = append(kept, e)
		}
	}
	m.layers = append([]layer{layerOf(kept)}, m.layers...)
	return kept
}

// settings takes what sets one value. What glmtray calls by its own name is
// stronger than what a predecessor calls it, as when both are in the environment.
func (m *envImporter) settings(lines []envLine) {
	for i := range scalars {
		c := &scalars[i]
		if c.file {
			continue
		}
		var found []envLine
		for _, name := range append(slices.Clone(c.vars), c.variable()) {
			if at := slices.IndexFunc(lines, func(e envLine) bool { return envName(e.name) == envName(name) }); at >= 0 {
				found = append(found, lines[at])
			}
		}
		for j, e := range found {
			if j < len(found)-1 {
				m.left(e.origin, "%s says so as well, and counts", found[j+1].name)
				continue
			}
			m.scalar(c, e)
		}
	}
	for _, e := range lines {
		if why := whyNot(e.name); why != "" {
			m.left(e.origin, "%s", why)
		}
	}
}

// whyNot says why a variable is not used at all; "" if it is.
func whyNot(name string) string {
	for _, v := range Variables() {
		if envName(v.Name) != envName(name) {
			continue
		}
		switch {
		case !v.Honoured:
			return v.Why
		case slices.Contains([]string{"GLMTRAY_CONFIG", "GLMTRAY_DATA_DIR", "GLMTRAY_ENV_FILE"}, v.Name):
			return "it says where glmtray looks, so it cannot stand in the settings"
		}
		return ""
	}
	return "glmtray knows no such variable"
}

// scalar takes one value, if it would do.
func (m *envImporter) scalar(c *scalar, e envLine) {
	text := e.text
	if envName(e.name) != envName(c.variable()) {
		text = c.ofPredecessor(text)
	}
	if c.allowed == allowPath {
		text = m.path(text)
		if why := m.noPath(c.name, text); why != "" {
			m.left(e.origin, "%s", why)
			return
		}
	}
	if c.name == "token_threshold" && len(m.s.Rules) > 0 {
		m.left(e.origin, "the rules in %s have their own tokens_over", filepath.Base(m.s.ConfigFile))
		return
	}
	if err := CheckScalar(c.name, text); err != nil {
		m.left(e.origin, "it must be %s", c.allowed)
		return
	}
	m.add(c, e.origin, text)
}

// add notes what the settings will say.
func (m *envImporter) add(c *scalar, from Origin, text string) {
	set := ImportSetting{From: from, Name: c.name, Text: strings.TrimSpace(text), Was: m.s.Origins[c.name]}
	before := string(m.doc.text())
	if err := m.doc.SetScalar(c.name, set.Text); err != nil {
		m.left(from, "%s", scrub(err))
		return
	}
	if set.Same = before == string(m.doc.text()); set.Same {
		set.Was = ""
	}
	set.TOML = c.name + " = " + c.toml(withoutPassword(set.Text))
	m.set[c.name] = from
	m.out.Settings = append(m.out.Settings, set)
}

var userInURL = lazy.Regexp(`://[^/@\s]+@`)

// withoutPassword makes an outbound proxy's URL fit to be shown.
func withoutPassword(text string) string { return userInURL().ReplaceAllString(text, "://…@") }

// path makes a path of the file one that holds wherever glmtray is started: what
// is relative was so to the folder that the file is in.
func (m *envImporter) path(text string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "~/"); ok && m.home() != "" {
		text = filepath.Join(m.home(), rest)
	}
	if filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(m.dir, text)
}

// noPath says why a path does not do, and tells what using it comes to. Those of
// a container are nowhere on this machine.
func (m *envImporter) noPath(name, path string) string {
	wanted := path
	if name == "log_dir" { // the folder itself is made
		wanted = filepath.Dir(path)
	}
	if _, err := os.Stat(wanted); err != nil {
		return "there is no " + wanted + " on this machine"
	}
	if name == "log_dir" {
		if _, err := os.Stat(path); err == nil {
			m.out.Notes = append(m.out.Notes, path+" is kept within log_max_age (14 days) and log_max_bytes (512 MiB), older body files of the predecessor included")
		}
	}
	return ""
}

// keys takes the providers' keys. Those that were used at another address than
// the settings have are left: their host is what they are bound to.
func (m *envImporter) keys(before *Settings) {
	for i := range m.s.Providers {
		m.s.Providers[i].Keys = nil // so that nothing stands in for anything
	}
	taken := m.environmentKeys()
	for _, p := range m.problems {
		m.left(Origin(p.Field), "%s", "it "+p.Text)
	}
	for _, n := range m.s.Notes {
		if !n.Warn || !strings.Contains(n.Text, zaiPolicy.Link) { // that is asked about
			m.out.Notes = append(m.out.Notes, n.Text)
		}
	}
	for i := range m.s.Providers {
		p := &m.s.Providers[i]
		for _, k := range taken[p.ID] {
			was, is := before.Provider(p.ID).Endpoint(k.Endpoint), p.Endpoint(k.Endpoint)
			if !sameAddresses(was, is) {
				m.left(k.Origin, "key %q was used at another address than the settings have: write this into settings.toml, then import again:\n%s", k.Name, tableOf(p, is))
				continue
			}
			m.out.Keys = append(m.out.Keys, ImportKey{p.ID, named(k), k.Origin})
		}
	}
}

// named takes the name away that stands for none.
func named(k Key) Key {
	variable, _, _ := strings.Cut(string(k.Origin), " ")
	if strings.HasPrefix(k.Name, singleName) && !strings.HasSuffix(variable, "_KEYS") {
		k.Name = ""
	}
	return k
}

func sameAddresses(a, b *Endpoint) bool {
	list := func(e *Endpoint) []Address {
		all := append([]Address{{e.Dialect, e.URL, e.Auth}}, e.Also...)
		for i := range all {
			all[i].Auth = cmp.Or(all[i].Auth, AuthBearer)
		}
		slices.SortFunc(all, func(x, y Address) int { return cmp.Compare(x.Dialect, y.Dialect) })
		return all
	}
	return reflect.DeepEqual(list(a), list(b))
}

// tableOf writes an endpoint as it would stand in settings.toml.
func tableOf(p *Provider, e *Endpoint) string {
	head := "provider." + p.ID
	if e.ID != "" {
		head += ".endpoint." + e.ID
	}
	lines := []string{"[" + head + "]", "url = " + tomlText(e.URL)}
	if e.Dialect != OpenAI {
		lines = append(lines, "dialect = "+tomlText(string(e.Dialect)))
	}
	for _, a := range e.Also {
		lines = append(lines, "["+head+".also."+string(a.Dialect)+"]", "url = "+tomlText(a.URL))
	}
	return strings.Join(lines, "\n")
}

// clientKeys takes the keys that clients may show. Who had one meant it to be
// asked for, so that the door is closed unless the file says otherwise.
func (m *envImporter) clientKeys() {
	for _, row := range []struct{ variable, name string }{{"LITELLM_MASTER_KEY", "litellm"}, {"GLMTRAY_CLIENT_KEY", "client"}} {
		v, _ := m.env(row.variable)
		switch {
		case v.text == "":
			continue
		case !keyText(secret.Trim(v.text)):
			m.left(v.origin, "it must be a key: printable characters without blanks")
			continue
		}
		m.out.Clients = append(m.out.Clients, ImportKey{"", Key{Name: row.name, Secret: secret.New(v.text), Origin: v.origin}, v.origin})
		if m.set["require_client_key"] == "" {
			m.add(scalarNamed("require_client_key"), v.origin, "true")
		}
	}
}
