package dialect

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"
)

// marks say what occurs in a request of Anthropic's dialect that some provider
// does not take, so that no body is walked over again in vain.
type marks uint8

const (
	hasBilling marks = 1 << iota // a system block that begins as billingPrefix
	hasSystem                    // a system message among the messages
	hasBlank                     // a text that says nothing
	hasThought                   // thinking, redacted or not
	hasForged                    // thinking that Anthropic has not signed: our mark, or no signature
	hasOther                     // documents, search results, blocks of server tools, unknown ones
	hasServer                    // a tool that the provider itself would run
)

// billingPrefix begins the text of Claude Code's first system block. It differs
// from prompt to prompt, so that it would spoil the prefix cache of a provider to
// whom it says nothing (Claude Code 2.1.197, measured 2026-11-20).
const billingPrefix = "x-anthropic-billing-header:"

// anthropicReader is the walk that fills a Request.
type anthropicReader struct {
	scanner
	*Request
	user []byte // metadata.user_id
}

// readAnthropic finds the facts of a Messages request. Whether the client wants
// usage is not asked: its streams always carry it.
func readAnthropic(body []byte) (*Request, error) {
	r := anthropicReader{scanner: scanner{b: body}, Request: &Request{front: Anthropic, body: body}}
	r.top = r.members[:0]
	r.Facts.TextBytes, r.Facts.Usage = len(body), true
	r.space()
	r.opened = r.i + 1
	if r.peek() == '{' {
		r.request()
	} else {
		r.fail()
	}
	if !r.end() {
		return nil, r.fault()
	}
	r.Facts.Session = sessionOf(r.user)
	return r.Request, nil
}

func (r *anthropicReader) request() {
	for first := true; r.member(first); first = false {
		e := entry{key: r.key, at: r.keyAt, keyTo: r.keyTo, value: r.i}
		r.meet(r.key)
		switch string(r.key) {
		case "model":
			r.Facts.Model = string(str(r.value()))
		case "stream":
			r.Facts.Stream = isTrue(r.value())
		case "max_tokens":
			r.Facts.MaxOutput = positive(r.value())
		case "messages":
			r.list(r.message)
		case "system":
			r.system()
		case "tools":
			r.list(r.tool)
		case "metadata":
			r.object(r.metadata)
		default:
			r.skip()
		}
		e.end = r.i
		r.top = append(r.top, e)
	}
}

func (r *anthropicReader) metadata() {
	if r.is("user_id") {
		r.user = str(r.value())
	} else {
		r.skip()
	}
}

// sessionOf takes the session out of metadata.user_id, which Claude Code fills
// with JSON (2.1.197, measured 2026-11-20); any other text names it as a whole.
func sessionOf(user []byte) string {
	if bytes.HasPrefix(user, []byte("{")) {
		if id := gjson.GetBytes(user, "session_id"); id.Type == gjson.String && id.Str != "" {
			return strings.Clone(id.Str)
		}
	}
	return string(user)
}

// message reads one element of messages. A user's message that brings results of
// tools continues the turn, whatever else is in it: Claude Code puts a PDF and
// its reminders beside them.
func (r *anthropicReader) message() {
	at, before := r.i, r.Facts.Pictures
	var role, said []byte
	results := false
	r.object(func() {
		r.fields.add(r.key)
		switch string(r.key) {
		case "role":
			role = str(r.value())
		case "content":
			from := r.i
			r.Facts.Pictures = before // the last one counts
			results = r.content()
			said = r.b[from:r.i]
		default:
			r.skip()
		}
	})
	r.first.note(role, said)
	switch string(role) {
	case "system":
		r.marks |= hasSystem
		return
	case "assistant":
		return
	}
	if !results {
		r.latest, r.Facts.Images = at, false
	}
	r.Facts.Images = r.Facts.Images || r.Facts.Pictures > before
}

// content reads what a message, a tool's result or a document consists of. It
// reports whether there is a tool's result.
func (r *anthropicReader) content() (results bool) {
	if r.peek() == '"' {
		r.blank(r.value())
		return false
	}
	r.list(func() { results = r.element() || results })
	return results
}

func (r *anthropicReader) element() (result bool) {
	var kind, text, signature []byte
	before := r.Facts.Pictures
	r.object(func() {
		switch string(r.key) {
		case "type":
			kind = str(r.value())
		case "text":
			text = r.value()
		case "signature", "data": // the second of what is redacted
			signature = str(r.value())
		case "content":
			r.Facts.Pictures = before
			r.content()
		case "source":
			r.source()
		default:
			r.skip()
		}
	})
	switch string(kind) {
	case "text":
		r.blank(text)
	case "image":
		r.Facts.Pictures++
	case "thinking", "redacted_thinking":
		r.thought(signature)
	case "tool_use":
	case "tool_result":
		return true
	default:
		r.marks |= hasOther
	}
	return false
}

func (r *anthropicReader) thought(signature []byte) {
	if r.marks |= hasThought; len(signature) == 0 || bytes.HasPrefix(signature, []byte(signatureMark)) {
		r.marks |= hasForged
	}
}

func (r *anthropicReader) blank(text []byte) {
	if isBlank(text) {
		r.marks |= hasBlank
	}
}

// source reads where a picture or a document comes from. Base64 is no text.
func (r *anthropicReader) source() {
	size, plain := 0, false
	r.object(func() {
		switch string(r.key) {
		case "type":
			plain = string(str(r.value())) == "text"
		case "data":
			if size = 0; r.peek() == '"' {
				size = len(r.value())
			} else {
				r.skip()
			}
		case "content":
			r.content()
		default:
			r.skip()
		}
	})
	if !plain {
		r.Facts.TextBytes -= size
	}
}

// system reads what stands before the messages, a text or a list of blocks.
func (r *anthropicReader) system() {
	at := r.i
	defer func() { r.first.system = r.b[at:r.i] }()
	if r.peek() == '"' {
		r.instruction(r.value())
		return
	}
	r.list(func() {
		r.object(func() {
			if r.is("text") {
				r.instruction(r.value())
			} else {
				r.skip()
			}
		})
	})
}

func (r *anthropicReader) instruction(text []byte) {
	if r.blank(text); billingLine(text) > 0 {
		r.marks |= hasBilling
	}
}

// billingLine tells how much of a JSON string, which may be torn, is the line
// that begins as billingPrefix: all of it, in what Claude Code sends.
func billingLine(value []byte) int {
	if len(value) < 2 || !bytes.HasPrefix(value[1:], []byte(billingPrefix)) {
		return 0
	}
	text := value[1 : len(value)-1]
	if end := bytes.IndexByte(text, '\\'); end >= 0 && bytes.HasPrefix(text[end:], lineEnd) {
		return end + len(lineEnd)
	}
	return len(text)
}

var lineEnd = []byte(`\n`)

// isBilling reports whether a JSON string is nothing but that line.
func isBilling(value []byte) bool { return len(value) > 2 && billingLine(value) == len(value)-2 }

// withoutBilling gives a text without it.
func withoutBilling(text string) string {
	if !strings.HasPrefix(text, billingPrefix) {
		return text
	}
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

func (r *anthropicReader) tool() {
	r.Facts.Tools = true
	var t anthropicTool
	r.object(func() {
		r.tools.add(r.key)
		t.member(&r.scanner)
	})
	if t.server() {
		r.marks |= hasServer
	}
}

// isBlank reports whether a JSON string is empty or holds nothing but space.
// Anthropic answers 400 to such a text ("text content blocks must contain
// non-whitespace text"), and Claude Code sends back each that it ever got
// (2.1.197, measured 2026-11-20).
func isBlank(value []byte) bool {
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	for text := value[1 : len(value)-1]; len(text) > 0; {
		switch {
		case text[0] == ' ':
			text = text[1:]
		case text[0] == '\\' && len(text) > 1 && (text[1] == 'n' || text[1] == 't' || text[1] == 'r'):
			text = text[2:]
		default:
			return false
		}
	}
	return true
}
