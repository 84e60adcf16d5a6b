package dialect

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// openAIError writes an error as OpenAI does; the hint follows the message,
// because the message is all that most clients show. Details for machines stand
// beside it under "glmtray".
func openAIError(e *chat.Error, _ string) []byte {
	type fault struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
		Resets  int64   `json:"resets_at,omitempty"` // Unix time; Codex reads it
	}
	body := struct {
		Error  fault `json:"error"`
		Detail any   `json:"glmtray,omitempty"`
	}{fault{Message: e.Error(), Type: e.Type, Param: orNull(e.Param), Code: orNull(e.Code)}, e.Detail}
	if !e.Resets.IsZero() {
		body.Error.Resets = e.Resets.Unix()
	}
	out, err := plain(body)
	if err != nil { // only Detail can fail; the error itself matters more
		body.Detail = nil
		out, _ = plain(body)
	}
	return out
}

// openAIErrorEvent writes an error as an event of a stream that has begun.
func openAIErrorEvent(e *chat.Error, id string) []byte {
	return append(append([]byte("data: "), openAIError(e, id)...), "\n\n"...)
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// plain is JSON without a line's end and without HTML escapes, which people
// would have to read in messages with quotes of commands and addresses.
func plain(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// asError gives an error as one that a client can be told.
func asError(err error) *chat.Error {
	if e := new(chat.Error); errors.As(err, &e) {
		return e
	}
	return &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "invalid_json", Message: err.Error(),
	}
}
