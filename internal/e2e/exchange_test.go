package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// path is where most requests of these tests go.
const path = "/v1/chat/completions"

// model is one that the simulated Cerebras has.
const model = "gpt-oss-120b"

// said is what the simulated providers answer.
const said = "The quick brown fox jumps over the lazy dog."

// reply is an answer, read to its end.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
	err    error // of reading the body
}

// open sends a request and leaves the answer's body to the caller.
func (p *program) open(method, path string, body []byte, header ...string) *http.Response {
	p.t.Helper()
	resp, err := p.client.Do(p.request(method, path, body, header...))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func (p *program) request(method, path string, body []byte, header ...string) *http.Request {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	return req
}

func (p *program) do(method, path string, body []byte, header ...string) *reply {
	p.t.Helper()
	resp := p.open(method, path, body, header...)
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return &reply{t: p.t, status: resp.StatusCode, header: resp.Header, body: raw, err: err}
}

// ask sends a chat completion.
func (p *program) ask(stream bool, header ...string) *reply {
	p.t.Helper()
	return p.do(http.MethodPost, path, chatBody(stream, "hello"), header...)
}

func chatBody(stream bool, text string) []byte {
	raw, err := json.Marshal(map[string]any{
		"model": model, "stream": stream, "messages": []any{map[string]any{"role": "user", "content": text}},
	})
	if err != nil {
		panic(err) // texts and booleans
	}
	return raw
}

// want checks status and provider; "-" takes any.
func (r *reply) want(status int, provider string) *reply {
	r.t.Helper()
	if got := r.header.Get("X-Glmtray-Provider"); r.status != status || (provider != "-" && got != provider) {
		r.t.Fatalf("got %d from %q, want %d from %q: %.600s", r.status, got, status, provider, r.body)
	}
	return r
}

// text is the answer's text, of a stream or whole. A stream must have ended as
// a stream does.
func (r *reply) text() string {
	r.t.Helper()
	if !strings.HasPrefix(r.header.Get("Content-Type"), "text/event-stream") {
		var m struct {
			Choices []struct{ Message struct{ Content string } }
		}
		if err := json.Unmarshal(r.body, &m); err != nil || len(m.Choices) == 0 {
			r.t.Fatalf("no completion: %v: %.300s", err, r.body)
		}
		return m.Choices[0].Message.Content
	}
	if r.err != nil || !bytes.HasSuffix(r.body, []byte("data: [DONE]\n\n")) {
		r.t.Fatalf("the stream ends in %.100q, %v", r.body[max(0, len(r.body)-100):], r.err)
	}
	var text strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(r.body))
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var m struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &m); err != nil {
			r.t.Fatalf("a broken event: %q", data)
		}
		if len(m.Choices) > 0 {
			text.WriteString(m.Choices[0].Delta.Content)
		}
	}
	return text.String()
}

// failure is the error object of an answer in OpenAI's form.
func (r *reply) failure() (code, message string) {
	r.t.Helper()
	var m struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(r.body, &m); err != nil || m.Error.Message == "" {
		r.t.Fatalf("no JSON error: %s", r.body)
	}
	return m.Error.Code, m.Error.Message
}

// readAll reads an answer's body to its end.
func readAll(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
