package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// BenchmarkServe is for profiles and allocations: client, proxy and provider
// share the process. What is compared with a bare relay is in internal/bench.
func BenchmarkServe(b *testing.B) {
	for _, c := range []struct {
		name   string
		prompt int
		stream bool
		fast   simulator.Fast
	}{
		{"1KB", 1 << 10, false, simulator.Fast{Bytes: 1 << 10}},
		{"100KB", 100 << 10, false, simulator.Fast{Bytes: 20 << 10}},
		{"stream", 1 << 10, true, simulator.Fast{Events: 200}},
	} {
		b.Run(c.name, func(b *testing.B) { benchServe(b, c.prompt, c.stream, c.fast) })
	}
}

func benchServe(b *testing.B, prompt int, stream bool, fast simulator.Fast) {
	p, err := simulator.Start(context.Background(), "", simulator.Script{Vendor: simulator.Cerebras, Fast: &fast})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	settings, err := config.Load(b.Context(), config.Options{DataDir: b.TempDir(), Environ: []string{
		fmt.Sprintf(`CEREBRAS_API_KEYS={"a":%q,"b":%q,"c":%q}`, keyA, keyB, keyC), "CEREBRAS_BASE_URL=" + p.URL + "/v1",
	}})
	if err != nil {
		b.Fatal(err)
	}
	sender, err := upstream.New(upstream.Options{UserAgent: "glmtray/bench"})
	if err != nil {
		b.Fatal(err)
	}
	front := httptest.NewUnstartedServer(proxy.New(proxy.Options{
		Settings: settings, Pool: keypool.New(keypool.Options{}), Sender: sender, Roster: roster.New(),
		Tokens: tokens.NewEstimator(), Bus: new(event.Bus), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}))
	front.Listener, front.Config.ConnContext = proxy.Gathering(front.Listener), proxy.ConnContext
	front.Start()
	defer front.Close()
	body := chatBody("gpt-oss-120b", stream, strings.Repeat("the quick brown fox ", prompt/20))
	buf := make([]byte, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		resp, err := http.Post(front.URL+"/v1/chat/completions", "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = resp.Body.Read(buf)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status)
		}
	}
}

func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{20, 200, 2000} {
		b.Run(fmt.Sprintf("events of a stream, with client and provider/%d", n), func(b *testing.B) {
			benchServe(b, 1<<10, true, simulator.Fast{Events: n})
		})
	}
}
