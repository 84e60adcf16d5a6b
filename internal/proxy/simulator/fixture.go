package simulator

import (
	"bufio"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// Fixture is one answer a provider is known to give when something is wrong.
type Fixture struct {
	Name   string        // "zai/1308"
	Scope  string        // whom it concerns, see Scopes
	Status int           //
	Header http.Header   //
	Body   string        //
	Wait   time.Duration // how long until what it tells of returns; 0: it does not say
}

// Scopes are the values of Fixture.Scope and what they mean.
var Scopes = map[string]string{
	"request":         "the request is at fault; no other key or provider helps",
	"context":         "too long for this model; another route may hold it",
	"model":           "the provider has no such model",
	"key":             "the key is not valid",
	"account-stopped": "the account is stopped until a person acts",
	"account-window":  "a limit of the account is used up until its window returns",
	"concurrency":     "too many requests at once",
	"entitlement":     "this account may not use this model",
	"capacity":        "provider and model are congested; other keys do not help",
	"provider":        "the provider fails",
	"answer":          "not a failure but an answer",
}

//go:embed fixtures/*.http
var fixtureFiles embed.FS

var allFixtures = sync.OnceValue(func() map[string]Fixture {
	all := map[string]Fixture{}
	entries, err := fixtureFiles.ReadDir("fixtures")
	if err != nil {
		panic(err) // embedded: cannot fail in a program that was built
	}
	for _, e := range entries {
		text, err := fixtureFiles.ReadFile("fixtures/" + e.Name())
		if err != nil {
			panic(err)
		}
		for block := range strings.SplitSeq("\n"+string(text), "\n### ") {
			f, err := parseFixture(block)
			if err != nil {
				panic(fmt.Sprintf("%s: %v", e.Name(), err))
			}
			if f.Name != "" {
				all[f.Name] = f
			}
		}
	}
	return all
})

// parseFixture reads one block of a .http file: the name, # comments, @ facts,
// the status, headers, an empty line, the body.
func parseFixture(block string) (Fixture, error) {
	name, rest, _ := strings.Cut(block, "\n")
	if name = strings.TrimSpace(name); name == "" || strings.HasPrefix(name, "#") {
		return Fixture{}, nil // what stands before the first fixture
	}
	f := Fixture{Name: name, Header: http.Header{}}
	head, body, _ := strings.Cut(rest, "\n\n")
	lines := bufio.NewScanner(strings.NewReader(head))
	for lines.Scan() {
		if err := f.line(lines.Text()); err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
	}
	f.Body = strings.TrimRight(body, "\n")
	if f.Header.Get("Content-Type") == "text/event-stream" {
		f.Body += "\n\n"
	}
	if f.Status == 0 || Scopes[f.Scope] == "" {
		return f, fmt.Errorf("%s: status %d, scope %q", name, f.Status, f.Scope)
	}
	return f, nil
}

func (f *Fixture) line(line string) (err error) {
	switch {
	case strings.HasPrefix(line, "#"):
	case strings.HasPrefix(line, "@scope "):
		f.Scope = strings.TrimPrefix(line, "@scope ")
	case strings.HasPrefix(line, "@wait "):
		f.Wait, err = time.ParseDuration(strings.TrimPrefix(line, "@wait "))
	case f.Status == 0:
		f.Status, err = strconv.Atoi(line)
	default:
		key, value, ok := strings.Cut(line, ": ")
		if !ok {
			return fmt.Errorf("not a header: %q", line)
		}
		f.Header.Add(key, value)
	}
	return err
}

// Fixtures lists the names of all fixtures, sorted.
func Fixtures() []string { return slices.Sorted(maps.Keys(allFixtures())) }

// Variants are what may be appended to a fixture's name, also several of them:
//
//	+event           as an SSE "error" event after 200
//	+data            as an SSE data line after 200
//	+200             (any status) with another status
//	+bare            without Retry-After and x-ratelimit headers
//	+no-retry-after  without Retry-After only
//	+number          Z.ai: code is a number
//	+anthropic       in Anthropic's envelope; Z.ai: with the code in error.type
//	+anthropic-code  Z.ai: its older form, code in error.code, message [code][text][trace]
var Variants = []string{"+event", "+data", "+200", "+bare", "+no-retry-after", "+number", "+anthropic", "+anthropic-code"}

// FixtureNamed finds a fixture; variants in its name are applied. Placeholders
// such as {{wait}} still stand in it.
func FixtureNamed(name string) (Fixture, error) { return lookup(name) }

func lookup(name string) (Fixture, error) {
	base, variants, _ := strings.Cut(name, "+")
	f, ok := allFixtures()[base]
	if !ok {
		return f, fmt.Errorf("no fixture or fault %q", base)
	}
	f.Name, f.Header = name, f.Header.Clone()
	if variants == "" {
		return f, nil
	}
	for v := range strings.SplitSeq(variants, "+") {
		if err := f.vary(v); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *Fixture) vary(variant string) error {
	switch variant {
	case "event":
		f.stream("event: error\ndata: ")
	case "data":
		f.stream("data: ")
	case "bare":
		maps.DeleteFunc(f.Header, func(k string, _ []string) bool {
			return k == "Retry-After" || strings.HasPrefix(k, "X-Ratelimit-") || strings.HasPrefix(k, "Anthropic-Ratelimit-")
		})
	case "no-retry-after":
		f.Header.Del("Retry-After")
	case "number":
		code := gjson.Get(f.Body, "error.code")
		f.Body = strings.Replace(f.Body, code.Raw, code.String(), 1)
	case "anthropic", "anthropic-code":
		f.anthropic(variant == "anthropic-code")
	default:
		status, err := strconv.Atoi(variant)
		if err != nil || status < 200 || status > 599 {
			return fmt.Errorf("fixture %s: no variant %q", f.Name, variant)
		}
		f.Status = status
	}
	return nil
}

func (f *Fixture) stream(prefix string) {
	f.Status = http.StatusOK
	f.Header.Set("Content-Type", "text/event-stream")
	f.Body = prefix + strings.ReplaceAll(f.Body, "\n", " ") + "\n\n"
}

// message is what the fixture says, in whichever envelope; "": it is no error of an API.
func (f *Fixture) message() string {
	if !json.Valid([]byte(f.Body)) {
		return ""
	}
	body := gjson.Parse(f.Body)
	for _, path := range []string{"error.message", "message", "error", "detail"} {
		if m := body.Get(path); m.Type == gjson.String {
			return m.String()
		}
	}
	return ""
}

// translates reports whether the fixture has to be put into Anthropic's
// envelope, and can be.
func (f *Fixture) translates() bool {
	return f.Status != http.StatusOK && f.message() != "" && gjson.Get(f.Body, "type").String() != "error"
}

// anthropicTypes are Anthropic's error types by status
// (docs.claude.com/en/api/errors, 2026); any other is invalid_request_error
// below 500 and api_error from there.
var anthropicTypes = map[int]string{
	401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
	409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error", 503: "overloaded_error",
	504: "timeout_error", 529: "overloaded_error",
}

func (f *Fixture) anthropic(older bool) {
	message, kind := f.message(), gjson.Get(f.Body, "error.code").String()
	if older {
		f.Body = `{"error":{"code":` + quote(kind) + `,"message":` + quote("["+kind+"]["+message+"][{{id}}]") +
			`,"type":"rate_limit_error"},"request_id":"{{id}}","type":"error"}`
		return
	}
	if !strings.HasPrefix(f.Name, "zai/") {
		kind = anthropicTypes[f.Status]
		switch {
		case kind == "" && f.Status >= 500:
			kind = "api_error"
		case kind == "":
			kind = "invalid_request_error"
		}
	}
	f.Body = `{"type":"error","error":{"type":` + quote(kind) + `,"message":` + quote(message) + `},"request_id":"{{id}}"}`
}

// china is the zone of Z.ai's reset times, which carry none: UTC+8, without
// daylight saving (measured by several clients, 2026).
var china = time.FixedZone("UTC+8", 8*60*60)

// words fills in a fixture's placeholders.
type words struct {
	model, window, problem, id string
	current, output, limit     int
	wait                       time.Duration
	now                        time.Time // as the provider's clock has it
}

func (v words) fill(f Fixture) Fixture {
	if v.window == "" {
		v.window = "minute"
	}
	r := strings.NewReplacer(
		"{{model}}", inJSON(v.model), "{{window}}", v.window, "{{problem}}", inJSON(v.problem), "{{id}}", v.id,
		"{{current}}", strconv.Itoa(v.current), "{{limit}}", strconv.Itoa(v.limit),
		"{{output}}", strconv.Itoa(v.output), "{{reset}}", v.now.Add(v.wait+time.Second-1).UTC().Format(time.RFC3339),
		"{{wait}}", strconv.Itoa(seconds(v.wait)),
		"{{wait-float}}", strconv.FormatFloat(v.wait.Seconds(), 'f', -1, 64),
		"{{reset-china}}", v.now.Add(v.wait+time.Second-1).In(china).Format(time.DateTime),
	)
	f.Body = r.Replace(f.Body)
	f.Header = f.Header.Clone()
	for _, values := range f.Header {
		for i := range values {
			values[i] = r.Replace(values[i])
		}
	}
	return f
}

// seconds rounds up: who waits that long does not come too early.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// inJSON is text as it stands between the quotes of a JSON string.
func inJSON(text string) string {
	q := quote(text)
	return q[1 : len(q)-1]
}
