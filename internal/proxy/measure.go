package proxy

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/metrics"
)

// Metrics is what the server counts.
func (s *Server) Metrics() *metrics.Book { return s.book }

// countRequest counts a request that is over.
func (s *Server) countRequest(c *call, f *event.Finished) {
	s.book.Request(&metrics.Request{
		Finished: *f, Route: routeLabel(c.path), Chat: c.chat, InFlight: int(s.count.inFlight.Load()),
	})
}

// countTry counts a try that is not in c.attempts yet.
func (s *Server) countTry(c *call, a *attempt) {
	m := metrics.Attempt{Variant: c.variant, Provider: a.Provider, Class: a.Class.String(), Status: a.Status}
	if n := len(c.attempts); n > 0 {
		m.Before, m.From = c.attempts[n-1].Class.String(), c.attempts[n-1].Provider
	} else if first := c.decision.Chain[0].Target.Provider; first != a.Provider {
		m.Before, m.From = metrics.Refused, first
	}
	s.book.Attempt(&m)
}

// routeLabel is a path as metrics know it. Clients may write anything in their
// paths; a label is one of four.
func routeLabel(path string) string {
	switch path {
	case "/chat/completions":
		return "/v1/chat/completions"
	case "/messages":
		return "/v1/messages"
	case "/responses":
		return "/v1/responses"
	}
	return "other"
}

// state is what /metrics tells beside what was counted.
func (s *Server) state() metrics.State {
	w := s.world.Load()
	st := metrics.State{
		Variant: w.settings.Variant, Version: s.opt.Version, InFlight: int(s.count.inFlight.Load()),
		Waiting: int(w.gate.waiting.Load()), Workers: cap(w.gate.slots), Paused: s.pause.Load() != nil,
	}
	for i := range w.settings.Providers {
		id := w.settings.Providers[i].ID
		for _, k := range s.opt.Pool.Provider(id) {
			st.Keys = append(st.Keys, metrics.Key{
				Provider: id, Name: k.Name, State: k.State, CoolUntil: k.CoolUntil, InFlight: k.InFlight, Errors: k.Errors, Uses: k.Uses, Rate: k.Rate,
			})
		}
		for _, l := range s.limits.of(id) {
			st.Limits = append(st.Limits, metrics.Limit{
				Provider: id, Account: l.Account, Kind: l.Kind, Window: l.Window,
				Limit: l.Limit, Remaining: l.Remaining, Reset: l.Reset,
			})
		}
	}
	return st
}

// Figures is what the page under /_ui/ draws.
type Figures struct {
	Main      string           `json:"main"`     // what the requests are called that no canary took
	Variants  []string         `json:"variants"` // that there are figures of
	Latest    []event.Finished `json:"latest"`   // the newest requests, the newest first
	View      *metrics.View    `json:"view"`
	Providers []StatusProvider `json:"providers"` // as /_status has them
	Requests  StatusRequests   `json:"requests"`
}

// figures answers GET /_ui/data?range=15m&variant=all&until=UNIX.
func (s *Server) figures(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		writeError(w, aimOf(r).front, "", onlyBy("GET, HEAD"))
		return
	}
	q := r.URL.Query()
	span, end, variant := 15*time.Minute, time.Now(), metrics.All
	if text := q.Get("range"); text != "" {
		d, err := parseRange(text)
		if err != nil || d <= 0 {
			writeError(w, aimOf(r).front, "", badRange())
			return
		}
		span = d
	}
	if text := q.Get("until"); text != "" {
		var unix int64
		if err := json.Unmarshal([]byte(text), &unix); err != nil {
			writeError(w, aimOf(r).front, "", badRange())
			return
		}
		if until := time.Unix(unix, 0); until.Before(end) && end.Sub(until) < metrics.Longest {
			end = until
		}
	}
	if text := q.Get("variant"); text != "" {
		variant = text
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	st := s.Snapshot()
	_ = json.NewEncoder(w).Encode(Figures{ // the page may have gone
		Main: s.Settings().Variant, Variants: s.book.Variants(), Latest: s.book.Recent(), View: s.book.View(end, span, variant),
		Providers: st.Providers, Requests: st.Requests,
	})
}

// parseRange reads "15m", "1h30m", "7d".
func parseRange(text string) (time.Duration, error) {
	if n := len(text); n > 1 && text[n-1] == 'd' {
		days, err := time.ParseDuration(text[:n-1] + "h")
		return days * 24, err
	}
	return time.ParseDuration(text)
}

func badRange() *chat.Error {
	return &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "bad_range",
		Message: "range and until give no stretch of time",
		Hint:    "give range=15m, 6h or 7d, and until= in seconds since 1970",
	}
}

func onlyBy(methods string) *chat.Error {
	return &chat.Error{
		Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Code: "bad_method",
		Message: "this is asked for by " + methods, Header: http.Header{"Allow": {methods}},
	}
}

// resetLimits answers POST /admin/reset-rate-limit as zai-proxy did: what was
// learned of limits is forgotten. No page may ask for it, whatever its origin:
// it would undo what keeps the keys from being refused.
func (s *Server) resetLimits(w http.ResponseWriter, r *http.Request) {
	front := aimOf(r).front
	switch {
	case r.Method != http.MethodPost:
		writeError(w, front, "", onlyBy("POST"))
		return
	case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
		writeError(w, front, "", &chat.Error{
			Status: http.StatusForbidden, Type: "invalid_request_error", Code: "origin_not_allowed",
			Message: "limits are not reset from a web page", Hint: "use curl -X POST",
		})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "reset", "current_rate": s.forgetLimits()})
}

// forgetLimits ends every cooldown and forgets what was learned of the accounts'
// limits. It gives the rate in requests per second that is in force then; 0: none
// is set, a key is used until its provider says wait.
func (s *Server) forgetLimits() (rate float64) {
	for _, k := range s.opt.Pool.Snapshot() {
		if err := s.opt.Pool.Clear(k.Provider, k.Name); err != nil {
			s.log.Warn("its limits are not forgotten", "provider", k.Provider, "key", k.Name, "error", err) // a reload took it away
		}
	}
	paced := map[string]float64{} // by account: what is configured stays
	for _, k := range s.opt.Pool.Snapshot() {
		paced[k.Provider+"/"+cmp.Or(k.Account, k.Name)] = k.Rate
	}
	for _, r := range paced {
		rate += r
	}
	s.log.Info("learned limits are forgotten")
	return rate
}
