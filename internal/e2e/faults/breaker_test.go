package faults

import (
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// outages are failures that last.
var outages = []scenario{
	{name: "a provider that is away", cerebras: role{closed: true}, play: met(8)},
	{name: "a provider that answers 500", cerebras: does("cerebras/500"), play: met(16)},
	{name: "a provider that answers 503", cerebras: does("nginx-503"), play: met(12)},
	{name: "a provider that is overloaded", cerebras: does("cerebras/queue"), play: met(60)},
	{name: "a provider that says nothing", cerebras: does("silent"), limits: short, play: met(12)},
	{name: "a provider whose streams stall after the first words", cerebras: does("stall"), limits: short, play: stalls},
	{name: "a provider that flaps every two seconds", play: flaps(2*time.Second, 3), want: want{within: 12 * time.Second}},
	{name: "a provider that flaps every half second, its connections cut", play: flaps(500*time.Millisecond, 8), want: want{within: 8 * time.Second}},
	{name: "every second request fails", cerebras: role{faults: []simulator.Fault{{What: "cerebras/500", When: simulator.When{Every: 2}}}}, keys: 2, play: func(st *stage) {
		st.start()
		for range 20 {
			st.wants(st.send(ask{}), want{within: time.Second}) // by whoever answers sooner
		}
	}},
	{name: "a provider that restarts between two requests", play: restarts},
	{name: "idle connections that the provider has closed", play: func(st *stage) { between(st, (*vendor).hangUp) }},
	{name: "the network is another one between two requests", limits: short, play: networkChanged, want: want{within: time.Second}},
	{name: "the network is another one in the middle of a stream", ways: streams, limits: short, cerebras: paced(300 * time.Millisecond), play: networkGone, want: want{within: 3 * time.Second}},
}

// met sends requests while the first provider is down, and bounds how many of its
// calls it gets; it is back once it is up again. Every client is answered.
func met(most int) func(*stage) {
	return func(st *stage) {
		st.start()
		v := st.vendors["cerebras"]
		n := 40
		if st.sc.limits != "" {
			n = 20 // each that meets it waits
		}
		began := time.Now()
		for range n {
			st.wants(st.send(ask{}), want{by: "synthetic", within: time.Second})
		}
		// One request a moment tries whether it is back; on a slow machine there are more moments.
		allowed := most + int(time.Since(began)/time.Second)
		met := 0
		for _, c := range v.chats() {
			if c.Path != "" {
				met++
			}
		}
		if met = max(met, v.traffic().Connections); met > allowed {
			st.Errorf("of %d requests %d met it, and %d may", n, met, allowed)
		}
		st.note("%d requests, of which at most %d met it", n, most)
		v.faults()
		v.open()
		st.eventually("it is asked again", func() bool { return st.send(ask{}).header.Get("X-Glmtray-Provider") == "cerebras" })
	}
}

// stalls wants that a provider whose streams stall, which each time ends a
// client's stream in an error, is left after a few.
func stalls(st *stage) {
	st.start()
	st.loose = true
	const n, most = 12, 6 // five until it is known, one that tries again
	broken, began := 0, time.Now()
	for range n {
		s := st.send(ask{})
		if s.failure != nil && s.status == 200 {
			broken++
		} else {
			st.wants(s, want{by: "synthetic"})
		}
	}
	// Each moment one tries again: on a slow machine there are more of them. The broken
	// ones take a second each.
	if more := int(time.Since(began)/time.Second) - broken; broken > most+more {
		st.Errorf("of %d streams %d were broken", n, broken)
	}
	st.note("of %d streams at most %d are broken", n, most)
}

// flaps has the provider come and go while requests go on.
func flaps(every time.Duration, times int) func(*stage) {
	return func(st *stage) {
		st.start()
		v := st.vendors["cerebras"]
		stop := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				select {
				case <-stop:
					return
				default:
				}
				s := fetch(st, st.client, st.program.URL, ask{way: st.way}, 30*time.Second)
				st.saw(s)
				// A stream that was under way when the connection was cut ends in an error event.
				if s.status != 200 || s.failure != nil && s.text == "" {
					st.Errorf("got %s", s.verdict())
				}
			}
		}()
		for range times {
			time.Sleep(every) // it is the scenario that it lasts so long
			v.close()
			time.Sleep(every)
			v.open()
		}
		close(stop)
		<-ended
		st.eventually("the first provider answers again", func() bool { return st.send(ask{}).header.Get("X-Glmtray-Provider") == "cerebras" })
		st.stop()
		failed := 0
		for _, r := range st.readRecords() {
			for _, t := range r.Tries {
				if t.Provider == "cerebras" && t.Class != "ok" {
					failed++
				}
			}
		}
		// Each time: some until it is noticed, then one a second.
		allowed := times * (8 + 2*int(every/time.Second))
		if failed > allowed {
			st.Errorf("%d tries met the provider while it was away, and %d may", failed, allowed)
		}
		st.note("every request is answered; at most %d tries meet it while it is away", allowed)
	}
}

// between does something to the first provider between two requests, which both
// are to be answered by it.
func between(st *stage, do func(*vendor)) {
	st.start()
	for range 3 {
		for _, s := range st.together(4, ask{}) {
			st.wants(s, want{by: "cerebras"})
		}
		do(st.vendors["cerebras"])
	}
	st.wants(st.send(ask{}), want{by: "cerebras"})
}

func restarts(st *stage) {
	between(st, func(v *vendor) { v.close(); v.open() })
}

// networkChanged makes all connections mute between two requests: nobody is told,
// as when a laptop has moved to another network.
func networkChanged(st *stage) {
	st.start()
	v := st.vendors["cerebras"]
	st.wants(st.send(ask{}), want{by: "cerebras"})
	v.lose()
	st.wants(st.send(ask{}), want{by: "synthetic", within: time.Second}) // the old connection is given up after the limit
	st.eventually("the next connection is sound", func() bool { return st.send(ask{}).header.Get("X-Glmtray-Provider") == "cerebras" })
}

// networkGone makes the connection mute while a stream comes over it.
func networkGone(st *stage) {
	st.start()
	v := st.vendors["cerebras"]
	go func() {
		within(20*time.Second, func() bool { return len(v.chats()) == 1 })
		time.Sleep(700 * time.Millisecond) // some words
		v.lose()
	}()
	st.wants(st.send(ask{}), want{by: "cerebras", broken: true, within: 3 * time.Second})
	st.wants(st.send(ask{}), want{by: "cerebras", within: 3 * time.Second})
}
