package chat

import (
	"net/http"
	"time"
)

// Facts is what routing needs to know of a request, found by one look at its
// bytes.
type Facts struct {
	Model     string // as the client asked; "" if it named none
	Stream    bool
	Images    bool   // there is a picture in the latest turn of the user, up to now
	Pictures  int    // how many there are in all
	TextBytes int    // bytes of the body without base64 pictures and documents
	MaxOutput int    // the output limit the client gave, in tokens; 0: none
	Tools     bool   // it offers tools
	Usage     bool   // the client asked for usage in the stream
	Session   string // what ties requests of one conversation together; "" if unknown
	Tokens    int    // estimated prompt tokens; filled in by the pipeline
}

// Usage is what a provider says an answer has cost, in tokens. Prompt includes
// Cached, Completion includes Reasoning. The zero Usage means that the provider
// said nothing.
type Usage struct {
	Prompt, Cached, Completion, Reasoning int

	CacheWrite int // of Prompt: what was written into the cache, where a provider tells it apart
}

// Known reports whether there is any figure.
func (u Usage) Known() bool { return u.Prompt > 0 || u.Completion > 0 }

// Error is a failure as a client is told about it, before it has the shape of
// the client's dialect.
type Error struct {
	Status  int         // HTTP status
	Type    string      // OpenAI's vocabulary: invalid_request_error, rate_limit_error, …
	Code    string      // machine-readable: "all_keys_cooling"
	Param   string      // which field of the request, if one
	Message string      // what happened, and what happens next
	Hint    string      // what the user can do; may be empty
	Header  http.Header // Retry-After and the like; may be nil
	Resets  time.Time   // when a limit ends, where the dialect has a place for it; zero: it is not told
	Detail  any         // further JSON under "glmtray", e.g. each key's state; may be nil
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}
