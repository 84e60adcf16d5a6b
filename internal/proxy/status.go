package proxy

import (
	"encoding/json"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

func itoa(n int) string { return strconv.Itoa(n) }

// health answers /healthz. The body names the program, so that whoever finds
// the port taken can tell by whom.
func (s *Server) health(w http.ResponseWriter) {
	state := "ok"
	if s.pause.Load() != nil {
		state = "paused"
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": state, "program": "glmtray", "version": s.opt.Version})
}

// Status is what /_status tells. Keys and Current are the predecessor's shape
// and speak of the primary.
type Status struct {
	Keys       []StatusKey                      `json:"keys"`
	Current    string                           `json:"current_key"`
	Program    string                           `json:"program"`
	Version    string                           `json:"version"`
	Addr       string                           `json:"addr"`
	State      string                           `json:"state"` // serving, paused
	Demo       bool                             `json:"demo"`
	Uptime     float64                          `json:"uptime"` // seconds
	Primary    string                           `json:"primary"`
	Pinned     *StatusPin                       `json:"pinned,omitempty"`
	Providers  []StatusProvider                 `json:"providers"`
	Routes     []StatusRoute                    `json:"routes"`
	Requests   StatusRequests                   `json:"requests"`
	Models     map[string]roster.ProviderModels `json:"models"`
	Notes      []string                         `json:"notes,omitempty"`
	Go         string                           `json:"go"`
	ConfigFile string                           `json:"config_file"`
}

// StatusKey is one key of the primary as the predecessor told it.
type StatusKey struct {
	Name       string  `json:"name"`
	Available  bool    `json:"available"`
	LimitedFor float64 `json:"rate_limited_for"` // seconds
	ErrorCount int     `json:"error_count"`
}

// StatusProvider is one provider with everything known of its keys.
type StatusProvider struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Current string          `json:"current_key"`
	Keys    []keypool.State `json:"keys"`
	Limits  []SeenLimit     `json:"limits,omitempty"`
}

// StatusRoute is one rule.
type StatusRoute struct {
	Rule   string   `json:"rule"`
	When   string   `json:"when"`
	Use    []string `json:"use"`
	Canary string   `json:"canary,omitempty"` // in words: what goes elsewhere first
}

// StatusRequests counts since the start.
type StatusRequests struct {
	Total    int64 `json:"total"`
	Failed   int64 `json:"failed"`
	InFlight int64 `json:"in_flight"`
	Waiting  int64 `json:"waiting"` // for a worker
	Workers  int   `json:"workers"` // requests that may run at once
}

// StatusPin is a provider that was pinned by hand.
type StatusPin struct {
	Provider string    `json:"provider"`
	Until    time.Time `json:"until"`
}

// Snapshot tells the whole state; the window and /_status show it.
func (s *Server) Snapshot() Status {
	w := s.world.Load()
	st := Status{
		Keys: []StatusKey{}, Providers: []StatusProvider{}, Routes: []StatusRoute{}, Program: "glmtray", Version: s.opt.Version, State: "serving",
		Uptime: time.Since(s.started).Seconds(), Go: runtime.Version(), ConfigFile: w.settings.ConfigFile,
		Requests: StatusRequests{
			s.count.requests.Load(), s.count.failed.Load(), s.count.inFlight.Load(), w.gate.waiting.Load(), cap(w.gate.slots),
		},
		Models: s.opt.Roster.Snapshot(), Demo: w.settings.Demo,
	}
	if a := s.addr.Load(); a != nil {
		st.Addr = *a
	}
	if s.pause.Load() != nil {
		st.State = "paused"
	}
	if p := s.pinned(); p != nil {
		st.Pinned = &StatusPin{p.provider, p.until}
	}
	if w.primary != nil {
		st.Primary = w.primary.ID
		st.Current = s.opt.Pool.Current(w.primary.ID)
		for _, k := range s.opt.Pool.Provider(w.primary.ID) {
			st.Keys = append(st.Keys, StatusKey{
				Name: k.Name, Available: k.State == "ready" || k.State == "busy",
				LimitedFor: secondsUntil(k.CoolUntil), ErrorCount: k.Errors,
			})
		}
	}
	s.fillProviders(&st, w)
	for _, n := range w.settings.Notes {
		st.Notes = append(st.Notes, n.Text)
	}
	st.Notes = append(st.Notes, s.strays.all()...)
	for _, pair := range s.opt.Pool.Suspects() {
		st.Notes = append(st.Notes, pair.Provider+": "+pair.Text+"; give both one account name if they do")
	}
	return st
}

func (s *Server) fillProviders(st *Status, w *world) {
	for i := range w.settings.Providers {
		p := &w.settings.Providers[i]
		keys := s.opt.Pool.Provider(p.ID)
		if len(keys) == 0 {
			continue
		}
		st.Providers = append(st.Providers, StatusProvider{
			ID: p.ID, Name: p.Name, Current: s.opt.Pool.Current(p.ID), Keys: keys, Limits: s.limits.of(p.ID),
		})
	}
	for _, r := range w.settings.Rules {
		use := make([]string, len(r.Use))
		for i, t := range r.Use {
			use[i] = t.String()
		}
		route := StatusRoute{Rule: r.Name, When: r.When.String(), Use: use}
		if r.Canary.Share > 0 {
			route.Canary = r.Canary.String()
		}
		st.Routes = append(st.Routes, route)
	}
}

func secondsUntil(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, time.Until(t).Seconds())
}

func (s *Server) status(w http.ResponseWriter) { writeJSON(w, http.StatusOK, s.Snapshot()) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the client may have left
}

// limitBook keeps what providers last told of their limits, per account.
type limitBook struct {
	mu   sync.Mutex
	book map[limitKey]SeenLimit
}

type limitKey struct{ provider, account, kind, window string }

// SeenLimit is one limit as a provider told it, in a header or on its quota page.
type SeenLimit struct {
	Account   string    `json:"account"`
	Kind      string    `json:"kind"`
	Window    string    `json:"window"`
	Limit     int64     `json:"limit"`
	Remaining int64     `json:"remaining"`
	Reset     time.Time `json:"reset,omitzero"`
	Seen      time.Time `json:"seen"`
}

func (b *limitBook) note(provider, account string, limits []upstream.Limit) {
	if len(limits) == 0 {
		return
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.book == nil {
		b.book = map[limitKey]SeenLimit{}
	}
	for _, l := range limits {
		b.book[limitKey{provider, account, l.Kind, l.Window}] = SeenLimit{
			Account: account, Kind: l.Kind, Window: l.Window, Limit: l.Limit, Remaining: l.Remaining, Reset: l.Reset, Seen: now,
		}
	}
}

func (b *limitBook) of(provider string) []SeenLimit {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []SeenLimit
	for k, l := range b.book {
		if k.provider == provider {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b SeenLimit) int {
		return strings.Compare(a.Account+a.Kind+a.Window, b.Account+b.Kind+b.Window)
	})
	return all
}
