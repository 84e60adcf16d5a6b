package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store"
)

// appOptions are what a command wishes of the app beyond the settings.
type appOptions struct {
	envFile   string
	flags     map[string]string
	noDemo    bool // never the demo
	forceDemo bool // nothing but the demo
	window    bool // a person looks on, and is asked what else is a default

	bus    *event.Bus    // that others watch already; nil: a new one
	recent *store.Recent // where bodies stay in memory; nil: nobody looks at them
}

// app is the program put together: the one place that knows every room.
type app struct {
	load    config.Options
	around  connect.Env // of the user whose agents are connected
	seen    stamp       // of the settings that were loaded first
	opt     appOptions
	bus     *event.Bus
	scrub   *secret.Scrubber
	lines   *lineWriter
	log     *slog.Logger
	level   slog.LevelVar
	store   *store.Store
	clients *store.Clients
	pool    *keypool.Pool
	roster  *roster.Roster
	tokens  *tokens.Estimator
	sender  *upstream.Sender
	server  *proxy.Server
	rec     *recorder
	states  *stateKeeper
	minutes *minuteKeeper
	ballast []byte
	started func() // called once it listens; may be nil
	token   string
	at      atomic.Pointer[listening] // where it listens; nil: not yet
	wake    chan struct{}             // Discover asks again

	mu   sync.Mutex         // one reload at a time
	demo *simulator.Running // while the demo answers
	stop context.CancelFunc // ends what background started
	busy sync.WaitGroup
}

// places gives the settings file and the data folder of the command line.
func (e *env) places() (file, dataDir string, err error) {
	dataDir, file = e.cli.DataDir, e.cli.Config
	if dataDir == "" {
		if dataDir, err = config.DefaultDataDir(e.environ); err != nil {
			return "", "", err
		}
		if file == "" {
			file, err = config.DefaultFile(e.environ)
		}
	} else if file == "" {
		file = filepath.Join(dataDir, "settings.toml")
	}
	return file, dataDir, err
}

// loadOptions are how every command reads the settings.
func (e *env) loadOptions(opt appOptions) config.Options {
	load := config.Options{
		File: e.cli.Config, DataDir: e.cli.DataDir,
		Environ: e.environ, EnvFile: opt.envFile, Flags: opt.flags, Keychain: keychainReader{},
	}
	if opt.forceDemo {
		load.Keychain = noKeychain{} // the demo needs no key, so it asks for none
	}
	return load
}

// newApp puts the rooms together and starts nothing but the demo's simulator.
func newApp(e *env, opt appOptions) (*app, error) {
	load := e.loadOptions(opt)
	seen := stampOf(load)
	settings, err := loadSettings(e.ctx, load, opt)
	if err != nil {
		return nil, err
	}
	a := &app{
		load: load, around: e.surroundings(), seen: seen, opt: opt, bus: cmp.Or(opt.bus, new(event.Bus)), scrub: new(secret.Scrubber), roster: roster.New(),
		tokens: tokens.NewEstimator(), token: newToken(), wake: make(chan struct{}, 1),
	}
	if err := setLevel(&a.level, settings.LogLevel); err != nil {
		return nil, err
	}
	a.lines = &lineWriter{w: e.stderr, scrub: a.scrub}
	a.log = newLogger(a.lines, &a.level, a.bus)
	takeStandardLog(a.log)
	for _, n := range settings.Notes {
		level := slog.LevelInfo
		if n.Warn {
			level = slog.LevelWarn
		}
		a.log.Log(e.ctx, level, n.Text)
	}
	if err := a.open(e.ctx, settings); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// loadSettings reads the settings as this command wants them.
func loadSettings(ctx context.Context, load config.Options, opt appOptions) (*config.Settings, error) {
	settings, err := config.Load(ctx, load)
	if errors.Is(err, config.ErrKeychain) {
		return nil, hint(err, "unlock the keychain, or give keys by environment variables; a demo would hide that your keys cannot be read")
	}
	if err != nil {
		return nil, err
	}
	return opt.wish(settings), nil
}

// wish puts in what the command line says of the demo. Where a person can be
// asked, request bodies are kept only once they have said so.
func (o appOptions) wish(settings *config.Settings) *config.Settings {
	if o.window && settings.Origins["log_requests"] == config.FromDefault {
		settings.LogRequests = false
	}
	settings.Demo = o.forceDemo || settings.Demo && !o.noDemo
	return settings
}

// open opens the database and makes the proxy.
func (a *app) open(ctx context.Context, settings *config.Settings) error {
	var err error
	if a.store, err = store.Open(ctx, settings.DataDir, a.log); err != nil {
		return err
	}
	salt, err := a.store.Salt(ctx)
	if err != nil {
		return err
	}
	if a.clients, err = store.NewClients(ctx, a.store, a.log); err != nil {
		return err
	}
	a.states = newStateKeeper(a.store, a.log)
	a.pool = keypool.New(keypool.Options{
		Cooldown: settings.Cooldown, Salt: salt, Bus: a.bus, Log: a.log, OnChange: a.states.put,
	})
	a.sender, err = upstream.New(upstream.Options{
		Proxy: settings.Proxy, CAFile: settings.CAFile, UserAgent: "glmtray/" + version, Scrub: a.scrub, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.rec = newRecorder(settings, a.scrub, a.log)
	a.rec.recent = a.opt.recent
	a.rec.requests = store.NewRequestWriter(a.store, store.RequestOptions{Scrub: a.scrub, Log: a.log})
	if settings, err = a.withDemo(ctx, settings); err != nil {
		return err
	}
	if err = a.recall(ctx); err != nil {
		return err
	}
	a.server = proxy.New(proxy.Options{
		Settings: settings, Pool: a.pool, Sender: a.sender, Roster: a.roster, Tokens: a.tokens, Bus: a.bus,
		Recorder: a.rec, Clients: a.clients, Scrub: a.scrub, Log: a.log, Version: version, Control: a.token, Reload: a.reload,
		Renew: a.clients.Reload,
	})
	return nil
}

// withDemo starts or stops the simulator as the settings wish, and gives the
// settings with the demo's provider in them.
func (a *app) withDemo(ctx context.Context, settings *config.Settings) (*config.Settings, error) {
	if !settings.Demo {
		if a.demo != nil {
			a.log.Info("the demo is over: a provider key was added")
			_ = a.demo.Close() // its port is given up either way
			a.demo = nil
		}
		return settings, nil
	}
	if a.demo == nil {
		running, err := simulator.Start(context.WithoutCancel(ctx), "127.0.0.1:0", simulator.Demo())
		if err != nil {
			return nil, fmt.Errorf("starting the demo: %w", err)
		}
		a.demo = running
	}
	var keys []config.Key
	for _, k := range simulator.DemoKeys() {
		keys = append(keys, config.Key{Name: k.Name, Account: k.Account, Secret: secret.New(k.Text), Origin: "demo"})
	}
	return config.WithDemo(settings, a.demo.URL+"/v1", keys), nil
}

func (a *app) settings() *config.Settings { return a.server.Settings() }

// reload reads the settings again. What is wrong with them is told, and the
// old ones stay.
func (a *app) reload(ctx context.Context) error {
	settings, err := loadSettings(ctx, a.load, a.opt)
	if err != nil {
		return err
	}
	return a.apply(ctx, settings)
}

// apply puts new settings in force.
func (a *app) apply(ctx context.Context, settings *config.Settings) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	settings, err := a.withDemo(ctx, settings)
	if err != nil {
		return err
	}
	if err := a.sender.Reach(settings.Proxy, settings.CAFile); err != nil {
		return err
	}
	if err := setLevel(&a.level, settings.LogLevel); err != nil {
		return err
	}
	a.server.Apply(settings)
	a.rec.apply(settings)
	select {
	case a.wake <- struct{}{}:
	default: // it is going to ask anyway
	}
	return nil
}

// background starts what runs beside the requests; close ends it.
func (a *app) background(ctx context.Context) {
	ctx, a.stop = context.WithCancel(ctx)
	a.minutes = newMinuteKeeper(a.server.Metrics(), a.settings().DataDir, a.log)
	a.minutes.load()
	a.ballast = ballast()
	a.busy.Go(func() { a.server.Discover(ctx, a.wake) })
	a.busy.Go(func() { a.server.PollQuotas(ctx) })
	a.busy.Go(func() { a.sender.Watch(ctx) })
	a.busy.Go(func() { a.states.run(ctx) })
	a.busy.Go(func() { a.clients.Run(ctx) })
	a.busy.Go(func() { a.remember(ctx) })
	a.busy.Go(func() { a.minutes.run(ctx) })
	a.busy.Go(func() { a.watch(ctx) })
	a.busy.Go(func() { newTrimmer().run(ctx) })
	a.busy.Go(func() {
		a.store.Retain(ctx, func() store.Retention {
			set := a.settings()
			return store.Retention{MaxAge: set.RecordsMaxAge, MaxRows: set.RecordsMaxRows, MaxBytes: set.RecordsMaxBytes}
		})
	})
}

// watch puts changed settings in force until ctx ends.
func (a *app) watch(ctx context.Context) {
	told := func(err error) {
		if err != nil {
			a.log.Error("the new settings are not used; the old ones stay", "error", err)
			return
		}
		a.log.Info("settings reloaded")
	}
	done, err := config.Watch(ctx, a.load, func(settings *config.Settings, err error) {
		if err == nil {
			err = a.apply(ctx, a.opt.wish(settings))
		}
		told(err)
	})
	if err != nil {
		a.log.Warn("settings are not watched: changes need a restart", "error", err)
		return
	}
	// What was changed between the loading and the watching nobody has seen yet.
	if stampOf(a.load) != a.seen {
		told(a.reload(ctx))
	}
	<-done
}

// stamp tells whether the files of the settings have changed.
type stamp [2]struct {
	at   time.Time
	size int64
}

// stampOf looks at the settings file and the env file; one that is not there
// has the zero stamp.
func stampOf(load config.Options) (s stamp) {
	file, err := load.SettingsFile()
	if err != nil {
		return s // loading tells what is wrong
	}
	for i, name := range []string{file, load.EnvFile} {
		if info, err := os.Stat(name); err == nil {
			s[i].at, s[i].size = info.ModTime(), info.Size()
		}
	}
	return s
}

// announce tells what a person should know once the proxy accepts.
func (a *app) announce(l *listening) {
	if l.moved != "" {
		a.log.Warn(l.moved)
	}
	set := a.settings()
	switch {
	case set.Demo:
		a.log.Warn("the built-in demo provider answers; add a real key with: glmtray keys add cerebras", "url", l.url())
	case set.Primary() == nil || set.Primary().Usable() == 0:
		a.log.Warn("no provider has a usable key yet; add one with: glmtray keys add cerebras")
	default:
		a.log.Info("serving", "url", l.url(), "primary", set.Primary().ID, "keys", set.Primary().Usable())
	}
}

// closeLimit bounds what is written at the end.
const closeLimit = 5 * time.Second

// close writes what is still to be written and ends everything.
func (a *app) close() {
	defer a.lines.close()
	if a.stop != nil {
		a.stop()
	}
	a.busy.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if a.states != nil {
		a.states.flush(ctx)
	}
	if a.store != nil && a.server != nil {
		a.saveFacts(ctx)
	}
	a.endRecords(ctx)
	if a.clients != nil {
		if err := a.clients.Close(ctx); err != nil {
			a.log.Warn("the last uses of client keys are not counted", "error", err)
		}
	}
	if a.demo != nil {
		_ = a.demo.Close() // its port is given up either way
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.log.Warn("closing the database", "error", err)
		}
	}
}

const factPort = "port"

// rememberedPort is where the default port moved to, 0 if it never did.
func (a *app) rememberedPort() int {
	text, ok, err := a.store.Recall(context.Background(), factPort)
	if err != nil || !ok {
		return 0
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return port
}

func (a *app) rememberPort(l *listening) {
	if a.opt.forceDemo || a.settings().AddrGiven || l.moved == "" {
		return
	}
	if err := a.store.Remember(context.Background(), factPort, strconv.Itoa(l.port), time.Time{}); err != nil {
		a.log.Warn("the port is not remembered", "error", err)
	}
}
