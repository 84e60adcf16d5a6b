//go:build !headless

package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// asked sends a chat with that text and gives its id.
func asked(t *testing.T, url, text string) (id string) {
	t.Helper()
	return sent(t, url, `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"`+text+`"}]}`)
}

// sent sends a chat and gives its id.
func sent(t *testing.T, url, body string) (id string) {
	t.Helper()
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	return resp.Header.Get("X-Request-Id")
}

// awaitRecent waits until a request is remembered, which is after its client has
// the answer.
func awaitRecent(t *testing.T, recent *store.Recent, id string) {
	t.Helper()
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(pollEvery) {
		if _, ok := recent.Find(id); ok {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("it is not remembered")
		}
	}
}

// deskKey is the key of deskOf.
const deskKey = "csk-desk-0123456789abcdef"

// deskOf is a window over a provider with one key, which remembers so many requests,
// and the folder of its data.
func deskOf(t *testing.T, remembers int, environ ...string) (d *desktop, url, dir string) {
	t.Helper()
	provider, err := simulator.Start(t.Context(), "127.0.0.1:0", simulator.Script{
		Vendor: simulator.Cerebras, Keys: map[string]simulator.KeyScript{deskKey: {Name: "desk"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Close() })
	environ = append([]string{"CEREBRAS_BASE_URL=" + provider.URL + "/v1", "CEREBRAS_API_KEY=" + deskKey, "GLMTRAY_ADDR=127.0.0.1:0"}, environ...)
	b := newBench(t)
	d, end := newWindow(t, b, environ...)
	d.recent = store.NewRecent(store.RecentOptions{Count: remembers})
	d.opt.recent = d.recent
	started(t, d, end)
	return d, awaitState(t, d, state.Serving).URL, b.dir
}

func TestWindowShowsARequestFromMemoryAndNothingGoesToTheDisk(t *testing.T) {
	d, url, dir := deskOf(t, 2)

	first := asked(t, url, "a marmot and "+deskKey)
	x, err := d.Exchange(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(x.Sent.Text, `"content": "a marmot and `) || !strings.Contains(x.Got.Text, "This is the simulator") || x.Absent != "" {
		t.Errorf("sent %q, got %q, %q", x.Sent.Text, x.Got.Text, x.Absent)
	}
	if strings.Contains(x.Text(), deskKey) {
		t.Error("a key is shown")
	}
	if x.Key != "env" || len(x.Tries) != 1 || x.Tries[0].Key != "env" || x.Sent.Size == 0 || x.Got.Size == 0 {
		t.Errorf("%+v", x)
	}

	for _, text := range []string{"another marmot", "a third marmot"} { // and the first is no longer in memory
		awaitRecent(t, d.recent, asked(t, url, text))
	}
	if x, err = d.Exchange(t.Context(), first); err != nil || x.Absent == "" || len(x.Tries) != 1 || x.Sent.Text != "" {
		t.Errorf("%+v, %v", x, err)
	}
	if _, err = d.Exchange(t.Context(), "0123456789abcdef"); err == nil {
		t.Error("an unknown request is found")
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), "marmot") {
			t.Errorf("%s has what was said", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNoTextOfARememberedRequestShowsAKey(t *testing.T) {
	const key = "csk-desk-0123456789abcdef"
	scrub := new(secret.Scrubber)
	scrub.Add(secret.New(key))
	said := "a client called the model " + key
	x := &store.Exchange{
		Request: store.Request{
			Finished: event.Finished{Path: said, Asked: said, Model: said, Reason: said, Error: said, Changed: []string{said}},
			Tries:    []store.Try{{Model: said, Reason: said}},
		},
		Why: event.Why{
			Rules:  []event.Tried{{Reason: said, Left: []string{said}}},
			Chain:  []string{"cerebras/" + key},
			Passed: []event.Passed{{Reason: said}},
		},
		Sent: store.Said{Body: []byte(`"` + said + `"`)}, Got: store.Said{Body: []byte(`"` + said + `"`)},
	}
	out := remembered(x, scrub)
	if text := fmt.Sprintf("%+v", out); strings.Contains(text, key) || strings.Count(text, "a client called") != 13 {
		t.Errorf("it shows a key, or lacks a text: %s", text)
	}
	if x.Why.Rules[0].Reason != said || x.Why.Chain[0] != "cerebras/"+key || x.Why.Rules[0].Left[0] != said || x.Changed[0] != said {
		t.Error("what is in memory was changed")
	}
}

func TestWindowShowsAndRepeatsARequestFromItsFile(t *testing.T) {
	d, url, _ := deskOf(t, 1, "LOG_REQUESTS=true")

	large := strings.Repeat("a marmot of many. ", 100_000) // more than a megabyte, which no model has to read
	first := sent(t, url, `{"model":"gpt-oss-120b","metadata":{"note":"`+large+`"},"messages":[{"role":"user","content":"hello"}]}`)
	awaitRecent(t, d.recent, first)
	if x, err := d.Replay(t.Context(), first, "cerebras"); err != nil || x.Status != http.StatusOK {
		t.Errorf("from memory: %+v, %v", x.Finished, err)
	}
	awaitRecent(t, d.recent, asked(t, url, "another marmot")) // and the first is no longer in memory
	var x state.Exchange
	var err error
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(pollEvery) { // its file is written behind it
		if x, err = d.Exchange(t.Context(), first); (err == nil && x.Absent == "") || time.Now().After(limit) {
			break
		}
	}
	if err != nil || !strings.Contains(x.Sent.Text, large) || x.Sent.Cut || !strings.Contains(x.Got.Text, "This is the simulator") || len(x.Tries) != 1 {
		t.Fatalf("%d bytes were sent, got %q, %q, %v", len(x.Sent.Text), x.Got.Text, x.Absent, err)
	}
	again, err := d.Replay(t.Context(), first, "cerebras")
	if err != nil || again.Status != http.StatusOK || again.ID == first {
		t.Errorf("repeated: %+v, %v", again.Finished, err)
	}
	if x, err := d.Explain(t.Context(), ui.DryRun{ID: first}); err != nil || x.Refused != "" || len(x.Steps) == 0 {
		t.Errorf("its way: %+v, %v", x, err)
	}
}

func TestWindowShowsARefusedRequestWithoutBodies(t *testing.T) {
	b := newBench(t)
	d, end := newWindow(t, b, "GLMTRAY_ADDR=127.0.0.1:0", "LITELLM_MASTER_KEY=sk-master-0123456789abcdef", "ENABLE_INCOMING_AUTH=true")
	started(t, d, end)
	url := awaitState(t, d, state.Serving).URL
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	x, err := d.Exchange(t.Context(), resp.Header.Get("X-Request-Id"))
	if err != nil || x.Status != http.StatusUnauthorized || x.Absent == "" {
		t.Errorf("%+v, %v", x, err)
	}
}
