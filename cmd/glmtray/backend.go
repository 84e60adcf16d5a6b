//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// backend is what the window acts on. What it does with keys is what the
// commands do, in the same words and with the same running proxy: only who is
// asked differs.
type backend struct{ *desktop }

var _ ui.Backend = backend{}

// shownDecisions is how many decisions a snapshot has.
const shownDecisions = 200

// Snapshot implements ui.Backend.
func (d *desktop) Snapshot() state.Snapshot {
	s := state.Snapshot{Version: version, Server: d.serverState()}
	s.AtLogin = d.atLogin()
	d.mu.Lock()
	rows := d.seen.Decisions(shownDecisions)
	s.Today = d.seen.Today(time.Now())
	d.mu.Unlock()
	for _, r := range slices.Backward(rows) {
		s.Decisions = append(s.Decisions, r.Decision)
	}
	a := d.app.Load()
	if a == nil {
		return s
	}
	st := a.server.Snapshot()
	for i := range st.Providers {
		p := &st.Providers[i]
		s.Providers = append(s.Providers, state.Provider{ID: p.ID, Name: p.Name})
		for j := range p.Keys {
			s.Keys = append(s.Keys, keyShown(p.Name, &p.Keys[j]))
		}
		for _, l := range p.Limits {
			s.Limits = append(s.Limits, state.Limit{
				Provider: p.ID, Account: l.Account, Kind: l.Kind, Window: l.Window, Limit: l.Limit, Remaining: l.Remaining,
				Reset: l.Reset,
			})
		}
	}
	return s
}

// loginFresh is how long it is believed what the system said of its start at
// login, which only a person changes, here or in the system's own settings.
const loginFresh = 10 * time.Second

// atLogin asks the system whether it starts the program at login, but not for each
// snapshot: it looks into a file or the registry.
func (d *desktop) atLogin() state.Switch {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); now.After(d.loginUntil) {
		d.login, d.loginUntil = state.Unknown, now.Add(loginFresh)
		if on, err := startsAtLogin(d.e); err == nil {
			d.login = state.SwitchOf(on)
		}
	}
	return d.login
}

// startAtLogin changes what the system starts at login.
func (d *desktop) startAtLogin(on bool) error {
	err := startAtLoginOr(d.e, on)
	d.mu.Lock()
	d.loginUntil = time.Time{}
	d.mu.Unlock()
	return err
}

func keyShown(provider string, k *keypool.State) state.Key {
	var twin string // one at a time: once they are joined, the next is named
	if len(k.SharesWith) > 0 {
		twin = k.SharesWith[0]
	}
	return state.Key{
		SharesWith: twin,
		Provider:   k.Provider, ProviderName: provider, Name: k.Name, Account: k.Account, Endpoint: k.Endpoint,
		Origin: k.Origin, Fingerprint: k.Fingerprint, State: k.State, CoolUntil: k.CoolUntil, Reason: k.Reason,
		Current: k.Current, InFlight: k.InFlight, Errors: k.Errors, Uses: k.Uses, LastUsed: k.LastUsed,
	}
}

// serving is the app and where it listens; nil and nil as long as it does not.
func (d *desktop) serving() (*app, *listening) {
	if a := d.app.Load(); a != nil {
		if l := a.at.Load(); l != nil {
			return a, l
		}
	}
	return nil, nil
}

// serverState is how the proxy stands: that of the app once it listens, else
// why there is none.
func (d *desktop) serverState() state.Server {
	a, l := d.serving()
	switch {
	case d.e.ctx.Err() != nil:
		return state.Server{State: state.Stopping}
	case l == nil:
		err := d.problem()
		if err == nil {
			return state.Server{State: state.Starting}
		}
		return state.Server{State: state.Failed, Problem: problemWords(err), WayOut: wayOut(err)}
	}
	st := a.server.Snapshot()
	s := state.Server{
		State: st.State, URL: l.url(), Demo: st.Demo, Note: l.moved, Primary: st.Primary,
	}
	if st.Pinned != nil {
		s.Pinned, s.PinUntil = st.Pinned.Provider, st.Pinned.Until
	}
	for _, n := range a.settings().Notes {
		if n.Warn {
			s.Note = strings.TrimPrefix(s.Note+"; "+n.Text, "; ")
		}
	}
	s.Note = state.Told(s.Note)
	return s
}

// problemWords is an error as a sentence of a window may begin.
func problemWords(err error) string {
	if errors.Is(err, config.ErrInvalid) {
		return state.Tr("the settings cannot be used: {{.Why}}", "Why", state.ToldLines(err.Error()))
	}
	return state.ToldLines(err.Error())
}

// wayOut is an error's hint, in the words of a window.
func wayOut(err error) string {
	var h hinted
	if errors.Is(err, config.ErrInvalid) {
		return state.Tr("mend the file: it is read again as soon as it is saved")
	}
	if !errors.As(err, &h) {
		return state.Tr("another try is made by itself in a moment")
	}
	return state.Told(strings.ReplaceAll(h.hint, "with --addr", "in the settings"))
}

// Watch implements ui.Backend.
func (d *desktop) Watch() *event.Subscription { return d.bus.Subscribe(eyeRing) }

// as gives the environment of a command that a window carries out: nobody can
// be asked, and what is said goes to the log.
func (d *desktop) as(ctx context.Context) *env {
	e := *d.e
	e.ctx, e.stdin = ctx, strings.NewReader("")
	e.stdout = lineLog{d.log, slog.LevelInfo}
	e.stderr = lineLog{d.log, slog.LevelWarn}
	return &e
}

// lineLog puts what a command says into the log.
type lineLog struct {
	log   *slog.Logger
	level slog.Level
}

func (l lineLog) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "note: ")); line != "" {
			l.log.Log(context.Background(), l.level, line)
		}
	}
	return len(p), nil
}

// in carries out what a command does in its room of keys.
func (d *desktop) in(ctx context.Context, do func(r *keyRoom) error) error {
	r, err := d.as(ctx).keyRoom()
	if err == nil {
		err = do(r)
	}
	if err == nil {
		d.retry()
	}
	return shown(err)
}

// spoken is an error whose words are the reader's; logs and commands have the others.
type spoken struct{ error }

func (e spoken) Error() string { return state.ToldLines(e.error.Error()) }
func (e spoken) Unwrap() error { return e.error }

// shown is an error as a window tells it: in the reader's language, with its hint,
// and a question as one.
func shown(err error) error {
	if err == nil {
		return nil
	}
	var w *wants
	if errors.As(err, &w) {
		return w.needs()
	}
	var h hinted
	if errors.As(err, &h) {
		err = fmt.Errorf("%w (%s)", err, h.hint)
	}
	return spoken{err}
}

// needs is what the window can be asked.
func (w *wants) needs() error {
	n := &ui.Needs{Text: state.Told(w.text), Link: w.link}
	switch w.what {
	case wantsReplace:
		n.What = "replace"
	case wantsPolicy:
		n.What = "policy"
	case wantsVendor, wantsTwin:
		n.What = "sure"
	default:
		return w
	}
	return n
}

// AddKey implements ui.Backend.
func (d *desktop) AddKey(ctx context.Context, k ui.NewKey) error {
	n := &newKey{
		provider: k.Provider,
		key:      config.Key{Name: k.Name, Account: k.Account, Endpoint: k.Endpoint, Secret: k.Secret},
		agreed:   []string{wantsEndpoint}, // the form has it
	}
	if k.Replace {
		n.agreed = append(n.agreed, wantsReplace)
	}
	if k.PolicyRead {
		n.agreed = append(n.agreed, wantsPolicy)
	}
	if k.Sure {
		n.agreed = append(n.agreed, wantsVendor, wantsTwin)
	}
	return d.in(ctx, func(r *keyRoom) error { return r.add(n) })
}

// TestKey implements ui.Backend.
func (d *desktop) TestKey(ctx context.Context, provider, name string) (string, error) {
	c := &keyTestCmd{Provider: provider, Name: name}
	t, err := c.prepare(d.as(ctx))
	if err != nil {
		return "", shown(err)
	}
	defer t.app.close()
	k := t.test(ctx, name)
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("%s: %w", state.Tr("testing {{.Key}}", "Key", provider+"/"+name), err)
	}
	t.learn(k)
	var said strings.Builder
	k.print(&said)
	return state.ToldLines(strings.TrimSpace(said.String())), nil
}

// RenameKey implements ui.Backend.
func (d *desktop) RenameKey(ctx context.Context, provider, name, to string) error {
	return d.in(ctx, func(r *keyRoom) error { return r.rename(provider, name, to) })
}

// MoveKey implements ui.Backend.
func (d *desktop) MoveKey(ctx context.Context, provider, name, before string) error {
	return d.in(ctx, func(r *keyRoom) error { return r.move(provider, name, before) })
}

// EnableKey implements ui.Backend.
func (d *desktop) EnableKey(ctx context.Context, provider, name string, on bool) error {
	return d.in(ctx, func(r *keyRoom) error {
		if on {
			return r.enable(provider, name)
		}
		return r.disable(provider, name)
	})
}

// RemoveKey implements ui.Backend.
func (d *desktop) RemoveKey(ctx context.Context, provider, name string) error {
	return d.in(ctx, func(r *keyRoom) error { return r.remove(provider, name) })
}

// errNotServing is returned where a verb needs the proxy.
const errNotServing = state.Error("nothing is served now")

// Retry implements ui.Backend.
func (d *desktop) Retry(_ context.Context, provider, name string) error {
	a := d.app.Load()
	if a == nil {
		return errNotServing
	}
	for _, k := range a.pool.Provider(provider) {
		if k.Name == name && k.State == keypool.Parked {
			return a.pool.Enable(provider, name)
		}
	}
	return a.pool.Clear(provider, name)
}

// Providers implements ui.Backend.
func (d *desktop) Providers(ctx context.Context) ([]ui.Provider, error) {
	s, err := d.wishes(ctx)
	if err != nil {
		return nil, err
	}
	list := s.Providers
	out := make([]ui.Provider, 0, len(list))
	for i := range list {
		p := ui.Provider{ID: list[i].ID, Name: list[i].Name}
		for _, e := range list[i].Endpoints {
			x := ui.Endpoint{ID: e.ID}
			if e.Policy != nil {
				x.PolicyText, x.PolicyLink = state.Told(e.Policy.Text), e.Policy.Link
			}
			p.Endpoints = append(p.Endpoints, x)
		}
		out = append(out, p)
	}
	return out, nil
}
