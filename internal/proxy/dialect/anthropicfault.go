package dialect

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// statusOverloaded is Anthropic's own status.
const statusOverloaded = 529

// anthropicTypes are Anthropic's types of errors and the statuses that they come
// with (anthropic-sdk-go v1.60.0). The first row of a type is Anthropic's own
// use, the first of a status is what it means.
var anthropicTypes = []struct {
	status int
	kind   string
}{
	{http.StatusBadRequest, "invalid_request_error"},
	{http.StatusUnauthorized, "authentication_error"},
	{http.StatusPaymentRequired, "billing_error"},
	{http.StatusForbidden, "permission_error"},
	{http.StatusNotFound, "not_found_error"},
	{http.StatusConflict, "conflict_error"},
	{http.StatusRequestEntityTooLarge, "request_too_large"},
	{http.StatusTooManyRequests, "rate_limit_error"},
	{http.StatusInternalServerError, "api_error"},
	{http.StatusGatewayTimeout, "timeout_error"},
	{statusOverloaded, "overloaded_error"},
	{http.StatusServiceUnavailable, "overloaded_error"},
	{http.StatusRequestTimeout, "timeout_error"},
}

// anthropicType gives the type of an error. Within a stream there is no status,
// and the code has to do: Claude Code repeats a request whose stream begins with
// an overloaded_error (2.1.197, measured 2026-11-20).
func anthropicType(e *chat.Error) string {
	for _, t := range anthropicTypes {
		if t.status == e.Status {
			return t.kind
		}
	}
	switch {
	case e.Status >= http.StatusInternalServerError:
		return "api_error"
	case e.Status >= http.StatusBadRequest, e.Type == "invalid_request_error":
		return "invalid_request_error"
	case strings.Contains(e.Code, "overloaded"):
		return "overloaded_error"
	case e.Type == "rate_limit_error":
		return e.Type
	}
	return "api_error"
}

// anthropicError writes an error as Anthropic does; what else there is to say
// follows as in OpenAI's form.
func anthropicError(e *chat.Error, id string) []byte {
	type fault struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	body := struct {
		Type    string  `json:"type"`
		Error   fault   `json:"error"`
		Request *string `json:"request_id"`
		Detail  any     `json:"glmtray,omitempty"`
	}{"error", fault{anthropicType(e), e.Error()}, orNull(id), e.Detail}
	out, err := plain(body)
	if err != nil { // only Detail can fail; the error itself matters more
		body.Detail = nil
		out, _ = plain(body)
	}
	return out
}

// anthropicErrorEvent writes an error as the event that ends a stream.
func anthropicErrorEvent(e *chat.Error, id string) []byte {
	return append(append([]byte("event: error\ndata: "), anthropicError(e, id)...), "\n\n"...)
}

// anthropicFault reads an error, in Anthropic's form, in Z.ai's, which puts its
// codes into the type, in OpenAI's, or in none.
func anthropicFault(data []byte) *chat.Error {
	const most = 500
	root := gjson.ParseBytes(data)
	fault := root.Get("error")
	if !fault.IsObject() {
		fault = root
	}
	kind, code, message := fault.Get("type").String(), fault.Get("code").String(), fault.Get("message").String()
	if e := root.Get("error"); e.Type == gjson.String {
		message = e.Str
	}
	if !root.IsObject() {
		message = strings.ToValidUTF8(string(data[:min(len(data), most)]), "")
	}
	if code == "" {
		code = kind
	}
	e := brokenAnswer(code)
	if message != "" {
		e.Message = message
	}
	e.Status, e.Type = statusOf(kind, code)
	return e
}

// brokenAnswer is an error without words.
func brokenAnswer(code string) *chat.Error {
	return &chat.Error{Type: "upstream_error", Code: code, Message: "the provider gave up in mid-answer"}
}

// statusOf gives what an error in a stream would have had as a status, and its
// type in OpenAI's words. 0: nothing is known.
func statusOf(kind, code string) (status int, word string) {
	for _, t := range anthropicTypes {
		if t.kind == kind {
			return t.status, openAIType(t.status)
		}
	}
	if n, err := strconv.Atoi(code); err == nil {
		if status = zaiStatus(n); status > 0 {
			return status, openAIType(status)
		}
	}
	return 0, "upstream_error"
}

// zaiStatus gives the meaning of a code of Z.ai's
// (docs.z.ai/api-reference/api-code, 2026-11-20).
func zaiStatus(code int) int {
	switch code {
	case 1305, 1312:
		return statusOverloaded
	case 500, 1230, 1234:
		return http.StatusInternalServerError
	case 1113: // no balance
		return http.StatusTooManyRequests
	case 1300, 1301: // refused for what it says
		return http.StatusBadRequest
	}
	switch code / 100 {
	case 10, 11:
		return http.StatusUnauthorized
	case 12:
		return http.StatusBadRequest
	case 13:
		return http.StatusTooManyRequests
	}
	return 0
}

func openAIType(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status < http.StatusInternalServerError:
		return "invalid_request_error"
	}
	return "server_error"
}
