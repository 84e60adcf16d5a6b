package upstream

import (
	"bytes"
	"html"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// fault is what a provider says about a failure, whatever envelope it came in.
type fault struct {
	code     string // "token_quota_exceeded", "1308"; lower case
	kind     string // the type: "too_many_tokens_error", "overloaded_error"; lower case
	param    string
	message  string // as the provider wrote it: not scrubbed, any length
	page     bool   // an HTML page: it comes from something before the API
	embedded bool   // it was the text of an answer that called itself good
}

// rendered is Z.ai's other way to tell code and message: "[1308][Usage limit…][trace]".
var rendered = lazy.Regexp(`^\s*\[(\d{3,4})\]\s*\[?([^\]]*)`)

// readFault reads an error's body. It knows Cerebras' flat form, OpenAI's and
// Z.ai's "error" object with the code as string or number, the Anthropic form
// with Z.ai's code in error.type, Synthetic's "error" as a string, FastAPI's
// "detail", and pages. Sources: the vendors' error pages and recorded answers, 2026-11-20.
func readFault(body []byte, kind string) fault {
	if len(body) > maxFault {
		body = body[:maxFault]
	}
	body = bytes.TrimLeft(body, "\ufeff \t\r\n")
	if bytes.HasPrefix(body, []byte("data:")) || bytes.HasPrefix(body, []byte("event:")) {
		if ev, _, ok := dialect.NextEvent(append(body[:len(body):len(body)], "\n\n"...)); ok {
			body = ev.Data
		}
	}
	switch {
	case len(body) == 0:
		return fault{}
	case body[0] == '<' || kind == "text/html":
		return fault{page: true, message: title(body)}
	case body[0] == '{' || body[0] == '[':
		return finish(readObject(gjson.ParseBytes(body)))
	}
	return finish(fault{message: string(body)})
}

func readObject(root gjson.Result) fault {
	if root.IsArray() {
		root = root.Get("0")
	}
	f := fault{
		code: text(root, "code"), kind: text(root, "type"), param: text(root, "param"),
		message: text(root, "message", "msg", "detail"),
	}
	switch e := root.Get("error"); e.Type {
	case gjson.JSON:
		f = fault{
			code: text(e, "code"), kind: text(e, "type", "status"), param: text(e, "param"),
			message: text(e, "message", "msg", "detail"),
		}
	case gjson.String:
		if f.message == "" {
			f.message = e.Str
		} else if f.code == "" {
			f.code = e.Str
		}
	}
	return f
}

// text gives the first of the fields that says anything.
func text(v gjson.Result, names ...string) string {
	for _, name := range names {
		switch f := v.Get(name); f.Type {
		case gjson.String, gjson.Number:
			if s := strings.TrimSpace(f.String()); s != "" {
				return s
			}
		case gjson.JSON:
			return f.Raw
		}
	}
	return ""
}

// finish finds a code that stands in another place.
func finish(f fault) fault {
	if m := rendered().FindStringSubmatch(f.message); m != nil {
		if f.code == "" {
			f.code = m[1]
		}
		f.message = m[2]
	}
	if f.code == "" && digits(f.kind) {
		f.code = f.kind
	}
	f.code, f.kind = strings.ToLower(f.code), strings.ToLower(f.kind)
	return f
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

var titles = lazy.Regexp(`(?is)<title[^>]*>(.*?)</title>`)

// title is what a page is called.
func title(page []byte) string {
	if m := titles().FindSubmatch(page); m != nil {
		return html.UnescapeString(string(m[1]))
	}
	return "an HTML page"
}
