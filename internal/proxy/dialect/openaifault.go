package dialect

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// maxFaultMessage is how much a client is told, in bytes: some providers send
// pages.
const maxFaultMessage = 2 << 10

// openAIFault reads an error that a provider sent in place of an answer:
// OpenAI's object, with Z.ai's code as string or number, Synthetic's plain
// words, Cerebras' flat form (docs and recordings of 2026), or whatever else
// came in an event that is named error.
func openAIFault(data []byte) *chat.Error {
	e := &chat.Error{}
	s := scanner{b: data}
	if s.space(); s.peek() == '{' {
		if s.skip(); s.end() {
			e = openAIErrorOf(gjson.ParseBytes(data))
		}
	}
	if e.Message == "" {
		e.Message = string(bytes.TrimSpace(data))
	}
	if len(e.Message) > maxFaultMessage {
		e.Message = strings.ToValidUTF8(e.Message[:maxFaultMessage], "") + "…"
	}
	e.Message = cmp.Or(e.Message, "the provider broke the answer off without a word")
	e.Type = cmp.Or(e.Type, "upstream_error")
	e.Status = openAIStatus(e)
	return e
}

func openAIErrorOf(root gjson.Result) *chat.Error {
	e := &chat.Error{}
	root.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "message", "msg", "detail":
			e.Message = cmp.Or(e.Message, v.String())
		case "type":
			e.Type = v.Str
		case "code":
			e.Code = v.String()
		case "param":
			e.Param = v.Str
		}
		return true
	})
	switch inner := root.Get("error"); {
	case inner.IsObject():
		return openAIErrorOf(inner)
	case inner.Type == gjson.String:
		e.Message = cmp.Or(e.Message, inner.Str)
	}
	return e
}

// openAIBroken is the error for a finish reason that is none.
func openAIBroken(reason []byte) *chat.Error {
	return &chat.Error{
		Status: http.StatusBadGateway, Type: "upstream_error", Code: string(reason),
		Message: "the provider broke the answer off (" + string(reason) + ")",
	}
}

// openAIStatuses are the statuses that errors would have had outside of a stream,
// by code or type. Sources: the vendors' error pages, 2026-11-20.
var openAIStatuses = map[string]int{
	"context_length_exceeded": http.StatusBadRequest, "1261": http.StatusBadRequest,
	"invalid_request_error": http.StatusBadRequest, "1300": http.StatusBadRequest, "1301": http.StatusBadRequest,
	"rate_limit_exceeded": http.StatusTooManyRequests, "rate_limit_error": http.StatusTooManyRequests,
	"insufficient_quota": http.StatusTooManyRequests, "queue_exceeded": http.StatusServiceUnavailable,
	"token_quota_exceeded": http.StatusTooManyRequests, "request_quota_exceeded": http.StatusTooManyRequests,
	"1302": http.StatusTooManyRequests, "1303": http.StatusTooManyRequests, "1304": http.StatusTooManyRequests,
	"1308": http.StatusTooManyRequests, "1310": http.StatusTooManyRequests,
	"1305": http.StatusServiceUnavailable, "1312": http.StatusServiceUnavailable,
	"overloaded_error": http.StatusServiceUnavailable,
}

// openAIStatus gives an error's status: 502 if nothing tells it.
func openAIStatus(e *chat.Error) int {
	if n, err := strconv.Atoi(e.Code); err == nil && n >= 400 && n < 600 {
		return n
	}
	for _, word := range [...]string{e.Code, e.Type} {
		if status, known := openAIStatuses[word]; known {
			return status
		}
	}
	return http.StatusBadGateway
}
