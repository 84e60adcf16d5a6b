package ui

import (
	"context"
	"net/url"
	"strconv"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/glmtray/glmtray/assets"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Options say what the window cannot know by itself.
type Options struct {
	// TrayHost is whether somebody shows tray icons. Without one the window
	// stays visible and says why. See SetTrayHost.
	TrayHost bool
	// StartHidden leaves the window in the tray at first, if there is a host
	// and nothing to ask.
	StartHidden bool
	// CloseToTray is asked whenever the window is closed; nil means yes. It must
	// answer at once.
	CloseToTray func() bool
	// Notify is asked whether a person wants to be told of such a thing; nil means
	// yes. It must answer at once.
	Notify func(state.NoticeKind) bool
	// Quit ends the program; nil means the app's own Quit. It is called on the
	// window's goroutine and must not block.
	Quit func()
	// TrayTap registers what a click on the tray icon does. It is systray's
	// SetOnTapped: Fyne's own SetSystemTrayWindow shows the window behind our
	// back. nil: the icon's menu is all there is.
	TrayTap func(open func())
	// Doze lets the toolkit's loop stand still while the window is hidden. It is for
	// systems whose trays do not need that loop.
	Doze bool
	// TrayOpened tells that somebody opens the tray's menu: what is chosen there is
	// done by the toolkit's loop. nil: nobody tells.
	TrayOpened <-chan struct{}
}

// UI is the window and the tray of a running program.
type UI struct {
	app    fyne.App
	b      Backend
	opt    Options
	ctx    context.Context //nolint:containedctx // it is the window's life, which outlasts every call
	cancel context.CancelFunc
	do     func(func())
	asking sync.RWMutex // read: a goroutine asks for the window's; written: nobody may any more
	now    func() time.Time
	pump   *pump
	doze   *doze // nil: the loop runs on

	// What follows belongs to the window's goroutine.
	win       fyne.Window
	st        *state.State
	shown     bool
	tabs      []*tab
	open      *tab
	frame     *frame
	tray      *tray
	shortcuts map[string]func()
	read      time.Time          // when the last snapshot was
	looks     int                // snapshots that are still needed until its figures are true again
	welcome   *welcome           // the questions of a first start, as long as they stand in the pages' place
	sheet     *sheet             // the question that lies over the window; nil: none
	dialog    *dialog.FileDialog // that asks for a file; nil: none
	quitting  bool               // a person has asked for the end
	notices   state.Notices
	looked    bool      // the window has the focus
	note      string    // what a verb without a page of its own has to say
	agentsAt  time.Time // when the agents' files were last looked at
}

// Run builds window and tray, shows the window unless it is to start hidden,
// and returns: the caller then calls app.Run. It must be called on the goroutine
// that does.
func Run(app fyne.App, b Backend, opt Options) *UI { return start(app, b, opt, onThread) }

func start(app fyne.App, b Backend, opt Options, do func(func())) *UI {
	u := &UI{app: app, b: b, opt: opt, now: time.Now, shortcuts: map[string]func(){}}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	u.do = func(f func()) {
		// Whoever asks is done with it before Close returns: the toolkit's queue is
		// closed after that, and it runs f on whatever goroutine asks.
		u.asking.RLock()
		defer u.asking.RUnlock()
		if u.ctx.Err() != nil {
			return
		}
		do(func() {
			if u.ctx.Err() == nil {
				f()
			}
		})
		u.doze.wake()
	}
	if opt.Doze {
		u.doze = newDoze(u.ctx.Done(), do, func() bool { return !u.shown })
		go u.doze.run()
		go u.awaitTray()
	}
	sub := b.Watch() // before the snapshot: what happens between the two is told twice, not never
	u.st = state.New(b.Snapshot())
	u.pump = &pump{sub: sub, snap: b.Snapshot, do: u.do, frame: u.draw, kick: make(chan struct{}, 1)}

	speak()
	app.Settings().SetTheme(Theme())
	app.SetIcon(fyne.NewStaticResource("icon.png", assets.Icon()))
	u.win = app.NewWindow("glmtray")
	u.win.SetPadded(false)
	u.tray = newTray(u)
	u.build()
	u.win.Resize(fyne.NewSize(windowWidth, windowHeight))
	u.win.SetCloseIntercept(u.close)
	if opt.TrayTap != nil {
		opt.TrayTap(u.Show)
	}
	if !opt.StartHidden || !opt.TrayHost {
		u.reveal()
	} else {
		u.doze.hidden()
	}
	app.Lifecycle().SetOnEnteredForeground(func() { u.looked = true })
	app.Lifecycle().SetOnExitedForeground(func() { u.looked = false })
	u.lookAgents()
	u.ask()
	go func() {
		defer sub.Close()
		u.pump.run(u.ctx)
	}()
	return u
}

// awaitTray keeps the loop awake for whoever chooses from the tray's menu.
func (u *UI) awaitTray() {
	for {
		select {
		case <-u.opt.TrayOpened:
			u.do(func() { u.doze.lightly(choosing) })
		case <-u.ctx.Done():
			return
		}
	}
}

// Show shows the window and gives it the focus: a click on the tray, or a
// second start. It may be called from any goroutine.
func (u *UI) Show() { u.do(u.reveal) }

// Raise is Show.
func (u *UI) Raise() { u.Show() }

// SetTrayHost tells that somebody shows tray icons now, or no longer: then a
// hidden window comes back. It may be called from any goroutine.
func (u *UI) SetTrayHost(there bool) {
	u.do(func() {
		u.opt.TrayHost = there
		if !there && !u.shown {
			u.reveal()
		}
		u.pump.wake()
	})
}

// Close ends the pump and whatever still works: before the app's Quit, after
// which nothing may be drawn. It may be called from any goroutine, and twice.
func (u *UI) Close() {
	u.asking.Lock()
	defer u.asking.Unlock()
	u.cancel()
}

// reveal shows the window, redrawn first: nothing was while it was hidden.
func (u *UI) reveal() {
	first := !u.shown
	u.shown = true
	u.redraw()
	u.win.Show()
	u.win.RequestFocus()
	if first {
		u.pump.wake()
		u.lookAgents() // the commands may have connected some
	}
}

func (u *UI) hide() {
	u.shown = false
	u.win.Hide()
	u.doze.hidden()
	u.pump.wake() // figures of the window no longer need a timer
}

// close is what the window's cross does.
func (u *UI) close() {
	if u.opt.TrayHost && (u.opt.CloseToTray == nil || u.opt.CloseToTray()) {
		u.hide()
		return
	}
	u.quit()
}

// draw is one frame: it takes the news, and redraws what can be seen.
func (u *UI) draw(n news) outcome {
	if u.ctx.Err() != nil { // the app has ended, and with it the goroutine this should be on
		return outcome{}
	}
	u.learn(n)
	if (n.snap != nil || n.events != nil) && u.now().Sub(u.agentsAt) >= freshAgents {
		u.lookAgents()
	}
	o := outcome{stale: u.st.Stale(), next: u.notices.Tick(u.now()), rest: calmer}
	if wait := u.tray.draw(u.now()); u.opt.TrayHost {
		o.next = sooner(o.next, wait)
	}
	if u.shown {
		u.redraw()
		o.rest = calm
		o.next = sooner(o.next, u.st.Tick(u.now()))
		if u.open != nil {
			if t, ok := u.open.page.(ticker); ok {
				o.next = sooner(o.next, t.tick(u.now()))
			}
			if f, ok := u.open.page.(flooded); ok && f.flooded() {
				o.rest = calmest
			}
		}
		u.refreshed(n.snap != nil, &o)
	}
	return o
}

// learn takes the news, and says aloud what is worth it.
func (u *UI) learn(n news) {
	for _, e := range n.events {
		u.st.Apply(e)
		u.notify(u.notices.Look(u.st, e, u.now()))
	}
	switch {
	case n.lost > 0:
		u.st.Log().Missed(u.now(), n.lost)
		u.st.Load(*n.snap)
	case n.snap != nil:
		u.st.Update(*n.snap)
	}
	if n.snap != nil {
		u.notify(u.notices.Look(u.st, nil, u.now()))
	}
	u.notify(u.notices.Due(u.st, u.now()))
}

// fresh is how old the figures may grow that only a snapshot has: what is in
// flight, what is left of limits.
const fresh = 500 * time.Millisecond

// refreshed has those figures read again once they are that old and requests
// have come or ended since.
func (u *UI) refreshed(now bool, o *outcome) {
	at := u.now()
	if now {
		u.read = at
		u.looks = max(u.looks-1, 0)
	}
	if u.st.Worn() {
		u.looks = 2 // a request that has ended holds its key a moment longer
	}
	if u.looks == 0 {
		return
	}
	o.worn = true
	o.next = sooner(o.next, max(fresh-at.Sub(u.read), interval))
}

// sooner is the shorter of two waits, 0 being none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// redraw redraws the frame and the open page.
func (u *UI) redraw() {
	if !u.shown {
		return
	}
	now := u.now()
	u.frame.draw(now)
	if u.open != nil {
		u.open.page.draw(now)
	}
	if u.welcome != nil {
		u.welcome.draw(now)
	}
}

// serve pauses or resumes.
func (u *UI) serve(on bool) {
	act(u, forDisk, func(context.Context) error {
		if on {
			u.b.Resume()
		} else {
			u.b.Pause()
		}
		return nil
	}, func(err error) { u.tell(err) })
}

// folder opens a folder of ours in the system's file manager.
func (u *UI) folder(name string) {
	act(u, forDisk, func(context.Context) error { return u.b.Folder(name) }, u.tell)
}

// startAtLogin has the system start the program at login, or no longer.
func (u *UI) startAtLogin(on bool) {
	act(u, forDisk, func(ctx context.Context) error { return u.b.Set(ctx, settingAtLogin, strconv.FormatBool(on)) }, u.tell)
}

// tell shows an error in the banner, or takes it away.
func (u *UI) tell(err error) {
	u.note = ""
	if err != nil {
		u.note = err.Error()
	}
	u.redraw()
}

func (u *UI) copy(text string) {
	u.app.Clipboard().SetContent(text)
	u.doze.lightly(pasting)
}

func (u *UI) openLink(link string) {
	if to, err := url.Parse(link); err == nil && (to.Scheme == "https" || to.Scheme == "http") {
		u.tell(u.app.OpenURL(to))
	}
}

// bind gives the window a shortcut: Ctrl (Cmd on a Mac) and a key.
func (u *UI) bind(key fyne.KeyName, do func()) {
	s := &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
	u.shortcuts[s.ShortcutName()] = do
	u.win.Canvas().AddShortcut(s, func(fyne.Shortcut) { do() })
}
