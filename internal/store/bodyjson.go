package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/secret"
)

// bodyFile is a body file's content. The keys up to duration_ms are those that
// existing scripts read; those after it are glmtray's own.
type bodyFile struct {
	Timestamp  string       `json:"timestamp"` // UTC, microseconds
	RequestID  string       `json:"request_id"`
	Request    bodyRequest  `json:"request"`
	Response   bodyResponse `json:"response"`
	DurationMS float64      `json:"duration_ms"`

	ID       string        `json:"id,omitempty"` // the whole id, if request_id is not it
	Provider string        `json:"provider"`
	Key      string        `json:"key"`
	Route    string        `json:"route"`
	Error    string        `json:"error,omitempty"`
	Attempts []bodyAttempt `json:"attempts"`
}

type bodyRequest struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

type bodyResponse struct {
	Status    int               `json:"status"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	Truncated bool              `json:"truncated,omitempty"`
}

type bodyAttempt struct {
	Provider string          `json:"provider"`
	Model    string          `json:"model"`
	Key      string          `json:"key"`
	Status   int             `json:"status"`
	Class    string          `json:"class"`
	MS       float64         `json:"ms"`
	Body     json.RawMessage `json:"body,omitempty"` // what was sent, where it differs
}

// encodeBody writes a record's file. Every text in it is scrubbed: clients and
// vendors both put keys where none belong.
func encodeBody(r *BodyRecord, scrub *secret.Scrubber) ([]byte, error) {
	path, _, _ := strings.Cut(r.Path, "?") // a query may hold a client's key
	file := bodyFile{
		Timestamp: r.Time.UTC().Format("2006-01-02T15:04:05.000000Z"),
		RequestID: shortID(r.ID),
		Request:   bodyRequest{Method: scrub.Text(r.Method), Path: scrub.Text(path), Headers: headers(r.Header, scrub), Body: body(r.Request, scrub)},
		Response:  bodyResponse{Status: r.Status, Headers: headers(r.RespHeader, scrub), Body: body(r.Response, scrub), Truncated: r.Truncated},
		Provider:  scrub.Text(r.Provider), Key: scrub.Text(r.Key), Route: scrub.Text(r.Route), Error: scrub.Text(r.Error),
		DurationMS: ms(r.Took),
		Attempts:   make([]bodyAttempt, 0, len(r.Sent)),
	}
	if r.ID != file.RequestID {
		file.ID = scrub.Text(r.ID)
	}
	for i := range r.Sent {
		s := &r.Sent[i]
		a := bodyAttempt{Provider: scrub.Text(s.Provider), Model: scrub.Text(s.Model), Key: scrub.Text(s.Key), Status: s.Status, Class: s.Class, MS: ms(s.Took)}
		if s.Body != nil {
			a.Body = body(s.Body, scrub)
		}
		file.Attempts = append(file.Attempts, a)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // bodies stay as they were
	enc.SetIndent("", "  ")
	if err := enc.Encode(file); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// ms is a duration in milliseconds with two decimals.
func ms(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// body writes a body: JSON as it is (order and numbers kept), other text as one
// string, anything else as {"_binary": base64}, nothing as null.
func body(data []byte, scrub *secret.Scrubber) json.RawMessage {
	data = scrub.Bytes(data)
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return json.RawMessage("null")
	case json.Valid(data) && !swells(data):
		return json.RawMessage(data)
	case utf8.Valid(data):
		return quoted(string(data))
	default:
		return json.RawMessage(`{"_binary":"` + base64.StdEncoding.EncodeToString(data) + `"}`)
	}
}

// swells tells whether indenting makes a JSON text many times larger: 32 KB of
// brackets become half a gigabyte of blanks. Such a body is kept as a string.
func swells(data []byte) bool {
	limit := 8*len(data) + 64<<10
	depth, inString := 2, false // a body stands two levels deep
	blanks := 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			blanks += 1 + 2*depth
		case c == '}' || c == ']':
			depth--
			blanks += 1 + 2*depth
		case c == ',':
			blanks += 1 + 2*depth
		}
		if blanks > limit {
			return true
		}
	}
	return false
}

func quoted(text string) json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string in memory
	return out.Bytes()
}

// headersKept is the allow-list of headers that are recorded, for requests and
// answers alike. What is not on it is left out: credentials and cookies have
// too many names for a list of what to hide.
var headersKept = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Anthropic-Beta": true, "Anthropic-Version": true,
	"Content-Encoding": true, "Content-Length": true, "Content-Type": true, "Date": true,
	"Openai-Processing-Ms": true, "Openai-Version": true, "Request-Id": true, "Retry-After": true,
	"Retry-After-Ms": true, "Server": true, "Transfer-Encoding": true, "User-Agent": true,
	"X-Request-Id": true, "X-Should-Retry": true,
}

var headerPrefixesKept = []string{"X-Ratelimit-", "X-Stainless-", "X-Glmtray-", "Anthropic-Ratelimit-"}

func headers(h http.Header, scrub *secret.Scrubber) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if headerKept(name) {
			out[name] = scrub.Text(strings.Join(values, ", "))
		}
	}
	return out
}

func headerKept(name string) bool {
	if headersKept[name] {
		return true
	}
	for _, prefix := range headerPrefixesKept {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
