package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// bed is the servers of one case: the provider and the three ways to it.
type bed struct {
	provider, floor, tray, logged *process
}

// scene is one kind of answer with the loads that are put on it.
type scene struct {
	fast  []string // how the provider is started
	loads []load
}

// run measures every case and prints the tables.
func run(ctx context.Context, o options) error {
	var rows []string
	var memory []string
	for _, s := range scenes() {
		loads := wanted(s.loads, o.only)
		if len(loads) == 0 {
			continue
		}
		b, err := newBed(ctx, o, s.fast)
		if err != nil {
			return err
		}
		idle := b.tray.rss()
		for _, l := range loads {
			row, err := measure(ctx, o, b, l)
			if err != nil {
				b.stop()
				return err
			}
			fmt.Fprintln(os.Stderr, row)
			rows = append(rows, row)
		}
		memory = append(memory, fmt.Sprintf("%s: %.0f MiB before, %.0f MiB after", loads[0].name, idle, b.tray.rss()))
		b.stop()
	}
	fmt.Println("Ratios to a bare tuned httputil.ReverseProxy in the same run: time added to the direct call, requests per second, CPU.")
	fmt.Println()
	fmt.Println("| case | parallel | added p50 | added p99 | added first byte | requests/s | CPU per request | with body files: CPU | floor: added p50 µs, CPU µs | broken |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|")
	for _, r := range rows {
		fmt.Println(r)
	}
	fmt.Println()
	fmt.Println("Resident memory: " + strings.Join(memory, "; ") + ".")
	return nil
}

func wanted(loads []load, only string) []load {
	var out []load
	for _, l := range loads {
		if strings.Contains(l.name, only) {
			out = append(out, l)
		}
	}
	return out
}

func scenes() []scene {
	var small, large, streams []load
	for _, n := range []int{1, 16, 64} {
		small = append(small, load{name: "1 KB", body: request(1<<10, false), parallel: n})
		large = append(large, load{name: "100 KB prompt, 20 KB answer", body: request(100<<10, false), parallel: n})
		streams = append(
			streams,
			load{name: "stream of 200 events", body: request(1<<10, true), stream: true, events: 200, parallel: n},
			load{name: "stream of 200 events, Anthropic in front", body: request(1<<10, true), stream: true, events: 200, anthropic: true, parallel: n},
		)
	}
	return []scene{
		{[]string{"--fast-bytes", "1024"}, small},
		{[]string{"--fast-bytes", "20480"}, large},
		{[]string{"--fast-events", "200"}, streams},
	}
}

// request is a request of about size bytes, which both dialects understand.
func request(size int, stream bool) []byte {
	const word = "the quick brown fox jumps over the lazy dog; "
	text := strings.Repeat(word, size/len(word)+1)[:size-120]
	return []byte(`{"model":"gpt-oss-120b","messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"` +
		text + `"}],"max_tokens":4096,"stream":` + strconv.FormatBool(stream) + `}`)
}

// newBed starts the provider, the floor and two glmtrays: one without and one
// with body files.
func newBed(ctx context.Context, o options, fast []string) (*bed, error) {
	b := new(bed)
	var err error
	if b.provider, err = start(ctx, nil, o.bin, append([]string{"simulate", "--vendor", "cerebras", "--fast"}, fast...)...); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if b.floor, err = start(ctx, nil, self, "floor", b.provider.url); err != nil {
		b.stop()
		return nil, err
	}
	if b.tray, err = startTray(ctx, o, b.provider.url, "false"); err == nil {
		b.logged, err = startTray(ctx, o, b.provider.url, "true")
	}
	if err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

func startTray(ctx context.Context, o options, provider, bodies string) (*process, error) {
	dir, err := os.MkdirTemp("", "glmtray-bench-")
	if err != nil {
		return nil, err
	}
	environ := []string{
		`CEREBRAS_API_KEYS={"one":"bench-key-number-one","two":"bench-key-number-two","three":"bench-key-number-three"}`,
		"CEREBRAS_BASE_URL=" + provider + "/v1", "LOG_REQUESTS=" + bodies, "GLMTRAY_LOG_MAX_BYTES=64MiB",
	}
	return start(ctx, environ, o.bin, "serve", "--addr", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"))
}

func (b *bed) stop() {
	for _, p := range []*process{b.logged, b.tray, b.floor, b.provider} {
		if p != nil {
			p.stop()
		}
	}
}

// measure runs the interleaved rounds of one load and gives its table row.
func measure(ctx context.Context, o options, b *bed, l load) (string, error) {
	var direct, floor, tray, logged []sample
	for range o.rounds {
		for _, way := range []struct {
			server *process
			load   load
			into   *[]sample
		}{{b.provider, l.plainly(), &direct}, {b.floor, l.plainly(), &floor}, {b.tray, l, &tray}, {b.logged, l, &logged}} {
			s, err := drive(ctx, way.server.url, way.load, o.each, way.server)
			if err != nil {
				return "", fmt.Errorf("%s, %d parallel: %w", l.name, l.parallel, err)
			}
			*way.into = append(*way.into, s)
		}
	}
	p50 := func(s sample) float64 { return float64(s.p50) }
	p99 := func(s sample) float64 { return float64(s.p99) }
	first := func(s sample) float64 { return float64(s.first) }
	rate := func(s sample) float64 { return s.perSecond }
	cpu := func(s sample) float64 { return float64(s.cpu) }
	added := func(f func(sample) float64) string {
		base := median(direct, f)
		return ratio(median(tray, f)-base, median(floor, f)-base)
	}
	broken := 0
	for _, s := range tray {
		broken += s.broken
	}
	perCall := 1e3 * 1e3 // of 1,000 requests, in µs
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %s | %s | %.0f, %.0f | %d |",
		l.name, l.parallel, added(p50), added(p99), added(first),
		ratio(median(tray, rate), median(floor, rate)), ratio(median(tray, cpu), median(floor, cpu)),
		ratio(median(logged, cpu), median(floor, cpu)),
		(median(floor, p50)-median(direct, p50))/float64(time.Microsecond), median(floor, cpu)/perCall, broken), nil
}

func ratio(a, b float64) string {
	if b <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
}
