package main

import (
	"fmt"
	"strconv"
	"strings"
)

// scene is one kind of answer with the loads that are put on it.
type scene struct {
	fast  []string // how the provider is started
	loads []load
}

// The cases that the aims speak of.
const (
	smallCase  = "1 KB → 1 KB"
	largeCase  = "100 KB → 20 KB"
	streamCase = "200 events at full speed"
	pacedCase  = "200 events at 1,000 per second"
	translated = ", translated"
)

func scenes() []scene {
	return []scene{
		{[]string{"--fast-bytes", "1024"}, wholes("1 KB")},
		{[]string{"--fast-bytes", "20480"}, wholes("20 KB")},
		{[]string{"--fast-events", "200"}, streams(streamCase, false, 1, 16, 64, 256)},
		// 256 streams at this pace are 256,000 events a second, which two cores
		// do not carry through four processes.
		{[]string{"--fast-events", "200", "--fast-pace", "1ms"}, streams(pacedCase, true, 1, 16, 64)},
	}
}

func wholes(answer string) []load {
	var out []load
	for _, r := range []struct {
		name string
		size int
	}{{"1 KB", 1 << 10}, {"100 KB", 100 << 10}, {"1 MB", 1 << 20}} {
		for _, n := range []int{1, 16, 64, 256} {
			name := fmt.Sprintf("%s → %s", r.name, answer)
			out = append(out, load{name: name, body: request(r.size, false), parallel: n},
				load{name: name + translated, body: request(r.size, false), anthropic: true, parallel: n})
		}
	}
	return out
}

func streams(name string, paced bool, parallel ...int) []load {
	var out []load
	for _, n := range parallel {
		l := load{name: name, body: request(1<<10, true), stream: true, events: 200, paced: paced, parallel: n}
		t := l
		t.name, t.anthropic = name+translated, true
		out = append(out, l, t)
	}
	return out
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

// request is a request of about size bytes, which both dialects understand.
func request(size int, stream bool) []byte {
	const word = "the quick brown fox jumps over the lazy dog; "
	text := strings.Repeat(word, size/len(word)+1)[:size-120]
	return []byte(`{"model":"gpt-oss-120b","messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"` +
		text + `"}],"max_tokens":4096,"stream":` + strconv.FormatBool(stream) + `}`)
}
