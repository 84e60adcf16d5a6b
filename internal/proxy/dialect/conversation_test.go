package dialect

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// randomRequest makes up a request as an agent might send it: any system text,
// turns of the user and the assistant, calls with results in the next message of
// the user, ids that occur once. What dialects have no word for occurs (an odd
// name, torn arguments, a call without a result), but seldom.
func randomRequest(rng *rand.Rand) *chat.Request {
	m := maker{Rand: rng}
	q := &chat.Request{
		Model: m.one("", "glm-5.3", "claude-opus-4-8"), Stream: m.seldom(2),
		MaxOutput:   []int{0, 16, 4096, 64000}[m.IntN(4)],
		Temperature: m.one("", "", "0", "0.70", "1.0"), TopP: m.one("", "", "0.95"), TopK: m.one("", "", "40"),
		Thinking: m.thinking(),
	}
	for n := m.IntN(3); n > 0; n-- {
		q.Stop = append(q.Stop, m.text())
	}
	for n := m.IntN(4); n > 0; n-- {
		q.Tools = append(q.Tools, m.tool(len(q.Tools)))
	}
	if len(q.Tools) > 0 {
		q.Choice = chat.Choice{Mode: chat.ChoiceMode(m.IntN(5)), Single: m.seldom(4)}
		if q.Choice.Mode == chat.ChooseOne {
			q.Choice.Name = q.Tools[m.IntN(len(q.Tools))].Name
		}
		q.Choice.Single = q.Choice.Single && q.Choice.Mode != chat.ChooseNone
	}
	if m.seldom(4) {
		q.Format = chat.Format{Kind: chat.FormatSchema, Schema: m.one(madeSchemas...)}
	}
	if m.seldom(2) {
		q.Messages = append(q.Messages, chat.Message{Role: chat.System, Parts: m.texts(1 + m.IntN(3))})
	}
	for n := m.IntN(5); n >= 0; n-- {
		q.Messages = append(q.Messages, m.turn(q.Tools)...)
	}
	if m.seldom(5) {
		q.Messages = q.Messages[:len(q.Messages)-1]
	}
	return q
}

// maker makes things up.
type maker struct {
	*rand.Rand
	made int // texts and ids, so that none occurs twice
}

var madeSchemas = []string{
	`{"type":"object","properties":{"b":{"type":["string","null"]},"a":{"minimum":1.0,"maximum":9007199254740991}},"required":["b"]}`,
	`{ "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {"-A": {"const": "\u00e4"}}, "additionalProperties": false }`,
	`{"type":"object"}`,
}

func (m *maker) seldom(n int) bool { return m.IntN(n) == 0 }

func (m *maker) one(words ...string) string { return words[m.IntN(len(words))] }

// text gives a text that says something and occurs once.
func (m *maker) text() string {
	m.made++
	return m.one("do it", "a \"quoted\"\n\tline", `C:\new`, "漢字 \u2028 é", "<html>&", "x-anthropic-billing-header", strings.Repeat("long ", 40)) + fmt.Sprintf(" %d.", m.made)
}

func (m *maker) texts(n int) (parts []chat.Part) {
	for ; n > 0; n-- {
		parts = append(parts, chat.Part{Text: m.text()})
	}
	return parts
}

func (m *maker) picture() chat.Part {
	p := chat.Part{Kind: chat.Image, Media: chat.Media{Type: m.one("image/png", "image/jpeg"), Data: "iVBORw0KGgo="}}
	if m.seldom(3) {
		p.Media = chat.Media{URL: "https://x.example/?a=\"b\"&c=" + m.text()}
	}
	return p
}

func (m *maker) thinking() chat.Thinking {
	t := chat.Thinking{Mode: chat.ThinkingMode(m.IntN(4))}
	switch {
	case t.Mode == chat.ThinkOn && m.seldom(2):
		t.Budget = []int{1024, 8192, 31999}[m.IntN(3)]
	case t.Mode != chat.ThinkOff:
		t.Effort = m.one("", "low", "medium", "high", "max")
	}
	return t
}

func (m *maker) tool(n int) chat.Tool {
	return chat.Tool{
		Name: m.one("Bash", "mcp__my-server_io__a_tool", strings.Repeat("long_", 18), "a.b/c") + fmt.Sprint(n), Description: m.one("", "Runs \"it\"."),
		Schema: m.one(madeSchemas...), Strict: m.seldom(4),
	}
}

// turn makes up what the user says, and what the assistant does then.
func (m *maker) turn(tools []chat.Tool) []chat.Message {
	said := []chat.Message{{Role: chat.User, Parts: m.texts(1 + m.IntN(2))}}
	if m.seldom(4) {
		said[0].Parts = append(said[0].Parts, m.picture())
	}
	if m.seldom(8) {
		said[0].Parts = append(said[0].Parts, chat.Part{Kind: chat.Document, Text: m.text(), Media: chat.Media{Type: "text/plain", Name: "notes.txt"}})
	}
	if m.seldom(4) {
		said = append(said, chat.Message{Role: chat.System, Parts: m.texts(1)})
	}
	answer := chat.Message{Role: chat.Assistant}
	if m.seldom(2) {
		answer.Parts = append(answer.Parts, m.thought())
	}
	answer.Parts = append(answer.Parts, m.texts(m.IntN(2))...)
	results := chat.Message{Role: chat.User}
	for n := m.IntN(4); n > 0 && len(tools) > 0; n-- {
		c := m.call(tools)
		answer.Parts = append(answer.Parts, c)
		if !m.seldom(10) {
			results.Parts = append(results.Parts, m.result(c.ID))
		}
	}
	if len(answer.Parts) == 0 {
		answer.Parts = m.texts(1)
	}
	if said = append(said, answer); len(results.Parts) > 0 {
		m.Shuffle(len(results.Parts), func(i, j int) {
			results.Parts[i], results.Parts[j] = results.Parts[j], results.Parts[i]
		})
		results.Parts = append(results.Parts, m.texts(m.IntN(2))...)
		said = append(said, results)
	}
	return said
}

// thought gives thinking that came through glmtray, from one of two providers.
func (m *maker) thought() chat.Part {
	p := chat.Part{Kind: chat.Thought, Text: m.text(), Signature: Sign(m.one("zai", "anthropic"), m.one("", "EpwC/+==", "EpwC/+=="))}
	if m.seldom(5) {
		p.Kind, p.Text = chat.Redacted, ""
	}
	return p
}

func (m *maker) call(tools []chat.Tool) chat.Part {
	m.made++
	return chat.Part{
		Kind: chat.Call, ID: m.one("call_", "toolu_", "functions.Bash:") + fmt.Sprint(m.made), Name: tools[m.IntN(len(tools))].Name,
		Args: m.one(`{"b":1.0,"a":"\u00e4"}`, `{}`, ``, "{ \"x\": [1e3] }", `{"torn": "`),
	}
}

func (m *maker) result(id string) chat.Part {
	p := chat.Part{Kind: chat.Result, ID: id, Failed: m.seldom(4), Parts: m.texts(m.IntN(3))}
	if m.seldom(5) {
		p.Parts = append(p.Parts, m.picture())
	}
	return p
}
