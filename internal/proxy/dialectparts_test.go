package proxy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// thought is what an assistant has said in each dialect, behind thinking that
// another provider has signed.
var thought = map[dialect.Name][]any{
	dialect.OpenAI: {map[string]any{"role": "assistant", "content": "Indeed.", "reasoning_content": "A foreign thought."}},
	dialect.Anthropic: {
		map[string]any{"type": "thinking", "thinking": "A foreign thought.", "signature": dialect.Sign("elsewhere", "EsImforeign")},
		map[string]any{"type": "text", "text": "Indeed."},
	},
	dialect.Responses: {
		map[string]any{
			"type": "reasoning", "id": "rs_1", "encrypted_content": dialect.Sign("elsewhere", "EsImforeign"),
			"summary": []any{map[string]any{"type": "summary_text", "text": "A foreign thought."}},
		},
		map[string]any{"type": "message", "role": "assistant", "content": []any{map[string]any{"type": "output_text", "text": "Indeed."}}},
	},
}

func seeForeignThinking(t *testing.T, k *tongue, l *lone) string {
	h := k.ask(t, l.rig, wish{turns: []turn{{text: "hello"}, {echo: thought[k.name]}, {text: "go on"}}})
	body := l.sent().Body
	if h.text != fox || !strings.Contains(body, "Indeed.") || strings.Contains(body, "glmtray:v1") || strings.Contains(body, "EsImforeign") {
		t.Errorf("%s\nthe provider saw %s", h, body)
	}
	if strings.Contains(body, "A foreign thought.") {
		return "as text"
	}
	return "left out"
}

func seePicture(t *testing.T, k *tongue, l *lone) string {
	for _, stream := range []bool{false, true} {
		h := k.ask(t, l.rig, wish{turns: []turn{{text: "what is this?", picture: true}}, stream: stream})
		c := l.sent()
		if h.text != fox || c.Images != 1 || !strings.Contains(c.Body, picture) || (c.Model == l.large && l.vendor == simulator.ZAI) {
			t.Errorf("stream %t: %s\nthe provider saw %s", stream, h, c.Body)
		}
	}
	return "to a model that sees"
}

func seeOldPicture(t *testing.T, k *tongue, l *lone) string {
	h := k.ask(t, l.rig, wish{turns: []turn{{text: "what is this?", picture: true}, {echo: plain(k.name, "A dot.")}, {text: "and now?"}}})
	c := l.sent()
	if h.text != fox || c.Model != l.large || !strings.Contains(c.Body, "A dot.") {
		t.Errorf("%s\nthe provider saw %s", h, c.Body)
	}
	switch {
	case c.Images == 1:
		return "yes"
	case strings.Contains(c.Body, "picture") && !strings.Contains(c.Body, picture):
		return "a short note, if the model reads text only"
	}
	t.Errorf("the provider saw %s", c.Body)
	return ""
}

// plain is what an assistant has said, as its client keeps it.
func plain(name dialect.Name, text string) []any {
	switch name {
	case dialect.Anthropic:
		return []any{map[string]any{"type": "text", "text": text}}
	case dialect.Responses:
		return []any{map[string]any{"type": "message", "role": "assistant", "content": []any{map[string]any{"type": "output_text", "text": text}}}}
	}
	return []any{map[string]any{"role": "assistant", "content": text}}
}

func seePDF(t *testing.T, k *tongue, l *lone) string {
	h := k.ask(t, l.rig, wish{turns: []turn{{text: "what does it say?", pdf: true}}})
	if h.status == 400 {
		if h.kind != "invalid_request_error" || !strings.Contains(h.said, "PDF") || len(l.p.Calls()) != 0 {
			t.Errorf("%s", h)
		}
		return "refused, with a hint"
	}
	if h.text != fox || !strings.Contains(l.sent().Body, pdf) {
		t.Errorf("%s\nthe provider saw %s", h, l.sent().Body)
	}
	if k.name == dialect.OpenAI && l.speaks == simulator.Chat {
		return "byte for byte" // whatever the provider makes of it
	}
	return "yes"
}

func seeLateSystem(t *testing.T, k *tongue, l *lone) string {
	h := k.ask(t, l.rig, wish{system: "Be brief.", turns: []turn{
		{text: "hello"}, {echo: plain(k.name, "Hi.")}, {text: "go on", late: "There are three agents."},
	}})
	body := l.sent().Body
	at, early := strings.Index(body, "There are three agents."), strings.Index(body, "Hi.")
	if h.text != fox || at < early || !strings.Contains(body, "Be brief.") {
		t.Errorf("%s\nthe provider saw %s", h, body)
	}
	if strings.Contains(body[early:], "<system-reminder>") || strings.Contains(body[early:], `\u003csystem-reminder`) {
		return "in its place, as a reminder"
	}
	return "in its place"
}

func seeSchema(t *testing.T, k *tongue, l *lone) string {
	const schema = `{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}`
	h := k.ask(t, l.rig, wish{turns: says("a title?"), schema: schema})
	body := l.sent().Body
	if h.status != 200 || !strings.Contains(strings.ReplaceAll(body, `\"`, `"`), `"properties":{"title":{"type":"string"}}`) {
		t.Errorf("%s\nthe provider saw %s", h, body)
	}
	for _, path := range []string{"response_format.json_schema.schema", "output_config.format.schema"} {
		if !gjson.Get(body, path).Exists() {
			continue
		}
		if strings.Contains(gjson.Get(body, "system").String(), "additionalProperties") {
			return "as a schema, and in the prompt"
		}
		return "as a schema"
	}
	return "in the prompt"
}

func seeCached(t *testing.T, k *tongue, l *lone) string {
	l.play(func(s *simulator.Script) { s.Answer.Cached = 7 })
	text := strings.Repeat("many words ", 20)
	for i, stream := range []bool{false, true} {
		h := k.ask(t, l.rig, wish{turns: says(text), stream: stream})
		if h.cached != 7 || h.prompt < len(text)/4 || h.prompt > len(text)/4+30 {
			t.Errorf("stream %t: %d of %d tokens", stream, h.cached, h.prompt)
		}
		if rec := l.records.last(t, i+1); rec.Tokens.Cached != 7 || rec.Tokens.Prompt != h.prompt {
			t.Errorf("stream %t: recorded %+v", stream, rec.Tokens)
		}
	}
	return "told, counted the client's way"
}

func seeModel(t *testing.T, k *tongue, l *lone) string {
	var words []string
	for _, stream := range []bool{false, true} {
		w := wish{model: "claude-fable-5", turns: says("hello"), stream: stream}
		p := l.do("POST", k.path, k.request(t, w), k.header...)
		if p.Header.Get("X-Glmtray-Model") != l.large {
			t.Errorf("stream %t: the header says %q", stream, p.Header.Get("X-Glmtray-Model"))
		}
		switch h := k.ask(t, l.rig, w); h.model {
		case "claude-fable-5":
			words = append(words, "the one that was asked for")
		case l.large:
			words = append(words, "the one that answered")
		default:
			t.Errorf("stream %t: %s", stream, h)
		}
	}
	if rec := l.records.last(t, 4); rec.Model != l.large || rec.Asked != "claude-fable-5" {
		t.Errorf("recorded %+v", rec.Finished)
	}
	if words = slices.Compact(words); len(words) != 1 {
		t.Errorf("%q", words)
	}
	return words[0]
}

// options are what the other dialects have no word for.
var options = map[dialect.Name]string{
	dialect.OpenAI: `"logit_bias":{"1":2}`, dialect.Anthropic: `"service_tier":"standard_only"`, dialect.Responses: `"max_tool_calls":3`,
}

func seeOption(t *testing.T, k *tongue, l *lone) string {
	h := k.ask(t, l.rig, wish{turns: says("hello"), further: options[k.name]})
	if h.text != fox {
		t.Errorf("%s", h)
	}
	name := strings.Split(options[k.name], `"`)[1]
	if gjson.Get(l.sent().Body, name).Exists() {
		return "byte for byte"
	}
	if changed := strings.Join(l.records.last(t, 1).Changed, ", "); !strings.Contains(changed, name) {
		t.Errorf("%s is gone, and recorded is %q", name, changed)
	}
	return "left out, and recorded"
}
