package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/metrics"
	"github.com/glmtray/glmtray/internal/proxy/page"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
	"github.com/glmtray/glmtray/internal/secret"
)

// Clients knows the keys that clients of this proxy have. It is asked on the
// request's path and must answer from memory, in constant time per key.
type Clients interface {
	// Who tells whose key was presented.
	Who(presented string) (name string, ok bool)
}

// Recorder keeps what happened to each request. It must never block.
type Recorder interface {
	// Record takes ownership of everything in r.
	Record(r Record)
	// Bodies reports whether request and answer are to be kept, so that
	// nothing is copied for nobody.
	Bodies() bool
}

// Options are what a Server is made of. Pool, Sender, Roster and Tokens must
// be there; everything else may be nil.
type Options struct {
	Settings *config.Settings
	Pool     *keypool.Pool
	Sender   *upstream.Sender
	Roster   *roster.Roster
	Tokens   *tokens.Estimator
	Bus      *event.Bus
	Recorder Recorder
	Clients  Clients
	Scrub    *secret.Scrubber
	Log      *slog.Logger
	Version  string
	Control  string                      // token that /_control wants; "" switches /_control off
	Reload   func(context.Context) error // reads the settings again; for /_control/reload
	Renew    func(context.Context) error // reads the clients' keys again; for /_control/clients
}

// Server is the proxy: an http.Handler and the verbs that a person has.
type Server struct {
	opt     Options
	log     *slog.Logger
	started time.Time
	world   atomic.Pointer[world]
	pause   atomic.Pointer[time.Time] // since when paused
	pin     atomic.Pointer[pin]
	apply   sync.Mutex // one Apply at a time
	count   counters
	counter counter // of tokens that providers do not tell
	limits  limitBook
	book    *metrics.Book
	scrape  func() http.Handler // answers /metrics
	strays  strayBook
	nextID  idSource
	addr    atomic.Pointer[string]
	stop    func()          // Drain's: ends stopping
	ending  context.Context // over once Drain was called: long-lived event streams end
}

// ownClient is who asks where a command of this program's user does, and shows no
// client key.
const ownClient = "glmtray"

// world is what a request sees from its first to its last byte, whatever is
// reloaded meanwhile.
type world struct {
	settings *config.Settings
	primary  *config.Provider
	gate     *gate
	hosts    map[string]bool
	origins  map[string]bool
}

type pin struct {
	provider string
	until    time.Time
}

type counters struct {
	requests, failed, inFlight atomic.Int64
}

// New makes a Server. Apply is called with the settings given.
func New(opt Options) *Server {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Bus == nil {
		opt.Bus = new(event.Bus)
	}
	if opt.Scrub == nil {
		opt.Scrub = new(secret.Scrubber)
	}
	s := &Server{opt: opt, log: opt.Log, started: time.Now(), book: metrics.New()}
	s.scrape = sync.OnceValue(func() http.Handler { // most programs are never scraped, and it takes a megabyte
		return promhttp.HandlerFor(s.book.Registry(s.state), promhttp.HandlerOpts{})
	})
	s.ending, s.stop = context.WithCancel(context.Background())
	s.nextID.init()
	s.Apply(opt.Settings)
	return s
}

// Apply swaps the settings. Requests under way keep theirs.
func (s *Server) Apply(settings *config.Settings) {
	s.apply.Lock()
	defer s.apply.Unlock()
	old := s.world.Load()
	w := &world{
		settings: settings,
		primary:  settings.Primary(),
		hosts:    setOf(settings.AllowedHosts, hostName),
		origins:  setOf(settings.AllowedOrigins, func(origin string) string { return origin }),
	}
	if old != nil && old.settings.MaxWorkers == settings.MaxWorkers && old.settings.MaxQueue == settings.MaxQueue {
		w.gate = old.gate
	} else {
		w.gate = newGate(settings.MaxWorkers, settings.MaxQueue)
	}
	for _, v := range secretsOf(settings) {
		s.opt.Scrub.Add(v) // those that are gone are still used by requests under way
	}
	s.opt.Pool.Tune(rates(settings))
	s.opt.Pool.Set(poolKeys(settings), settings.Cooldown)
	s.world.Store(w)
	if old != nil {
		s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "reloaded"})
	}
}

// Settings are those in force now.
func (s *Server) Settings() *config.Settings { return s.world.Load().settings }

// SetAddr tells the address that the server was given, for /_status and events.
func (s *Server) SetAddr(addr string) {
	s.addr.Store(&addr)
	s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "serving", Addr: addr})
}

// Drain ends what would otherwise never end by itself (event streams), so that
// http.Server.Shutdown waits for requests alone.
func (s *Server) Drain() {
	if s.ending.Err() == nil {
		s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "stopping"})
		s.stop()
	}
}

// Settle waits until every record is with the Recorder: some come after their
// request, when its tokens are counted. It is for the end, after the last request.
func (s *Server) Settle(ctx context.Context) error { return s.counter.settle(ctx) }

// ServeHTTP answers every request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	world := s.world.Load()
	to := aimOf(r)
	if e := world.guard(r, s.listenHost()); e != nil {
		s.refuse(w, r, world, to, e)
		return
	}
	if s.keyless(w, r, to) {
		return
	}
	client, e := s.caller(world, r)
	if e != nil {
		s.refuse(w, r, world, to, e)
		return
	}
	switch to.route {
	case routeStatus:
		s.status(w)
	case routeEvents:
		s.events(w, r)
	case routeMetrics:
		s.scrape().ServeHTTP(w, r)
	case routeFigures:
		s.figures(w, r)
	case routeReset:
		s.resetLimits(w, r)
	case routeModels:
		s.models(w, world, to)
	case routeCount:
		s.countTokens(w, r, world)
	default:
		s.proxied(w, r, world, to, client)
	}
}

// caller tells who asks: a client, or the window that repeats a request, which has
// no key of a client.
func (s *Server) caller(w *world, r *http.Request) (client string, e *chat.Error) {
	if client, e = s.authenticate(w, r); client == "" && s.controls(r) {
		return ownClient, nil
	}
	return client, e
}

// keyless answers what no client key is wanted for.
func (s *Server) keyless(w http.ResponseWriter, r *http.Request, to aim) bool {
	switch {
	case to.route == routeHealth:
		s.health(w)
	case to.route == routeControl:
		s.control(w, r, to.path)
	case to.route == routeStatus && s.controls(r):
		s.status(w)
	case to.route == routeProbe:
		w.WriteHeader(http.StatusOK)
	case to.route == routePage: // the page asks for a key; what it shows needs one
		page.Serve(w, r, to.path)
	default:
		return false
	}
	return true
}

var _ http.Handler = (*Server)(nil)

func setOf(items []string, form func(string) string) map[string]bool {
	set := make(map[string]bool, len(items))
	for _, i := range items {
		set[form(i)] = true
	}
	return set
}

// hostName is a name as the Host header's is compared.
func hostName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// secretsOf lists what must never be printed.
func secretsOf(settings *config.Settings) []secret.Value {
	all := []secret.Value{settings.ClientKey}
	for i := range settings.Providers {
		for _, k := range settings.Providers[i].Keys {
			if !k.Secret.Empty() {
				all = append(all, k.Secret)
			}
		}
	}
	return all
}

// poolKeys gives the pool what the settings wish.
func poolKeys(settings *config.Settings) []keypool.Key {
	var all []keypool.Key
	for i := range settings.Providers {
		p := &settings.Providers[i]
		for _, k := range p.Keys {
			e := p.Endpoint(k.Endpoint)
			all = append(all, keypool.Key{
				Provider: p.ID, Name: k.Name, Account: k.Account, Endpoint: e.ID, Origin: string(k.Origin),
				Secret: k.Secret, Disabled: k.Disabled, Problem: k.Problem, Concurrency: e.Concurrency,
			})
		}
	}
	return all
}
