package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// encVendors is what the vendors want, as the presets of 2026-11-20 have it.
var encVendors = map[string]Fit{
	"cerebras": {
		Provider: "cerebras", Model: "gpt-oss-120b", NoImages: true, Context: 131072, MaxModel: 40960, Prompt: 18000, MaxOutput: 16384,
		MaxOutputField: "max_completion_tokens", Efforts: []string{"low", "medium", "high"},
		Refuses: Refuses{
			Fields:  []string{"reasoning", "thinking", "enable_thinking", "store", "metadata"},
			Message: []string{"reasoning_content", "cache_control"}, Tool: []string{"strict"}, Roles: map[string]string{"developer": "system"},
		},
		Traits: Traits{Reasoning: "reasoning", NoParallel: true, MaxStop: 4},
	},
	"zai": {
		Provider: "zai", Model: "glm-5.3-flash", Context: 1_000_000, MaxModel: 131072, Prompt: 18000, MaxOutputField: "max_tokens",
		Efforts: []string{"low", "high", "max"}, Refuses: Refuses{Rename: map[string]string{"max_completion_tokens": "max_tokens"}}, Traits: encZai,
	},
	"synthetic": {
		Provider: "synthetic", Model: "syn:large:text", NoImages: true, Context: 524288, MaxModel: 65536, Prompt: 18000,
		Efforts: []string{"none", "high", "max"}, Traits: Traits{Reasoning: "reasoning_content"},
	},
}

// encRich is a conversation with everything that a client may send.
func encRich() *chat.Request {
	return &chat.Request{
		Model: "claude-opus-4-8", Stream: true, MaxOutput: 64000, Temperature: "1.0", TopP: "0.95", TopK: "40",
		Stop:     []string{"\n\nHuman:", "END"},
		Thinking: chat.Thinking{Mode: chat.ThinkAdaptive, Effort: "xhigh"},
		Format:   chat.Format{Kind: chat.FormatSchema, Name: "verdict", Schema: `{"type":"object","properties":{"ok":{"type":"boolean"}}}`, Strict: true},
		Choice:   chat.Choice{Mode: chat.ChooseAny, Single: true},
		Dropped:  []string{"metadata", "context_management"},
		Tools: []chat.Tool{
			{Name: "Bash", Description: "Runs a command.", Strict: true, Schema: `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"command":{"type":"string"},"timeout":{"type":"number","maximum":6e5}},"required":["command"],"additionalProperties":false}`},
			{Name: "mcp__a-server-with-a-very-long-name__and_a_tool_with_an_even_longer_name", Schema: `{"type":"object"}`},
			{Name: "apply_patch", Description: "Changes files.", Freeform: true},
		},
		Messages: []chat.Message{
			encSaid(chat.System, encText("x-anthropic-billing-header: cc_version=2.1.197.176;"), encText("You are a coding agent.")),
			encSaid(chat.User, encText("<system-reminder>It is Monday.</system-reminder>"), encText("What is in the picture, and why does \"it\" fail?"), encPicture("iVBORw0KGgo=")),
			encSaid(chat.System, encText("There are three tools.")),
			encSaid(
				chat.Assistant, encThought("First look\nat both."), chat.Part{Kind: chat.Redacted, Signature: "EpwC"}, encText("I look."),
				encCall("toolu_01", "Bash", `{"command":"ls <dir> && echo \"ü\"","timeout":1e3}`),
				encCall("toolu_02", "mcp__a-server-with-a-very-long-name__and_a_tool_with_an_even_longer_name", ""),
				encCall("toolu_03", "apply_patch", `{"input":"*** Begin"}`),
			),
			encSaid(
				chat.User, encResult("toolu_02", encText("a screenshot"), encPicture("iVBORw0KGg==")), encFailed("toolu_01", encText("exit 1")),
				encText("I have stopped the third."),
			),
			encSaid(chat.System, encText("The file main.go was changed.")),
			encSaid(chat.User, encText("Go on."), chat.Part{Kind: chat.Document, Text: "1: package main", Media: chat.Media{Name: "main.go"}}),
		},
	}
}

func TestEncodeOpenAIForTheVendors(t *testing.T) {
	for vendor, fit := range encVendors {
		t.Run(vendor, func(t *testing.T) {
			sent, e := encodeOpenAI(encRich(), fit, nil)
			if e != nil {
				t.Fatal(e)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, sent.Body, "", "  "); err != nil {
				t.Fatalf("%v: %s", err, sent.Body)
			}
			fmt.Fprintf(&got, "\n\n%s\n%v\n", strings.Join(sent.Changed, "\n"), sent.Names)
			file := filepath.Join("testdata", "encode-openai", vendor+".golden")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, got.Bytes()) {
				t.Errorf("%v; with -update the file becomes\n%s", err, got.Bytes())
			}
		})
	}
}

func TestEncodeOpenAIKeepsToItsRoom(t *testing.T) {
	q := encLong(100 << 10)
	sent, e := encodeOpenAI(q, encVendors["zai"], nil)
	if e != nil || len(sent.Body) > sizeOf(q) {
		t.Errorf("%d bytes in room for %d: %v", len(sent.Body), sizeOf(q), e)
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = encodeOpenAI(q, Fit{}, nil) }); n > 60 {
		t.Errorf("%v allocations", n)
	}
}

// encLong is an agent's session of about size bytes.
func encLong(size int) *chat.Request {
	code, err := os.ReadFile("scan.go")
	if err != nil {
		panic(err)
	}
	q := &chat.Request{Model: "glm-5.3", Stream: true, MaxOutput: 32000}
	for i := range 20 {
		q.Tools = append(q.Tools, chat.Tool{
			Name: fmt.Sprintf("tool_%d", i), Description: strings.Repeat("It does something. ", 40),
			Schema: `{"$schema":"x","type":"object","properties":{"path":{"type":"string","description":"where it is"}},"required":["path"]}`,
		})
	}
	q.Messages = []chat.Message{encSaid(chat.System, encText(strings.Repeat("You are an agent. ", 300))), encSaid(chat.User, encText("do it"))}
	for i, n := 0, 30<<10; n < size; i, n = i+1, n+4400 {
		id := fmt.Sprintf("call_%d", i)
		q.Messages = append(q.Messages,
			encSaid(chat.Assistant, encThought("I should read it."), encText("I read it."), encCall(id, "tool_1", `{"path":"main.go"}`)),
			encSaid(chat.User, encResult(id, encText(string(code[:4096])))))
	}
	return q
}

func BenchmarkEncodeOpenAI(b *testing.B) {
	q, fit := encLong(100<<10), encVendors["zai"]
	sent, _ := encodeOpenAI(q, fit, nil)
	b.SetBytes(int64(len(sent.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if sent, e := encodeOpenAI(q, fit, nil); e != nil || len(sent.Body) == 0 {
			b.Fatal(e)
		}
	}
}

func BenchmarkAppendEscaped(b *testing.B) {
	for _, text := range []string{strings.Repeat("Plain prose, which has no escapes. ", 3000), string(must(os.ReadFile("scan.go")))} {
		out := make([]byte, 0, 2*len(text))
		b.Run(fmt.Sprint(strings.Count(text, "\n"), " escapes"), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				out = appendEscaped(out[:0], text)
			}
		})
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
