package dialect

import (
	"net/http"
	"strings"

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
