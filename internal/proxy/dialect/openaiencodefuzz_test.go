package dialect

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// encDice makes a request of the hub out of foreign bytes.
type encDice struct {
	b []byte
	n int
}

// roll gives a number below n.
func (d *encDice) roll(n int) int {
	d.n++
	if len(d.b) == 0 {
		return 0
	}
	x := int(d.b[0])
	d.b = d.b[1:]
	return x % n
}

func (d *encDice) one(words ...string) string { return words[d.roll(len(words))] }

// text gives a text that occurs once, so that it can be found again.
func (d *encDice) text() string {
	if d.roll(8) == 7 {
		return ""
	}
	return d.one("a", "\"quoted\"\n", "x\xffy", "\\u0041\t", "漢字\u2028", "Error: no", strings.Repeat("long ", 20)) + string(rune('A'+d.n%26)) + string(rune('a'+d.n/26%26))
}

func (d *encDice) media() chat.Media {
	return chat.Media{Type: d.one("", "image/png", "a\"b"), Data: d.one("", "iVBO", "\"\\"), URL: d.one("", "https://x.example/?a=\"b\""), Name: d.one("", "n\n.pdf")}
}

func (d *encDice) part(deep bool) chat.Part {
	p := chat.Part{Kind: chat.Kind(d.roll(8)), ID: d.one("c1", "c2", "", "c\"3")}
	switch p.Kind {
	case chat.Text, chat.Thought:
		p.Text = d.text()
	case chat.Image:
		p.Media = d.media()
	case chat.Document:
		if p.Media = d.media(); d.roll(4) > 0 {
			p.Text = d.text()
		}
	case chat.Call:
		p.Name, p.Args = d.name(), d.one("", "{}", `{"a": 1.0}`, "broken \"")
	case chat.Result:
		p.Failed = d.roll(3) == 0
		for n := d.roll(4); deep && n > 0; n-- {
			p.Parts = append(p.Parts, d.part(false))
		}
	}
	return p
}

func (d *encDice) name() string {
	return d.one("run", "see", "a.b", "a b", "a_b_108bf50c", "", strings.Repeat("n", 70))
}

func (d *encDice) request() *chat.Request {
	q := &chat.Request{
		Model: d.one("", "m"), Stream: d.roll(2) == 0, MaxOutput: d.roll(9), Temperature: d.one("", "1", "-0", "2e9", "x"), TopP: d.one("", "0.5"), TopK: d.one("", "4"),
		Choice:   chat.Choice{Mode: chat.ChoiceMode(d.roll(5)), Name: d.name(), Single: d.roll(2) == 0},
		Thinking: chat.Thinking{Mode: chat.ThinkingMode(d.roll(4)), Effort: d.one("", "low", "xhigh", "none", "odd"), Budget: d.roll(3) * 6000},
		Format:   chat.Format{Kind: chat.FormatKind(d.roll(3)), Name: d.name(), Schema: d.one("", `{"type":"object"}`, "[]", "{"), Strict: d.roll(2) == 0},
	}
	for n := d.roll(4); n > 0; n-- {
		t := chat.Tool{Name: d.name(), Description: d.one("", "d\"d"), Schema: d.one("", `{"$schema":1,"type":"object"}`, "{}", `{"a":1e5,"properties":{}}`, "no"), Strict: d.roll(2) == 0, Freeform: d.roll(5) == 0}
		if !slices.ContainsFunc(q.Tools, func(o chat.Tool) bool { return o.Name == t.Name }) {
			q.Tools = append(q.Tools, t)
		}
	}
	for n := d.roll(3); n > 0; n-- {
		q.Stop = append(q.Stop, d.text())
	}
	for len(d.b) > 0 && len(q.Messages) < 40 {
		m := chat.Message{Role: []chat.Role{chat.User, chat.Assistant, chat.System, chat.User}[d.roll(4)]}
		for n := d.roll(5); n > 0; n-- {
			m.Parts = append(m.Parts, d.part(true))
		}
		q.Messages = append(q.Messages, m)
	}
	return q
}

func (d *encDice) fit() Fit {
	fit := Fit{Model: d.one("", "x"), NoImages: d.roll(2) == 0, Context: d.roll(200), Prompt: d.roll(100), MaxModel: d.roll(50), MaxOutput: d.roll(9)}
	fit.Traits = []Traits{{}, encZai, {Reasoning: "reasoning", NoParallel: true, MaxStop: 4}}[d.roll(3)]
	if d.roll(2) == 0 {
		fit.Refuses = strict
	}
	fit.Efforts = [][]string{nil, {"low", "high"}, {"none", "minimal"}}[d.roll(3)]
	return fit
}

func FuzzEncodeOpenAI(f *testing.F) {
	f.Add([]byte("a request of the hub, of no meaning"))
	for i := range 40 {
		seed := make([]byte, 120+i)
		for j := range seed {
			seed[j] = byte(i*7 + j*(31+i) + j*j/3)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := encDice{b: data}
		fit := d.fit()
		again := d
		q, same := d.request(), again.request()
		sent, e := encodeOpenAI(q, fit, nil)
		if !reflect.DeepEqual(q, same) {
			t.Fatal("the request was changed")
		}
		if e != nil {
			if e.Code != "document_not_supported" || e.Hint == "" {
				t.Fatal(e)
			}
			return
		}
		if twice, _ := encodeOpenAI(same, fit, nil); !bytes.Equal(twice.Body, sent.Body) {
			t.Fatalf("%s\nbecame then\n%s", sent.Body, twice.Body)
		}
		r, err := readOpenAI(sent.Body)
		if err != nil || !json.Valid(sent.Body) || !unique(sent.Body) {
			t.Fatalf("%v: %s", err, sent.Body)
		}
		if notes := r.Repair(); notes != nil {
			t.Fatalf("%q: %s", notes, sent.Body)
		}
		body := encBody{t: t}
		if err := json.Unmarshal(sent.Body, &body); err != nil {
			t.Fatal(err)
		}
		body.checkMessages()
		body.checkTools(sent.Names)
		body.checkTexts(q)
		checkStable(t, q, fit)
	})
}

// encBody is a body as a provider reads it.
type encBody struct {
	Messages []struct {
		Role      string
		Content   any
		ToolCalls []struct {
			Function struct{ Name, Arguments string }
		} `json:"tool_calls"`
		Reasoning any
	}
	Tools []struct{ Function struct{ Name string } }
	t     *testing.T
}

// checkMessages sees to it that none is empty.
func (b *encBody) checkMessages() {
	for i, m := range b.Messages {
		switch content := m.Content.(type) {
		case string:
			if content == "" && m.Role != "tool" && m.Role != "assistant" {
				b.t.Errorf("message %d of %s is empty", i, m.Role)
			}
		case []any:
			if len(content) == 0 || m.Role != "user" {
				b.t.Errorf("message %d of %s is a list %v", i, m.Role, content)
			}
		default:
			b.t.Errorf("message %d of %s has no content", i, m.Role)
		}
		if m.Role == "system" && i > 0 {
			b.t.Errorf("message %d is the system's", i)
		}
	}
}

func (b *encBody) checkTools(names map[string]string) {
	seen := map[string]bool{}
	for _, t := range b.Tools {
		if name := t.Function.Name; seen[name] || !fittingName.MatchString(name) {
			b.t.Errorf("the name %q is there twice, or does not fit", name)
		}
		seen[t.Function.Name] = true
	}
	for _, m := range b.Messages {
		for _, c := range m.ToolCalls {
			if !fittingName.MatchString(c.Function.Name) || c.Function.Arguments == "" {
				b.t.Errorf("a call of %q with %q", c.Function.Name, c.Function.Arguments)
			}
		}
	}
	for sent, name := range names {
		if nameFits(name) || !nameFits(sent) {
			b.t.Errorf("%q is sent for %q", sent, name)
		}
	}
}

// checkTexts sees to it that nothing is lost of what was said.
func (b *encBody) checkTexts(q *chat.Request) {
	var all strings.Builder
	for _, m := range b.Messages {
		list, _ := m.Content.([]any)
		for _, part := range append(list, m.Content) {
			if part, ok := part.(map[string]any); ok {
				text, _ := part["text"].(string)
				all.WriteString(text + "\n")
			}
			text, _ := part.(string)
			all.WriteString(text + "\n")
		}
	}
	var look func(parts []chat.Part, role chat.Role)
	look = func(parts []chat.Part, role chat.Role) {
		for _, p := range parts {
			if misplaced(role, p.Kind) || p.Kind == chat.Thought || p.Kind == chat.Call {
				continue
			}
			if text := strings.ToValidUTF8(p.Text, "\ufffd"); !strings.Contains(all.String(), text) {
				b.t.Errorf("%q is lost", text)
			}
			if p.Kind == chat.Result {
				look(p.Parts, chat.User)
			}
		}
	}
	for _, m := range q.Messages {
		look(m.Parts, m.Role)
	}
}

// checkStable sees to it that a further turn leaves the messages before it as
// they were, which is what a prompt cache lives by.
func checkStable(t *testing.T, q *chat.Request, fit Fit) {
	n := len(q.Messages)
	if n == 0 || q.Messages[n-1].Role == chat.Assistant {
		return
	}
	next := *q
	next.Messages = append(slices.Clone(q.Messages), encSaid(chat.Assistant, encText("yes")), encSaid(chat.User, encText("and now?")))
	before, _ := encFields(t, q, fit)
	after, _ := encFields(t, &next, fit)
	if !strings.HasPrefix(after["messages"], strings.TrimSuffix(before["messages"], "]")) {
		t.Errorf("%s\nbecame in the next turn\n%s", before["messages"], after["messages"])
	}
}
