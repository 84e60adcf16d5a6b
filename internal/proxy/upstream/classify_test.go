package upstream

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/secret"
)

var testNow = time.Date(2026, 9, 9, 0, 0, 0, 0, time.UTC)

// failure is one case of testdata/failures.
type failure struct {
	name, class, wait, reason string
	status                    int
	header                    http.Header
	body                      string
}

func readFailures(t testing.TB, file string) []failure {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []failure
	for _, part := range strings.Split("\n"+string(data), "\n-- ")[1:] {
		name, rest, _ := strings.Cut(part, " --\n")
		want, rest, _ := strings.Cut(rest, "\n")
		head, body, _ := strings.Cut(rest, "\n\n")
		lines := strings.Split(strings.TrimSpace(head), "\n")
		cells := strings.SplitN(want, "|", 3)
		if len(cells) != 3 {
			t.Fatalf("%s: %s: want CLASS | WAIT | REASON, have %q", file, name, want)
		}
		f := failure{
			name: name, class: strings.TrimSpace(cells[0]), wait: strings.TrimSpace(cells[1]),
			reason: strings.TrimSpace(cells[2]), header: http.Header{}, body: body,
		}
		f.status, err = strconv.Atoi(strings.TrimSpace(lines[0]))
		if err != nil {
			t.Fatalf("%s: %s: %v", file, name, err)
		}
		for _, line := range lines[1:] {
			k, v, _ := strings.Cut(line, ": ")
			f.header.Set(k, v)
		}
		out = append(out, f)
	}
	return out
}

var classByName = map[string]Class{
	"OK": OK, "RateLimited": RateLimited, "Concurrency": Concurrency, "QuotaUntil": QuotaUntil, "ServerError": ServerError,
	"Reset": Reset, "Refused": Refused, "Overloaded": Overloaded, "Silent": Silent, "Malformed": Malformed,
	"ContextExceeded": ContextExceeded, "ModelGone": ModelGone, "NotEntitled": NotEntitled, "KeyRejected": KeyRejected,
	"AccountStopped": AccountStopped, "CallerFault": CallerFault, "Cancelled": Cancelled,
}

// judged runs what Send runs once an answer's body is there.
func judged(provider string, status int, h http.Header, body string, now time.Time) *Reply {
	s := &Sender{opt: Options{Scrub: &secret.Scrubber{}, Log: slog.New(slog.DiscardHandler)}}
	x := &exchange{s: s, call: &Call{Provider: &config.Provider{ID: provider}}}
	r := &Reply{Status: status, Header: h, Limits: limitsOf(h, now)}
	if status >= 200 && status < 300 {
		if f, is := faultInside([]byte(body), dialect.ReadCompletion(x.call.dialect(), []byte(body)).Broken); is {
			x.judge(r, f, now)
		}
		return r
	}
	x.judge(r, readFault([]byte(body), mediaType(h)), now)
	return r
}

func TestEveryKnownFailureHasItsClassItsWaitAndItsWords(t *testing.T) {
	files, _ := filepath.Glob("testdata/failures/*.txt")
	if len(files) < 4 {
		t.Fatalf("fixtures are missing: %v", files)
	}
	for _, file := range files {
		provider := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, f := range readFailures(t, file) {
			t.Run(provider+"/"+f.name, func(t *testing.T) {
				want, ok := classByName[f.class]
				if !ok {
					t.Fatalf("the fixture names no class: %q", f.class)
				}
				r := judged(provider, f.status, f.header, f.body, testNow)
				if r.Class != want {
					t.Errorf("class %q, want %q (reason %q)", r.Class, want, r.Reason)
				}
				wait := "-"
				if !r.Until.IsZero() {
					wait = r.Until.Sub(testNow).String()
				}
				if wait != f.wait {
					t.Errorf("wait %s, want %s", wait, f.wait)
				}
				if !strings.HasPrefix(r.Reason, f.reason) || (f.reason == "") != (r.Reason == "") {
					t.Errorf("reason %q, want %q", r.Reason, f.reason)
				}
				if len([]rune(r.Reason)) > maxReason+1 || strings.ContainsAny(r.Reason, "\r\n\t") {
					t.Errorf("a reason that fills no single line: %q", r.Reason)
				}
				if strings.Contains(r.Reason, "csk-") {
					t.Errorf("the reason shows a key: %q", r.Reason)
				}
			})
		}
	}
}

func TestEveryClassHasAName(t *testing.T) {
	seen := map[string]bool{}
	for name, c := range classByName {
		if s := c.String(); s == "unknown" || s == "" || seen[s] {
			t.Errorf("%s is called %q", name, s)
		} else {
			seen[s] = true
		}
	}
	if len(classNames) != len(classByName) || Class(-1).String() != "unknown" || (Cancelled+1).String() != "unknown" {
		t.Error("the names and the classes differ in number")
	}
}

func TestEveryTextRowIsReached(t *testing.T) {
	files, _ := filepath.Glob("testdata/failures/*.txt")
	reached := make([]bool, len(texts))
	for _, file := range files {
		for _, f := range readFailures(t, file) {
			for i := range texts {
				reached[i] = reached[i] || texts[i].says().MatchString(f.body)
			}
		}
	}
	for i, ok := range reached {
		if !ok {
			t.Errorf("no fixture holds text row %d (%s)", i, texts[i].says())
		}
	}
}

func FuzzClassify(f *testing.F) {
	files, _ := filepath.Glob("testdata/failures/*.txt")
	for _, file := range files {
		for _, c := range readFailures(f, file) {
			f.Add(c.status, c.header.Get("Retry-After"), c.header.Get("X-Synthetic-Quotas"), c.body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, retry, quotas, body string) {
		if status < 200 || status > 999 {
			return
		}
		h := http.Header{"Retry-After": {retry}, "X-Synthetic-Quotas": {quotas}}
		r := judged("cerebras", status, h, body, testNow)
		if status >= 300 && (r.Class == OK || r.Reason == "") {
			t.Errorf("status %d is %q with the reason %q", status, r.Class, r.Reason)
		}
		if !r.Until.IsZero() && (!r.Until.After(testNow) || r.Until.After(testNow.Add(maxUntil))) {
			t.Errorf("until %s", r.Until)
		}
		if len([]rune(r.Reason)) > maxReason+1 {
			t.Errorf("a reason of %d bytes", len(r.Reason))
		}
	})
}
