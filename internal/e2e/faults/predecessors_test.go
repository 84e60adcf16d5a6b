package faults

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// predecessors are the defects of the systems that glmtray replaces: A is
// glm_awsomify_proxy, L LiteLLM in front of Cerebras, Z zai-proxy with its
// dashboard. The number is the defect's in their review.
var predecessors = []scenario{
	{
		name: "A1: streams came in one piece, at their end", ways: streams, cerebras: paced(100 * time.Millisecond), want: complete,
		play: func(st *stage) {
			st.start()
			s := st.send(ask{})
			st.wants(s, st.sc.want)
			if s.took < 700*time.Millisecond || s.first > s.took/2 {
				st.Errorf("the first byte came after %v of %v", s.first, s.took)
			}
		},
	},
	{
		name: "A2: a 400 was sent again and again and lost its text", only: "cerebras", cerebras: does("cerebras/null-content"), ways: []way{whole},
		want: want{status: 400, by: "cerebras", calls: "1 0 0", tries: "request refused", outcome: "request refused"},
		play: func(st *stage) {
			st.start()
			s := st.send(ask{})
			st.wants(s, st.sc.want)
			f, err := simulator.FixtureNamed("cerebras/null-content")
			if err != nil || string(s.body) != f.Body {
				st.Errorf("the client got %s", s.body)
			}
		},
	},
	{
		name: "A2: a 503 lost its text", only: "cerebras", cerebras: does("cerebras/503"), ways: usual,
		want: want{status: 503, code: "all_providers_failed|overloaded_error", says: "temporarily unavailable", calls: "1 0 0", tries: "overloaded", outcome: "all_providers_failed"},
	},
	{name: "A3: bodies over 1 MiB were refused", ways: usual, ask: ask{picture: bigPicture(4 << 20)}, want: answered("synthetic", "0 1 0", "ok")},
	{
		name: "A3: a body beyond the limit of 32 MiB", ways: []way{whole, claude, codex}, ask: ask{text: strings.Repeat("0123456789abcdef", 33<<16)},
		want: want{status: 413, code: "request_too_large", says: "32 MiB", calls: "0 0 0", outcome: "request_too_large"},
	},
	{
		name: "A4: a large picture went to a text model", ways: usual, ask: ask{picture: bigPicture(600 << 10)}, environ: []string{"TOKEN_THRESHOLD=1000"},
		want: answered("synthetic", "0 1 0", "ok"), play: sawModel("synthetic", "syn:large:vision"),
	},
	{
		name: "A5: a picture went to a text model when the vision model failed", ways: usual, ask: ask{picture: picture}, synthetic: does("nginx-502"),
		want: answered("zai", "0 1 1", "overloaded, ok"), play: sawModel("zai", "glm-5.3-flash"),
	},
	{name: "A6: a long prompt failed where only the first provider had a key", only: "cerebras", environ: []string{"TOKEN_THRESHOLD=1000"}, ask: ask{text: strings.Repeat("many words ", 1000)}, want: complete},
	{
		name: "A7: tool_calls: null in the history switched fallbacks off", ways: []way{whole, stream}, cerebras: does("cerebras/context"),
		ask: ask{more: map[string]any{"messages": []any{
			map[string]any{"role": "user", "content": "hello"}, map[string]any{"role": "assistant", "content": "hi", "tool_calls": nil}, map[string]any{"role": "user", "content": "go on"},
		}}}, want: passedOn("context exceeded"),
	},
	{name: "A8: the status hung while requests waited for keys", only: "cerebras", keys: 2, cerebras: coolsFor(3 * time.Second), want: want{by: "cerebras", within: 4 * time.Second}, play: statusWhileWaiting},
	{
		name: "A9: an unplugged cable cooled every key and held requests for a minute", keys: 3, cerebras: role{closed: true}, synthetic: role{closed: true}, zai: role{closed: true},
		want: want{status: 502, code: "all_providers_failed", calls: "0 0 0", key: "cerebras ready"},
		play: func(st *stage) {
			st.start()
			for range 3 {
				st.wants(st.send(ask{}), st.sc.want)
			}
			for _, v := range st.vendors { // it is plugged in again
				v.open()
			}
			st.eventually("the first provider answers again", func() bool { return st.send(ask{}).header.Get("X-Glmtray-Provider") == "cerebras" })
			st.sc = &scenario{} // the calls are what they are
		},
	},
	{
		name: "A10: one bad key was used for ever", keys: 2, cerebras: role{faults: []simulator.Fault{{What: "cerebras/wrong-key", When: simulator.When{Key: "a"}}}},
		want: want{by: "cerebras", calls: "5 0 0", key: "cerebras parked"},
		play: func(st *stage) {
			st.start()
			for range 4 {
				st.wants(st.send(ask{}), st.sc.want)
			}
		},
	},
	{
		name: "A11: keys stood in the log", settings: "log_level = \"debug\"\n", keys: 3, cerebras: does("cerebras/wrong-key"), want: want{by: "synthetic"},
		play: func(st *stage) {
			st.start()
			st.wants(st.send(ask{}), st.sc.want)
			st.stop()
			for name, key := range keyTexts {
				if strings.Contains(st.logs[0], key) || strings.Contains(st.logs[0], key[4:20]) {
					st.Errorf("the log shows key %s", name)
				}
			}
		},
	},
	{
		name: "A12: the status was open to all while clients needed a key", environ: []string{"ENABLE_INCOMING_AUTH=true", "LITELLM_MASTER_KEY=sk-master-0123456789abcdef"},
		want: want{status: 401, code: "missing_authorization|authentication_error", calls: "0 0 0"}, ways: usual, play: closedToStrangers,
	},
	{name: "A13: refusals left no record", ways: usual, settings: "cooldown = \"3h\"\n", play: everyOutcome},
	{name: "A13: prompts and credentials lay open in log files", settings: "", environ: []string{"LOG_REQUESTS=true"}, want: want{by: "cerebras"}, play: bodyFiles},
	{name: "A14: a client's key was shown again, and stood in the database", environ: []string{"ENABLE_INCOMING_AUTH=true"}, want: want{by: "cerebras"}, play: clientKeyOnce},
	{
		name: "A15: the only alternative's error was replaced", only: "synthetic", synthetic: does("synthetic/payment"), ask: ask{model: "claude-sonnet-5"}, ways: usual,
		want: want{status: 503, code: "no_usable_key|overloaded_error", says: "consider upgrading your subscription", calls: "0 1 0", outcome: "no_usable_key"},
	},
	{name: "A16: a client that had gone was served to the end", ways: []way{whole, stream, claude, codex}, cerebras: paced(200 * time.Millisecond), play: clientLeaves(300 * time.Millisecond)},
	{name: "A17: a quota error in a stream was taken for an answer", keys: 2, ways: streams, cerebras: doesOnce("cerebras/quota-in-stream"), want: answered("cerebras", "2 0 0", "quota used up, ok")},
	{name: "A18: tool calls without results were mended in the wrong order", ways: []way{whole, stream}, cerebras: does("cerebras/500"), want: answered("synthetic", "2 1 0", "server error, server error, ok"), play: mendedTools},
	{
		name: "A19: two names with one key", cerebras: role{faults: []simulator.Fault{{What: "cerebras/rpm", Wait: simulator.Duration(time.Hour)}}},
		environ: []string{fmt.Sprintf(`CEREBRAS_API_KEYS={"one":%q,"two":%q}`, keyTexts["a"], keyTexts["a"])}, want: want{by: "synthetic", calls: "1 1 0"},
	},
	{name: "A19: many refusals of one key at once", keys: 2, cerebras: role{faults: []simulator.Fault{{What: "cerebras/rpm", Wait: simulator.Duration(time.Hour), When: simulator.When{Key: "a"}}}}, want: want{by: "cerebras"}, play: manyRefusals},
	{name: "A20: TOKEN_THRESHOLD had no effect", environ: []string{"TOKEN_THRESHOLD=1000"}, ask: ask{text: strings.Repeat("many words ", 1000)}, want: answered("synthetic", "0 1 0", "ok")},
	{name: "A21: chunked requests were not routed by their size", environ: []string{"TOKEN_THRESHOLD=1000"}, ask: ask{text: strings.Repeat("many words ", 1000), chunked: true}, want: answered("synthetic", "0 1 0", "ok")},
	{name: "A22: any web page could spend the tokens", ways: usual, want: want{status: 403, calls: "0 0 0"}, play: webPages},
	{name: "A23: nobody told that another model answered", cerebras: does("cerebras/503"), ways: []way{whole, stream, claude}, want: answered("synthetic", "1 1 0", "overloaded, ok"), play: sawModel("synthetic", "syn:large:text")},

	{name: "L2: the master key was not read, and sk-1234 opened everything to everybody", environ: []string{"ENABLE_INCOMING_AUTH=true", "LITELLM_MASTER_KEY=sk-master-0123456789abcdef"}, play: masterKey},
	{name: "L3: the port was taken, and clients went on to ask the old one", play: portTaken},
	{name: "L4: the agent's settings were replaced, without a way back", play: connectAndBack},
	{name: "L5: each request of an outage paid for it", cerebras: does("nginx-503"), want: want{by: "synthetic"}, play: outage},
	{
		name: "L6: it was not known which model answered", cerebras: role{script: func(s *simulator.Script) { s.Answer.Model = "qwen-3.8-27b" }}, ways: usual, want: complete,
		play: func(st *stage) { st.model = "qwen-3.8-27b"; st.start(); st.wants(st.send(ask{}), st.sc.want) },
	},
	{
		name: "L7: parameters were dropped without a word", ways: []way{whole, stream}, ask: ask{more: map[string]any{"reasoning": map[string]any{"effort": "low"}, "metadata": map[string]any{"a": "b"}}}, want: complete,
		play: func(st *stage) {
			st.start()
			st.wants(st.send(st.sc.ask), st.sc.want)
			st.stop()
			if r := st.readRecords(); len(r) != 1 || !strings.Contains(strings.Join(r[0].Changed, " "), "reasoning") {
				st.Errorf("recorded as changed: %+v", r)
			}
		},
	},

	{name: "Z1: refusals raised the rate", only: "cerebras", cerebras: limited(2), play: rateFalls},
	{name: "Z2: below one request in two seconds there was no limit at all", only: "cerebras", cerebras: oneInTwoSeconds("seconds", 0), play: rateFalls},
	{
		name: "Z3: a client that left went on to wait", only: "cerebras", cerebras: role{faults: []simulator.Fault{{What: "cerebras/rpm", Wait: simulator.Duration(30 * time.Second)}}},
		ways: []way{whole, claude}, play: clientLeavesWhileWaiting,
	},
	{name: "Z4: answers were wrapped in {\"result\":…}", ways: []way{whole}, want: want{by: "cerebras"}, play: unwrapped},
	{name: "Z5: events that were split between two reads were not counted", ways: streams, cerebras: drips(7), want: complete},
	{
		name: "Z6: trailers were declared and never sent", ways: streams, want: complete,
		play: func(st *stage) {
			st.start()
			s := st.send(ask{})
			st.wants(s, st.sc.want)
			if len(s.header.Values("Trailer")) > 0 {
				st.Errorf("declared: %v", s.header.Values("Trailer"))
			}
		},
	},
	{name: "Z7: a 204 was tried four times and became 502", ways: []way{whole}, play: noContent},
	{name: "Z8: long streams were cut after five minutes", ways: streams, limits: steady, cerebras: paced(400 * time.Millisecond), want: want{by: "cerebras", calls: "1 0 0", tries: "ok", within: 5 * time.Second}},
	{name: "Z9: the prompt was counted before it was sent, for half a minute", ways: usual, ask: ask{text: strings.Repeat(" ", 200<<10) + strings.Repeat("a", 200<<10)}, cerebras: role{script: func(s *simulator.Script) { s.Answer.Usage = "none" }}, want: want{by: "cerebras", calls: "1 0 0"}},
	{name: "Z10: every path and model became a label of the metrics", play: labels},
	{name: "Z12: anybody could end the cooldowns, and a 422 logged the prompt", ways: []way{whole}, cerebras: does("cerebras/tool-results"), play: resetAndPrompt},
	{name: "Z12: it did not stop while somebody watched", play: stopsWhileWatched},
	{name: "Z4 (dashboard): figures were those since the start, and 429 was no error", ways: []way{whole}, only: "zai", zai: does("zai/1310"), play: figures},
}

// paced is a provider that pauses before each word.
func paced(pace time.Duration) role {
	return role{script: func(s *simulator.Script) { s.Answer.Pace = simulator.Duration(pace) }}
}

// limited is a provider that takes so many requests a second and tells of no
// limit.
func limited(perSecond int64) role {
	return role{script: func(s *simulator.Script) {
		s.Accounts = map[string]simulator.Limits{"*": {Rates: []simulator.Rate{{Of: "requests", Per: "second", Max: perSecond}}}}
		s.Headers = simulator.Headers{NoLimits: true, RetryAfter: "seconds"}
	}}
}

// coolsFor is a provider that refuses every key once for so long.
func coolsFor(d time.Duration) role {
	return role{faults: []simulator.Fault{
		{What: "cerebras/rpm", Wait: simulator.Duration(d), When: simulator.When{Key: "a", Times: 1}},
		{What: "cerebras/rpm", Wait: simulator.Duration(d), When: simulator.When{Key: "b", Times: 1}},
	}}
}

// bigPicture is something that calls itself a PNG, of so many bytes in base64.
func bigPicture(size int) string {
	head, _ := base64.StdEncoding.DecodeString(picture) // our own
	return base64.StdEncoding.EncodeToString(append(head, bytes.Repeat([]byte{7}, size*3/4)...))
}

// sawModel wants that a provider was asked for a model, and that the client and
// the record are told.
func sawModel(vendor, model string) func(*stage) {
	return func(st *stage) {
		st.start()
		s := st.send(st.sc.ask)
		st.wants(s, st.sc.want)
		calls := st.vendors[vendor].chats()
		if len(calls) != 1 || calls[0].Model != model || s.header.Get("X-Glmtray-Model") != model {
			st.Errorf("asked for %+v, the client is told %q, want %s", calls, s.header.Get("X-Glmtray-Model"), model)
		}
		if c := st.vendors["cerebras"]; st.sc.ask.picture != "" && len(c.chats()) > 0 {
			st.Error("a picture went to a text model")
		}
	}
}

// together sends requests at once and gives the answers.
func (st *stage) together(n int, a ask) (all []*seen) {
	st.Helper()
	all = make([]*seen, n)
	if a.dialect == "" {
		a.way = st.way
	}
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i] = fetch(st, st.client, st.program.URL, a, 60*time.Second) })
	}
	wg.Wait()
	for _, s := range all {
		st.saw(s)
	}
	return all
}

func statusWhileWaiting(st *stage) {
	st.start()
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, s := range st.together(6, ask{}) {
			st.wants(s, st.sc.want)
		}
	})
	st.eventually("both keys cool", func() bool {
		_, body := st.get("/_status")
		return strings.Count(string(body), `"cooling"`) >= 2
	})
	for range 5 {
		began := time.Now()
		if st.get("/_status"); time.Since(began) > 2*time.Second {
			st.Errorf("the status took %v", time.Since(began))
		}
	}
	wg.Wait()
	for _, c := range st.vendors["cerebras"].chats() {
		// Requests that were under way when the key was refused are nobody's fault.
		if c.Cooling && time.Duration(c.CoolingFor) > 500*time.Millisecond {
			st.Errorf("call %d came %v after the key was refused", c.N, c.CoolingFor)
		}
	}
}

func closedToStrangers(st *stage) {
	st.start()
	st.wants(st.send(ask{}), st.sc.want)
	for _, path := range []string{"/_status", "/_events", "/metrics", "/_ui/data", "/v1/models"} {
		for _, key := range []string{"", "sk-1234", "sk-master-0123456789abcde"} {
			if status, body := st.get(path, "Authorization", "Bearer "+key); status != http.StatusUnauthorized {
				st.Errorf("%s with key %q: %d %.100s", path, key, status, body)
			}
		}
	}
	if status, _ := st.get("/_status", "Authorization", "Bearer sk-master-0123456789abcdef"); status != 200 {
		st.Errorf("the right key is told %d", status)
	}
}

// everyOutcome sends requests that end in every way and wants a record of each.
func everyOutcome(st *stage) {
	st.start()
	all := func(what string) func() {
		return func() {
			for _, v := range st.vendors {
				v.faults(simulator.Fault{What: what})
			}
		}
	}
	for _, c := range []struct {
		before func()
		ask    ask
		status int
	}{
		{nil, ask{}, 200},
		{nil, ask{text: strings.Repeat("0123456789abcdef", 33<<16)}, 413},
		{nil, ask{more: map[string]any{"messages": 7}}, 400},
		{nil, ask{header: []string{"Origin", "https://evil.example"}}, 403},
		{nil, ask{header: []string{"Content-Encoding", "gzip"}}, 415},
		{all("cerebras/param"), ask{}, 400},
		{all("cerebras/context"), ask{}, 400},
		{all("plain-500"), ask{}, 502},
		{all("nginx-503"), ask{}, 503},
		{all("cerebras/rpm+bare"), ask{}, 429},
	} {
		if c.before != nil {
			c.before()
		}
		if s := st.send(c.ask); s.status != c.status {
			st.Errorf("got %s, want %d: %.300s", s.verdict(), c.status, s.body)
		}
	}
}

func bodyFiles(st *stage) {
	l := st.launch()
	st.startAs(l)
	st.wants(st.send(ask{header: []string{"Cookie", "session=cookie-0123456789", "X-Api-Key", "xkey-0123456789abcdef"}}), st.sc.want)
	st.stop()
	n := 0
	err := filepath.WalkDir(filepath.Join(st.dir, "logs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			st.Errorf("%s is open to others: %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		n++
		raw, err := os.ReadFile(path)
		for _, secret := range []string{"cookie-0123456789", "xkey-0123456789abcdef", keyTexts["a"]} {
			if bytes.Contains(raw, []byte(secret)) {
				st.Errorf("%s holds %s", path, secret)
			}
		}
		return err
	})
	if err != nil || n != 1 {
		st.Errorf("%d body files, %v", n, err)
	}
}

func clientKeyOnce(st *stage) {
	out, stderr, code := st.run("clients", "add", "desk")
	var key string
	for _, field := range strings.Fields(out) {
		if len(field) > 20 {
			key = field
		}
	}
	if code != 0 || key == "" {
		st.Fatalf("clients add: %d %s%s", code, out, stderr)
	}
	st.start()
	st.wants(st.send(ask{header: []string{"Authorization", "Bearer " + key}}), st.sc.want)
	list, _, _ := st.run("clients", "list")
	stats, _, _ := st.run("clients", "stats")
	again, _, _ := st.run("clients", "list", "--json")
	if !strings.Contains(list, "desk") || strings.Contains(list+stats+again, key[3:12]) {
		st.Errorf("the list is %s%s%s", list, stats, again)
	}
	st.stop()
	hash := sha256.Sum256([]byte(key))
	for _, file := range []string{"glmtray.db", "glmtray.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(st.dir, file))
		if err == nil && bytes.Contains(raw, []byte(key)) {
			st.Errorf("%s holds the key in clear (its hash begins with %x)", file, hash[:4])
		}
	}
	if r := st.readRecords(); len(r) != 1 || r[0].Client != "desk" {
		st.Errorf("recorded as of %+v", r)
	}
}

// clientLeaves ends a request a time after it has come to the provider, and wants that the provider is let go
// and that nobody is blamed.
func clientLeaves(after time.Duration) func(*stage) {
	return func(st *stage) {
		st.start()
		v := st.vendors["cerebras"]
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		go func() {
			within(20*time.Second, func() bool { return len(v.chats()) == 1 })
			time.Sleep(after)
			cancel()
		}()
		s := fetchIn(ctx, st, st.client, st.program.URL, ask{way: st.way})
		if s.complete || s.err == nil {
			st.Errorf("it was answered all the same: %s", s.verdict())
		}
		st.note("nothing: it has left")
		st.eventually("the provider is let go", func() bool { c := v.chats(); return len(c) == 1 && c[0].Done && c[0].Cancelled })
		if state := st.keyOf("cerebras"); state != "ready" {
			st.Errorf("the key is %s", state)
		}
		st.leftRecord()
	}
}

// leftRecord wants one record, of a client that has left.
func (st *stage) leftRecord() {
	st.Helper()
	st.stop()
	if r := st.readRecords(); len(r) != 1 || r[0].Status != 499 || r[0].Outcome == "ok" {
		st.Errorf("recorded is %+v", r)
	}
}

func clientLeavesWhileWaiting(st *stage) {
	st.start()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		within(20*time.Second, func() bool { return len(st.vendors["cerebras"].chats()) == 1 && st.keyOf("cerebras") == "cooling" })
		cancel()
	}()
	began := time.Now()
	if s := fetchIn(ctx, st, st.client, st.program.URL, ask{way: st.way}); s.err == nil {
		st.Errorf("it was answered: %s", s.verdict())
	}
	st.note("nothing: it has left")
	st.eventually("nobody is waited for", func() bool {
		_, body := st.get("/_status")
		return gjson.GetBytes(body, "requests.in_flight").Int() == 0
	})
	if took := time.Since(began); took > slack+10*time.Second {
		st.Errorf("it took %v", took)
	}
	if n := len(st.vendors["cerebras"].chats()); n != 1 {
		st.Errorf("the provider was asked %d times", n)
	}
	st.leftRecord()
}

// mendedTools sends a history whose calls and results do not fit, and looks at
// what each provider got.
func mendedTools(st *stage) {
	st.start()
	call := func(id string) map[string]any {
		return map[string]any{"id": id, "type": "function", "function": map[string]any{"name": "f", "arguments": "{}"}}
	}
	st.wants(st.send(ask{more: map[string]any{"messages": []any{
		map[string]any{"role": "user", "content": "go"},
		map[string]any{"role": "assistant", "content": "", "tool_calls": []any{call("one"), call("two")}},
		map[string]any{"role": "tool", "tool_call_id": "one", "content": "done"},
		map[string]any{"role": "assistant", "content": "", "tool_calls": []any{call("three")}},
		map[string]any{"role": "user", "content": "and now?"},
		map[string]any{"role": "tool", "tool_call_id": "nobody", "content": "orphan"},
	}}}), st.sc.want)
	for _, name := range []string{"cerebras", "synthetic"} {
		for _, c := range st.vendors[name].chats() {
			open := []string{}
			for _, m := range gjson.Get(c.Body, "messages").Array() {
				switch m.Get("role").String() {
				case "tool":
					i := slices.Index(open, m.Get("tool_call_id").String())
					if i < 0 {
						st.Errorf("%s got a result of no call: %s", name, m.Raw)
						continue
					}
					open = slices.Delete(open, i, i+1)
				default:
					if len(open) > 0 {
						st.Errorf("%s got %s before the results of %q", name, m.Raw, open)
					}
					for _, call := range m.Get("tool_calls").Array() {
						open = append(open, call.Get("id").String())
					}
				}
			}
			if len(open) > 0 {
				st.Errorf("%s got no results of %q", name, open)
			}
		}
	}
}

func manyRefusals(st *stage) {
	st.start()
	for _, s := range st.together(20, ask{}) {
		st.wants(s, st.sc.want)
	}
	refused := 0
	for _, c := range st.vendors["cerebras"].chats() {
		if c.Key != "a" {
			continue
		}
		refused++
		if c.Cooling && time.Duration(c.CoolingFor) > time.Second {
			st.Errorf("key a was used %v after it was refused", c.CoolingFor)
		}
	}
	st.note("key a was refused %s", plural(refused))
	for range 3 {
		st.wants(st.send(ask{}), st.sc.want)
	}
	for _, c := range st.vendors["cerebras"].chats()[20+refused:] {
		if c.Key == "a" {
			st.Error("key a is used though it cools")
		}
	}
}

func plural(n int) string {
	if n <= 20 {
		return "20 times at most"
	}
	return fmt.Sprint(n, " times")
}

func webPages(st *stage) {
	st.start()
	for _, header := range [][]string{
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", "http://127.0.0.1:3000", "Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Origin", "https://evil.example", "Content-Type", "text/plain"},
		{"Host", "evil.example"},
		{"Host", "127.0.0.1.evil.example:18080"},
	} {
		st.wants(st.send(ask{header: header}), st.sc.want)
	}
}

func masterKey(st *stage) {
	st.start()
	for key, status := range map[string]int{"sk-master-0123456789abcdef": 200, "sk-1234": 401, "": 401} {
		if s := st.send(ask{header: []string{"Authorization", "Bearer " + key}}); s.status != status {
			st.Errorf("with key %q: %s", key, s.verdict())
		}
	}
	// Nobody but this machine is listened to.
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		st.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(st.program.URL, "http://"))
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
			continue
		}
		ctx, cancel := context.WithTimeout(st.Context(), 2*time.Second)
		c, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(ip.IP.String(), port))
		cancel()
		if err == nil {
			_ = c.Close()
			st.Errorf("it listens on %s", ip)
		}
	}
}

// portTaken lets somebody else take the port between two runs.
func portTaken(st *stage) {
	l := st.launch("serve")
	l.Settings = st.settings()
	st.startAs(l)
	first := st.program.URL
	st.send(ask{})
	st.stop()
	taken, err := new(net.ListenConfig).Listen(st.Context(), "tcp", strings.TrimPrefix(first, "http://"))
	if err != nil {
		st.Skipf("somebody else was faster: %v", err)
	}
	defer func() { _ = taken.Close() }()
	l.Settings = ""
	st.startAs(l)
	if st.program.URL == first {
		st.Error("it listens where somebody else does")
	}
	raw, err := os.ReadFile(filepath.Join(st.dir, "run.json"))
	if err != nil || !strings.Contains(string(raw), strings.TrimPrefix(st.program.URL, "http://127.0.0.1")) {
		st.Errorf("run.json says %s, %v", raw, err)
	}
	st.send(ask{})
	// It stays there, also when the old port is free again.
	second := st.program.URL
	st.stop()
	_ = taken.Close()
	st.startAs(l)
	if st.program.URL != second {
		st.Errorf("it listens on %s, after %s and %s", st.program.URL, first, second)
	}
	st.send(ask{})
	// A port that was given is kept or refused, and the holder named.
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(second, "http://"))
	other := st.launch("serve", "--addr", "127.0.0.1:"+port)
	other.Dir = st.TempDir()
	st.refusesToStart(other, "another glmtray")
}

func connectAndBack(st *stage) {
	st.start()
	file := filepath.Join(st.dir, "home", ".claude", "settings.json")
	mine := "{\n  // mine\n  \"env\": {\"MY_OWN\": \"1\", \"ANTHROPIC_BASE_URL\": \"https://api.anthropic.com\"},\n  \"permissions\": {\"allow\": [\"Bash\"]}\n}\n"
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		st.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(mine), 0o600); err != nil {
		st.Fatal(err)
	}
	if out, stderr, code := st.run("connect", "claude-code", "--yes"); code != 0 {
		st.Fatalf("connect: %d %s%s", code, out, stderr)
	}
	raw, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(raw), `"MY_OWN": "1"`) || !strings.Contains(string(raw), st.program.URL) || !strings.Contains(string(raw), "// mine") {
		st.Errorf("connected: %s, %v", raw, err)
	}
	if out, stderr, code := st.run("disconnect", "claude-code"); code != 0 {
		st.Fatalf("disconnect: %d %s%s", code, out, stderr)
	}
	if raw, err = os.ReadFile(file); err != nil || string(raw) != mine {
		st.Errorf("disconnected: %s, %v", raw, err)
	}
	st.note("the settings are merged, and put back to the byte")
}

// outage sends many requests while the first provider is down: after a few nobody
// pays for it any more.
func outage(st *stage) {
	st.start()
	const n = 40
	for range n {
		st.wants(st.send(ask{}), st.sc.want)
	}
	asked := len(st.vendors["cerebras"].chats())
	st.note("%d requests, of which %s met the provider that is down", n, atMost(asked, 15))
	if asked > 15 {
		st.Errorf("the provider that is down was asked %d times of %d", asked, n)
	}
	st.vendors["cerebras"].faults()
	st.eventually("it is asked again once it is up", func() bool { return st.send(ask{}).header.Get("X-Glmtray-Provider") == "cerebras" })
}

func atMost(n, most int) string {
	if n <= most {
		return fmt.Sprint("at most ", most)
	}
	return fmt.Sprint(n)
}

// rateFalls keeps a provider busy beyond a limit that it does not tell of.
func rateFalls(st *stage) {
	st.start()
	end := time.Now().Add(6 * time.Second)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 6 {
		wg.Go(func() {
			for time.Now().Before(end) {
				s := fetch(st, st.client, st.program.URL, ask{way: st.way}, 60*time.Second)
				mu.Lock()
				st.saw(s)
				mu.Unlock()
				if s.status != 200 && s.status != 429 {
					st.Errorf("got %s", s.verdict())
				}
			}
		})
	}
	wg.Wait()
	calls := st.vendors["cerebras"].chats()
	refused := 0
	for _, c := range calls {
		if c.Status == 429 {
			refused++
		}
	}
	st.note("of the calls less than half were refused")
	if refused*2 > len(calls)+2 {
		st.Errorf("%d of %d calls were refused", refused, len(calls))
	}
}

func unwrapped(st *stage) {
	st.start()
	s := st.send(ask{})
	st.wants(s, st.sc.want)
	if gjson.GetBytes(s.body, "result").Exists() {
		st.Errorf("the answer is wrapped: %s", s.body)
	}
	if _, body := st.get("/v1/models"); !gjson.GetBytes(body, "data.0.id").Exists() || gjson.GetBytes(body, "result").Exists() {
		st.Errorf("the models are %s", body)
	}
	count := st.post("/v1/messages/count_tokens", `{"model":"claude-sonnet-5","messages":[{"role":"user","content":"hello"}]}`)
	if gjson.GetBytes(count.body, "input_tokens").Int() == 0 || len(gjson.ParseBytes(count.body).Map()) != 1 {
		st.Errorf("the count is %s", count.body)
	}
	// What a provider says of a path that is forwarded comes byte for byte.
	st.vendors["cerebras"].faults(simulator.Fault{What: "no-such-path", When: simulator.When{Path: "/embeddings"}})
	if e := st.post("/v1/embeddings", `{"input":"hello"}`); e.status != 404 || string(e.body) != `{"detail":"Not Found"}` {
		st.Errorf("the error is %d %s", e.status, e.body)
	}
	st.unproved = true
}

// post sends a body to a path that is no chat.
func (st *stage) post(path, body string) *seen {
	st.Helper()
	req, err := http.NewRequestWithContext(st.Context(), http.MethodPost, st.program.URL+path, strings.NewReader(body))
	if err != nil {
		st.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := st.client.Do(req)
	if err != nil {
		st.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	s := &seen{status: resp.StatusCode, header: resp.Header}
	if s.body, s.err = readTimed(resp.Body, func() {}); s.err != nil {
		st.Fatal(s.err)
	}
	return s
}

func noContent(st *stage) {
	st.start()
	v := st.vendors["cerebras"]
	v.faults(simulator.Fault{What: "raw", Raw: httpOf("204 No Content", []string{"X-Own: yes"}, ""), When: simulator.When{Path: "/files"}})
	if s := st.post("/v1/files", "{}"); s.status != 204 || s.header.Get("X-Own") != "yes" {
		st.Errorf("got %d", s.status)
	}
	n := 0
	for _, c := range v.calls() {
		if strings.HasSuffix(c.Path, "/files") {
			n++
		}
	}
	if n != 1 {
		st.Errorf("asked %d times", n)
	}
	st.note("204, asked once")
	st.unproved = true
}

func labels(st *stage) {
	st.loose, st.unproved = true, true
	st.start()
	st.send(ask{})
	names := func(from, to int) int {
		for i := from; i < to; i++ {
			st.send(ask{model: fmt.Sprintf("no-such-model-%d", i)})
			st.post(fmt.Sprintf("/v1/no/such/path-%d", i), "{}")
		}
		return st.series()
	}
	names(0, 60) // of model ids the first fifty are told apart
	before := names(60, 65)
	after := names(65, 130)
	_, body := st.get("/metrics")
	if strings.Contains(string(body), "no-such-model-129") || strings.Contains(string(body), "path-1") || after > before+20 {
		st.Errorf("%d series have become %d", before, after)
	}
	st.note("the metrics stay bounded")
}

// series counts the lines of the metrics.
func (st *stage) series() int {
	_, body := st.get("/metrics")
	return bytes.Count(body, []byte("\n"))
}

func resetAndPrompt(st *stage) {
	st.start()
	st.send(ask{text: "a secret prompt"})
	req, err := http.NewRequestWithContext(st.Context(), http.MethodPost, st.program.URL+"/admin/reset-rate-limit", nil)
	if err != nil {
		st.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example")
	resp, err := st.client.Do(req)
	if err != nil {
		st.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 403 {
		st.Errorf("a page may end the cooldowns: %d", resp.StatusCode)
	}
	st.stop()
	if strings.Contains(st.logs[0], "secret prompt") {
		st.Error("the prompt stands in the log")
	}
}

func stopsWhileWatched(st *stage) {
	st.start()
	req, err := http.NewRequestWithContext(st.Context(), http.MethodGet, st.program.URL+"/_events", nil)
	if err != nil {
		st.Fatal(err)
	}
	resp, err := st.client.Do(req)
	if err != nil {
		st.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	st.send(ask{})
	began := time.Now()
	st.stop()
	if took := time.Since(began); took > slack {
		st.Errorf("it took %v to end", took)
	}
	st.note("the watchers are let go")
}

// figures wants that a request which was refused counts as an error, and that the
// figures of one interval are not those of another.
func figures(st *stage) {
	st.loose = true
	st.start()
	v := st.vendors["zai"]
	view := func() gjson.Result {
		_, body := st.get("/_ui/data?range=5m")
		return gjson.GetBytes(body, "view")
	}
	last := func(name string) int64 {
		points := view().Get("points." + name).Array()
		return points[len(points)-1].Int()
	}
	v.faults(simulator.Fault{What: "zai/1305"})
	for range 3 {
		st.send(ask{model: "claude-sonnet-5"})
	}
	if t := view().Get("totals"); t.Get("errors_pct").Float() != 100 || t.Get("failed").Int() != 3 {
		st.Errorf("after three failures: %s", t.Raw)
	}
	v.faults()
	now := view()
	st.eventually("a new interval begins", func() bool {
		return int64(view().Get("now").Float()/now.Get("step").Float()) > int64(now.Get("now").Float()/now.Get("step").Float())
	})
	st.send(ask{model: "claude-sonnet-5"})
	if last("failed") != 0 || view().Get("totals.ok").Int() != 1 {
		st.Errorf("the new interval has %d failures, of %s", last("failed"), view().Get("totals").Raw)
	}
	v.faults(simulator.Fault{What: "zai/1310"})
	if st.send(ask{model: "claude-sonnet-5"}); view().Get("totals.limited").Int() != 1 || view().Get("totals.errors_pct").Float() != 80 {
		st.Errorf("with a 429: %s", view().Get("totals").Raw)
	}
	st.note("each interval has its own figures, and a 429 is an error")
}
