package e2e

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// faraway is a host that exists nowhere but behind a test's outbound proxy.
const faraway = "api.vendor.test"

// tlsProvider serves a simulator over TLS under a certificate authority of its
// own, whose certificate is in caFile.
func tlsProvider(t *testing.T, s simulator.Script) (p *simulator.Provider, addr, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a company's own authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: []string{faraway}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, own, own, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p = simulator.New(s)
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		_ = server.Serve(l) // ends with Close
	}()
	t.Cleanup(func() { _ = server.Close(); <-serving })
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	write(t, caFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return p, l.Addr().String(), caFile
}

// tunnel is a tiny outbound proxy: it knows CONNECT, and leads everything to
// one address.
type tunnel struct {
	url string
	mu  sync.Mutex
	to  []string // what was asked for
}

func newTunnel(t *testing.T, addr string) *tunnel {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &tunnel{url: "http://" + l.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { n.lead(ctx, c, addr) })
		}
	})
	t.Cleanup(func() { cancel(); _ = l.Close(); open.Wait() })
	return n
}

func (n *tunnel) lead(ctx context.Context, c net.Conn, addr string) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	n.mu.Lock()
	n.to = append(n.to, r.Method+" "+r.Host)
	n.mu.Unlock()
	far, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil || r.Method != http.MethodConnect {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close(); _ = far.Close() })
	defer stop()
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(far, in)
		_ = far.Close()
	}()
	_, _ = io.Copy(c, far)
}

func (n *tunnel) asked() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.to)
}

func TestAnOutboundProxyAndAnAuthorityOfItsOwnAreHonoured(t *testing.T) {
	t.Parallel()
	far, addr, ca := tlsProvider(t, script(simulator.Cerebras))
	way := newTunnel(t, addr)
	for _, c := range []struct {
		name    string
		environ []string
	}{
		{"as settings", []string{"GLMTRAY_PROXY=" + way.url, "GLMTRAY_CA_FILE=" + ca}},
		{"as everybody's variable", []string{"HTTPS_PROXY=" + way.url, "GLMTRAY_CA_FILE=" + ca}},
		{"the setting before the variable", []string{"HTTPS_PROXY=http://127.0.0.1:9", "GLMTRAY_PROXY=" + way.url, "GLMTRAY_CA_FILE=" + ca}},
	} {
		before := len(way.asked()) // from before the start: whoever asks for the models may be the first
		p := start(t, launch{environ: append(cerebrasAt("https://"+faraway), c.environ...)})
		for _, stream := range []bool{false, true} {
			if text := p.ask(stream).want(200, "cerebras").text(); text != said {
				t.Errorf("%s: %q", c.name, text)
			}
		}
		asked := way.asked()[before:]
		if len(asked) == 0 || slices.ContainsFunc(asked, func(s string) bool { return s != "CONNECT "+faraway+":443" }) {
			t.Errorf("%s: the proxy was asked for %q", c.name, asked)
		}
	}
	for _, c := range far.Calls() {
		if len(c.Forbidden) > 0 {
			t.Errorf("%s %s came with %q", c.Method, c.Path, c.Forbidden)
		}
	}

	// NO_PROXY holds against both; the name leads nowhere then.
	before := len(way.asked())
	p := start(t, launch{environ: append(cerebrasAt("https://"+faraway), "GLMTRAY_PROXY="+way.url, "NO_PROXY="+faraway, "GLMTRAY_CA_FILE="+ca)})
	p.ask(false).want(502, "cerebras")
	if n := len(way.asked()) - before; n != 0 {
		t.Errorf("the proxy was asked %d times in spite of NO_PROXY", n)
	}
}

func TestACertificateNobodyKnowsIsRefusedAndSaidSo(t *testing.T) {
	t.Parallel()
	far, addr, ca := tlsProvider(t, script(simulator.Cerebras))
	p := start(t, launch{environ: cerebrasAt("https://" + addr)})
	_, message := p.ask(false).want(502, "cerebras").failure()
	if !strings.Contains(message, "certificate") {
		t.Errorf("message %q", message)
	}
	if len(far.Calls()) != 0 {
		t.Error("a key was sent to whoever answered")
	}
	eventually(t, "the log tells of the certificate", func() bool {
		lines := p.stderr.Requests()
		return len(lines) == 1 && strings.Contains(lines[0], "certificate")
	})
	// With the authority's file it works, and a proxy is not asked on the way to
	// this machine itself.
	p = start(t, launch{environ: append(cerebrasAt("https://"+addr), "GLMTRAY_CA_FILE="+ca, "HTTPS_PROXY=http://127.0.0.1:9")})
	if text := p.ask(true).want(200, "cerebras").text(); text != said {
		t.Error(text)
	}
	// A file that is none is told at the start.
	bad := run(t, launch{environ: append(cerebrasAt("https://"+addr), "GLMTRAY_CA_FILE="+filepath.Join(p.dir, "nowhere.pem"))})
	bad.wait(1)
	if log := bad.stderr.String(); !strings.Contains(log, "CA file") {
		t.Errorf("it said %q", log)
	}
}
