package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/glmtray/glmtray/internal/secret"
)

// Options are what a Sender is made of. The zero Options are usable.
type Options struct {
	Proxy     string // outbound proxy URL (http, https, socks5); "": HTTPS_PROXY and the like decide. NO_PROXY counts for both
	CAFile    string // PEM file of further certificate authorities; "": the system's alone
	UserAgent string // "glmtray/VERSION"; "": "glmtray"
	Scrub     *secret.Scrubber
	Log       *slog.Logger

	// Dial connects in place of the network, for what runs without one; nil: the
	// network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Sender sends requests. It keeps one connection pool per host, so that a
// provider's connections are shared by all its keys.
type Sender struct {
	opt Options

	targets sync.Map     // targetID -> *target; a handful
	beat    atomic.Int64 // when Watch last looked, in nanoseconds since 1970; 0: nobody watches

	mu    sync.Mutex
	proxy func(*url.URL) (*url.URL, error)
	roots *x509.CertPool
	pools map[poolID]*http.Transport
}

// Sizes of the connection pools.
const (
	idlePerHost   = 128 // the default of 2 halves the rate at 16 parallel
	idleFor       = 90 * time.Second
	bufferSize    = 32 << 10
	maxAnswerHead = 256 << 10 // bytes of response header
	pingAfter     = 15 * time.Second
	pingWithin    = 10 * time.Second // a connection that died in a laptop's sleep is found by then
)

// New makes a Sender. It fails on a proxy URL or a CA file that is none; the
// error names neither the URL's password nor its user.
func New(opt Options) (*Sender, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.UserAgent == "" {
		opt.UserAgent = "glmtray"
	}
	s := &Sender{opt: opt}
	return s, s.Reach(opt.Proxy, opt.CAFile)
}

// Reach changes how providers are reached: the outbound proxy and the further
// certificate authorities, as in [Options]. Requests under way finish on the
// connections they have; on an error nothing changes.
func (s *Sender) Reach(proxy, caFile string) error {
	env := httpproxy.FromEnvironment()
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" || !oneOf(u.Scheme, "http", "https", "socks5", "socks5h") {
			return errors.New("reading the outbound proxy: want http://HOST:PORT, https://… or socks5://…")
		}
		env.HTTPProxy, env.HTTPSProxy, env.CGI = proxy, proxy, false
	}
	var roots *x509.CertPool
	if caFile != "" {
		var err error
		if roots, err = readRoots(caFile); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.pools {
		t.CloseIdleConnections()
	}
	s.proxy, s.roots, s.pools = env.ProxyFunc(), roots, map[poolID]*http.Transport{}
	s.targets.Clear()
	return nil
}

func oneOf(text string, set ...string) bool {
	for _, s := range set {
		if text == s {
			return true
		}
	}
	return false
}

func readRoots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file) //nolint:gosec // the user's own setting names it
	if err != nil {
		return nil, fmt.Errorf("reading the CA file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the CA file: no certificate in %s", file)
	}
	return roots, nil
}

// targetID and poolID hold what a target and a pool depend on.
type (
	targetID struct {
		base    string
		connect time.Duration
	}
	poolID struct {
		host    string // scheme://host:port
		connect time.Duration
	}
)

// target is a base URL, parsed, and the pool its requests go through.
type target struct {
	base *url.URL
	pool *http.Transport
}

func (s *Sender) target(base string, connect time.Duration) (*target, error) {
	id := targetID{base, connect}
	if t, ok := s.targets.Load(id); ok {
		return t.(*target), nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || !oneOf(u.Scheme, "http", "https") {
		return nil, errors.New("its base URL is no http or https address")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, errors.New("its base URL is plain http to another machine; a key would be readable on the way")
	}
	u.User, u.Fragment = nil, ""
	t := &target{base: u, pool: s.pool(poolID{u.Scheme + "://" + u.Host, connect})}
	kept, _ := s.targets.LoadOrStore(id, t)
	return kept.(*target), nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// pool gives a host's transport, made as measurements of 2026-11 had it best: many
// idle connections, no decoding behind our back, large buffers, and pings on
// HTTP/2.
func (s *Sender) pool(id poolID) *http.Transport {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.pools[id]; t != nil {
		return t
	}
	dial := s.opt.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: id.connect, KeepAlive: 30 * time.Second}).DialContext
	}
	proxy := s.proxy
	t := &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.roots},
		TLSHandshakeTimeout:    id.connect,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleFor,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingWithin},
		MaxResponseHeaderBytes: maxAnswerHead,
		ReadBufferSize:         bufferSize,
		WriteBufferSize:        bufferSize,
	}
	s.pools[id] = t
	return t
}

// Client gives an HTTP client for what is no provider, on the same way out: the
// outbound proxy and the further certificate authorities. It adds no header and
// no key.
func (s *Sender) Client(connect time.Duration) *http.Client {
	return &http.Client{Transport: s.pool(poolID{"", connect})}
}

// CloseIdle closes the connections that carry nothing now.
func (s *Sender) CloseIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.pools {
		t.CloseIdleConnections()
	}
}
