package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// decidePlain sends any path but chat completions to the primary as it is.
func (s *Server) decidePlain(c *call) *chat.Error {
	if e := forwardable(c.in.Method, c.path); e != nil {
		return e
	}
	p := c.world.primary
	if pin := s.pinned(); pin != nil {
		p = c.world.settings.Provider(pin.provider)
	}
	if p == nil || p.Usable() == 0 {
		return noProvider(c.world.settings)
	}
	c.decision = route.Decision{
		Rule: "forward", Reason: "not chat completions: to " + p.ID + " as it is",
		Chain: []route.Step{{Target: config.Target{Provider: p.ID, Model: "-"}}},
	}
	return nil
}

// forwardable refuses what would turn the provider's key against its owner: a
// path that leaves the base URL's, and the methods that speak to proxies
// (TRACE would show the key in its answer).
func forwardable(method, path string) *chat.Error {
	if method == http.MethodTrace || method == http.MethodConnect {
		return &chat.Error{
			Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Code: "bad_method",
			Message: method + " is not forwarded", Header: http.Header{"Allow": {"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}},
		}
	}
	plain, err := url.PathUnescape(path)
	bad := err != nil || plain == "*" || strings.Contains(plain, "//") || strings.ContainsAny(plain, "\\\x00")
	for part := range strings.SplitSeq(plain, "/") {
		bad = bad || part == "." || part == ".."
	}
	if !bad {
		return nil
	}
	return &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "bad_path",
		Message: "this path is not forwarded: " + strconv.Quote(path),
	}
}

// noProvider answers where nothing at all is configured.
func noProvider(settings *config.Settings) *chat.Error {
	e := route.Decide(route.Input{
		Settings: &config.Settings{Providers: settings.Providers},
		Usable:   func(string) int { return 0 },
	}).Refused
	if e != nil {
		return e
	}
	return &chat.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: "no_provider_key",
		Message: "no provider has a usable key", Hint: "add one with: glmtray keys add cerebras",
	}
}

// secretQuery are query values that are a client's credential.
var secretQuery = []string{"key", "api_key", "token", "access_token"}

// cleanQuery keeps the query but for credentials.
func (s *Server) cleanQuery(w *world, u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	kept := make([]string, 0, 4)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if !s.holdsSecret(w, pair) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// holdsSecret reports whether a pair of the query is a credential, or cannot be
// read. Some servers take ";" for "&".
func (s *Server) holdsSecret(w *world, pair string) bool {
	for part := range strings.SplitSeq(pair, ";") {
		name, value, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || slices.Contains(secretQuery, strings.ToLower(plain)) {
			return true
		}
		text, err := url.QueryUnescape(value)
		if err != nil {
			return true
		}
		if _, is := s.who(w, text); is {
			return true
		}
	}
	return false
}

// plainVerdict is what a reply to a forwarded path means. Nobody else knows
// that path, so what the provider says of it goes to the client. It says
// nothing of the key either, unless it is about the account's limits or the key
// is wrong everywhere: a path that is not for this key must not stop chats.
func (c *call) plainVerdict(t *try, reply *upstream.Reply) verdict {
	told := reply.Status >= http.StatusBadRequest
	switch reply.Class {
	case upstream.OK, upstream.Cancelled, upstream.RateLimited, upstream.Concurrency, upstream.QuotaUntil, upstream.AccountStopped:
		return Verdicts[reply.Class]
	case upstream.KeyRejected:
		if reply.Status == http.StatusUnauthorized {
			return Verdicts[reply.Class]
		}
	case upstream.ServerError, upstream.Reset:
		// What changes something is not done twice.
		if !t.once && (c.in.Method == http.MethodGet || c.in.Method == http.MethodHead) {
			return verdict{keyKeep, thenSameOnce}
		}
	}
	if told {
		return verdict{keyKeep, thenRelay}
	}
	return verdict{keyKeep, thenNext}
}
