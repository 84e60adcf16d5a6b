package proxy

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// call is one request on its way. It belongs to one goroutine.
type call struct {
	id       string
	start    time.Time
	world    *world
	in       *http.Request
	client   string
	path     string           // of a forwarded request, as the provider sees it: "/embeddings"
	front    dialect.Name     // that the client speaks
	query    string           // without keys
	chat     bool             // a turn of a conversation: routed, made to fit, classified; else forwarded as it is
	keep     bool             // bodies go into the record, so they are on loan from nobody
	loan     *loan            // holds original; nil without a body
	original []byte           // body as it came
	body     []byte           // body that attempts start from: original with its tool calls mended
	request  *dialect.Request // what was read of it; nil if it is no chat
	facts    chat.Facts
	decision route.Decision
	variant  string // what metrics and records call this side of a canary
	attempts []attempt
	skipped  []string       // targets that were passed over, in words
	passed   []event.Passed // keys that could not serve; only if keep
	changed  []string       // what was done to the body that was answered
	waited   time.Duration  // for a worker and for keys
	answered served
	out      outcome
	seams    int  // providers that carried the answer on
	spent    int  // tokens of the answer that those before the last one gave
	tape     tape // what is needed to count what the provider does not tell
}

// attempt is one try at one provider, for the record.
type attempt struct {
	Provider, Model, Key string
	Status               int
	Class                upstream.Class
	Reason               string
	Took                 time.Duration
	Body                 []byte // what was sent; nil if it equals the client's
}

// served says who answered.
type served struct{ provider, model, key, sent, endpoint string }

// outcome is what the client got.
type outcome struct {
	begun     bool // something was sent
	status    int
	word      string // "ok" or what went wrong
	err       string
	usage     chat.Usage
	sent      int64
	firstByte time.Duration
	streamed  time.Duration // from the first to the last byte of a stream that came as one
	response  []byte        // kept for the body file only
	cut       bool          // response is not all of it
	header    http.Header
}

// idSource makes request ids: a random start that is counted up, so that an id
// costs no system call and none comes twice in a run.
type idSource struct {
	base uint64
	n    atomic.Uint64
}

func (s *idSource) init() { s.base = rand.Uint64() } //nolint:gosec // an id, no secret

func (s *idSource) next() string {
	// A multiplication by an odd number permutes the 64-bit numbers: ids do
	// not look alike and cannot meet before 2^64 requests.
	var raw [8]byte
	binary.LittleEndian.PutUint64(raw[:], (s.base+s.n.Add(1))*0x9e3779b97f4a7c15)
	return hex.EncodeToString(raw[:])
}

// errTooLarge is the body limit's.
var errTooLarge = errors.New("body over the limit")

// read takes the client's body in.
func (c *call) read() (e *chat.Error) {
	if encoding := c.in.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &chat.Error{
			Status: http.StatusUnsupportedMediaType, Type: "invalid_request_error", Code: "content_encoding",
			Message: "glmtray reads no compressed requests, and this one is in " + strconv.Quote(encoding),
			Hint:    "send the body as it is: it goes to this machine only",
		}
	}
	c.loan, e = readBody(c.in, c.world.settings.MaxBody, !c.keep)
	if c.loan != nil {
		c.original = c.loan.buf
	}
	return e
}

// readBody reads the request body once, whole: retries need it, and a body
// that is read while the answer already comes would let net/http cut the
// answer (golang/go#40747).
func readBody(r *http.Request, limit int64, pooled bool) (*loan, *chat.Error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body, err := readUpTo(r.Body, r.ContentLength, limit, pooled)
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, errTooLarge):
		return nil, tooLarge(limit)
	case r.Context().Err() != nil:
		return nil, clientGone()
	}
	return nil, &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "body_unreadable",
		Message: "the request body could not be read to its end: " + err.Error(),
	}
}

// believed is how much room is made on the word of a Content-Length, in bytes.
const believed = 1 << 20

func readUpTo(r io.Reader, announced, limit int64, pooled bool) (*loan, error) {
	if announced >= 0 {
		return readAnnounced(r, int(announced), pooled)
	}
	body := make([]byte, 0, 16<<10)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > limit {
			return nil, errTooLarge
		}
		if errors.Is(err, io.EOF) {
			l := &loan{buf: body}
			return l.share(), nil
		}
		if err != nil {
			return nil, err
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// readAnnounced reads so many bytes. Beyond what is believed there is room for no
// more than twice what has come: many clients may announce much and send nothing.
func readAnnounced(r io.Reader, size int, pooled bool) (*loan, error) {
	l := lend(min(size, believed), pooled)
	for have := 0; ; {
		room := min(max(2*have, believed), size)
		if room > cap(l.buf) {
			larger := lend(room, false)
			larger.buf = append(larger.buf, l.buf...)
			l.release()
			l = larger
		}
		n, err := io.ReadFull(r, l.buf[have:room])
		have += n
		l.buf = l.buf[:have]
		if have == size || err != nil {
			return l, err
		}
	}
}

func tooLarge(limit int64) *chat.Error {
	return &chat.Error{
		Status: http.StatusRequestEntityTooLarge, Type: "invalid_request_error", Code: "request_too_large",
		Message: "the request body is larger than " + strconv.FormatInt(limit>>20, 10) + " MiB",
		Hint:    "raise max_body (GLMTRAY_MAX_BODY) in the settings",
	}
}

// maxModel bounds a model's name, in bytes. It is matched against every rule's
// patterns, logged, recorded, and remembered where a provider does not have it.
const maxModel = 512

// look finds the facts that routing needs and mends broken tool calls.
func (c *call) look() *chat.Error {
	request, err := dialect.Read(c.front, c.original)
	if e := new(chat.Error); errors.As(err, &e) {
		return e
	} else if err != nil {
		return &chat.Error{
			Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "invalid_json", Message: err.Error(),
		}
	}
	if len(request.Facts.Model) > maxModel {
		return &chat.Error{
			Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "model_too_long",
			Message: "the model's name is longer than " + strconv.Itoa(maxModel) + " bytes",
			Hint:    "no provider has a model of such a name",
		}
	}
	c.request, c.facts = request, request.Facts
	c.facts.Session = sessionOf(c.in.Header, request)
	c.changed = append(c.changed, request.Repair()...)
	c.body = request.Body()
	return nil
}
