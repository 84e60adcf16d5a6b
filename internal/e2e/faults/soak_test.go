package faults

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

var soakFor = flag.Duration("soak", 15*time.Second, "how long the soak takes")

// soakers is how many clients ask at the same time, each one request after the other.
const soakers = 12

// soak is mixed traffic with faults, and the account that is kept of it.
type soak struct {
	*stage
	until time.Time

	mu     sync.Mutex
	known  map[string]*seen // by the id that the answer named
	words  map[string]int   // how the answers went
	unsure atomic.Int64     // requests whose client left before an answer named an id
	meter  meter
}

// TestSoak sends mixed traffic through mixed faults for a while (make soak: half an
// hour) and wants that nothing grows, that every answer is as its dialect has it, and
// that every request is accounted for, once.
func TestSoak(t *testing.T) {
	sc := &scenario{
		name: "soak", keys: 3, limits: short,
		settings:  "[provider.synthetic.limits]\n" + short + "\n[provider.zai.limits]\n" + short + "\n",
		cerebras:  soaked(1, "cerebras/500", "cerebras/rpm"),
		synthetic: soaked(2, "plain-500", "synthetic/503"),
		zai:       soaked(3, "zai/500", "zai/1305"),
	}
	k := &soak{stage: newStage(t, sc, stream), known: map[string]*seen{}, words: map[string]int{}}
	k.loose = true
	k.start()
	k.until = time.Now().Add(*soakFor)
	before := k.meter.read(k.stage)
	var wg sync.WaitGroup
	for i := range soakers {
		wg.Go(func() { k.client(rand.New(rand.NewPCG(uint64(i), 5))) }) //nolint:gosec // the same traffic in every run
	}
	wg.Go(k.weather)
	wg.Go(func() { k.meter.watch(k.stage, k.until) })
	wg.Wait()
	k.meter.settled(k.stage, before)
	k.stop()
	k.account()
	t.Log(k.meter.table() + k.summary())
}

// soaked is a provider that does everything wrong now and then: by chance, which the
// simulator draws in one number for each request, so the chances add up.
func soaked(seed uint64, refusals ...string) role {
	return role{script: func(s *simulator.Script) {
		s.Seed, s.KeepBodies = seed, false
		s.Answer.Pace = simulator.Duration(2 * time.Millisecond)
		chance := 0.0
		for _, what := range append(refusals, "refuse", "reset", "silent", "reset-after-headers", "empty-200", "bad-gzip", "slow-event", "stall",
			"cut", "cut-clean", "cut-event", "reset-mid", "malformed-line", "no-done", "no-finish", "short-content-length", "huge-event") {
			chance += 0.006
			s.Faults = append(s.Faults, simulator.Fault{What: what, Late: simulator.Duration(300 * time.Millisecond), Wait: simulator.Duration(time.Second), When: simulator.When{Chance: chance}})
		}
	}}
}

// client asks one thing after the other until the time is up.
func (k *soak) client(r *rand.Rand) {
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableCompression: true}}
	defer client.CloseIdleConnections()
	ways := []way{whole, stream, claudeWhole, claude, codexWhole, codex}
	for time.Now().Before(k.until) {
		a := ask{way: ways[r.IntN(len(ways))]}
		switch n := r.IntN(100); {
		case n < 10:
			a.text = strings.Repeat("a long story ", 1+r.IntN(16000))
		case n < 15:
			a.picture = picture
		case n < 20:
			a.chunked = true
		case n < 22:
			a.model = "nobody-has-this-model"
		}
		leaves := time.Duration(0)
		if r.IntN(20) == 0 {
			leaves = time.Duration(1+r.IntN(60)) * time.Millisecond
		}
		k.ask(client, a, leaves)
		time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond) // people think
	}
}

// ask sends a request and takes the answer into the account.
func (k *soak) ask(client *http.Client, a ask, leaves time.Duration) {
	limit := 150 * time.Second // more than the 90 that a request may wait for a key, and its answer
	if leaves > 0 {
		limit = leaves
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	s := fetchIn(ctx, k, client, k.program.URL, a)
	left := leaves > 0 && ctx.Err() != nil
	k.mu.Lock()
	defer k.mu.Unlock()
	id := s.header.Get("X-Request-Id")
	switch {
	case left && id == "":
		k.unsure.Add(1)
		return
	case id == "":
		k.Errorf("%s: no answer: %v", a.way, s.err)
		return
	case left:
		k.words["the client left"]++
		s.wrong, s.failure, s.complete = "", nil, false
	case s.wrong != "":
		k.Errorf("%s: %s; %v", a.way, s.wrong, s.err)
	case s.failure != nil:
		k.words[fmt.Sprintf("an error, %d", s.status)]++
	default:
		k.words["whole"]++
		if s.text != said && !strings.Contains(s.text, "xxxx") { // "huge-event" says so
			k.Errorf("%s: the answer claims to be complete and is %q", a.way, s.text)
		}
	}
	s.body = nil
	k.known[id] = s
}

// weather is what befalls the network meanwhile: a provider goes and is back, its
// connections are hung up, or lost without a word.
func (k *soak) weather() {
	r := rand.New(rand.NewPCG(9, 9)) //nolint:gosec // the same weather in every run
	for {
		time.Sleep(time.Second + time.Duration(r.IntN(4000))*time.Millisecond) // the weather changes
		if time.Now().After(k.until) {
			return
		}
		v := k.vendors[vendorNames[r.IntN(len(vendorNames))]]
		switch r.IntN(4) {
		case 0:
			v.close()
			time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond) // it is away
			v.open()
		case 1:
			v.lose()
		case 2:
			k.get("/metrics")
			k.get("/_status")
		default:
			v.hangUp()
		}
	}
}

// account holds the records against what was seen.
func (k *soak) account() {
	k.Helper()
	k.records = k.readRecords()
	byID := k.byID()
	for id, s := range k.known {
		r, ok := byID[id]
		switch {
		case !ok:
			k.Errorf("%s: request %s is not in the records: %s", s.way, id, s.verdict())
		case s.complete && r.Outcome != "ok":
			k.Errorf("%s: request %s was answered whole, and its record says %s", s.way, id, r.words())
		case s.failure != nil && r.Outcome == "ok":
			k.Errorf("%s: request %s failed with %+v, and its record says ok", s.way, id, *s.failure)
		case r.Status != s.status && r.Outcome != clientLeft:
			k.Errorf("%s: request %s had status %d, and its record says %d", s.way, id, s.status, r.Status)
		}
	}
	if most := len(k.known) + int(k.unsure.Load()); len(k.records) > most {
		k.Errorf("%d records of at most %d requests", len(k.records), most)
	}
	asked := 0
	for _, v := range k.vendors {
		asked += len(v.chats())
	}
	tried := 0
	for _, r := range k.records {
		tried += len(r.Tries)
	}
	if tried < asked {
		k.Errorf("the providers were asked %d times, and the records tell of %d tries", asked, tried)
	}
}

// clientLeft is a record's word for it.
const clientLeft = "client left"

func (k *soak) summary() string {
	text := fmt.Sprintf("\n%d requests in %v, each with its record:", len(k.known), soakFor)
	for word, n := range k.words {
		text += fmt.Sprintf(" %d %s;", n, word)
	}
	return text + fmt.Sprintf(" %d left before an answer began\n", k.unsure.Load())
}
