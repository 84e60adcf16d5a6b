//go:build linux && !headless

package desktop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/store"
)

// What the other simulated vendors know.
const (
	keySynthetic = "syn_main_0123456789abcdef01234567"
	keyZAI       = "0123456789abcdef0123456789abcdef.DeskDeskDeskDesk"
)

// enough is more requests than a test makes.
const enough = 10_000_000

// hour is three simulated vendors and who asks them.
type hour struct {
	t                        *testing.T
	cerebras, synthetic, zai *simulator.Running
	settings                 string
	environ                  []string
	clients                  map[string]string // name → key
}

// busyHour sets three vendors up: one whose keys run dry, which are of one account
// that may ask so often a day, one that takes its time, one that serves pictures
// and small models.
func busyHour(t *testing.T, perDay int64) *hour {
	t.Helper()
	begin := func(s simulator.Script) *simulator.Running {
		p, err := simulator.Start(context.WithoutCancel(t.Context()), "", s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	ms := func(n int) simulator.Duration { return simulator.Duration(time.Duration(n) * time.Millisecond) }
	h := &hour{t: t, clients: map[string]string{}}
	h.cerebras = begin(simulator.Script{
		Vendor: simulator.Cerebras, Answer: simulator.Answer{Tokens: 420, FirstDelay: ms(60), Pace: ms(1), Cached: 20, WriteTogether: 4},
		Keys: map[string]simulator.KeyScript{keyOne: {Name: "one", Account: "acme"}, keyTwo: {Name: "two", Account: "acme"}},
		Accounts: map[string]simulator.Limits{"*": {Rates: []simulator.Rate{
			{Of: "requests", Per: "day", Max: perDay}, {Of: "tokens", Per: "minute", Max: 1_000_000},
		}}},
	})
	h.synthetic = begin(simulator.Script{
		Vendor: simulator.Synthetic, Answer: simulator.Answer{Tokens: 160, FirstDelay: ms(350), Pace: ms(5)},
		Keys: map[string]simulator.KeyScript{keySynthetic: {Name: "main"}},
	})
	h.zai = begin(simulator.Script{
		Vendor: simulator.ZAI, Answer: simulator.Answer{Tokens: 90, FirstDelay: ms(250), Pace: ms(4)},
		Keys: map[string]simulator.KeyScript{keyZAI: {Name: "plan"}},
	})
	h.settings = fmt.Sprintf("addr = \"127.0.0.1:0\"\ndemo = false\nlog_requests = false\nmax_wait = \"1s\"\n\n"+
		"[provider.cerebras]\nurl = %q\n\n[provider.synthetic]\nurl = %q\n\n[provider.zai.endpoint.plan]\nurl = %q\n",
		h.cerebras.URL+"/v1", h.synthetic.URL+"/openai/v1", h.zai.URL+"/api/coding/paas/v4")
	return h
}

// client makes a client and its key.
func (h *hour) client(s *session, dir, name string) {
	h.t.Helper()
	path, err := build()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, "clients", "add", name)
	cmd.Env = append(append([]string{}, s.environ...), "GLMTRAY_DATA_DIR="+dir)
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("making the client %s: %v", name, err)
	}
	h.clients[name] = strings.TrimSpace(string(out))
}

// question is one request of the hour.
type question struct {
	client, model, text string
	picture, stream     bool
}

// ask sends a question and reads the answer to its end.
func (h *hour) ask(url string, q question) (status int, body string) {
	var content any = q.text
	if q.picture {
		content = []any{
			map[string]any{"type": "text", "text": q.text},
			map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}},
		}
	}
	raw, err := json.Marshal(map[string]any{
		"model": q.model, "stream": q.stream, "stream_options": map[string]any{"include_usage": true},
		"messages": []any{
			map[string]any{"role": "system", "content": "You are a careful engineer. Answer in one paragraph."},
			map[string]any{"role": "user", "content": content},
		},
	})
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	if !q.stream {
		raw = bytes.Replace(raw, []byte(`,"stream_options":{"include_usage":true}`), nil, 1)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/v1/chat/completions", bytes.NewReader(raw))
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	if key := h.clients[q.client]; key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := (&http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, err.Error() // the program may have been ended
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}

// questions are what is asked in the hour, one after the other.
var questions = []question{
	{"claude-code", "claude-sonnet-4-5", "Refactor the parser so that it reports the column as well.", false, true},
	{"claude-code", "claude-haiku-4-5", "Name this conversation in five words.", false, true},
	{"codex", "gpt-5-codex", "Why does the test hang on Windows?", false, true},
	{"opencode", "glm-4.6", "Write a table test for ParseTokens.", false, true},
	{"claude-code", "claude-sonnet-4-5", "What does this picture show?", true, false},
	{"codex", "gpt-5-codex", strings.Repeat("The log says nothing of it. ", 400), false, true},
	{"claude-code", "claude-sonnet-4-5", "Now write the changelog entry.", false, true},
	{"opencode", "gpt-oss-120b", "Explain the second diagram.", false, false},
}

// runDry lets one key run dry for nearly a minute, and asks until that is seen.
func (h *hour) runDry(url string) {
	h.t.Helper()
	if err := h.cerebras.SetFaults(
		simulator.Fault{When: simulator.When{Key: "one"}, What: "cerebras/tpm", Wait: simulator.Duration(55 * time.Second)},
	); err != nil {
		h.t.Fatal(err)
	}
	for _, q := range questions[:4] {
		h.ask(url, q)
	}
}

// alternate has the two keys of Cerebras serve in turn until what the one uses is
// seen to be missing from the other: they are of one account.
func (h *hour) alternate(s *session, dir, url string) {
	h.t.Helper()
	eventually(h.t, "the two keys are seen to share an account", func() bool {
		for _, turn := range [][2]string{{"one", "home"}, {"home", "one"}} {
			s.glmtray(dir, "", "keys", "park", "cerebras", turn[0])
			for range 3 {
				h.ask(url, question{client: "codex", model: "gpt-oss-120b", text: "And now?"})
			}
			s.glmtray(dir, "", "keys", "probe", "cerebras", turn[0]) // which has it serve again
		}
		return strings.Contains(s.glmtray(dir, "", "status", "--json"), "shares_with")
	})
	s.tray.await("cerebras/one: ready", "")
	s.tray.await("cerebras/home: ready", "")
}

// past writes records of the last weeks, as if the program had run all the time.
func past(t *testing.T, dir string, n int) {
	t.Helper()
	s, err := store.Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := store.NewRequestWriter(s, store.RequestOptions{})
	now := time.Now()
	who := []struct{ client, asked, provider, model, key, rule string }{
		{"claude-code", "claude-sonnet-4-5", "cerebras", "qwen-3.8-27b", "one", "everything"},
		{"claude-code", "claude-haiku-4-5", "zai", "glm-5.3-flash", "plan", "small model"},
		{"codex", "gpt-5-codex", "cerebras", "gpt-oss-120b", "two", "everything"},
		{"codex", "gpt-5-codex", "synthetic", "syn:large:text", "main", "long context"},
		{"opencode", "glm-4.6", "zai", "glm-4.6", "plan", "everything"},
	}
	times := make([]time.Time, n)
	for i := range n {
		// More by day than by night, less each day further back.
		back := time.Duration(float64(30*24*time.Hour) * float64(n-i) / float64(n))
		at := now.Add(-back).Add(-time.Minute)
		if h := at.Hour(); h < 7 && i%5 != 0 {
			at = at.Add(time.Duration(7+i%12) * time.Hour)
		}
		if at.After(now) {
			at = now.Add(-time.Duration(i%3600) * time.Second)
		}
		times[i] = at
	}
	slices.SortFunc(times, time.Time.Compare) // what ended later stands further back in the records
	for i, at := range times {
		c := who[(i*7+i/11)%len(who)]
		r := store.Request{Finished: event.Finished{
			ID: fmt.Sprintf("%016x", uint64(i+1)*0x9e3779b97f4a7c15), Time: at, Client: c.client, Method: "POST", Path: "/v1/chat/completions",
			Asked: c.asked, Provider: c.provider, Model: c.model, Key: c.key, Rule: c.rule, Reason: "no other rule matched", Attempts: 1,
			Status: 200, Stream: true, Outcome: "ok", In: 4000, Out: 9000,
			Tokens:    event.Tokens{Prompt: 2000 + i*37%9000, Cached: i * 13 % 1900, Completion: 200 + i*29%900},
			FirstByte: time.Duration(120+i*17%600) * time.Millisecond, Took: time.Duration(900+i*53%4000) * time.Millisecond,
		}, Tries: []store.Try{{Provider: c.provider, Model: c.model, Key: c.key, Status: 200, Class: "ok", Took: time.Second}}}
		if i%37 == 36 {
			r.Status, r.Outcome, r.Error, r.Tokens = 429, "keys_cooling", "every key cools", event.Tokens{}
		}
		for !w.Put(r) {
			time.Sleep(pollEvery) // its queue is full
		}
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
