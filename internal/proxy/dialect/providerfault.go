package dialect

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// maxFaultMessage is how much a client is told, in bytes: some providers send
// pages.
const maxFaultMessage = 2 << 10

// providerFault reads an error that a provider sent in place of an answer, or
// within one: OpenAI's object, with Z.ai's code as string or number; Anthropic's,
// where Z.ai puts its code into the type; Synthetic's plain words; Cerebras' flat
// form (docs and recordings of 2026); or whatever else came in an event that is
// named error. Its status is what it would have had outside of a stream.
func providerFault(data []byte) *chat.Error {
	e := &chat.Error{}
	data = bytes.TrimSpace(data)
	if oneObject(data) {
		e = faultObject(gjson.ParseBytes(data))
	}
	if e.Message == "" && string(data) != "{}" {
		e.Message = string(data)
	}
	if len(e.Message) > maxFaultMessage {
		e.Message = strings.ToValidUTF8(e.Message[:maxFaultMessage], "") + "…"
	}
	e.Message = cmp.Or(e.Message, "the provider broke the answer off without a word")
	e.Code = cmp.Or(e.Code, e.Type)
	if e.Status = faultStatus(e.Code, e.Type); e.Status > 0 {
		e.Type = openAIType(e.Status)
	} else {
		e.Status, e.Type = http.StatusBadGateway, "upstream_error"
	}
	return e
}

// faultObject reads an error object, or the one within it: gateways put one
// around the other.
func faultObject(root gjson.Result) *chat.Error {
	const deepest = 3
	e := &chat.Error{}
	inner := root.Get("error")
	for range deepest {
		if !inner.IsObject() {
			break
		}
		root, inner = inner, inner.Get("error")
	}
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
	if inner.Type == gjson.String {
		e.Message = cmp.Or(e.Message, inner.Str)
	}
	return e
}

// brokenAnswer is the error for a finish reason that is none.
func brokenAnswer(reason []byte) *chat.Error {
	return &chat.Error{
		Status: http.StatusBadGateway, Type: "upstream_error", Code: string(reason),
		Message: "the provider broke the answer off (" + string(reason) + ")",
	}
}

// faultStatuses are the statuses of errors by their codes and types, those of
// Anthropic's types aside. Sources: the vendors' error pages; of Z.ai
// docs.z.ai/api-reference/api-code, 2026-11-20.
var faultStatuses = map[string]int{
	"context_length_exceeded": http.StatusBadRequest, "wrong_api_format": http.StatusBadRequest,
	"rate_limit_exceeded": http.StatusTooManyRequests, "insufficient_quota": http.StatusTooManyRequests,
	"token_quota_exceeded": http.StatusTooManyRequests, "request_quota_exceeded": http.StatusTooManyRequests,
	"queue_exceeded": statusOverloaded, "payment_required": http.StatusPaymentRequired,
	"model_not_found": http.StatusNotFound, "server_error": http.StatusInternalServerError,
	"wrong_api_key": http.StatusUnauthorized, "invalid_api_key": http.StatusUnauthorized,

	// Z.ai's, where they differ from their hundred.
	"1113": http.StatusTooManyRequests, // no balance
	"1220": http.StatusForbidden, "1221": http.StatusForbidden, "1222": http.StatusForbidden,
	"1230": http.StatusInternalServerError, "1234": http.StatusInternalServerError,
	"1300": http.StatusBadRequest, "1301": http.StatusBadRequest, // refused for what it says
	"1305": statusOverloaded, "1312": statusOverloaded,
}

// zaiStatuses are the statuses of Z.ai's codes by their hundred.
var zaiStatuses = map[int]int{
	10: http.StatusUnauthorized, 11: http.StatusUnauthorized, 12: http.StatusBadRequest, 13: http.StatusTooManyRequests,
}

// faultStatus gives the status of an error; 0 if neither its code nor its type
// tells it.
func faultStatus(code, kind string) int {
	for _, word := range [...]string{code, kind} {
		if status := faultStatuses[word]; status > 0 {
			return status
		}
		for _, t := range anthropicTypes {
			if t.kind == word {
				return t.status
			}
		}
		n, err := strconv.Atoi(word)
		switch {
		case err != nil:
		case n >= 400 && n < 600:
			return n
		case zaiStatuses[n/100] > 0:
			return zaiStatuses[n/100]
		}
	}
	return 0
}

// openAIType gives the type that OpenAI has for an error of that status.
func openAIType(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status < http.StatusInternalServerError:
		return "invalid_request_error"
	}
	return "server_error"
}
