package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/e2e/process"
)

// kills are ends without a warning.
var kills = []scenario{
	{name: "kill -9 at random points, under load", play: killed},
	{name: "kill -9 during the start", play: killedAtStart},
}

// finished is a request that a client got whole, and when.
type finished struct {
	id string
	at time.Time
}

// killed kills the program again and again while clients ask and keys are made.
// No key that was shown is lost, no record older than a second is, and the
// database is never damaged.
func killed(st *stage) {
	rounds := 10
	if *full {
		rounds = 100
	}
	r := rand.New(rand.NewPCG(7, uint64(rounds))) //nolint:gosec // the same points in every run
	st.unproved = true
	var keys []string
	var due []finished // that must be in the records
	for round := range rounds {
		st.start()
		killAt := time.Now().Add(time.Duration(50+r.IntN(700)) * time.Millisecond)
		ended, key := st.load(killAt, fmt.Sprintf("client %d", round))
		killedAt := time.Now()
		st.kill()
		done := ended()
		if key != "" {
			keys = append(keys, key)
		}
		for _, f := range done {
			if killedAt.Sub(f.at) > time.Second {
				due = append(due, f)
			}
		}
		if log := st.logs[len(st.logs)-1]; strings.Contains(log, "damaged") {
			st.Fatalf("round %d: %s", round, log)
		}
	}
	st.sc = &scenario{environ: []string{"ENABLE_INCOMING_AUTH=true"}}
	st.start()
	for i, key := range keys {
		if status, _ := st.get("/v1/models", "Authorization", "Bearer "+key); status != http.StatusOK {
			st.Errorf("key %d of %d is lost", i, len(keys))
		}
	}
	var ids []string
	for _, rec := range st.readRecords() {
		ids = append(ids, rec.ID)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(slices.Clone(ids))); n != len(ids) {
		st.Errorf("%d of %d records are there twice", len(ids)-n, len(ids))
	}
	lost := 0
	for _, f := range due {
		if _, ok := slices.BinarySearch(ids, f.id); !ok {
			lost++
		}
	}
	if lost > 0 {
		st.Errorf("%d of %d records older than a second are lost", lost, len(due))
	}
	if len(keys) < rounds/3 {
		st.Errorf("only %d keys were made", len(keys))
	}
	st.note("%d kills: every key that was shown is known, every record older than a second is there, the database is sound", rounds)
}

// load asks until a moment, and makes a client's key meanwhile.
func (st *stage) load(until time.Time, name string) (wait func() []finished, key string) {
	st.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var done []finished
	url := st.program.URL // it is killed while they ask
	for range 3 {
		wg.Go(func() {
			for time.Now().Before(until) {
				s := fetch(st, st.client, url, ask{way: st.way}, 30*time.Second)
				if s.complete {
					mu.Lock()
					done = append(done, finished{s.header.Get("X-Request-Id"), time.Now()})
					mu.Unlock()
				}
			}
		})
	}
	out, _, code := st.run("clients", "add", name)
	if code == 0 {
		for _, field := range strings.Fields(out) {
			if len(field) > 30 {
				key = field
			}
		}
	}
	if wait := time.Until(until); wait > 0 {
		time.Sleep(wait) // a random point
	}
	return func() []finished { wg.Wait(); return done }, key
}

// killedAtStart kills it at random points of its start.
func killedAtStart(st *stage) {
	rounds := 5
	if *full {
		rounds = 30
	}
	r := rand.New(rand.NewPCG(11, uint64(rounds))) //nolint:gosec // the same points in every run
	st.start()
	st.ok(3)
	st.recorded()
	st.stop()
	for range rounds {
		l := st.launch()
		p, err := process.Run(l)
		if err != nil {
			st.Fatal(err)
		}
		time.Sleep(time.Duration(r.IntN(40)) * time.Millisecond) // a random point
		p.Kill()
	}
	st.start()
	st.ok(3)
	if log := st.program.Stderr.String(); strings.Contains(log, "damaged") {
		st.Errorf("the log says %s", log)
	}
	st.note("%d kills: nothing is lost", rounds)
}
