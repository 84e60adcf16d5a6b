package limits

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// mode is one way to run the script.
type mode struct {
	name     string
	reactive bool // keys are left only when they refuse
	labelled bool // the settings say which keys are of one organisation
}

// world is the proxy and its three providers, all in one bubble.
type world struct {
	t         *testing.T
	server    *proxy.Server
	records   records
	providers map[string]*simulator.Provider
}

// records counts what the proxy says of its requests.
type records struct {
	mu  sync.Mutex
	all []proxy.Record
}

func (r *records) Bodies() bool { return false }

func (r *records) Record(x proxy.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, x)
}

const answerTokens = 500

// scripts are the vendors as they are: three Cerebras keys in two
// organisations, Synthetic's five hours, Z.ai one at a time.
func scripts() map[string]simulator.Script {
	answer := simulator.Answer{
		Tokens: answerTokens, WriteTogether: 20,
		FirstDelay: simulator.Duration(300 * time.Millisecond), Pace: simulator.Duration(2 * time.Millisecond),
	}
	headers := simulator.Headers{MissingEvery: 5, ClockSkew: simulator.Duration(2 * time.Second)}
	more, less, slow := answer, answer, answer
	more.UsageFactor, less.UsageFactor = 1.4, 0.6
	slow.FirstDelay, slow.Pace = simulator.Duration(2*time.Second), simulator.Duration(10*time.Millisecond)
	return map[string]simulator.Script{
		simulator.Cerebras: {
			Vendor: simulator.Cerebras, Answer: more, Headers: headers,
			Keys: map[string]simulator.KeyScript{
				"csk-bench-a": {Name: "a", Account: "org1"}, "csk-bench-b": {Name: "b", Account: "org1"}, "csk-bench-c": {Name: "c", Account: "org2"},
			},
			Accounts: map[string]simulator.Limits{"*": {Rates: []simulator.Rate{
				{Of: "requests", Per: "second", Max: 2},
				{Of: "requests", Per: "minute", Max: 30},
				{Of: "tokens", Per: "minute", Max: 100_000},
				{Of: "requests", Per: "day", Max: 14_400},
			}}},
		},
		simulator.Synthetic: {
			Vendor: simulator.Synthetic, Answer: less, Headers: headers,
			Keys: map[string]simulator.KeyScript{"syn_bench_s": {Name: "s"}},
			Accounts: map[string]simulator.Limits{"*": {
				Rates: []simulator.Rate{{Of: "requests", Per: "5 hour", Max: 400}}, Concurrency: 1, PerModel: true,
			}},
		},
		simulator.ZAI: {
			Vendor: simulator.ZAI, Answer: slow, Headers: headers,
			Keys: map[string]simulator.KeyScript{"0123456789abcdef0123456789abcdef.BenchBenchBenchZ": {Name: "z"}},
			Accounts: map[string]simulator.Limits{"*": {
				Rates: []simulator.Rate{{Of: "requests", Per: "5 hour", Max: 600, Window: true}}, Concurrency: 1,
			}},
		},
	}
}

// newWorld starts everything. It ends with the test.
func newWorld(t *testing.T, m mode) *world {
	t.Helper()
	w := &world{t: t, providers: map[string]*simulator.Provider{}}
	doors := map[string]*door{}
	urls := map[string]string{}
	for i, vendor := range []string{simulator.Cerebras, simulator.Synthetic, simulator.ZAI} {
		p := simulator.New(scripts()[vendor])
		w.providers[vendor] = p
		addr := fmt.Sprintf("127.0.0.1:%d", i+1)
		doors[addr], urls[vendor] = open(t, p), "http://"+addr
	}
	settings, err := config.Load(t.Context(), config.Options{DataDir: t.TempDir(), Environ: []string{
		`CEREBRAS_API_KEYS={"a":"csk-bench-a","b":"csk-bench-b","c":"csk-bench-c"}`, "CEREBRAS_BASE_URL=" + urls[simulator.Cerebras] + "/v1",
		"SYNTHETIC_API_KEY=syn_bench_s", "SYNTHETIC_BASE_URL=" + urls[simulator.Synthetic] + "/openai/v1",
		"ZAI_API_KEY=0123456789abcdef0123456789abcdef.BenchBenchBenchZ", "ZAI_BASE_URL=" + urls[simulator.ZAI] + "/api/coding/paas/v4",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if m.labelled {
		keys := settings.Provider(simulator.Cerebras).Keys
		keys[0].Account, keys[1].Account = "org1", "org1"
	}
	sender, err := upstream.New(upstream.Options{Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
		return doors[addr].dial(ctx)
	}})
	if err != nil {
		t.Fatal(err)
	}
	pool := keypool.New(keypool.Options{Reactive: m.reactive})
	w.server = proxy.New(proxy.Options{
		Settings: settings, Pool: pool, Sender: sender, Roster: roster.New(), Tokens: tokens.NewEstimator(), Recorder: &w.records,
	})
	t.Cleanup(sender.CloseIdle)
	t.Cleanup(w.server.Drain)
	return w
}

// door is a listener without a network.
type door struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

// open lets a provider serve behind a door until the test ends.
func open(t *testing.T, h http.Handler) *door {
	d := &door{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(d) // ends with its door
	}()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	return d
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

func (d *door) Close() error   { d.once.Do(func() { close(d.done) }); return nil }
func (d *door) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (d *door) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case d.conns <- far:
		return near, nil
	case <-d.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
