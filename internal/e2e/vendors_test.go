package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// Keys: three at Cerebras in accounts of their own, one each at the others.
const (
	keyA = "csk-e2e-key-a-0123456789abcdef"
	keyB = "csk-e2e-key-b-0123456789abcdef"
	keyC = "csk-e2e-key-c-0123456789abcdef"
	keyS = "syn_e2e_key_s_0123456789abcdef"
	keyZ = "0123456789abcdef0123456789abcdef.E2eKeyE2eKeyE2eK"
)

// Variables that point the program at a provider.
func cerebrasAt(url string) []string {
	return []string{fmt.Sprintf(`CEREBRAS_API_KEYS={"a":%q,"b":%q,"c":%q}`, keyA, keyB, keyC), "CEREBRAS_BASE_URL=" + url + "/v1"}
}

func syntheticAt(url string) []string {
	return []string{"SYNTHETIC_API_KEY=" + keyS, "SYNTHETIC_BASE_URL=" + url + "/openai/v1"}
}

func zaiAt(url string) []string {
	return []string{"ZAI_API_KEY=" + keyZ, "ZAI_BASE_URL=" + url + "/api/coding/paas/v4"}
}

// script answers as a vendor does, with its keys named.
func script(vendor string) simulator.Script {
	s := simulator.Script{Vendor: vendor, Answer: simulator.Answer{Text: said}}
	switch vendor {
	case simulator.Cerebras:
		s.Keys = map[string]simulator.KeyScript{keyA: {Name: "a"}, keyB: {Name: "b"}, keyC: {Name: "c"}}
	case simulator.Synthetic:
		s.Keys = map[string]simulator.KeyScript{keyS: {Name: "s"}}
	case simulator.ZAI:
		s.Keys = map[string]simulator.KeyScript{keyZ: {Name: "z"}}
	}
	return s
}

// provider starts a provider within this process, so that its call log can be
// looked at; the program under test is another process all the same.
func provider(t *testing.T, s simulator.Script) *simulator.Running {
	t.Helper()
	p, err := simulator.Start(context.WithoutCancel(t.Context()), "", s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// trio is a program in front of all three vendors.
type trio struct {
	*program
	cerebras, synthetic, zai *simulator.Running
}

func startTrio(t *testing.T, l launch) *trio {
	t.Helper()
	r := &trio{
		cerebras: provider(t, script(simulator.Cerebras)), synthetic: provider(t, script(simulator.Synthetic)),
		zai: provider(t, script(simulator.ZAI)),
	}
	environ := append(cerebrasAt(r.cerebras.URL), syntheticAt(r.synthetic.URL)...)
	l.environ = append(append(environ, zaiAt(r.zai.URL)...), l.environ...)
	r.program = start(t, l)
	return r
}

func faults(t *testing.T, p *simulator.Running, f ...simulator.Fault) {
	t.Helper()
	if err := p.SetFaults(f...); err != nil {
		t.Fatal(err)
	}
}

// chats are the chat requests that a provider was asked.
func chats(calls []simulator.Call) []simulator.Call {
	var out []simulator.Call
	for _, c := range calls {
		if strings.HasSuffix(c.Path, "/chat/completions") {
			out = append(out, c)
		}
	}
	return out
}

// foreign is a provider in a process of its own, driven over HTTP.
type foreign struct {
	*program
}

// simulate starts `glmtray simulate`.
func simulate(t *testing.T, s simulator.Script) foreign {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "script.json")
	write(t, file, string(raw))
	return foreign{start(t, launch{dir: dir, args: []string{"simulate", "--script", file}})}
}

func (f foreign) drive(method, verb string, body, into any) {
	f.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	// Not the test's context: calls are asked for while it ends as well.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, f.url+"/_sim/"+verb, bytes.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		f.t.Fatalf("%s: %d %s %v", verb, resp.StatusCode, answer, err)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f foreign) script(s simulator.Script) { f.t.Helper(); f.drive(http.MethodPost, "script", s, nil) }
func (f foreign) faults(list ...simulator.Fault) {
	f.t.Helper()
	f.drive(http.MethodPost, "faults", list, nil)
}
func (f foreign) forget() { f.t.Helper(); f.drive(http.MethodPost, "reset", nil, nil) }
func (f foreign) calls() (list []simulator.Call) {
	f.t.Helper()
	f.drive(http.MethodGet, "calls", nil, &list)
	return list
}

// models are the questions for a model list.
func models(calls []simulator.Call) []simulator.Call {
	var out []simulator.Call
	for _, c := range calls {
		if strings.HasSuffix(c.Path, "/models") {
			out = append(out, c)
		}
	}
	return out
}
