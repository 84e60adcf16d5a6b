package upstream

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/secret"
)

// Call is one request to one endpoint with one key. Send changes nothing in it
// and reads Body until Done is called.
type Call struct {
	Provider *config.Provider
	Address  config.Address // of one of the provider's endpoints, in the dialect of Body
	Method   string         // "" means POST
	Path     string         // appended to Address.URL, escaped as on the wire: "/chat/completions"
	Query    string         // without "?"
	Header   http.Header    // the client's; an allow-list is taken from it
	Body     []byte
	Secret   secret.Value // empty: no Authorization is sent
	Model    string       // as it stands in Body, for messages
	Stream   bool         // Body asks for an event stream
	Plain    bool         // not a chat completion: the answer is handed on as it comes, judged by its status alone

	// Done is called at most once, when nothing reads Body any more. That may be
	// after Send has returned, since the transport writes on its own goroutine,
	// and not at all if a connection died. nil is fine.
	Done func()

	RequestID string        // sent as X-Request-Id; "" sends none
	Patience  time.Duration // stream: until the first content event; else until the answer's end (Plain: its header); 0: the provider's limits
}

// What counts where a provider's limits say nothing. The vendors' own advice is
// to wait long (2026-11-20).
const (
	defaultConnect     = 10 * time.Second
	defaultFirstEvent  = 30 * time.Second
	defaultIdle        = 120 * time.Second
	defaultWholeAnswer = 10 * time.Minute
)

func orElse(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

func (c *Call) connect() time.Duration { return orElse(c.Provider.Limits.Connect, defaultConnect) }

func (c *Call) patience() time.Duration {
	if c.Patience > 0 {
		return c.Patience
	}
	if c.Stream && !c.Plain {
		return orElse(c.Provider.Limits.FirstEvent, defaultFirstEvent)
	}
	return orElse(c.Provider.Limits.WholeAnswer, defaultWholeAnswer)
}

// idle is the longest silence of a body. Nothing is known of what a forwarded
// path sends and when, so it gets its whole patience between two bytes.
func (c *Call) idle() time.Duration {
	idle := orElse(c.Provider.Limits.Idle, defaultIdle)
	if c.Plain {
		idle = max(idle, c.patience())
	}
	return idle
}

// eventless is how long a stream may go on without an event: with comments that
// keep the line alive, or with an event that never ends.
func (c *Call) eventless() time.Duration {
	return max(c.idle(), orElse(c.Provider.Limits.WholeAnswer, defaultWholeAnswer))
}

func (c *Call) method() string {
	if c.Method == "" {
		return http.MethodPost
	}
	return c.Method
}

// request builds the HTTP request. Its body can be read again, since net/http
// repeats by itself what could not be written to a connection that had died.
func (c *Call) request(ctx context.Context, base *url.URL, header http.Header) *http.Request {
	u := *base
	path := c.Path
	if path != "" && path[0] != '/' {
		path = "/" + path
	}
	u.Path += path
	u.RawPath = ""
	if plain, err := url.PathUnescape(u.Path); err == nil && plain != u.Path {
		u.Path, u.RawPath = plain, u.Path
	}
	u.RawQuery = c.Query
	r := &http.Request{
		Method: c.method(), URL: &u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(c.Body) > 0 {
		r.ContentLength = int64(len(c.Body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.Body)), nil }
		r.Body, _ = r.GetBody()
	}
	return r.WithContext(ctx)
}

// dialect is that of the address.
func (c *Call) dialect() dialect.Name { return dialect.Name(c.Address.Dialect) }

// passed are the client's headers that a provider may see, where they are sane
// and it speaks the dialect whose headers they are.
func passed(name dialect.Name) []string {
	if name == dialect.Anthropic {
		return passedAnthropic
	}
	return passedOpenAI
}

var passedAnthropic, passedOpenAI = []string{"Anthropic-Version", "Anthropic-Beta"}, []string{"Openai-Beta"}

// anthropicVersion is sent for a client that speaks another dialect. Every
// vendor of the dialect knows it (docs.claude.com, 2026-11-20).
const anthropicVersion = "2023-06-01"

const maxPassed = 1 << 10 // bytes of a client's header value: Claude Code's list of betas has 300

// header builds what a provider gets to see: our own words, and what stands in
// the allow-list. ok is false if the key cannot stand in a header.
func (c *Call) header(userAgent string) (h http.Header, ok bool) {
	f := fields{h: make(http.Header, 8)}
	f.set("User-Agent", userAgent)
	accept, encoding := "application/json", "gzip, br, zstd"
	switch {
	case c.Plain:
		accept, encoding = sane(c.Header.Get("Accept"), "*/*"), "identity"
	case c.Stream:
		accept, encoding = "text/event-stream", "identity" // an event should not wait in a compressor
	}
	f.set("Accept", accept)
	f.set("Accept-Encoding", encoding)
	if len(c.Body) > 0 {
		f.set("Content-Type", sane(c.Header.Get("Content-Type"), "application/json"))
	}
	for _, name := range passed(c.dialect()) {
		if v := sane(c.Header.Get(name), ""); v != "" {
			f.set(name, v)
		}
	}
	if id := sane(c.RequestID, ""); id != "" {
		f.set("X-Request-Id", id)
	}
	if c.dialect() == dialect.Anthropic && f.h["Anthropic-Version"] == nil {
		f.set("Anthropic-Version", anthropicVersion)
	}
	if c.Secret.Empty() {
		return f.h, true
	}
	name, prefix := "Authorization", "Bearer "
	if c.Address.Auth == config.AuthAPIKey {
		name, prefix = "X-Api-Key", ""
	}
	value := prefix + c.Secret.Reveal()
	f.set(name, value)
	return f.h, httpguts.ValidHeaderFieldValue(value)
}

// fields fills a header whose values share one piece of memory.
type fields struct {
	h      http.Header
	values []string
}

func (f *fields) set(name, value string) {
	if len(f.values) == cap(f.values) {
		f.values = make([]string, 0, 8)
	}
	f.values = append(f.values, value)
	n := len(f.values)
	f.h[name] = f.values[n-1 : n : n]
}

// minEcho keeps a test's short key from marking words that merely contain it.
const minEcho = 8

// unecho takes the call's own key out of the answer's header, which the client
// gets to see: gateways echo what they were sent.
func (c *Call) unecho(h http.Header) {
	key := c.Secret.Reveal()
	if len(key) < minEcho {
		return
	}
	for _, values := range h {
		for i, v := range values {
			if strings.Contains(v, key) {
				values[i] = strings.ReplaceAll(v, key, secret.Mark)
			}
		}
	}
}

// uncut takes the beginning of the call's own key off the end of a body that
// was cut there: no scrubber would know it for one.
func (c *Call) uncut(body []byte) []byte {
	key := []byte(c.Secret.Reveal())
	for n := min(len(key)-1, len(body)); n > 0; n-- {
		if bytes.HasSuffix(body, key[:n]) {
			return body[:len(body)-n]
		}
	}
	return body
}

// sane gives a client's header value, or def for one that is missing, overlong
// or could not be sent.
func sane(value, def string) string {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > maxPassed || !httpguts.ValidHeaderFieldValue(value) {
		return def
	}
	return value
}
