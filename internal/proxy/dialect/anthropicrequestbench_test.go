package dialect

import (
	"bytes"
	"strings"
	"testing"
)

// claudeRequest gives a request as Claude Code sends it in the midst of its work:
// about size bytes, half of them tools and system text, then turns with a tool
// call each.
func claudeRequest(b *testing.B, size int) []byte {
	b.Helper()
	first := fixture(b, "claude-first-turn-full-tools", "request.anthropic.json")
	text := strings.Repeat(`func main() {\n\tfmt.Println(\"a line of code, as tools bring it\")\n}\n`, 12)
	first = bytes.Replace(first, []byte("[vendor text 5630c] "), []byte(strings.Repeat("Plain words of the vendor. ", 1000)), 1)
	var turns bytes.Buffer
	for len(first)+turns.Len() < size {
		turns.WriteString(`,{"role":"assistant","content":[{"type":"thinking","thinking":"I look.","signature":"glmtray:v1:zai:EpwCCkYIBxgCKkA="},` +
			`{"type":"tool_use","id":"toolu_01","name":"Read","input":{"file_path":"main.go"}}]},` +
			`{"role":"user","content":[{"tool_use_id":"toolu_01","type":"tool_result","content":"` + text + `"}]}`)
	}
	before, after, _ := bytes.Cut(first, []byte(`],"system":`))
	return bytes.Join([][]byte{before, turns.Bytes(), []byte(`],"system":`), after}, nil)
}

var antBenchFits = []struct {
	name string
	fit  Fit
}{
	{"others", Fit{Dialect: Anthropic, Provider: "zai", Model: "glm-5.3", MaxModel: 16384}},
	{"Anthropic", Fit{Dialect: Anthropic, Provider: "anthropic", Author: true, Model: "glm-5.3"}},
}

func BenchmarkReadAnthropic(b *testing.B) {
	body := claudeRequest(b, 100<<10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(Anthropic, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadAndFitAnthropic(b *testing.B) {
	body := claudeRequest(b, 100<<10)
	for _, to := range antBenchFits {
		b.Run(to.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			room := make([]byte, 0, 2*len(body))
			for b.Loop() {
				r, err := Read(Anthropic, body)
				if err != nil {
					b.Fatal(err)
				}
				if _, e := r.For(to.fit, room); e != nil {
					b.Fatal(e)
				}
			}
		})
	}
}

func BenchmarkDecodeAnthropic(b *testing.B) {
	body := claudeRequest(b, 100<<10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeAnthropic(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeAnthropic(b *testing.B) {
	body := claudeRequest(b, 100<<10)
	q, err := decodeAnthropic(body)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, e := encodeAnthropic(q, antBenchFits[0].fit, nil); e != nil {
			b.Fatal(e)
		}
	}
}
