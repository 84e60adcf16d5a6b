package faults

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/store"
)

// times are clocks that jump and laptops that sleep.
var times = []scenario{
	{
		name: "the laptop sleeps in the middle of a stream, which goes on meanwhile", ways: streams, limits: steady, cerebras: paced(200 * time.Millisecond), play: sleeps(600*time.Millisecond, 5*time.Second),
		want: want{by: "cerebras", calls: "1 0 0", tries: "ok", within: 8 * time.Second},
	},
	{
		name: "the laptop sleeps before the first token, which comes meanwhile", limits: steady, cerebras: doesLate("slow-first", 700*time.Millisecond), play: sleeps(200*time.Millisecond, 5*time.Second),
		want: want{by: "cerebras", calls: "1 0 0", tries: "ok", within: 7 * time.Second},
	},
	{name: "the laptop sleeps in the middle of a stream, and its connections die", ways: streams, limits: short, cerebras: paced(300 * time.Millisecond), play: sleepsAndDies, want: want{within: 6 * time.Second}},
	{name: "the laptop sleeps between two requests, and its connections die", limits: short, play: sleepsLong, want: want{within: 2 * time.Second}},
	{name: "the laptop sleeps for as long as a key cools", only: "cerebras", cerebras: coolsFor(3 * time.Second), play: sleepsWhileCooling, want: want{by: "cerebras", calls: "2 0 0", within: 6 * time.Second}},
	{name: "the clock was a year ahead when the program ended", play: yearAhead, want: want{}},
	{name: "the clock jumps an hour forward and a day back in mid-run", full: true, ways: []way{stream}, play: clockJumps, want: want{within: 10 * time.Second}},
}

// process is the program's, for what goes on beside the scenario.
func (st *stage) process() *os.Process { return st.program.Cmd.Process }

// asleep stops the program's process for a time, as the kernel stops all of a
// laptop that sleeps. Its clocks go on, which is the harder case.
func (st *stage) asleep(p *os.Process, d time.Duration) {
	st.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		st.Error(err)
		return
	}
	time.Sleep(d) // that is how long it sleeps
	if err := p.Signal(syscall.SIGCONT); err != nil {
		st.Error(err)
	}
}

// sleeps puts the program to sleep a moment after the provider was asked.
func sleeps(after, d time.Duration) func(*stage) {
	return func(st *stage) {
		st.start()
		p := st.process()
		go func() {
			within(20*time.Second, func() bool { return len(st.vendors["cerebras"].chats()) == 1 })
			time.Sleep(after)
			st.asleep(p, d)
		}()
		st.wants(st.send(ask{}), st.sc.want)
	}
}

func sleepsAndDies(st *stage) {
	st.start()
	v, p := st.vendors["cerebras"], st.process()
	go func() {
		within(20*time.Second, func() bool { return len(v.chats()) == 1 })
		time.Sleep(700 * time.Millisecond) // some words
		v.lose()
		st.asleep(p, 2*time.Second)
	}()
	st.wants(st.send(ask{}), want{by: "cerebras", broken: true, within: 6 * time.Second})
	// Whoever: another dead connection may have waited in the pool.
	st.wants(st.send(ask{}), want{within: 6 * time.Second})
}

// sleepsLong sleeps for so long that the program notices: connections from before
// are not trusted any more, and the first request after it pays nothing for them.
func sleepsLong(st *stage) {
	st.start()
	v := st.vendors["cerebras"]
	// Nothing is under way then: a lost question for models ends by its own limit.
	st.eventually("the models are told", func() bool {
		return slices.ContainsFunc(v.calls(), func(c simulator.Call) bool { return strings.HasSuffix(c.Path, "/models") })
	})
	st.wants(st.send(ask{}), want{by: "cerebras"})
	v.lose()
	st.asleep(st.process(), 12*time.Second)
	st.eventually("it has noticed", func() bool { return v.traffic().Mute == 0 })
	st.wants(st.send(ask{}), want{by: "cerebras", within: 2 * time.Second})
	st.note("old connections are given up on waking")
}

func sleepsWhileCooling(st *stage) {
	st.start()
	p := st.process()
	go func() {
		within(20*time.Second, func() bool { return len(st.vendors["cerebras"].chats()) == 1 })
		st.asleep(p, 4*time.Second)
	}()
	st.wants(st.send(ask{}), st.sc.want)
}

// yearAhead leaves what a program would have kept whose clock was wrong.
func yearAhead(st *stage) {
	st.start()
	st.wants(st.send(ask{}), want{by: "cerebras"})
	st.vendors["cerebras"].faults(simulator.Fault{What: "cerebras/rpm", Wait: simulator.Duration(time.Hour), When: simulator.When{Times: 1}})
	st.wants(st.send(ask{}), want{by: "synthetic"})
	st.stop()
	s, err := store.Open(st.Context(), st.dir, nil)
	if err != nil {
		st.Fatal(err)
	}
	states, err := s.KeyStates(st.Context())
	if err != nil || len(states) == 0 {
		st.Fatalf("%+v, %v", states, err)
	}
	for i := range states {
		if !states[i].CoolUntil.IsZero() {
			states[i].CoolUntil = states[i].CoolUntil.AddDate(1, 0, 0)
		}
	}
	if err := s.SaveKeyStates(st.Context(), states); err != nil {
		st.Fatal(err)
	}
	if err := s.Close(); err != nil {
		st.Fatal(err)
	}
	st.start()
	st.wants(st.send(ask{}), want{by: "synthetic"})
	if out, stderr, code := st.run("keys", "clear", "cerebras", "a"); code != 0 {
		st.Errorf("keys clear: %d %s%s", code, out, stderr)
	}
	st.wants(st.send(ask{}), want{by: "cerebras"})
	st.note("the key is out for 8 days at most, and one word brings it back")
}

// clockJumps runs a program whose wall clock this test can set. Nothing of it is
// changed but the standard library's word for what time it is.
func clockJumps(st *stage) {
	clock := newClock(st)
	path, err := clock.binary.Build()
	if err != nil {
		st.Fatal(err)
	}
	st.environ = append(st.environ, clockVar+"="+clock.file)
	l := st.launch()
	l.Path, l.Settings = path, st.settings()
	st.startAs(l)
	v := st.vendors["cerebras"]
	st.wants(st.send(ask{}), want{by: "cerebras"})

	// Of a cooldown it is time that counts, not the clock.
	v.faults(simulator.Fault{What: "cerebras/rpm", Wait: simulator.Duration(4 * time.Second), When: simulator.When{Times: 1}})
	began := time.Now()
	st.wants(st.send(ask{}), want{by: "synthetic"})
	clock.jump(time.Hour)
	if st.wants(st.send(ask{}), want{by: "synthetic"}); time.Since(began) > 4*time.Second {
		st.Skip("the machine is too slow to tell")
	}
	clock.jump(-25 * time.Hour)
	st.eventually("the key is back", func() bool { return st.send(ask{}).header.Get("X-Glmtray-Provider") == "cerebras" })
	if took := time.Since(began); took > 4*time.Second+slack {
		st.Errorf("the key was out for %v", took)
	}

	// A stream does not notice.
	v.script(st.script("cerebras", paced(150*time.Millisecond)))
	n := len(v.chats())
	go func() {
		within(20*time.Second, func() bool { return len(v.chats()) > n })
		clock.jump(48 * time.Hour)
		time.Sleep(300 * time.Millisecond)
		clock.jump(-72 * time.Hour)
	}()
	st.wants(st.send(ask{}), want{by: "cerebras"})
	for _, r := range st.answers {
		if r.took > 10*time.Second {
			st.Errorf("an answer took %v", r.took)
		}
	}
	st.note("cooldowns, limits and streams do not notice")
}
