package proxy

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// statusClientGone is nginx's code for a client that left; it stands in
// records only, nobody receives it.
const statusClientGone = 499

// writeError answers with e in the client's own shape and gives the body; id is
// the request's, "" for one that has none.
func writeError(w http.ResponseWriter, front dialect.Name, id string, e *chat.Error) []byte {
	h := w.Header()
	for name, values := range e.Header {
		h[name] = values
	}
	h.Set("Content-Type", "application/json")
	body := dialect.ErrorBody(front, e, id)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.Status)
	_, _ = w.Write(body) //nolint:gosec // it is JSON and says so; and the client may have left, with nobody else to tell
	return body
}

func clientGone() *chat.Error {
	return &chat.Error{Status: statusClientGone, Type: "cancelled", Code: "client_gone", Message: "the client left"}
}

func atCapacity(workers int) *chat.Error {
	return &chat.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: "at_capacity",
		Message: "glmtray already serves " + strconv.Itoa(workers) + " requests and its queue is full",
		Hint:    "raise max_workers (MAX_WORKERS) if this happens often",
		Header:  http.Header{"Retry-After": {"5"}},
	}
}

func paused() *chat.Error {
	return &chat.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: "paused",
		Message: "glmtray is paused",
		Hint:    "resume it in the tray or with: glmtray resume",
		Header:  http.Header{"Retry-After": {"30"}},
	}
}

// retryAfter gives whole seconds, rounded up, at least one.
func retryAfter(until time.Time) int {
	return max(1, int(math.Ceil(time.Until(until).Seconds())))
}

// patientRetry is the longest Retry-After after which a client may come back
// by itself. Beyond it SDKs would sleep for as long as they are told, without
// showing anything, so they are told not to retry.
const patientRetry = 60

// exhausted is the answer when no target is left and keys will return.
func exhausted(front dialect.Name, until time.Time, keys []keyReport, tried []string) *chat.Error {
	seconds := retryAfter(until)
	e := &chat.Error{
		Status: http.StatusTooManyRequests, Type: "rate_limit_error", Code: "all_keys_cooling",
		Message: "every key that could serve this request is cooling down; the first returns in " +
			spell(time.Duration(seconds)*time.Second) + ": " + strings.Join(tried, "; "),
		Header: retryIn(seconds),
		Detail: map[string]any{"retry_at": until.UTC().Format(time.RFC3339), "keys": keys},
	}
	// Codex does not know X-Should-Retry and sleeps through the whole of
	// Retry-After. At this type it stops, and tells the time (0.169, measured
	// 2026-11-28).
	if seconds > patientRetry && front == dialect.Responses {
		e.Type, e.Resets = "usage_limit_reached", until
	}
	return e
}

// retryIn tells a client when to come back, and whether by itself.
func retryIn(seconds int) http.Header {
	h := http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	if seconds > patientRetry {
		h.Set("X-Should-Retry", "false")
	}
	return h
}

// spell writes a wait as people say it: "11 s", "4 min 5 s", "3 h 20 min".
func spell(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return strconv.Itoa(h) + " h " + strconv.Itoa(m) + " min"
	case m > 0:
		return strconv.Itoa(m) + " min " + strconv.Itoa(s) + " s"
	}
	return strconv.Itoa(s) + " s"
}
