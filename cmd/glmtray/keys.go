package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

type keysCmd struct {
	Add     keyAddCmd     `cmd:"" help:"Add a key, or replace one: it is read from a prompt or from standard input."`
	List    keyListCmd    `cmd:"" help:"Show all keys: name, account, fingerprint, state, origin."`
	Test    keyTestCmd    `cmd:"" help:"Make one cheap real call with a key and say what it learned."`
	Rename  keyRenameCmd  `cmd:"" help:"Give a key another name."`
	Move    keyMoveCmd    `cmd:"" help:"Change the order in which a provider's keys are used."`
	Enable  keyEnableCmd  `cmd:"" help:"Switch a key on, and lift its parking."`
	Disable keyDisableCmd `cmd:"" help:"Switch a key off, for good."`
	Remove  keyRemoveCmd  `cmd:"" help:"Forget a key, in the settings and in the keychain."`
	Park    keyParkCmd    `cmd:"" help:"Take a key out of use in the running proxy until it is enabled."`
	Clear   keyClearCmd   `cmd:"" help:"End a key's cooldown in the running proxy."`
	Probe   keyProbeCmd   `cmd:"" help:"Let the running proxy ask the provider now whether a key is good (free)."`
}

// keyRef names one key on the command line.
type keyRef struct {
	Provider string `arg:"" help:"The provider: cerebras, synthetic, zai, or one of the settings."`
	Name     string `arg:"" help:"The key's name, see: glmtray keys list"`
}

// keyRoom is what commands that change keys work in: the settings as the file
// has them. The environment stands aside, since it is for one run, and the
// keychain is not read, since that may ask for a password.
type keyRoom struct {
	e        *env
	file     string
	dataDir  string
	settings *config.Settings
	chain    keychain.Keychain
}

func (e *env) keyRoom() (*keyRoom, error) {
	file, dataDir, err := e.places()
	if err != nil {
		return nil, err
	}
	settings, err := config.Load(e.ctx, config.Options{
		File: file, DataDir: dataDir, Environ: e.homeOnly(), Keychain: noKeychain{},
	})
	if err != nil {
		return nil, err
	}
	return &keyRoom{e: e, file: file, dataDir: dataDir, settings: settings, chain: systemKeychain}, nil
}

// homeOnly is the environment without anything that is a setting.
func (e *env) homeOnly() []string {
	return slices.DeleteFunc(slices.Clone(e.environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return !slices.Contains([]string{"HOME", "AppData", "LocalAppData", "APPDATA", "LOCALAPPDATA"}, name)
	})
}

// noKeychain stands where the secrets are not wanted.
type noKeychain struct{}

// Get finds nothing.
func (noKeychain) Get(context.Context, string, string) (config.KeychainItem, error) {
	return config.KeychainItem{}, config.ErrNoItem
}

// provider finds a provider or says which there are.
func (r *keyRoom) provider(id string) (*config.Provider, error) {
	if p := r.settings.Provider(id); p != nil {
		return p, nil
	}
	ids := make([]string, len(r.settings.Providers))
	for i := range r.settings.Providers {
		ids[i] = r.settings.Providers[i].ID
	}
	return nil, hint(
		fmt.Errorf("unknown provider %s", short(id)),
		"known are "+strings.Join(ids, ", ")+"; others are [provider.NAME] tables in "+r.file,
	)
}

// key finds a key that the settings name.
func (r *keyRoom) key(provider, name string) (*config.Provider, *config.Key, error) {
	p, err := r.provider(provider)
	if err != nil {
		return nil, nil, err
	}
	if k := keyOf(p, name); k != nil {
		return p, k, nil
	}
	if origin := r.fromEnvironment(provider, name); origin != "" {
		return nil, nil, hint(
			fmt.Errorf("%s/%s stands in %s, not in the settings", provider, name, origin),
			"change the variable; in the running proxy it can be parked: glmtray keys park "+provider+" "+name,
		)
	}
	text := "add it with: glmtray keys add " + provider
	if len(p.Keys) > 0 {
		text = "it has " + keyNames(p)
	}
	return nil, nil, hint(fmt.Errorf("%s has no key %s", provider, short(name)), text)
}

func keyOf(p *config.Provider, name string) *config.Key {
	for i := range p.Keys {
		if p.Keys[i].Name == name {
			return &p.Keys[i]
		}
	}
	return nil
}

func keyNames(p *config.Provider) string {
	names := make([]string, len(p.Keys))
	for i := range p.Keys {
		names[i] = p.Keys[i].Name
	}
	return strings.Join(names, ", ")
}

// fromEnvironment names the variable that a provider's keys come from when a
// proxy is started in this environment; "" if from none. name "" means any key.
func (r *keyRoom) fromEnvironment(provider, name string) string {
	settings, err := config.Load(r.e.ctx, config.Options{
		File: r.file, DataDir: r.dataDir, Environ: r.e.environ, Keychain: noKeychain{},
	})
	if err != nil {
		return "" // whoever starts a proxy in it will be told
	}
	p := settings.Provider(provider)
	if p == nil {
		return ""
	}
	for _, k := range p.Keys {
		if (name == "" || k.Name == name) && k.Origin != "" && k.Origin != config.FromKeychain {
			return string(k.Origin)
		}
	}
	return ""
}

// edit changes the settings file.
func (r *keyRoom) edit(change func(*config.Doc) error) error {
	if err := config.Edit(r.file, change); err != nil {
		return fmt.Errorf("writing %s: %w", r.file, err)
	}
	return nil
}

// poke makes a running proxy take the change at once, where watching the file
// would take its time. Where none runs there is nothing to do.
func (r *keyRoom) poke() {
	proxy, err := running(r.e.ctx, r.dataDir)
	if err != nil {
		return
	}
	if err := proxy.control(r.e.ctx, "reload", nil, nil); err != nil {
		r.note("the running proxy keeps its old settings: %v", err)
		return
	}
	r.say("In force in the running proxy as well.")
}

// say tells what was done.
func (r *keyRoom) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.e.stdout, format+"\n", args...) // a closed pipe ends nobody's change
}

// note tells what a person should know beside.
func (r *keyRoom) note(format string, args ...any) {
	_, _ = fmt.Fprintf(r.e.stderr, "note: "+format+"\n", args...)
}

// noteEnvironment says when the keys of the keychain stand back.
func (r *keyRoom) noteEnvironment(p *config.Provider) {
	if origin := r.fromEnvironment(p.ID, ""); origin != "" {
		r.note("%s is set: a proxy started in this environment uses its keys in place of those in the keychain", origin)
	}
}

// chainError gives a keychain's error its hint.
func chainError(err error) error {
	if text := keychain.Hint(err); text != "" {
		return hint(err, text)
	}
	return err
}

// put writes an item and gives the way back.
func (r *keyRoom) put(provider, name string, item keychain.Item) (undo func() error, err error) {
	ctx := r.e.ctx
	before, err := r.chain.Get(ctx, provider, name)
	switch {
	case err == nil:
		undo = func() error { return r.chain.Set(ctx, provider, name, before) }
	case errors.Is(err, keychain.ErrNotFound):
		undo = func() error { return r.chain.Delete(ctx, provider, name) }
	default:
		return nil, chainError(err)
	}
	if err := r.chain.Set(ctx, provider, name, item); err != nil {
		return nil, chainError(err)
	}
	return undo, nil
}

// both writes an item and then the settings; without the second the first is
// taken back.
func (r *keyRoom) both(provider, name string, item keychain.Item, change func(*config.Doc) error) error {
	return r.together([]stored{{provider, name, item}}, change)
}

// stored is an item of the keychain with its name.
type stored struct {
	provider, name string
	item           keychain.Item
}

// together writes items and then the settings. What fails on the way leaves
// nothing half done: the items that were written are taken back.
func (r *keyRoom) together(items []stored, change func(*config.Doc) error) error {
	var undo []func() error
	back := func(err error) error {
		for _, take := range slices.Backward(undo) {
			if undoErr := take(); undoErr != nil {
				err = errors.Join(err, fmt.Errorf("taking the key back out of the keychain: %w", undoErr))
			}
		}
		return err
	}
	for _, s := range items {
		take, err := r.put(s.provider, s.name, s.item)
		if err != nil {
			return back(err)
		}
		undo = append(undo, take)
	}
	if err := r.edit(change); err != nil {
		return back(err)
	}
	return nil
}

// short repeats a word of the command line in a message, unless it may be a key
// in the wrong place.
func short(text string) string {
	const longest = 32
	if len(text) > longest || looksLikeKey(text) {
		return fmt.Sprintf("(a text of %d bytes)", len(text))
	}
	return strconv.Quote(text)
}

// looksLikeKey tells a vendor's key from a name.
func looksLikeKey(text string) bool {
	return strings.Contains((*secret.Scrubber)(nil).Text(text), secret.Mark)
}

// checkName looks at a key's name before anything is written under it.
func checkName(name string) error {
	if looksLikeKey(name) {
		return hint(
			errors.New("the name looks like a key"),
			"a key does not belong on the command line: it is asked for, or read from standard input",
		)
	}
	return keychain.CheckName(name)
}
