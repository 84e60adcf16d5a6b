package e2e

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// bodyFile is what scripts of the predecessor's users read.
type bodyFile struct {
	Timestamp string
	RequestID string `json:"request_id"`
	Request   struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
	DurationMS float64 `json:"duration_ms"`
	Provider   string
	Key        string
	Error      string
	Attempts   []struct {
		Provider, Model, Key, Class string
		Status                      int
		Body                        json.RawMessage
	}
	raw []byte
}

var bodyPath = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}/(\d{8}_\d{6}_\d{6})_POST_v1_chat_completions_([0-9a-f]{8})\.json$`)

// bodyOf waits for the body file of a request. Its layout, and who may read it,
// are checked on the way.
func (p *program) bodyOf(dir, id string) bodyFile {
	p.t.Helper()
	var found string
	eventually(p.t, "the body file of "+id, func() bool {
		names, err := filepath.Glob(filepath.Join(dir, "*", "*_"+id[:8]+".json"))
		if err != nil || len(names) == 0 {
			return false
		}
		found = names[0]
		return true
	})
	rel, err := filepath.Rel(dir, found)
	if err != nil {
		p.t.Fatal(err)
	}
	m := bodyPath.FindStringSubmatch(filepath.ToSlash(rel))
	info, err := os.Stat(found)
	if m == nil || err != nil || info.Mode() != 0o600 {
		p.t.Fatalf("%s: mode %v, %v", rel, info.Mode(), err)
	}
	if day, err := os.Stat(filepath.Dir(found)); err != nil || day.Mode() != fs.ModeDir|0o700 {
		p.t.Errorf("its folder: mode %v, %v", day.Mode(), err)
	}
	raw, err := os.ReadFile(found)
	if err != nil {
		p.t.Fatal(err)
	}
	var file bodyFile
	if err := json.Unmarshal(raw, &file); err != nil {
		p.t.Fatalf("%s: %v", rel, err)
	}
	file.raw = raw
	at, err := time.Parse("2006-01-02T15:04:05.000000Z", file.Timestamp)
	if err != nil || at.Format("20060102_150405")+"_"+at.Format(".000000")[1:] != m[1] || !strings.HasPrefix(rel, at.Format(time.DateOnly)) || file.RequestID != m[2] {
		p.t.Errorf("%s: timestamp %q, request_id %q, %v", rel, file.Timestamp, file.RequestID, err)
	}
	// Five keys, in the predecessor's order, before anything of ours.
	order := regexp.MustCompile(`(?s)^\{\n  "timestamp": .*\n  "request_id": .*\n  "request": \{\n    "method": .*\n    "path": .*\n    "headers": .*\n    "body": ` +
		`.*\n  "response": \{\n    "status": .*\n    "headers": .*\n    "body": .*\n  "duration_ms": [0-9.]+,\n`)
	if !order.Match(raw) {
		p.t.Errorf("%s: other keys, or another order:\n%.2000s", rel, raw)
	}
	return file
}

func TestEveryOutcomeLeavesABodyFileAsThePredecessorsScriptsReadIt(t *testing.T) {
	t.Parallel()
	cerebras := provider(t, script(simulator.Cerebras))
	dir := filepath.Join(t.TempDir(), "bodies")
	p := start(t, launch{environ: append(cerebrasAt(cerebras.URL), "LOG_DIR="+dir, "GLMTRAY_MAX_WAIT=0", "GLMTRAY_SHORT_WAIT=0")})
	secretly := []string{"Authorization", "Bearer client-own-credential", "Cookie", "session=client-own-cookie", "X-Api-Key", "client-own-credential"}
	request := chatBody(false, "hello")

	t.Run("an answer", func(t *testing.T) {
		got := p.do(http.MethodPost, path+"?user=1", request, secretly...).want(200, "cerebras")
		f := p.bodyOf(dir, got.header.Get("X-Request-Id"))
		if f.Request.Method != "POST" || f.Request.Path != path || !equalJSON(f.Request.Body, request) || f.Request.Headers["Content-Type"] != "application/json" {
			t.Errorf("request %+v", f.Request)
		}
		if f.Response.Status != 200 || !equalJSON(f.Response.Body, got.body) || f.Provider != "cerebras" || f.Key != "a" || f.DurationMS <= 0 {
			t.Errorf("response %s by %s/%s in %v ms", f.Response.Body, f.Provider, f.Key, f.DurationMS)
		}
		// What was really sent: here an output limit was added.
		if len(f.Attempts) != 1 || f.Attempts[0].Class != "ok" || !bytes.Contains(f.Attempts[0].Body, []byte("max_completion_tokens")) {
			t.Errorf("attempts %+v", f.Attempts)
		}
		if bytes.Contains(f.raw, []byte("client-own")) {
			t.Errorf("a client's credential: %s", f.raw)
		}
	})
	t.Run("a stream, as one text", func(t *testing.T) {
		got := p.ask(true).want(200, "cerebras")
		var text string
		f := p.bodyOf(dir, got.header.Get("X-Request-Id"))
		if err := json.Unmarshal(f.Response.Body, &text); err != nil || text != string(got.body) {
			t.Errorf("%v: %.300s", err, f.Response.Body)
		}
	})
	t.Run("a refusal", func(t *testing.T) {
		faults(t, cerebras, simulator.Fault{What: "cerebras/param"})
		got := p.ask(false).want(400, "cerebras")
		f := p.bodyOf(dir, got.header.Get("X-Request-Id"))
		if f.Response.Status != 400 || !equalJSON(f.Response.Body, got.body) || f.Error == "" {
			t.Errorf("response %+v, error %q", f.Response, f.Error)
		}
	})
	t.Run("a stream that was cut", func(t *testing.T) {
		faults(t, cerebras, simulator.Fault{What: "cut"})
		got := p.ask(true).want(200, "cerebras")
		if !bytes.Contains(got.body, []byte(`"error"`)) {
			t.Fatalf("the client was not told: %s", got.body)
		}
		var text string
		f := p.bodyOf(dir, got.header.Get("X-Request-Id"))
		if err := json.Unmarshal(f.Response.Body, &text); err != nil || text != string(got.body) || f.Error == "" {
			t.Errorf("%v, error %q: %s", err, f.Error, f.Response.Body)
		}
	})
	t.Run("no key left", func(t *testing.T) {
		faults(t, cerebras, simulator.Fault{What: "cerebras/rpm"})
		got := p.ask(false).want(429, "cerebras")
		f := p.bodyOf(dir, got.header.Get("X-Request-Id"))
		if f.Response.Status != 429 || len(f.Attempts) != 3 || f.Attempts[2].Status != 429 || f.Attempts[2].Class != "rate limited" {
			t.Errorf("response %d, attempts %+v", f.Response.Status, f.Attempts)
		}
		if !equalJSON(f.Response.Body, got.body) || f.Response.Headers["Retry-After"] != got.header.Get("Retry-After") {
			t.Errorf("response %v %s, want %s", f.Response.Headers, f.Response.Body, got.body)
		}
	})
}

func equalJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && x.String() == y.String()
}

func TestBodyFilesThatCannotBeWrittenAreNobodysTrouble(t *testing.T) {
	t.Parallel()
	cerebras := provider(t, script(simulator.Cerebras))
	dir := filepath.Join(t.TempDir(), "logs")
	write(t, dir, "a file where the folder should be")
	p := start(t, launch{environ: append(cerebrasAt(cerebras.URL), "LOG_DIR="+dir)})
	for _, stream := range []bool{true, false, true} {
		if text := p.ask(stream).want(200, "cerebras").text(); text != said {
			t.Errorf("stream %v: %q", stream, text)
		}
	}
	eventually(t, "the log tells of it", func() bool { return strings.Contains(p.stderr.String(), "served but not recorded") })
	if n := strings.Count(p.stderr.String(), "served but not recorded"); n != 1 {
		t.Errorf("it is told %d times", n)
	}

	// Back to normal as soon as the disk is, without a restart; and away again.
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	p.bodyOf(dir, p.ask(false).want(200, "cerebras").header.Get("X-Request-Id"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	p.bodyOf(dir, p.ask(true).want(200, "cerebras").header.Get("X-Request-Id"))
}
