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
	origin := r.Header.Get("Origin")
	foreign := origin != "" && !w.origins[origin]
	if origin == "" && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		foreign = true
	}
	if foreign {
		return &chat.Error{
			Status: http.StatusForbidden, Type: "invalid_request_error", Code: "origin_not_allowed",
			Message: "glmtray does not answer to web pages",
			Hint:    "add the page's origin to allowed_origins in the settings if it is yours",
		}
	}
	return nil
}

// hostAllowed accepts loopback names, the address that was bound, and what the
// settings allow; the port does not matter.
func (w *world) hostAllowed(hostport, listening string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
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
// is even where none is wanted; where one is wanted, nothing else opens.
func (s *Server) authenticate(w *world, r *http.Request) (client string, e *chat.Error) {
	presented, given := presentedKey(r)
	if given {
		if !w.settings.ClientKey.Empty() && w.settings.ClientKey.Equal(secret.New(presented)) {
			return "master", nil
		}
		if s.opt.Clients != nil {
			if name, ok := s.opt.Clients.Who(presented); ok {
				return name, nil
			}
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
	if !given {
		e.Code, e.Message = "missing_authorization", "this proxy wants a client key and none was sent"
		e.Header.Set("WWW-Authenticate", "Bearer")
	}
	return "", e
}

// presentedKey finds a client's key where OpenAI and Anthropic clients put it.
func presentedKey(r *http.Request) (key string, given bool) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		scheme, key, ok := strings.Cut(auth, " ")
		if ok && strings.EqualFold(scheme, "bearer") {
			return strings.TrimSpace(key), true
		}
	}
	key = r.Header.Get("X-Api-Key")
	return key, key != ""
}

// The routes that the server has of its own; all else is routeForward.
type routeID int

const (
	routeForward routeID = iota
	routeChat
	routeModels
	routeHealth
	routeStatus
	routeEvents
	routeControl
)

// routeOf finds the route and the path without a leading "v1/", as the
// provider will see it. It works on the escaped path, so that nothing is
// decoded on its way to the provider.
func routeOf(r *http.Request) (routeID, string) {
	path := r.URL.EscapedPath()
	switch path {
	case "/healthz", "/health":
		return routeHealth, path
	case "/_status":
		return routeStatus, path
	case "/_events":
		return routeEvents, path
	}
	if rest, ok := strings.CutPrefix(path, "/_control/"); ok {
		return routeControl, rest
	}
	path = strings.TrimPrefix(path, "/v1")
	if !strings.HasPrefix(path, "/") {
		path = r.URL.EscapedPath() // "/v1beta/…", "*"
	}
	switch {
	case path == "/chat/completions" && r.Method == http.MethodPost:
		return routeChat, path
	case path == "/models" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return routeModels, path
	}
	return routeForward, path
}
