package proxy

import (
	"net"
	"net/http"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/secret"
)

// guard refuses what a web page could send. A page that has rebound its DNS
// name to 127.0.0.1 shows itself by the Host header, any other page by Origin
// or Sec-Fetch-Site: browsers set these and let no script change them.
func (w *world) guard(r *http.Request, listening string) *chat.Error {
	if !w.hostAllowed(r.Host, listening) {
		return &chat.Error{
			Status: http.StatusForbidden, Type: "invalid_request_error", Code: "host_not_allowed",
			Message: "glmtray answers to localhost only, and this request names another host",
			Hint:    "add the name to allowed_hosts in the settings if it is yours",
		}
	}
	if !w.originAllowed(r) {
		return &chat.Error{
			Status: http.StatusForbidden, Type: "invalid_request_error", Code: "origin_not_allowed",
			Message: "glmtray does not answer to web pages",
			Hint:    "add the page's origin to allowed_origins in the settings if it is yours",
		}
	}
	return nil
}

// originAllowed tells a program, which says nothing of where it comes from, or
// a page that the settings name, from any other page. A page on another port of
// this machine ("same-site") is another page as well.
func (w *world) originAllowed(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if origin := r.Header.Get("Origin"); origin != "" {
		return w.origins[origin] || site == "same-origin" && ownPage(r, origin)
	}
	return site != "cross-site" && site != "same-site"
}

// ownPage reports whether it is the page under /_ui/ that asks, which looks and
// changes nothing: browsers name its origin where it loads its scripts (Chromium
// 156 does for modules).
func ownPage(r *http.Request, origin string) bool {
	_, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Host) && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// hostAllowed accepts loopback names, the address that was bound, and what the
// settings allow, with their port or with any.
func (w *world) hostAllowed(hostport, listening string) bool {
	hostport = strings.ToLower(hostport)
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if ip := net.ParseIP(host); ip != nil {
		// An address in the Host header cannot be a rebound name. Beyond
		// loopback it is right only where remote access was allowed.
		return ip.IsLoopback() || w.settings.AllowRemote || host == listening
	}
	return w.hosts[host] || w.hosts[hostport]
}

func (s *Server) listenHost() string {
	addr := s.addr.Load()
	if addr == nil {
		return ""
	}
	host, _, _ := net.SplitHostPort(*addr)
	return host
}

// authenticate tells who asks. A key that is presented is used to say who it
// is even where none is wanted; where one is wanted, nothing else opens. Of two
// different keys, as some clients send them, one that is known is enough.
func (s *Server) authenticate(w *world, r *http.Request) (client string, e *chat.Error) {
	keys := presentedKeys(r.Header)
	for _, key := range keys {
		if client, ok := s.who(w, key); ok {
			return client, nil
		}
	}
	if !w.settings.RequireClientKey {
		return "", nil
	}
	e = &chat.Error{
		Status: http.StatusUnauthorized, Type: "invalid_request_error", Code: "invalid_api_key",
		Message: "this client key is not known to glmtray",
		Hint:    "the proxy wants a client key of its own, not a provider's",
		Header:  http.Header{"X-Should-Retry": {"false"}},
	}
	switch {
	case len(keys) > 0:
		return "", e
	case r.Header.Get("Authorization") != "":
		e.Code, e.Message = "invalid_authorization", "this proxy wants a client key as \"Authorization: Bearer KEY\""
	default:
		e.Code, e.Message = "missing_authorization", "this proxy wants a client key and none was sent"
	}
	e.Header.Set("WWW-Authenticate", "Bearer")
	return "", e
}

// who tells whose client key a text is.
func (s *Server) who(w *world, text string) (client string, ok bool) {
	if text == "" {
		return "", false
	}
	if !w.settings.ClientKey.Empty() && w.settings.ClientKey.Equal(secret.New(text)) {
		return "master", true
	}
	if s.opt.Clients != nil {
		return s.opt.Clients.Who(text)
	}
	return "", false
}

// presentedKeys finds a client's key where OpenAI and Anthropic clients put it.
func presentedKeys(h http.Header) []string {
	var keys []string
	if scheme, key, ok := strings.Cut(h.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, key)
		}
	}
	if key := strings.TrimSpace(h.Get("X-Api-Key")); key != "" {
		keys = append(keys, key)
	}
	return keys
}
