package dialect

import (
	"net/http"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Name is a wire format.
type Name string

// The wire formats. Responses is spoken towards clients only: none of the
// providers offers it (2026-11-20).
const (
	OpenAI    Name = "openai"    // chat completions
	Anthropic Name = "anthropic" // Messages
	Responses Name = "responses" // OpenAI Responses
)

// adapter is everything that is known of one wire format. Adding a format is
// writing one; nothing knows two of them.
type adapter struct {
	// path is where a provider's address takes requests; "" where no provider
	// speaks it.
	path string

	// read finds the facts of a request in one walk over its bytes.
	read func(body []byte) (*Request, error)
	// decode gives the request in the hub's words. The body was read before, so
	// that it is known to be one JSON object. The error is a *chat.Error.
	decode func(body []byte) (*chat.Request, error)
	// fit gives the bytes for a provider of the same format, by splicing.
	fit func(r *Request, fit Fit, room []byte) (Sent, *chat.Error)
	// encode writes a request for a provider, into room if that is large enough;
	// nil where no provider speaks it.
	encode func(q *chat.Request, fit Fit, room []byte) (Sent, *chat.Error)

	// answers reads a provider's answer, one value for each; nil as above.
	answers func() answerReader
	// pass relays a provider's stream to a client of the same format.
	pass func(ask Ask) Stream
	// passWhole does for a whole answer what pass does for a stream; nil: its
	// bytes stay as they are.
	passWhole func(ask Ask, body []byte) []byte
	// look says what an event means to somebody who waits for the answer to
	// begin.
	look func(ev Event) Glance
	// completion looks over a whole answer.
	completion func(body []byte) Completion

	// stream writes an answer as events, whole writes it as one body.
	stream func(ask Ask) answerWriter
	whole  func(ask Ask, a *chat.Answer) []byte
	// fault writes an error as a body, broken as the event that ends a stream
	// which has begun.
	fault  func(e *chat.Error, id string) []byte
	broken func(e *chat.Error, id string) []byte
	// ping is an event that says nothing.
	ping []byte
}

// answerReader takes one answer of a provider apart.
type answerReader interface {
	// event hands on what one event of a stream means. It reports whether the
	// event could be read; a broken one is dropped and counted by the caller. ev
	// and what is handed on live until event returns.
	event(ev Event, to func(*chat.Delta)) (ok bool)
	// whole does the same for an answer that came in one piece. The body is known
	// to be one JSON value. The error says what is wrong with it.
	whole(body []byte, to func(*chat.Delta)) error
}

// answerWriter puts one answer together for a client.
type answerWriter interface {
	// delta appends what the client is sent because of d, perhaps nothing. d
	// lives until delta returns.
	delta(out []byte, d *chat.Delta) []byte
	// held tells how much of the answer is kept, in bytes: of items that wait for
	// others, or for the end.
	held() int
}

// MaxAnswer is the largest answer that is kept as a whole, in bytes, and the most
// that is kept of a stream because it must wait.
const MaxAnswer = 32 << 20

func adapterOf(name Name) *adapter {
	switch name {
	case Anthropic:
		return &anthropic
	case Responses:
		return &responses
	}
	return &openAI
}

// Ask is what an answer is put together with: what the client asked for.
type Ask struct {
	Request  *Request          // the client's
	Provider string            // who answers; stands in signatures, see [Sign]
	Model    string            // that was sent, for an answer which names none
	ID       string            // of the request, for ids of our own
	Tokens   int               // of the prompt, estimated; 0: not known
	Created  int64             // when the request came, in seconds since 1970, for answers that tell
	Names    map[string]string // as [Sent] had it
}

// Sent is a request as it goes to a provider.
type Sent struct {
	Body    []byte
	Changed []string          // what was removed, renamed or added, in words for the log and in the request's order
	Names   map[string]string // tool names that were made to fit, as sent → the client's; nil if all fitted
}

// Stream turns a provider's event stream into the client's. It looks at each
// event once and keeps none. Not safe for concurrent use.
type Stream interface {
	// Next takes the bytes at hand: those carried over from the last call, and
	// fresh ones after them. emit is what can be passed on; it may be a part of p,
	// whose content may change, and lives until the next call. The last rest bytes
	// of p are the beginning of an event: the caller keeps them in front of what
	// it reads next, and limits how many they may become.
	Next(p []byte) (emit []byte, rest int)
	// End is called once the provider's stream is over, with the bytes that were
	// left. It gives what is still to be passed on, an error event if the provider
	// stopped in mid-answer: a stream never ends silently as if it were whole.
	End(rest []byte) []byte

	Usage() chat.Usage  // the last that the stream spoke of
	Model() string      // that the stream named first; "" if none yet
	Events() int        // that were understood
	Dropped() int       // that were broken and not passed on
	Finished() bool     // a finish reason was seen; in Messages the end counts for one
	Fault() *chat.Error // that the provider sent within the stream, or gave cause for; nil: none, not even if the stream broke off
	Over() bool         // the client has the end, by Next or by End, and waits for nothing more
}

// NewStream gives the way from a provider's dialect to the client's. Of the same
// one on both sides the bytes are passed on.
func NewStream(behind Name, ask Ask) Stream {
	front := ask.front()
	if front == behind {
		return adapterOf(front).pass(ask)
	}
	return newTranslation(adapterOf(behind), adapterOf(front), ask)
}

// Whole gives a provider's whole answer in the client's dialect. The body is
// known to be one JSON value.
func Whole(behind Name, ask Ask, body []byte) ([]byte, error) {
	front := adapterOf(ask.front())
	if ask.front() == behind {
		if front.passWhole == nil {
			return body, nil
		}
		return front.passWhole(ask, body), nil
	}
	a, err := collect(adapterOf(behind), ask, body)
	if err != nil {
		return nil, err
	}
	return front.whole(ask, a), nil
}

// WholeAsStream writes a whole answer as the events that it might have been, for
// a client that asked for some.
func WholeAsStream(behind Name, ask Ask, body []byte) ([]byte, error) {
	if ask.front() == OpenAI && behind == OpenAI {
		return StreamOf(body) // keeps what the hub has no word for
	}
	out, w := []byte(nil), adapterOf(ask.front()).stream(ask)
	err := adapterOf(behind).answers().whole(body, func(d *chat.Delta) { out = w.delta(out, ask.own(d)) })
	return out, err
}

// ErrorBody writes an error of our own as the client's dialect has it; id is the
// request's.
func ErrorBody(front Name, e *chat.Error, id string) []byte { return adapterOf(front).fault(e, id) }

// ErrorEvent writes it as the event that ends a stream which has begun.
func ErrorEvent(front Name, e *chat.Error, id string) []byte { return adapterOf(front).broken(e, id) }

// Ping is an event that keeps a line alive and says nothing.
func Ping(front Name) []byte { return adapterOf(front).ping }

// Path is where a provider's address takes requests, escaped as on the wire.
func Path(behind Name) string { return adapterOf(behind).path }

// Look reads one event of a provider's stream, see [Glance].
func Look(behind Name, ev Event) Glance { return adapterOf(behind).look(ev) }

// ReadCompletion walks over a provider's whole answer.
func ReadCompletion(behind Name, body []byte) Completion { return adapterOf(behind).completion(body) }

func (a Ask) front() Name { return a.Request.front }

// own gives a delta with a tool's name as the client knows it.
func (a Ask) own(d *chat.Delta) *chat.Delta {
	if d.Kind == chat.Called && a.Names != nil {
		if name, renamed := a.Names[d.Name]; renamed {
			d.Name = name
		}
	}
	return d
}

// notSpoken is the error of a pair that no adapter serves.
func notSpoken(behind Name) *chat.Error {
	return &chat.Error{
		Status: http.StatusBadGateway, Type: "server_error", Code: "dialect_not_spoken",
		Message: "glmtray cannot send requests in the dialect " + string(behind),
	}
}
