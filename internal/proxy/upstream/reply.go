package upstream

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// ErrIdle is what reading Reply.Body fails with when the provider has been
// silent for longer than the provider's Limits.Idle.
var ErrIdle = errors.New("the provider fell silent")

// Reply is an answer, or why there is none.
type Reply struct {
	Status int         // HTTP status; 0 if no answer came
	Header http.Header // as received; Content-Encoding and Content-Length are gone if the body was decoded. Never nil

	// Head holds the bytes read so far, decoded. Of whole answers and errors
	// that is everything (of an error at most 1 MiB). Of a stream it reaches to
	// its first content event and may hold bytes after it.
	Head []byte
	// Body is the rest, decoded; nil if Whole. A Read fails with ErrIdle after
	// too long a silence, and with the context's error once the caller has left.
	Body io.ReadCloser

	Whole       bool
	EventStream bool // Head and Body are a text/event-stream; if Whole, of a call for no stream: all of it is in Head

	Model string     // that a whole answer names; "" if none
	Usage chat.Usage // of a whole answer

	// Told is an error in the provider's own words, scrubbed, for a client that
	// speaks another dialect than the provider. nil if there was none.
	Told *chat.Error

	Class  Class
	Until  time.Time // when the key may be used again; zero: not told
	Reason string    // words for people, scrubbed, one short line; "" if OK
	Limits []Limit   // what the headers told about the account's limits
	Err    error     // what went wrong below HTTP; nil if an answer came
	Sent   bool      // whether the request may have reached the provider
}

// Heard tells that the bytes last read from Body have completed an event. A stream
// of which that is not said for long has stalled, see the package's times. It
// belongs to the goroutine that reads.
func (r *Reply) Heard() {
	if x, ok := r.Body.(*exchange); ok {
		x.heard = true
	}
}

// Close gives up what is left of the answer. It may be called at any time, more
// than once, and on every Reply.
func (r *Reply) Close() {
	if r.Body != nil {
		_ = r.Body.Close() // nothing is lost by a failure to leave
	}
}
