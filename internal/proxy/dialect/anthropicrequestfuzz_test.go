package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func antSeed(f *testing.F) {
	seed(f)
	for _, body := range fixtures(f, "request.anthropic.json") {
		f.Add(body)
	}
	for _, text := range []string{
		`{"system":"a","messages":[{"role":"system","content":"b"},{"role":"user","content":""},{"role":"assistant","content":[]},{"role":"system","content":[{"text":"c","type":"text"}]}]}`,
		`{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":" "},{"type":"image"}]}]}],"messages":[{"content":null}],"system":[{"text":"x-anthropic-billing-header:"}]}`,
		`{"thinking":{"type":"enabled","budget_tokens":1e5,"budget_tokens":2},"max_tokens":99999,"tools":[{"type":"x"}],"tool_choice":{"name":"x","name":1},"output_config":{"format":{"type":"json_schema","schema":{}}}}`,
		`{"messages":[{"role":"assistant","content":[{"type":"thinking","signature":"glmtray:v1:zai:x"},{"type":"redacted_thinking","data":"glmtray:v1:zai:"},{"type":"document","source":{"type":"content","content":[{"type":"document"}]}}]}]}`,
		`{"system":[{"text":"x-anthropic-billing-header:\"`, `{"system":"\"`,
		`{"messages":[{"content":"x","role":"user","content":"y"},{"role":"system"},{"type":"search_result","content":[{"type":"server_tool_use"}]}],"container":{},"context_management":1}`,
	} {
		f.Add([]byte(text))
	}
}

// antFits are providers that want quite different things.
var antFits = []Fit{
	{},
	{Provider: "zai", Model: "m", NoImages: true, MaxModel: 16384, Refuses: Refuses{Fields: []string{"metadata"}, Message: []string{"name", "content2"}, Tool: []string{"strict"}}},
	{Provider: "anthropic", Author: true, Context: 5000, Prompt: 3000, Refuses: Refuses{Message: []string{"name"}}},
}

func FuzzReadAnthropic(f *testing.F) {
	antSeed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Read(Anthropic, body)
		if (err == nil) != object(body) {
			t.Fatalf("%v for %q", err, body)
		}
		if err != nil {
			return
		}
		if f := r.Facts; f.TextBytes < 0 || f.TextBytes > len(body) || f.Images && f.Pictures == 0 || r.latest < 0 || r.latest > len(body) {
			t.Errorf("%+v", f)
		}
		if q, e := r.Hub(); (q == nil) == (e == nil) || q != nil && len(q.Dropped) > maxDropped {
			t.Errorf("%v, %v", q, e)
		}
	})
}

func FuzzFitAnthropic(f *testing.F) {
	antSeed(f)
	f.Fuzz(func(t *testing.T, body []byte) { antCheckFit(t, body) })
}

// antCheckFit makes a body fit for each of some providers.
func antCheckFit(t *testing.T, body []byte) {
	t.Helper()
	r, err := Read(Anthropic, body)
	if err != nil {
		return
	}
	before := bytes.Clone(body)
	for _, fit := range antFits {
		fit.Dialect = Anthropic
		sent, e := r.For(fit, nil)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was changed in place")
		}
		if e != nil {
			if e.Code != "document_not_supported" {
				t.Fatal(e)
			}
			continue
		}
		out, err := Read(Anthropic, sent.Body)
		if err != nil || !json.Valid(sent.Body) {
			t.Fatalf("%v: %q became %q", err, body, sent.Body)
		}
		if fit.Model != "" && out.Facts.Model != fit.Model || out.Facts.Stream != r.Facts.Stream {
			t.Fatalf("%q became %q", body, sent.Body)
		}
		if !unique(body) {
			continue // what counts of it is not all that there is
		}
		if !fit.Author && out.marks&(hasSystem|hasBilling|hasServer) != 0 || out.marks&hasForged != 0 && antFlat(body) {
			t.Fatalf("%q became %q", body, sent.Body)
		}
		if fit.NoImages && out.Facts.Pictures > 0 && antFlat(body) {
			t.Fatalf("%q became %q", body, sent.Body)
		}
	}
}

// antFlat reports whether contents lie in each other only as they may.
func antFlat(body []byte) bool { return bytes.Count(body, []byte("content")) <= 2 }

// antDice makes up bodies that are much like requests, and as odd as they may
// be.
type antDice struct{ *rand.Rand }

func (d antDice) list(most int, one func() string) string {
	var all []string
	for range d.IntN(most + 1) {
		all = append(all, one())
	}
	return strings.Join(all, ",")
}

func (d antDice) one(words ...string) string { return words[d.IntN(len(words))] }

func (d antDice) text() string {
	return d.one(`"a"`, `""`, `" \n"`, `"x-anthropic-billing-header: y"`, `"\u00e4\"\\"`, `null`, `7`)
}

func (d antDice) content(deep int) string {
	if deep == 0 || d.IntN(4) == 0 {
		return d.text()
	}
	return "[" + d.list(1+deep, func() string { return d.block(deep - 1) }) + "]"
}

func (d antDice) block(deep int) string {
	return "{" + d.list(6, func() string {
		return d.one(
			`"type":`+d.one(`"text"`, `"text"`, `"image"`, `"document"`, `"thinking"`, `"redacted_thinking"`, `"tool_use"`, `"tool_result"`, `"search_result"`, `"odd"`),
			`"text":`+d.text(), `"thinking":`+d.text(), `"title":`+d.text(), `"id":`+d.text(), `"input":{"a":1.0}`,
			`"signature":`+d.one(`"glmtray:v1:zai:E=="`, `"glmtray:v1:anthropic:E=="`, `"glmtray:v1:zai:"`, `"E=="`, `""`),
			`"data":`+d.one(`"glmtray:v1:zai:E=="`, `"E=="`), `"content":`+d.content(deep),
			`"source":{"type":`+d.one(`"base64"`, `"url"`, `"text"`, `"content"`)+`,`+d.one(`"data":"eA=="`, `"url":"u"`, `"content":`+d.content(deep))+`}`,
		)
	}) + "}"
}

func (d antDice) body() string {
	return "{" + d.list(6, func() string {
		return d.one(
			`"model":`+d.text(), `"stream":`+d.one("true", "false", "null"), `"max_tokens":`+d.one("1", "99999", "null", `"x"`),
			`"system":`+d.content(1), `"thinking":{"type":`+d.one(`"enabled"`, `"adaptive"`)+`,"budget_tokens":`+d.one("5000", "50000")+`}`,
			`"tools":[`+d.list(3, func() string {
				return d.one(`{"type":"web_search_1","name":"w"}`, `{"name":"f","strict":true}`, `{"strict":1}`, `7`)
			})+`]`,
			`"tool_choice":{"type":"tool","name":`+d.one(`"w"`, `"f"`, "1")+`}`, `"container":1`, `"metadata":{"user_id":`+d.text()+`}`,
			`"output_config":{"format":{"type":"json_schema","schema":{}}}`,
			`"messages":[`+d.list(8, func() string {
				return d.one(`{"role":"system","content":`+d.content(1)+`}`, `{"name":1,"role":`+d.one(`"user"`, `"user"`, `"assistant"`, `"odd"`)+`,"content":`+d.content(2)+`}`, `{"content":`+d.content(2)+`,"role":"assistant","name":1}`, `{"role":"user"}`, `7`)
			})+`]`,
		)
	}) + "}"
}

func TestFitAnthropicLeavesNothingThatAProviderDoesNotTake(t *testing.T) {
	d := antDice{rand.New(rand.NewPCG(3, 4))}
	for range 4000 {
		antCheckFit(t, []byte(d.body()))
	}
}

func FuzzEncodeAnthropic(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i, i)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		rng := rand.New(rand.NewPCG(a, b))
		q := randomRequest(rng)
		antTear(rng, q)
		before := fmt.Sprintf("%+v", q)
		for _, fit := range antFits {
			sent, e := encodeAnthropic(q, fit, nil)
			if after := fmt.Sprintf("%+v", q); after != before {
				t.Fatalf("the request was changed\nfrom %s\nto   %s", before, after)
			}
			if e != nil {
				continue
			}
			if !json.Valid(sent.Body) || !unique(sent.Body) {
				t.Fatalf("%s", sent.Body)
			}
			antStrict(t, sent.Body)
		}
	})
}

// antTear puts messages and parts where they do not belong.
func antTear(rng *rand.Rand, q *chat.Request) {
	for range rng.IntN(4) {
		i, j := rng.IntN(len(q.Messages)+1), rng.IntN(len(q.Messages)+1)
		if i == len(q.Messages) || j == len(q.Messages) || len(q.Messages[j].Parts) == 0 {
			q.Messages = append(q.Messages, chat.Message{Role: chat.Assistant})
			continue
		}
		q.Messages[i].Parts = append(q.Messages[i].Parts, q.Messages[j].Parts[0], chat.Part{Kind: chat.Kind(rng.IntN(7)), ID: "again"})
		q.Messages[j].Role = []chat.Role{chat.User, chat.Assistant, chat.System}[rng.IntN(3)]
	}
}

// antStrict checks what Anthropic checks of a conversation.
func antStrict(t *testing.T, body []byte) {
	t.Helper()
	var q struct {
		MaxTokens int `json:"max_tokens"`
		Messages  []struct {
			Role    string
			Content []struct {
				Type, ID, Text string
				ToolUse        string          `json:"tool_use_id"`
				Input          json.RawMessage `json:"input"`
			}
		}
	}
	if err := json.Unmarshal(body, &q); err != nil || q.MaxTokens == 0 || len(q.Messages) == 0 {
		t.Fatalf("%v: %s", err, body)
	}
	seen, open := map[string]bool{}, []string(nil)
	for i, m := range q.Messages {
		if want := []string{"user", "assistant"}[i%2]; m.Role != want || len(m.Content) == 0 {
			t.Fatalf("message %d is not of the %s: %s", i, want, body)
		}
		for j, b := range m.Content {
			if j < len(open) && (b.Type != "tool_result" || b.ToolUse != open[j]) || j >= len(open) && b.Type == "tool_result" {
				t.Fatalf("message %d does not begin with the results of %q: %s", i, open, body)
			}
			if b.Type == "text" && len(bytes.TrimSpace([]byte(b.Text))) == 0 || b.Type == "tool_use" && (seen[b.ID] || b.Input[0] != '{') {
				t.Fatalf("block %d of message %d: %s", j, i, body)
			}
			seen[b.ID] = true
		}
		if len(m.Content) < len(open) {
			t.Fatalf("message %d lacks results of %q: %s", i, open, body)
		}
		open = nil
		for _, b := range m.Content {
			if b.Type == "tool_use" {
				open = append(open, b.ID)
			}
		}
	}
	if len(open) > 0 {
		t.Fatalf("%q have no results: %s", open, body)
	}
}
