package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/secret"
)

// Options say where [Load] looks.
type Options struct {
	File     string            // settings.toml; "": in DataDir if that is given, else DefaultFile
	DataDir  string            // "": DefaultDataDir
	Environ  []string          // as os.Environ gives it
	EnvFile  string            // NAME=value lines that are weaker than Environ; "": none
	Flags    map[string]string // values given by flags, by the setting's name: "addr"
	Keychain Reader            // where the keys' secrets are; may be nil if the settings name none
}

// Reader is what Load needs of a keychain.
type Reader interface {
	// Get gives one key's item. An error that wraps [ErrNoItem] means that the
	// keychain can be read and has no such item; any other, that it cannot.
	Get(ctx context.Context, provider, name string) (KeychainItem, error)
}

// KeychainItem is what a keychain has under one name.
type KeychainItem struct {
	Secret secret.Value
	Host   string // the host[:port] it was stored for, as [Host] gives it; "": not noted
}

// loader gathers one Settings and all that is wrong with it.
type loader struct {
	o        Options
	s        *Settings
	layers   []layer // weakest first: the env file, the environment
	named    bool    // somebody named the settings file
	problems Problems
}

// Load resolves the settings: defaults, then settings.toml, then the env file,
// then the environment, then flags. A settings.toml that is not there is empty.
// An error that is [ErrInvalid] holds every problem found; [ErrKeychain] means
// that the settings name keys and the keychain cannot be read, which never ends
// in a demo.
func Load(ctx context.Context, o Options) (*Settings, error) {
	l, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if err := l.file(); err != nil {
		return nil, err
	}
	l.environment()
	l.flags()
	l.settle()
	keys := l.environmentKeys()
	l.check()
	l.unusedVariables()
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	if err := l.keychainKeys(ctx, keys); err != nil {
		return nil, err
	}
	l.demo()
	return l.s, nil
}

// prepare finds the paths and reads what the environment holds.
func prepare(o Options) (*loader, error) {
	env := readEnviron(o.Environ)
	l := &loader{layers: []layer{env}}
	o.File = cmp.Or(o.File, env.text("GLMTRAY_CONFIG"))
	o.DataDir = cmp.Or(o.DataDir, env.text("GLMTRAY_DATA_DIR"))
	o.EnvFile = cmp.Or(o.EnvFile, env.text("GLMTRAY_ENV_FILE"))
	l.named = o.File != ""
	if o.EnvFile != "" {
		file, problems := readEnvFile(o.EnvFile)
		l.layers = []layer{file, env}
		l.problems = problems
	}
	var err error
	if o.File, o.DataDir, err = paths(o); err != nil {
		return nil, err
	}
	l.o = o
	l.s = defaults(o.DataDir)
	l.s.ConfigFile = o.File
	return l, nil
}

// paths gives the settings file and the data folder that o means.
func paths(o Options) (file, dataDir string, err error) {
	file, dataDir = o.File, o.DataDir
	if file == "" && dataDir != "" {
		file = filepath.Join(dataDir, fileName)
	}
	if file == "" {
		if file, err = DefaultFile(o.Environ); err != nil {
			return "", "", err
		}
	}
	if dataDir == "" {
		if dataDir, err = DefaultDataDir(o.Environ); err != nil {
			return "", "", err
		}
	}
	return file, dataDir, nil
}

// SettingsFile gives the path of the settings file that o means, for commands
// that edit it.
func (o Options) SettingsFile() (string, error) {
	env := readEnviron(o.Environ)
	o.File = cmp.Or(o.File, env.text("GLMTRAY_CONFIG"))
	o.DataDir = cmp.Or(o.DataDir, env.text("GLMTRAY_DATA_DIR"))
	file, _, err := paths(o)
	return file, err
}

func (l *loader) bad(origin Origin, format string, args ...any) {
	l.problems = append(l.problems, Problem{Field: string(origin), Text: fmt.Sprintf(format, args...)})
}

func (l *loader) note(warn bool, format string, args ...any) {
	l.s.Notes = append(l.s.Notes, Note{Warn: warn, Text: fmt.Sprintf(format, args...)})
}

// env finds a variable in the strongest layer that has it.
func (l *loader) env(name string) (variable, bool) {
	for _, layer := range slices.Backward(l.layers) {
		if v, ok := layer[envName(name)]; ok {
			return v, true
		}
	}
	return variable{}, false
}

func (l *loader) home() string { return l.layers[len(l.layers)-1].text("HOME") }

func (l *loader) file() error {
	data, found, err := openSettings(l.o.File)
	if err != nil {
		return err
	}
	if !found {
		if info, err := os.Lstat(l.o.File); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return fmt.Errorf("opening settings: %s is a link to a file that is not there", l.o.File)
		}
		if l.named {
			l.note(true, "%s is not there (yet): the defaults are used", l.o.File)
		}
	}
	l.problems = append(l.problems, readSettings(l.s, data, l.o.File, l.home())...)
	return nil
}

// environment lays the scalars' variables over the file, layer by layer. An
// empty variable is none: compose files pass on what was not set that way.
func (l *loader) environment() {
	for _, layer := range l.layers {
		for i := range scalars {
			c := &scalars[i]
			if c.file {
				continue
			}
			for _, name := range c.vars {
				if v := layer[envName(name)]; v.text != "" {
					l.set(c, c.ofPredecessor(v.text), v.origin)
				}
			}
			if v := layer[envName(c.variable())]; v.text != "" {
				l.set(c, v.text, v.origin)
			}
		}
	}
}

func (l *loader) flags() {
	names := make([]string, 0, len(l.o.Flags))
	for name := range l.o.Flags {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		origin := Origin("--" + strings.ReplaceAll(name, "_", "-"))
		c := scalarNamed(strings.ReplaceAll(name, "-", "_"))
		if c == nil || c.file {
			l.bad(origin, "is no setting")
			continue
		}
		l.set(c, l.o.Flags[name], origin)
	}
}

func (l *loader) set(c *scalar, text string, origin Origin) {
	if !c.set(l.s, value{text: text, list: splitList(text), home: l.home()}) {
		l.bad(origin, "must be %s", c.allowed)
		return
	}
	l.s.Origins[c.name] = origin
}

// settle derives what depends on other values.
func (l *loader) settle() {
	s := l.s
	for i := range scalars {
		if _, ok := s.Origins[scalars[i].name]; !ok {
			s.Origins[scalars[i].name] = FromDefault
		}
	}
	s.AddrGiven = s.Origins["addr"] != FromDefault
	if s.Origins["max_queue"] == FromDefault {
		s.MaxQueue = s.MaxWorkers
	}
	if len(s.Rules) == 0 {
		s.Rules = DefaultRules(s.TokenThreshold)
		s.Origins["rules"] = FromDefault
	} else if origin := s.Origins["token_threshold"]; origin != FromDefault {
		l.note(true, "%s is not applied: the rules in %s have their own tokens_over", origin, filepath.Base(s.ConfigFile))
	}
	l.clientKey()
}

// clientKey reads the one key that is given by the environment. Who has set one, as the
// LiteLLM set-up has it, means it to be asked for.
func (l *loader) clientKey() {
	for _, name := range []string{"LITELLM_MASTER_KEY", "GLMTRAY_CLIENT_KEY"} {
		v, _ := l.env(name)
		if v.text == "" {
			continue
		}
		if !keyText(secret.Trim(v.text)) {
			l.bad(v.origin, "must be a key: printable characters without blanks")
			continue
		}
		l.s.ClientKey = secret.New(v.text)
		l.s.Origins["client_key"] = v.origin
		if l.s.Origins["require_client_key"] == FromDefault {
			l.s.RequireClientKey = true
			l.s.Origins["require_client_key"] = v.origin
		}
	}
}

// check holds the values against each other. Whether there is any client key is
// not known here: they stand in the database.
func (l *loader) check() {
	s := l.s
	host, _, err := net.SplitHostPort(s.Addr)
	if err == nil && !Loopback(host) && !s.AllowRemote {
		l.bad(l.s.Origins["addr"], "an address beyond this machine needs allow_remote = true (or --allow-remote), and client keys")
	}
	if s.AllowRemote && !s.RequireClientKey {
		l.bad(s.Origins["allow_remote"], "listening beyond this machine needs client keys: set require_client_key = true (or ENABLE_INCOMING_AUTH)")
	}
	if s.Variant == CanaryVariant && slices.ContainsFunc(s.Rules, func(r Rule) bool { return r.Canary.Share > 0 }) {
		l.bad(s.Origins["variant"], "the variant must not be %q while a rule has a canary: that is what its requests are called", CanaryVariant)
	}
}

// keychainKeys gives the keys that the file names their secrets. Providers in
// taken have keys from the environment.
func (l *loader) keychainKeys(ctx context.Context, taken map[string][]Key) error {
	for i := range l.s.Providers {
		p := &l.s.Providers[i]
		if keys, ok := taken[p.ID]; ok {
			p.Keys = keys
			continue
		}
		for j := range p.Keys {
			if err := l.keychainKey(ctx, p, &p.Keys[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) keychainKey(ctx context.Context, p *Provider, k *Key) error {
	if l.o.Keychain == nil {
		return &KeychainError{Provider: p.ID, Name: k.Name}
	}
	item, err := l.o.Keychain.Get(ctx, p.ID, k.Name)
	switch {
	case errors.Is(err, ErrNoItem), err == nil && item.Secret.Empty():
		k.Problem = ErrNoItem.Error()
		return nil
	case err != nil:
		return &KeychainError{Provider: p.ID, Name: k.Name, Err: err}
	}
	host := Host(p.Endpoint(k.Endpoint).URL)
	stored := item.Host
	if stored == "" {
		stored = presetHost(p.ID, k.Endpoint)
	}
	switch {
	case stored == "":
		k.Problem = "stored without a host: add it again to send it to " + host
	case !strings.EqualFold(stored, host):
		k.Problem = "stored for host " + stored + ", not for " + host
	default:
		k.Problem, k.Secret, k.Origin = "", item.Secret, FromKeychain
	}
	return nil
}

// demo decides whether the simulator may answer: only where nobody has ever
// configured anything.
func (l *loader) demo() {
	l.s.Demo = l.s.mayDemo && !l.s.KeysNamed && !l.providerVariableSet()
}

// KeychainError says for which key the keychain could not be read. errors.Is
// finds [ErrKeychain].
type KeychainError struct {
	Provider, Name string
	Err            error // what the keychain said; nil: there is none
}

func (e *KeychainError) Error() string {
	text := "reading key " + e.Provider + "/" + e.Name + ": " + ErrKeychain.Error()
	if e.Err != nil {
		text += ": " + scrub(e.Err)
	}
	return text
}

// Unwrap gives ErrKeychain and the cause.
func (e *KeychainError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrKeychain}
	}
	return []error{ErrKeychain, e.Err}
}
