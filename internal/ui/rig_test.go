package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// program is a Backend that remembers what it was asked to do.
type program struct {
	bus  event.Bus
	rang chan struct{} // a verb was called

	mu        sync.Mutex
	snap      state.Snapshot
	calls     []string
	added     []NewKey
	fail      map[string]error // by verb, or by a whole call
	settings  []state.Setting
	exchanges map[string]state.Exchange
	questions []Question
	hold      chan struct{} // a verb waits for it
	deaf      bool          // and does not listen to its context
	partly    string        // what putting back says before it fails
	contents

	agents     []state.Agent
	clientKeys []state.ClientKey
}

func (p *program) Snapshot() state.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.snap
	s.Keys, s.Decisions = slices.Clone(s.Keys), slices.Clone(s.Decisions)
	return s
}

func (p *program) Watch() *event.Subscription { return p.bus.Subscribe(1024) }

func (p *program) call(ctx context.Context, verb string, args ...string) error {
	p.mu.Lock()
	whole := strings.TrimSpace(verb + " " + strings.Join(args, " "))
	p.calls = append(p.calls, whole)
	hold, err := p.hold, cmp.Or(p.fail[verb], p.fail[whole])
	if p.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	p.mu.Unlock()
	select {
	case p.rang <- struct{}{}:
	default:
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (p *program) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *program) called() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *program) Pause() {
	_ = p.call(context.Background(), "pause")
	p.set(func() { p.snap.Server.State = state.Paused })
}

func (p *program) Resume() {
	_ = p.call(context.Background(), "resume")
	p.set(func() { p.snap.Server.State = state.Serving })
}

func (p *program) AddKey(ctx context.Context, k NewKey) error {
	p.set(func() { p.added = append(p.added, k) })
	if err := p.call(ctx, "add", k.Provider, k.Name); err != nil {
		return err
	}
	p.set(func() {
		p.snap.Keys = append(p.snap.Keys, state.Key{Provider: k.Provider, Name: k.Name, Origin: state.FromKeychain, State: state.Ready})
	})
	return nil
}

func (p *program) TestKey(ctx context.Context, provider, name string) (string, error) {
	return "works: 2 models", p.call(ctx, "test", provider, name)
}

func (p *program) RenameKey(ctx context.Context, provider, name, to string) error {
	if err := p.call(ctx, "rename", provider, name, to); err != nil {
		return err
	}
	p.set(func() {
		for i := range p.snap.Keys {
			if p.snap.Keys[i].Provider == provider && p.snap.Keys[i].Name == name {
				p.snap.Keys[i].Name = to
			}
		}
	})
	return nil
}

func (p *program) MoveKey(ctx context.Context, provider, name, before string) error {
	return p.call(ctx, "move", provider, name, "before", before)
}

func (p *program) EnableKey(ctx context.Context, provider, name string, on bool) error {
	return p.call(ctx, "enable", provider, name, fmt.Sprint(on))
}

func (p *program) RemoveKey(ctx context.Context, provider, name string) error {
	if err := p.call(ctx, "remove", provider, name); err != nil {
		return err
	}
	p.set(func() {
		p.snap.Keys = slices.DeleteFunc(p.snap.Keys, func(k state.Key) bool { return k.Provider == provider && k.Name == name })
	})
	return nil
}

func (p *program) Retry(ctx context.Context, provider, name string) error {
	return p.call(ctx, "retry", provider, name)
}

func (p *program) Exchange(ctx context.Context, id string) (state.Exchange, error) {
	if err := p.call(ctx, "exchange", id); err != nil {
		return state.Exchange{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	x, ok := p.exchanges[id]
	if !ok {
		return x, errors.New("nothing is known of this request")
	}
	return x, nil
}

func (p *program) Providers(context.Context) ([]Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []Provider{
		{ID: "cerebras", Name: "Cerebras", Endpoints: []Endpoint{{}}},
		{ID: "zai", Name: "Z.ai", Endpoints: []Endpoint{
			{ID: "plan", PolicyText: "The coding plan is for coding tools.", PolicyLink: "https://z.ai/policy"}, {ID: "payg"},
		}},
	}, p.fail["providers"]
}

func (p *program) Settings(context.Context) ([]state.Setting, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.settings), p.fail["settings"]
}

func (p *program) Set(ctx context.Context, name, value string) error {
	if err := p.call(ctx, "set", name, value); err != nil {
		return err
	}
	p.set(func() {
		for i := range p.settings {
			if p.settings[i].Name == name {
				p.settings[i].Value, p.settings[i].Origin = value, "settings.toml"
			}
		}
	})
	return nil
}

func (p *program) Questions() []Question {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.questions
}

func (p *program) Answer(ctx context.Context, question, answer string) error {
	return p.call(ctx, "answer", question, answer)
}

func (p *program) Folder(name string) error { return p.call(context.Background(), "folder", name) }

// desk is a test app that has a tray.
type desk struct {
	fyne.App
	menus  int
	menu   *fyne.Menu
	icon   string
	opened []string
	quits  int

	mu   sync.Mutex
	told []string
}

func (d *desk) SetSystemTrayMenu(m *fyne.Menu)    { d.menus, d.menu = d.menus+1, m }
func (d *desk) SetSystemTrayIcon(r fyne.Resource) { d.icon = r.Name() }
func (d *desk) SetSystemTrayWindow(fyne.Window)   {}
func (d *desk) Quit()                             { d.quits++ }
func (d *desk) OpenURL(u *url.URL) error          { d.opened = append(d.opened, u.String()); return nil }
func (d *desk) item(label string) (i *fyne.MenuItem) {
	for _, i := range d.menu.Items {
		if i.Label == label {
			return i
		}
	}
	return nil
}

func (d *desk) labels() string {
	var out []string
	for _, i := range d.menu.Items {
		out = append(out, i.Label)
	}
	return strings.Join(out, "\n")
}

// rig is a window on a loop of its own: what is posted to the window's
// goroutine runs in the test's, while it waits.
type rig struct {
	t    testing.TB
	p    *program
	desk *desk
	u    *UI
	do   chan func()
}

func serving(keys ...state.Key) state.Snapshot {
	return state.Snapshot{Version: "0.1.0", Server: state.Server{State: state.Serving, URL: "http://127.0.0.1:18080"}, Keys: keys}
}

func desktopKey(name string) state.Key {
	return state.Key{Provider: "cerebras", ProviderName: "Cerebras", Name: name, Origin: state.FromKeychain, State: state.Ready}
}

func newRig(t testing.TB, p *program, opt Options) *rig {
	t.Helper()
	p.rang = make(chan struct{}, 1)
	app := test.NewTempApp(t)
	r := &rig{t: t, p: p, desk: &desk{App: app}, do: make(chan func(), 1000)}
	end := make(chan struct{})
	r.u = start(r.desk, p, opt, func(f func()) {
		select {
		case r.do <- f:
		case <-end:
		}
	})
	t.Cleanup(func() {
		r.u.Close()
		close(end)
	})
	return r
}

// until runs the window until cond holds.
func (r *rig) until(what string, cond func() bool) {
	r.t.Helper()
	late := time.After(30 * time.Second)
	for !cond() {
		select {
		case f := <-r.do:
			f()
		case <-r.p.rang:
		case <-late:
			r.t.Fatalf("never: %s\nasked: %q\n%s", what, r.p.called(), r.text())
		}
	}
}

// sees waits for a text in the window.
func (r *rig) sees(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		r.until("seeing "+text, func() bool { return strings.Contains(r.text(), text) })
	}
}

func (r *rig) asked(call string) {
	r.t.Helper()
	r.until("call "+call, func() bool { return slices.Contains(r.p.called(), call) })
}

// text is every text that can be seen, a line each.
func (r *rig) text() string {
	var b strings.Builder
	r.walk(func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widget.Label:
			b.WriteString(o.Text + "\n")
		case *button:
			b.WriteString(o.Text + "\n")
		case *tick:
			b.WriteString(o.Text + "\n")
		case *textLine:
			b.WriteString(o.text + "\n")
		case *line:
			b.WriteString(strings.Join(o.texts, "\n") + "\n")
		case *widget.RichText:
			b.WriteString(o.String() + "\n")
		}
	})
	return b.String()
}

// button finds a button that can be seen, by its text.
func (r *rig) button(text string) *button {
	r.t.Helper()
	var found *button
	r.walk(func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok && b.Text == text && found == nil {
			found = b
		}
	})
	if found == nil {
		r.t.Fatalf("there is no button %q in\n%s", text, r.text())
	}
	return found
}

func (r *rig) tap(text string) {
	r.t.Helper()
	b := r.button(text)
	if b.Disabled() {
		r.t.Fatalf("the button %q is disabled in\n%s", text, r.text())
	}
	test.Tap(b)
}

// check finds a tick that can be seen, by its text.
func (r *rig) check(text string) *tick {
	r.t.Helper()
	var found *tick
	r.walk(func(o fyne.CanvasObject) {
		if c, ok := o.(*tick); ok && c.Text == text && found == nil {
			found = c
		}
	})
	if found == nil {
		r.t.Fatalf("there is nothing to tick called %q in\n%s", text, r.text())
	}
	return found
}

func (r *rig) publish(events ...event.Event) {
	for _, e := range events {
		r.p.bus.Publish(e)
	}
}

var errNo = errors.New("the disk is full")

// page finds a page by its name.
func (u *UI) page(name string) page {
	for _, t := range u.tabs {
		if t.name == name {
			return t.page
		}
	}
	return nil
}
