package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// echoing is a provider that repeats the key it was sent wherever it reports a
// failure, as vendors do: in headers, in messages, in pages. It also looks for
// what no client's credential may do: arrive.
type echoing struct {
	next    http.Handler
	clients *search
	flood   atomic.Bool // errors are long: the key, over and over
	mu      sync.Mutex
	arrived string // the first request with a client's credential in it
}

func (e *echoing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var head bytes.Buffer
	_, _ = fmt.Fprintf(&head, "%s %s\n", r.Method, r.URL) // to memory, as below
	_ = r.Header.Write(&head)
	if whose := e.clients.find(head.Bytes()); whose != "" {
		e.mu.Lock()
		e.arrived = cmp.Or(e.arrived, whose+" in "+head.String())
		e.mu.Unlock()
	}
	key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if e.flood.Load() {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, strings.Repeat(key+" ", 1_200_000/len(key))) // it is not read to its end
		return
	}
	e.next.ServeHTTP(&echo{ResponseWriter: w, key: key}, r)
}

type echo struct {
	http.ResponseWriter
	key     string
	failing bool
}

// Unwrap lets http.ResponseController through.
func (e *echo) Unwrap() http.ResponseWriter { return e.ResponseWriter }

func (e *echo) WriteHeader(status int) {
	h := e.Header()
	if e.failing = status >= 400; e.failing {
		h.Set("WWW-Authenticate", `Bearer realm="`+e.key+`"`)
		h.Del("Content-Length") // it will be longer
	}
	h.Set("X-Debug-Authorization", "Bearer "+e.key)
	h.Set("X-Ratelimit-Key", e.key)
	h.Set("Server", "gateway for "+e.key)
	h.Set("Set-Cookie", "key="+e.key)
	if strings.Contains(h.Get("Content-Type"), "html") || h.Get("Content-Type") == "text/event-stream" {
		h.Del("Content-Length")
	}
	if strings.HasPrefix(h.Get("Content-Type"), "application/json") && h.Get("Content-Encoding") == "" && h.Get("Transfer-Encoding") == "" {
		h.Del("Content-Length")
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *echo) Write(p []byte) (int, error) {
	said := []byte("you sent " + e.key + ": ")
	out := p
	for _, at := range []string{`"message":"`, `\"message\":\"`, `"error":"`, `"msg":"`, "<title>"} {
		out = bytes.ReplaceAll(out, []byte(at), append([]byte(at), said...))
	}
	if e.failing && len(out) == len(p) && !json.Valid(p) {
		out = append(bytes.Clone(p), said...)
	}
	_, err := e.ResponseWriter.Write(out)
	return len(p), err
}
