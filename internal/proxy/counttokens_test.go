package proxy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"github.com/tiktoken-go/tokenizer"

	"github.com/glmtray/glmtray/internal/proxy/tokens"
)

// TestCountsAreNearAnIndependentOne counts what clients were recorded to send, a
// second time, by other code and with another vocabulary. What a provider counted
// for any of them is not known: the recordings were made with made-up answers. What
// is bound here is therefore the gathering of what a model reads, and that two
// vocabularies of one size agree about it.
func TestCountsAreNearAnIndependentOne(t *testing.T) {
	words, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("dialect/testdata/*/request.anthropic.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	r := newRig(t, setup{})
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, frame := readable(t, body)
			ids, _, err := words.Encode(text)
			if err != nil {
				t.Fatal(err)
			}
			p := r.do("POST", "/v1/messages/count_tokens", body).want(t, 200, "-")
			got, want := int(gjson.GetBytes(p.body, "input_tokens").Int()), len(ids)+frame
			if got < want*85/100 || got > want*115/100 {
				t.Errorf("got %d, want %d within 15 %%", got, want)
			}
		})
	}
}

// readable is what a model reads of a request: its texts, a line each, and how
// many tokens are none of text (pictures, pages, three for the answer's beginning,
// four a message, ten a tool).
func readable(t *testing.T, body []byte) (text string, frame int) {
	t.Helper()
	var m struct {
		System   any
		Messages []struct{ Content any }
		Tools    []map[string]any
		Config   struct{ Format any } `json:"output_config"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	frame = 3
	all := []string{texts(m.System, &frame)}
	for _, message := range m.Messages {
		frame += 4
		all = append(all, texts(message.Content, &frame))
	}
	for _, tool := range m.Tools {
		if tool["input_schema"] == nil {
			continue // Anthropic's own, which nobody else runs
		}
		frame += 10
		schema, err := json.Marshal(tool["input_schema"])
		if err != nil {
			t.Fatal(err)
		}
		name, _ := tool["name"].(string)
		about, _ := tool["description"].(string)
		all = append(all, name, about, string(schema))
	}
	if m.Config.Format != nil {
		schema, err := json.Marshal(m.Config.Format)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(schema))
	}
	return strings.Join(all, "\n"), frame
}

// texts gathers the texts of a content.
func texts(content any, frame *int) string {
	switch c := content.(type) {
	case string:
		return c
	case []any:
		var all []string
		for _, block := range c {
			all = append(all, blockText(block.(map[string]any), frame))
		}
		return strings.Join(all, "\n")
	}
	return ""
}

func blockText(b map[string]any, frame *int) string {
	text := func(name string) string { s, _ := b[name].(string); return s }
	switch b["type"] {
	case "text":
		return text("text")
	case "thinking":
		return text("thinking")
	case "image", "document":
		*frame += tokens.PictureTokens
	case "tool_use":
		input, _ := json.Marshal(b["input"])
		return text("name") + " " + string(input)
	case "tool_result":
		*frame += 4
		return text("tool_use_id") + " " + texts(b["content"], frame)
	}
	return ""
}
