package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// request gives an agent's request of about size bytes: short messages with the
// escapes that code has, a tool call each, one tool.
func request(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"glm-5.3","stream":true,"messages":[{"role":"system","content":"You help."}`)
	text := strings.Repeat(`func main() {\n\tfmt.Println(\"a line of code, as agents send it\")\n}\n`, 8)
	for i := 0; b.Len() < size-300; i++ {
		b.WriteString(`,{"role":"assistant","content":"","tool_calls":[{"id":"c` + strings.Repeat("x", i%7) +
			`","type":"function","function":{"name":"read","arguments":"{\"path\":\"main.go\"}"}}]}` +
			`,{"role":"tool","tool_call_id":"c` + strings.Repeat("x", i%7) + `","content":"`)
		b.WriteString(text[:min(len(text)/8*8, max(0, size-b.Len()-300)/71*71)])
		b.WriteString(`"}`)
	}
	b.WriteString(`],"tools":[{"type":"function","function":{"name":"read","strict":true,"parameters":{"type":"object"}}}],"max_completion_tokens":4096}`)
	return b.Bytes()
}

// conversation gives a request of about size bytes with few members and one long
// text in each message: plain prose, or code with escapes in each line, as an
// agent's tools bring it.
func conversation(b *testing.B, size, each int, text string) []byte {
	b.Helper()
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	var said []message
	for n := 0; n < size; n += each {
		said = append(said, message{"user", strings.Repeat(text, each/len(text)+1)[:each]})
	}
	body, err := json.Marshal(map[string]any{"model": "glm-5.3", "stream": true, "messages": said, "max_completion_tokens": 4096})
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// perBody runs a benchmark with each kind of body.
func perBody(b *testing.B, run func(b *testing.B, body []byte)) {
	code, err := os.ReadFile("scan.go")
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []struct {
		name string
		body []byte
	}{
		{"1KB", request(1 << 10)},
		{"100KB/calls", request(100 << 10)},
		{"100KB/prose", conversation(b, 100<<10, 100<<10, "Plain prose in one long text, which has no escapes. ")},
		{"100KB/code", conversation(b, 94<<10, 8<<10, string(code))},
	} {
		b.Run(kind.name, func(b *testing.B) {
			b.SetBytes(int64(len(kind.body)))
			b.ReportAllocs()
			run(b, kind.body)
		})
	}
}

func BenchmarkRead(b *testing.B) {
	perBody(b, func(b *testing.B, body []byte) {
		for b.Loop() {
			r, err := Read(OpenAI, body)
			if err != nil || r.Repair() != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFor(b *testing.B) {
	refuses := Refuses{
		Fields: []string{"reasoning", "thinking"}, Message: []string{"reasoning_content"},
		Rename: map[string]string{"max_completion_tokens": "max_tokens"}, Roles: map[string]string{"developer": "system"},
	}
	perBody(b, func(b *testing.B, body []byte) {
		r, err := Read(OpenAI, body)
		if err != nil {
			b.Fatal(err)
		}
		fit := Fit{Model: "other", Refuses: refuses}
		for b.Loop() {
			if sent, _ := r.For(fit, nil); len(sent.Body) == len(body) {
				b.Fatal("nothing changed")
			}
		}
	})
}

func BenchmarkReadAndFor(b *testing.B) {
	perBody(b, func(b *testing.B, body []byte) {
		fit := Fit{Model: "other"}
		for b.Loop() {
			r, err := Read(OpenAI, body)
			if err != nil || r.Repair() != nil {
				b.Fatal(err)
			}
			if sent, _ := r.For(fit, nil); len(sent.Body) == len(body) {
				b.Fatal("nothing changed")
			}
		}
	})
}

func BenchmarkForInsideTools(b *testing.B) {
	perBody(b, func(b *testing.B, body []byte) {
		r, err := Read(OpenAI, body)
		if err != nil {
			b.Fatal(err)
		}
		fit := Fit{Model: "other", Refuses: Refuses{Tool: []string{"strict"}}}
		for b.Loop() {
			_, _ = r.For(fit, nil)
		}
	})
}

const benchEvent = `data: {"id":"chatcmpl-zjcv5buebv","object":"chat.completion.chunk","created":1795220479,"model":"zai-glm-4.7","system_fingerprint":"fp_12345678","choices":[{"index":0,"delta":{"content":" a piece of the answer, as it comes"},"finish_reason":null}]}` + "\n\n"

func BenchmarkStreamEvent(b *testing.B) {
	chunk := []byte(strings.Repeat(benchEvent, 100))
	var s chatStream
	b.SetBytes(int64(len(benchEvent)))
	b.ReportAllocs()
	for i := 0; i < b.N; i += 100 {
		if emit, rest := s.Next(chunk); len(emit) != len(chunk) || rest != 0 {
			b.Fatal("lost something")
		}
	}
}

func BenchmarkLook(b *testing.B) {
	ev, _, _ := NextEvent([]byte(benchEvent))
	b.ReportAllocs()
	for b.Loop() {
		if !Look(OpenAI, ev).Content {
			b.Fatal("no content")
		}
	}
}

// BenchmarkGrowth reads a request and makes it fit another model.
func BenchmarkGrowth(b *testing.B) {
	for _, kb := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("request in KB, read and made to fit/%d", kb), func(b *testing.B) {
			body := conversation(b, kb<<10, 4<<10, "Plain prose in one text, which has no escapes. ")
			for b.Loop() {
				r, err := Read(OpenAI, body)
				if err != nil {
					b.Fatal(err)
				}
				if sent, _ := r.For(Fit{Model: "other"}, nil); len(sent.Body) == len(body) {
					b.Fatal("nothing changed")
				}
			}
		})
	}
}
