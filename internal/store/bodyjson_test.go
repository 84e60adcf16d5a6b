package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

func TestABodyFileHasThePredecessorsLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	b := NewBodies(BodyOptions{Dir: dir})
	ok := b.Put(BodyRecord{
		Time: at, ID: "0a1b2c3d4e5f", Method: "POST", Path: "/v1/chat/completions?api_key=hidden",
		Header:  http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer hidden-hidden"}},
		Request: []byte(`{"z":1.50,"a":"<é>", "n":12345678901234567890}`),
		Sent: []Sent{
			{Provider: "cerebras", Model: "m1", Key: "desk", Status: 429, Class: "rate limited", Took: 1500 * time.Microsecond, Body: []byte(`{"z":1.50}`)},
			{Provider: "zai", Model: "m2", Key: "main", Status: 200, Class: "ok", Took: 2 * time.Second},
		},
		Status: 200, RespHeader: http.Header{"Content-Type": {"text/event-stream"}},
		Response: []byte("data: {\"a\":1}\n\ndata: [DONE]\n\n"), Took: 2001500 * time.Microsecond,
		Provider: "zai", Key: "main", Route: "everything: the last rule",
	})
	drained(t, b)
	name, text := sole(t, bodyFiles(t, dir))
	if want := "2026-11-22/20261122_230506_123456_POST_v1_chat_completions_0a1b2c3d.json"; !ok || name != want {
		t.Errorf("file %s, want %s", name, want)
	}
	want := `{
  "timestamp": "2026-11-22T23:05:06.123456Z",
  "request_id": "0a1b2c3d",
  "request": {
    "method": "POST",
    "path": "/v1/chat/completions",
    "headers": {
      "Content-Type": "application/json"
    },
    "body": {
      "z": 1.50,
      "a": "<é>",
      "n": 12345678901234567890
    }
  },
  "response": {
    "status": 200,
    "headers": {
      "Content-Type": "text/event-stream"
    },
    "body": "data: {\"a\":1}\n\ndata: [DONE]\n\n"
  },
  "duration_ms": 2001.5,
  "id": "0a1b2c3d4e5f",
  "provider": "zai",
  "key": "main",
  "route": "everything: the last rule",
  "attempts": [
    {
      "provider": "cerebras",
      "model": "m1",
      "key": "desk",
      "status": 429,
      "class": "rate limited",
      "ms": 1.5,
      "body": {
        "z": 1.50
      }
    },
    {
      "provider": "zai",
      "model": "m2",
      "key": "main",
      "status": 200,
      "class": "ok",
      "ms": 2000
    }
  ]
}
`
	if text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for path, want := range map[string]os.FileMode{"": 0o700, "2026-11-22": 0o700, name: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestBodiesAreWrittenAsWhatTheyAre(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	wide := strings.Repeat("[", 500) + strings.Repeat("1,", 50_000) + "1" + strings.Repeat("]", 500)
	cases := []struct{ name, body, want string }{
		{"an object", `{"b":1,"a":2}`, `{"b":1,"a":2}`},
		{"a number", `12`, `12`},
		{"nothing", ``, `null`},
		{"blanks", " \n", `null`},
		{"text", "hello <b>", `"hello <b>"`},
		{"two objects", `{}{}`, `"{}{}"`},
		{"a cut object", `{"a":`, `"{\"a\":"`},
		{"no UTF-8", "\xff\xfe\x00", `{"_binary":"//4A"}`},
		{"a key in JSON", `{"k":"csk-0123456789abcdefghij"}`, `{"k":"[secret]"}`},
		{"brackets without end", deep, `"` + deep + `"`},
		{"much in many brackets", wide, `"` + wide + `"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.TrimSpace(string(body([]byte(c.body), nil))); got != c.want {
				t.Errorf("got %.200s", got)
			}
		})
	}
}

func TestOnlyHeadersOfTheListAreRecorded(t *testing.T) {
	h := http.Header{}
	kept := []string{
		"content-type", "content-length", "user-agent", "accept", "x-request-id", "retry-after", "x-ratelimit-reset-tokens-minute",
		"x-stainless-lang", "anthropic-version", "anthropic-beta", "x-glmtray-route",
	}
	for _, name := range append(kept, "Authorization", "Proxy-Authorization", "X-Api-Key", "Api-Key", "Cookie", "Set-Cookie", "X-Goog-Api-Key", "X-Auth-Token", "Cf-Access-Jwt-Assertion", "Referer", "X-Anything") {
		h.Set(name, "value")
	}
	h["user-agent"] = []string{"raw spelling"}
	got := headers(h, nil)
	for _, name := range kept {
		if got[http.CanonicalHeaderKey(name)] == "" {
			t.Errorf("%s is left out", name)
		}
	}
	if len(got) != len(kept) {
		t.Errorf("%d headers recorded, want %d: %v", len(got), len(kept), got)
	}
}

func TestNoKeyStandsInABodyFileOrItsName(t *testing.T) {
	known, shaped := "known-to-the-scrubber-0123", "sk-ant-api03-abcdefghijklmnop"
	var scrub secret.Scrubber
	scrub.Set(secret.New(known))
	leak := known + " " + shaped
	raw := []byte(fmt.Sprintf(`{"text":%q}`, leak))
	b := NewBodies(BodyOptions{Dir: t.TempDir(), Scrub: &scrub})
	h := http.Header{"User-Agent": {leak}, "X-Ratelimit-Note": {leak}, "Authorization": {"Bearer " + known}, "X-Api-Key": {shaped}, "Cookie": {known}}
	b.Put(BodyRecord{
		ID: leak, Method: "POST", Path: "/v1/" + known + "/" + shaped + "?key=" + known, Header: h, RespHeader: h, Request: raw,
		Response: append([]byte("\xff binary "), leak...), Error: leak, Route: leak, Provider: leak, Key: leak,
		Sent: []Sent{{Provider: leak, Model: leak, Key: leak, Body: []byte(leak)}},
	})
	drained(t, b)
	name, text := sole(t, bodyFiles(t, b.opt.Dir))
	var file struct {
		Response struct {
			Body struct {
				Binary []byte `json:"_binary"`
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{known, shaped} {
		if strings.Contains(text, key) || strings.Contains(name, key) || bytes.Contains(file.Response.Body.Binary, []byte(key)) {
			t.Errorf("%s is in %s:\n%s", key, name, text)
		}
	}
	if !bytes.Contains(file.Response.Body.Binary, []byte("binary")) {
		t.Errorf("no binary body in %s", text)
	}
}

func TestNamesStayInTheirFolderAndCanBeReadBack(t *testing.T) {
	cases := []struct{ method, path, id, want string }{
		{"POST", "/v1/chat/completions", "0A1B2C3D-rest", "POST_v1_chat_completions_0a1b2c3d"},
		{"get", "v1/models", "0a1b2c3d", "GET_v1_models_0a1b2c3d"},
		{"GET", "/", "0a1b2c3d", "GET__0a1b2c3d"},
		{"GET", `/../..\..\etc/passwd`, "0a1b2c3d", "GET_.._.._.._etc_passwd_0a1b2c3d"},
		{"GET", "/a b%00\x00\n[x]ü:*", "0a1b2c3d", "GET_a_b_00___x_____0a1b2c3d"},
		{"G/../T", "/x", "not hex!", "OTHER_x_" + shortID("not hex!")},
		{"", "", "", "OTHER__" + shortID("")},
		{"POST", "/" + strings.Repeat("x", 80), "0a1b2c3d", "POST_" + strings.Repeat("x", 50) + "_0a1b2c3d"},
	}
	for _, c := range cases {
		day, name := bodyName(at, c.method, c.path, shortID(c.id))
		if want := "20261122_230506_123456_" + c.want + ".json"; name != want || day != "2026-11-22" {
			t.Errorf("%s %s: %s/%s, want %s", c.method, c.path, day, name, want)
		}
		if got, ok := bodyTime(day, name); !ok || !got.Equal(at.Truncate(time.Microsecond)) {
			t.Errorf("%s read back as %v %v", name, got, ok)
		}
	}
}

func FuzzBodyName(f *testing.F) {
	f.Add("POST", "/v1/chat/completions", "0a1b2c3d")
	f.Add("G\x00T", `..\../`, "")
	f.Fuzz(func(t *testing.T, method, path, id string) {
		day, name := bodyName(at, method, path, shortID(id))
		if !filepath.IsLocal(day+"/"+name) || strings.ContainsAny(name, `/\`) || len(name) > 120 {
			t.Fatalf("%q", name)
		}
		if _, ok := bodyTime(day, name); !ok {
			t.Fatalf("%q is not of our own pattern", name)
		}
	})
}

func FuzzEncodeBody(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\""}]}`), "id")
	f.Add([]byte("data: {}\n\n"), "\xff")
	f.Add([]byte(`{"k":"Bearer abcdefgh\u0041"}`), "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		r := BodyRecord{Time: at, ID: text, Path: text, Request: data, Response: data, Error: text, Sent: []Sent{{Body: data}}}
		out, err := encodeBody(&r, nil)
		if err != nil || !json.Valid(out) {
			t.Fatalf("%v: %s", err, out)
		}
		if limit := 200*(len(data)+len(text)) + 1<<20; len(out) > limit {
			t.Fatalf("%d bytes became %d", len(data), len(out))
		}
	})
}
