package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// recordsServer is the name under which this test binary serves as glmtray
// does, and tells on demand what it has used of the processors.
const recordsServer = "glmtray-with-or-without-records"

// What it keeps of requests.
const (
	keepNothing = "nothing"
	keepRecords = "records" // as glmtray serve
	keepBodies  = "bodies"  // and the last ones in memory, as behind a window
)

func init() { programs[recordsServer] = serveRecords }

func serveRecords() {
	dir, provider, keeps := os.Args[1], os.Args[2], os.Args[3]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opt := appOptions{noDemo: true}
	if keeps == keepBodies {
		opt.recent = store.NewRecent(store.RecentOptions{})
	}
	a, err := newApp(loadEnv(ctx, dir, provider, os.Stderr, "LOG_REQUESTS=false", "GLMTRAY_ADDR=127.0.0.1:0"), opt)
	if err == nil && keeps == keepNothing {
		err = a.rec.requests.Close(ctx)
		a.rec.requests = nil
	}
	if err != nil {
		fmt.Println("error", err)
		return
	}
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Println("used", processorTime().Nanoseconds())
		}
		cancel()
	}()
	err = a.serve(ctx, os.Stdout)
	a.close()
	if err != nil {
		fmt.Println("error", err)
	}
}

// rival is one of the two programs that are compared.
type rival struct {
	url   string
	stdin io.WriteCloser
	out   *bufio.Scanner
	last  time.Duration // what it had used when it was asked last
}

func newRival(b *testing.B, name string, args ...string) *rival {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), self)
	cmd.Args = append([]string{name}, args...)
	cmd.Env = []string{"HOME=" + b.TempDir(), "PATH=" + os.Getenv("PATH")}
	r := new(rival)
	if r.stdin, err = cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = r.stdin.Close() // the end of the one
		if name != recordsServer {
			_ = cmd.Process.Signal(os.Interrupt) // and of the other
		}
		_ = cmd.Wait()
	})
	r.out = bufio.NewScanner(out)
	r.url = r.hear(b, "listening on ")
	return r
}

func (r *rival) hear(b *testing.B, prefix string) string {
	b.Helper()
	for r.out.Scan() {
		if rest, ok := strings.CutPrefix(r.out.Text(), prefix); ok {
			return strings.TrimSpace(rest)
		}
	}
	b.Fatalf("it ended before it said %q", prefix)
	return ""
}

// used is what it has used of the processors since it was asked last. What a
// round leaves to be written counts for the next one.
func (r *rival) used(b *testing.B) time.Duration {
	b.Helper()
	if _, err := fmt.Fprintln(r.stdin); err != nil {
		b.Fatal(err)
	}
	var total time.Duration
	if _, err := fmt.Sscan(r.hear(b, "used "), &total); err != nil {
		b.Fatal(err)
	}
	since := total - r.last
	r.last = total
	return since
}

// BenchmarkRecordsOnAgainstOff measures what the records cost: a glmtray with its
// database against one without.
func BenchmarkRecordsOnAgainstOff(b *testing.B) {
	benchRivals(b, keepNothing, keepRecords, 40)
}

// BenchmarkBodiesOnAgainstOff measures what it costs that bodies stay in memory:
// their buffers cannot be lent from a pool.
func BenchmarkBodiesOnAgainstOff(b *testing.B) {
	for _, size := range []int{1 << 10, 100 << 10} {
		b.Run(state.Bytes(int64(size)), func(b *testing.B) { benchRivals(b, keepRecords, keepBodies, size) })
	}
}

// benchRivals sends 1,000 requests at 64 parallel to each of two servers, in
// turns. Load, provider and the two are processes of their own, so that only
// glmtray's own processor time counts. Shown are medians over the rounds
// (-benchtime 20x); what is to be read is the ratio within a round, for the
// machine may be busy.
func benchRivals(b *testing.B, off, on string, size int) {
	const each = 1000
	provider := newRival(b, "glmtray", "simulate", "--vendor", "cerebras", "--fast", "--fast-bytes", "1024")
	var servers [2]*rival
	for i, keeps := range []string{off, on} {
		servers[i] = newRival(b, recordsServer, filepath.Join(b.TempDir(), "data"), provider.url, keeps)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: loadParallel}}
	for _, s := range servers {
		load(b, client, s.url, each, size)
		s.used(b)
	}
	var busy, clock []float64
	var perRequest [2][]float64
	for round := 0; b.Loop(); round++ {
		var used, took [2]float64
		for turn := range servers {
			i := (round + turn) % 2 // neither is always the first
			took[i] = load(b, client, servers[i].url, each, size).Seconds()
			used[i] = servers[i].used(b).Seconds()
			perRequest[i] = append(perRequest[i], 1e6*used[i]/each)
		}
		busy, clock = append(busy, used[1]/used[0]), append(clock, took[1]/took[0])
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middle(busy), "cpu-on/off")
	b.ReportMetric(middle(clock), "clock-on/off")
	b.ReportMetric(middle(perRequest[0]), "off-µs-cpu/request")
	b.ReportMetric(middle(perRequest[1]), "on-µs-cpu/request")
}

func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
