package faults

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/e2e/process"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

var binary = process.Binary{Root: "../../..", Name: "glmtray-faults", Flags: []string{"-tags=headless"}, Variable: "GLMTRAY_BIN"}

// vendorNames are the providers, in the order of the default rule.
var vendorNames = []string{simulator.Cerebras, simulator.Synthetic, simulator.ZAI}

// keyTexts are the keys: several at Cerebras in accounts of their own, one each
// at the others.
var keyTexts = map[string]string{
	"a": "csk-faults-key-a-0123456789abcdef", "b": "csk-faults-key-b-0123456789abcdef", "c": "csk-faults-key-c-0123456789abcdef",
	"s": "syn_faults_key_s_0123456789abcdef", "z": "fedcba9876543210fedcba9876543210.FaultsKeyFaultsK",
}

// stage is one performance of a scenario: a program, its providers in another
// process, and what was seen.
type stage struct {
	*testing.T
	sc      *scenario
	way     way
	dir     string // of the program's data
	vendors map[string]*vendor
	environ []string
	client  *http.Client
	program *process.Process // nil: not started, or ended

	answers  []*seen
	records  []record
	calls    map[string]int
	notes    []string // what else was seen, for the table
	model    string   // that an answer names though another was asked for
	loose    bool     // the text of answers is not said
	unproved bool     // records are looked at by the scenario itself
	took     time.Duration
	logs     []string // stderr of programs that have ended
}

// record is what `glmtray logs --json` tells of a request.
type record struct {
	ID       string
	Time     time.Time
	Asked    string
	Provider string
	Model    string
	Key      string
	Status   int
	Outcome  string
	Error    string
	Reason   string
	Counted  bool
	Changed  []string
	Client   string
	BytesOut int64 `json:"bytes_out"`
	Tokens   struct{ Prompt, Completion, Cached, Reasoning int64 }
	Tries    []struct {
		Provider, Model, Key, Class, Reason string
		Status                              int
	}
	Took time.Duration `json:"took_ns"`
}

func newStage(t *testing.T, sc *scenario, w way) *stage {
	t.Helper()
	st := &stage{
		T: t, sc: sc, way: w, dir: t.TempDir(), vendors: map[string]*vendor{}, calls: map[string]int{},
		client: &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2048, DisableCompression: true}},
	}
	t.Cleanup(st.cleanup)
	for name, r := range map[string]role{"cerebras": sc.cerebras, "synthetic": sc.synthetic, "zai": sc.zai} {
		if sc.only != "" && !slices.Contains(strings.Fields(sc.only), name) {
			continue
		}
		v := build(t, plot{Script: st.script(name, r), Wires: r.wires, TLS: r.tls})
		st.vendors[name] = v
		st.environ = append(st.environ, st.point(name, v.URL)...)
		if r.closed {
			v.close()
		}
		if name == "cerebras" && sc.trust {
			file := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(file, []byte(v.CA), 0o600); err != nil {
				t.Fatal(err)
			}
			st.environ = append(st.environ, "GLMTRAY_CA_FILE="+file)
		}
	}
	return st
}

// script is what a vendor does in this scenario.
func (st *stage) script(name string, r role) simulator.Script {
	s := simulator.Script{Vendor: name, Answer: simulator.Answer{Text: said}, Keys: map[string]simulator.KeyScript{}, Faults: r.faults, KeepBodies: true}
	for _, key := range st.keysOf(name) {
		s.Keys[keyTexts[key]] = simulator.KeyScript{Name: key}
	}
	if r.script != nil {
		r.script(&s)
	}
	return s
}

func (st *stage) keysOf(name string) []string {
	switch name {
	case "cerebras":
		return []string{"a", "b", "c"}[:max(st.sc.keys, 1)]
	case "synthetic":
		return []string{"s"}
	}
	return []string{"z"}
}

// point gives the variables that lead the program to a provider.
func (st *stage) point(name, url string) []string {
	switch name {
	case "cerebras":
		keys := map[string]string{}
		for _, key := range st.keysOf(name) {
			keys[key] = keyTexts[key]
		}
		text, err := json.Marshal(keys)
		if err != nil {
			st.Fatal(err)
		}
		return []string{"CEREBRAS_API_KEYS=" + string(text), "CEREBRAS_BASE_URL=" + url + "/v1"}
	case "synthetic":
		return []string{"SYNTHETIC_API_KEY=" + keyTexts["s"], "SYNTHETIC_BASE_URL=" + url + "/openai/v1"}
	}
	return []string{"ZAI_API_KEY=" + keyTexts["z"], "ZAI_BASE_URL=" + url + "/api/coding/paas/v4", "ZAI_ANTHROPIC_BASE_URL=" + url + "/api/anthropic"}
}

// settings is the file that the program starts with.
func (st *stage) settings() string {
	text := "log_requests = false\n" + st.sc.settings
	if st.sc.limits != "" {
		text += "\n[provider.cerebras.limits]\n" + st.sc.limits + "\n"
	}
	return text
}

// launch is how the program of this stage is started.
func (st *stage) launch(args ...string) process.Launch {
	st.Helper()
	path, err := binary.Build()
	if err != nil {
		st.Fatal(err)
	}
	return process.Launch{Path: path, Dir: st.dir, Environ: append(slices.Clone(st.environ), st.sc.environ...), Args: args}
}

// start starts the program and waits until it listens.
func (st *stage) start() {
	st.Helper()
	l := st.launch()
	if _, err := os.Stat(filepath.Join(st.dir, "settings.toml")); err != nil {
		l.Settings = st.settings()
	}
	st.startAs(l)
}

func (st *stage) startAs(l process.Launch) {
	st.Helper()
	p, err := process.Run(l)
	if err != nil {
		st.Fatal(err)
	}
	st.program = p
	if err := p.Listen(); err != nil {
		st.Fatal(err)
	}
}

// keyOf is the state of a provider's first key.
func (st *stage) keyOf(vendor string) string {
	st.Helper()
	_, body := st.get("/_status")
	return gjson.GetBytes(body, `providers.#(id=="`+vendor+`").keys.0.state`).String()
}

// get reads one of the program's own pages.
func (st *stage) get(path string, header ...string) (int, []byte) {
	st.Helper()
	req, err := http.NewRequestWithContext(st.Context(), http.MethodGet, st.program.URL+path, nil)
	if err != nil {
		st.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := st.client.Do(req)
	if err != nil {
		st.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		st.Fatal(err)
	}
	return resp.StatusCode, body
}

// refusesToStart wants that the program ends at once and says why.
func (st *stage) refusesToStart(l process.Launch, why string) {
	st.Helper()
	p, err := process.Run(l)
	if err != nil {
		st.Fatal(err)
	}
	code, err := p.Wait()
	if err != nil {
		p.Kill()
		st.Fatal(err)
	}
	st.logs = append(st.logs, p.Stderr.String())
	if code == 0 || !strings.Contains(p.Stderr.String(), why) || len(p.Troubles()) > 0 {
		st.Errorf("it ends with %d and says %s", code, p.Stderr)
	}
	st.note("it does not start: %s", strings.TrimSpace(p.Stderr.String()))
}

// stop ends the program as a service manager does.
func (st *stage) stop() {
	st.Helper()
	p := st.program
	st.program = nil
	st.client.CloseIdleConnections()
	code, err := p.Stop()
	st.logs = append(st.logs, p.Stderr.String())
	switch {
	case err != nil:
		p.Kill()
		st.Error(err)
	case code != 0:
		st.Errorf("it ends with %d", code)
	}
	if bad := p.Troubles(); len(bad) > 0 {
		st.Errorf("on stderr: %q", bad)
	}
}

// kill ends it as the machine's power switch does.
func (st *stage) kill() {
	p := st.program
	st.program = nil
	p.Kill()
	st.logs = append(st.logs, p.Stderr.String())
}

func (st *stage) cleanup() {
	if st.program != nil {
		st.kill()
	}
	if st.Failed() {
		for _, log := range st.logs {
			st.Logf("stderr:\n%s", log[max(0, len(log)-6000):])
		}
	}
}

// send sends a request in this performance's way and reads the answer.
func (st *stage) send(a ask) *seen {
	st.Helper()
	if a.dialect == "" {
		a.way = st.way
	}
	s := fetch(st, st.client, st.program.URL, a, st.sc.want.within+slack+8*time.Second)
	st.saw(s)
	return s
}

// saw takes an answer into the account of this performance.
func (st *stage) saw(s *seen) {
	st.answers = append(st.answers, s)
	st.took = max(st.took, s.took)
}

// wants compares an answer with what is wanted of it.
func (st *stage) wants(s *seen, w want) {
	st.Helper()
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	if s.wrong != "" || s.status != status {
		st.Errorf("%s: got %s, %v, want status %d; body %.400q", s.way, s.verdict(), s.err, status, s.body)
		return
	}
	if got := s.header.Get("X-Glmtray-Provider"); w.by != "" && got != w.by {
		st.Errorf("%s: %q answered, want %q", s.way, got, w.by)
	}
	if s.took > w.within+slack {
		st.Errorf("%s: it took %v, and %v is the limit", s.way, s.took, w.within)
	}
	if vendor, state, ok := strings.Cut(w.key, " "); ok && st.keyOf(vendor) != state {
		st.Errorf("%s: the key of %s is %s, want %s", s.way, vendor, st.keyOf(vendor), state)
	}
	fails := w.code != "" || w.broken || status >= http.StatusBadRequest
	if fails != (s.failure != nil) {
		st.Errorf("%s: got %s", s.way, s.verdict())
		return
	}
	if s.failure == nil {
		return
	}
	if code := w.codeIn(s.dialect); code != "" && s.failure.word() != code {
		st.Errorf("%s: the error is %+v, want %q", s.way, *s.failure, code)
	}
	if !strings.Contains(s.failure.message, w.says) {
		st.Errorf("%s: the error says %q, and nothing of %q", s.way, s.failure.message, w.says)
	}
	if w.broken && (s.text == "" || s.complete) {
		st.Errorf("%s: the stream has %q and is complete: %v", s.way, s.text, s.complete)
	}
}

// end looks at what remains: the calls that each provider got, the records, and
// that all agree.
func (st *stage) end() {
	st.Helper()
	if st.program != nil {
		st.stop()
	}
	w := st.sc.want
	for name, v := range st.vendors {
		st.calls[name] = len(v.chats())
	}
	if got := st.callsText(); w.calls != "" && got != w.calls {
		st.Errorf("calls %s, want %s", got, w.calls)
	}
	if st.records = st.readRecords(); st.unproved {
		return
	}
	st.agree()
	if len(st.records) == 0 {
		return
	}
	last := st.records[len(st.records)-1]
	var classes []string
	for _, t := range last.Tries {
		classes = append(classes, t.Class)
	}
	if got := strings.Join(classes, ", "); w.tries != "" && got != w.tries {
		st.Errorf("the record's tries are %q, want %q: %+v", got, w.tries, last.Tries)
	}
	if outcome := w.outcome; st.sc.play == nil {
		if outcome == "" {
			outcome = "ok"
		}
		if last.Outcome != outcome {
			st.Errorf("the record says %q (%s), want %q", last.Outcome, last.Error, outcome)
		}
	}
}

func (st *stage) callsText() string {
	all := make([]string, len(vendorNames))
	for i, name := range vendorNames {
		all[i] = fmt.Sprint(st.calls[name])
	}
	return strings.Join(all, " ")
}

// run runs a command of the program's to its end.
func (st *stage) run(args ...string) (stdout, stderr string, code int) {
	st.Helper()
	return st.runAs(st.launch(args...))
}

func (st *stage) runAs(l process.Launch) (stdout, stderr string, code int) {
	st.Helper()
	p, err := process.Run(l)
	if err != nil {
		st.Fatal(err)
	}
	if code, err = p.Wait(); err != nil {
		p.Kill()
		st.Fatalf("glmtray %q: %v", l.Args, err)
	}
	return p.Stdout.String(), p.Stderr.String(), code
}

// readRecords gives all records, the oldest first.
func (st *stage) readRecords() (all []record) {
	st.Helper()
	stdout, stderr, code := st.run("logs", "--json", "--limit", "1000000")
	if code != 0 && !st.unproved {
		st.Errorf("glmtray logs: %d, %s", code, stderr)
	}
	for line := range strings.Lines(stdout) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			st.Errorf("glmtray logs --json: %v in %s", err, line)
			return all
		}
		all = append(all, r)
	}
	return all
}

// byID are the records, of which each request has one.
func (st *stage) byID() map[string]record {
	st.Helper()
	all := map[string]record{}
	for _, r := range st.records {
		if _, twice := all[r.ID]; twice {
			st.Errorf("request %s is recorded twice", r.ID)
		}
		all[r.ID] = r
	}
	return all
}

// agree holds what was seen, what was recorded and what the providers got against
// each other. It is what no scenario may break.
func (st *stage) agree() {
	st.Helper()
	byID := st.byID()
	for _, s := range st.answers {
		if s.wrong != "" {
			st.Errorf("%s: %s", s.way, s.wrong)
		}
		if s.complete && s.status == http.StatusOK && s.text != said && !st.loose {
			st.Errorf("%s: the answer claims to be complete and is %q", s.way, s.text)
		}
		if s.status == 0 {
			continue
		}
		r, ok := byID[s.header.Get("X-Request-Id")]
		switch {
		case !ok:
			st.Errorf("%s: the request is not in the records: %s", s.way, s.verdict())
		case r.Status != s.status:
			st.Errorf("%s: the record says %d, the client saw %d", s.way, r.Status, s.status)
		case (r.Outcome == "ok") != (s.failure == nil && s.complete):
			st.Errorf("%s: the record says %q, the client saw %s", s.way, r.Outcome, s.verdict())
		}
	}
	if len(st.answers) == 1 && len(st.records) == 1 {
		st.paidOnce(st.answers[0], st.records[0])
	}
}

// paidOnce wants that nobody who began to answer was asked again, and that the
// tokens and the model that are recorded are those of the provider that answered.
func (st *stage) paidOnce(s *seen, r record) {
	st.Helper()
	for name, v := range st.vendors {
		var began int
		var last simulator.Call
		for _, c := range v.chats() {
			// A fixture is an error that was dressed as an answer.
			if c.Status == http.StatusOK && !strings.Contains(c.Fault, "/") {
				began++
				last = c
			}
			if len(c.Forbidden) > 0 {
				st.Errorf("%s was sent %q", name, c.Forbidden)
			}
		}
		if began > 1 {
			st.Errorf("%s had begun to answer and was asked again: %d times", name, began)
		}
		if name != r.Provider || r.Outcome != "ok" || r.Counted || began == 0 || last.Tokens.Prompt == 0 {
			continue
		}
		if r.Tokens.Prompt != int64(last.Tokens.Prompt) || r.Tokens.Completion != int64(last.Tokens.Output) {
			st.Errorf("%s took %+v, and recorded is %+v", name, last.Tokens, r.Tokens)
		}
		if s.usage != (usage{}) && s.usage != (usage{r.Tokens.Prompt, r.Tokens.Completion}) {
			st.Errorf("the client was told %+v, and recorded is %+v", s.usage, r.Tokens)
		}
		if model := cmp.Or(st.model, last.Model); r.Model != model {
			st.Errorf("%s answered as %q, and recorded is %q", name, model, r.Model)
		}
	}
}

// note adds something to the table that is no answer to a request.
func (st *stage) note(format string, args ...any) {
	st.notes = append(st.notes, fmt.Sprintf(format, args...))
}

// within polls until ok, for what has no event to wait for.
func within(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// eventually wants what becomes true by itself.
func (st *stage) eventually(what string, ok func() bool) {
	st.Helper()
	if !within(30*time.Second, ok) {
		st.Fatalf("never: %s", what)
	}
}
