package proxy

import (
	"net/http"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// routeID says what the server does with a request.
type routeID int

// The routes that the server has of its own; all else is routeForward.
const (
	routeForward routeID = iota
	routeChat
	routeCount
	routeModels
	routeProbe
	routeHealth
	routeStatus
	routeEvents
	routeMetrics
	routePage
	routeFigures
	routeReset
	routeControl
)

// aim is where a request goes within the server.
type aim struct {
	route routeID
	front dialect.Name // whose words the client understands
	path  string       // without "/v1", as a provider of chat completions will see it
}

// pagePath is where the page for browsers is.
const pagePath = "/_ui"

// ownPaths are the server's own. The last is where zai-proxy has it.
var ownPaths = map[string]routeID{
	"/healthz": routeHealth, "/health": routeHealth, "/_status": routeStatus, "/_events": routeEvents, "/metrics": routeMetrics,
	pagePath + "/data": routeFigures, "/admin/reset-rate-limit": routeReset,
}

// anthropicPrefix is where some clients look for Anthropic's dialect, because
// vendors have it there (Z.ai, Synthetic; 2026-11-20).
const anthropicPrefix = "/anthropic"

// aimOf finds the route of a request. All paths work with and without "v1/". It
// works on the escaped path, so that nothing is decoded on its way to the
// provider.
func aimOf(r *http.Request) aim {
	path := r.URL.EscapedPath()
	if route, ok := ownPaths[path]; ok {
		return aim{route, dialect.OpenAI, path}
	}
	if path == pagePath || strings.HasPrefix(path, pagePath+"/") {
		return aim{routePage, dialect.OpenAI, path[len(pagePath):]}
	}
	if rest, ok := strings.CutPrefix(path, "/_control/"); ok {
		return aim{routeControl, dialect.OpenAI, rest}
	}
	front := dialect.OpenAI
	if len(r.Header["Anthropic-Version"]) > 0 {
		front = dialect.Anthropic
	}
	inner, prefixed := strings.CutPrefix(path, anthropicPrefix)
	if prefixed && (inner == "" || inner[0] == '/') {
		if a := known(r.Method, bare(inner), dialect.Anthropic); a.route != routeForward {
			return a
		}
	}
	return known(r.Method, bare(path), front)
}

// bare is a path without "/v1".
func bare(path string) string {
	rest, ok := strings.CutPrefix(path, "/v1")
	if ok && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path // "/v1beta/…", "*"
}

// known tells the paths that clients of the three dialects call.
func known(method, path string, front dialect.Name) aim {
	if method == http.MethodPost {
		if to, ok := posted[path]; ok {
			return aim{to.route, to.front, path}
		}
	}
	reads := method == http.MethodGet || method == http.MethodHead
	switch {
	case reads && (path == "/models" || strings.HasPrefix(path, "/models/")):
		return aim{routeModels, front, path}
	case method == http.MethodHead && (path == "" || path == "/"):
		return aim{routeProbe, front, path} // Claude Code asks this before its first request
	}
	return aim{routeForward, front, path}
}

// posted are the paths of the dialects' requests.
var posted = map[string]aim{
	"/chat/completions":      {routeChat, dialect.OpenAI, ""},
	"/messages":              {routeChat, dialect.Anthropic, ""},
	"/messages/count_tokens": {routeCount, dialect.Anthropic, ""},
	"/responses":             {routeChat, dialect.Responses, ""},
}

// behindOf lists the dialects that a provider may be spoken to in, the one that
// needs no translation first.
func behindOf(front dialect.Name) []config.Dialect {
	if front == dialect.Anthropic {
		return []config.Dialect{config.Anthropic, config.OpenAI}
	}
	return []config.Dialect{config.OpenAI, config.Anthropic}
}

// sessionHeaders name a conversation (Claude Code 2.1.197, Codex 0.169,
// OpenCode 1.18; measured 2026-11-20).
var sessionHeaders = [...]string{"X-Claude-Code-Session-Id", "Session-Id", "X-Session-Id", "X-Session-Affinity"}

// maxSession bounds what is kept of a client's word for its session, in bytes.
const maxSession = 128

// sessionOf finds out which conversation a request belongs to: by a header, else
// by what the body says, else by how the conversation begins.
func sessionOf(h http.Header, r *dialect.Request) string {
	for _, name := range sessionHeaders {
		if id := h.Get(name); id != "" && len(id) <= maxSession {
			return id
		}
	}
	if id := r.Facts.Session; id != "" && len(id) <= maxSession {
		return id
	}
	return r.Beginning()
}
