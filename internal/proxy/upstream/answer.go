package upstream

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// Sizes up to which answers are read.
const (
	maxWhole     = dialect.MaxAnswer // of a whole answer, decoded
	maxError     = 1 << 20           // of an error's body; what is longer is cut
	maxFault     = 64 << 10          // of an error's body, looked at to classify it
	maxOpening   = 8 << 20           // of a stream before its first content event
	firstBuffer  = 4 << 10
	maxDrain     = 4 << 10 // read after the end, so that the connection is used again
	drainWithin  = time.Second
	maxFirstGrow = 4 << 20 // taken at once on a Content-Length's word
)

var (
	errTooLarge = errors.New("an answer of more than 32 MiB")
	errTooMuch  = errors.New("a stream of 8 MiB without a first word")
)

// answered goes on when the header is there.
func (x *exchange) answered(resp *http.Response) *Reply {
	now := time.Now()
	x.call.unecho(resp.Header)
	r := &Reply{Status: resp.StatusCode, Header: resp.Header, Sent: true, Limits: limitsOf(resp.Header, now)}
	var known bool
	x.src, known = decoded(resp, x.call.method())
	kind := mediaType(resp.Header)
	switch {
	case !known && !x.call.Plain:
		x.close()
		r.Class, r.Reason = Malformed, x.s.say("an answer in an unknown encoding: "+resp.Header.Get("Content-Encoding"))
		return r
	case r.Status >= 400:
		return x.refused(r, resp.ContentLength, now)
	case r.Status/100 != 2:
		return x.redirected(r)
	case x.call.Plain:
		return x.handOn(r, kind)
	case x.call.Stream:
		return x.open(r, now)
	}
	return x.whole(r, nil, resp.ContentLength, now)
}

const eventStream = "text/event-stream"

func mediaType(h http.Header) string {
	kind := h.Get("Content-Type")
	if kind == eventStream || kind == "application/json" {
		return kind // nearly always; it spares the parser
	}
	kind, _, _ = mime.ParseMediaType(kind) // "" is as good as a wrong one
	return kind
}

// redirected answers 3xx: an API that redirects is not where the settings say,
// and a key does not follow to another address.
func (x *exchange) redirected(r *Reply) *Reply {
	x.close()
	r.Class, r.Whole, r.Reason = Refused, true, "an unexpected answer ("+http.StatusText(r.Status)+")"
	if to, err := url.Parse(r.Header.Get("Location")); err == nil && r.Header.Get("Location") != "" {
		where := to.Host
		if where == "" {
			where = to.Path
		}
		r.Reason = x.s.say("its address redirects to " + where + "; correct the base URL")
	}
	return r
}

// refused reads and classifies an error.
func (x *exchange) refused(r *Reply, size int64, now time.Time) *Reply {
	body, err := readAll(nil, x.src, size, maxError)
	r.Head, r.Whole = body, true
	if err != nil {
		r.Header.Del("Content-Length") // it tells the length of what was not read
		body = x.call.uncut(body)
		r.Head = body
	}
	x.drain()
	x.close()
	if x.parent.Err() != nil {
		return x.cut(r, x.parent.Err())
	}
	x.judge(r, readFault(body, mediaType(r.Header)), now)
	return r
}

// judge fills in what an error means.
func (x *exchange) judge(r *Reply, f fault, now time.Time) {
	t := told{status: r.Status, header: r.Header, fault: f, now: now, limits: r.Limits, synthetic: x.isSynthetic(r.Header)}
	v := classify(&t)
	r.Class, r.Reason, r.Until = v.class, x.s.say(v.words), untilOf(v, &t)
	r.Told = x.told(r.Status, f)
	if !v.known {
		x.s.opt.Log.Debug("unknown kind of error", "provider", x.call.Provider.ID, "status", r.Status,
			"code", x.s.say(f.code), "type", x.s.say(f.kind), "message", x.s.say(f.message))
	}
}

// maxTold bounds the provider's message, in bytes.
const maxTold = 8 << 10

// told puts an error into the hub's words.
func (x *exchange) told(status int, f fault) *chat.Error {
	e := &chat.Error{Status: max(status, http.StatusBadRequest), Type: f.kind, Code: f.code, Param: f.param}
	if digits(e.Type) || e.Type == "" {
		e.Type = "invalid_request_error"
	}
	if e.Status >= http.StatusInternalServerError {
		e.Type = "server_error"
	}
	said := x.s.opt.Scrub.Text(f.message) // first, since half a key would not be recognised
	e.Message = strings.ToValidUTF8(said[:min(len(said), maxTold)], "")
	if e.Message == "" {
		e.Message = "the provider answered " + strconv.Itoa(e.Status) + " and did not say why"
	}
	return e
}

func (x *exchange) isSynthetic(h http.Header) bool {
	return x.call.Provider.ID == "synthetic" || h.Get(quotasHeader) != ""
}

// handOn gives the answer of a forwarded path away as it comes.
func (x *exchange) handOn(r *Reply, kind string) *Reply {
	if !x.watch.rest() {
		x.close()
		return x.cut(r, errTimeUp)
	}
	r.Class, r.Body, r.EventStream = OK, x, kind == eventStream
	return r
}

// whole reads an answer to its end; head is what was read of it before.
func (x *exchange) whole(r *Reply, head []byte, size int64, now time.Time) *Reply {
	body, err := readAll(head, x.src, size, maxWhole)
	r.Head, r.Whole = body, true
	if err == nil {
		x.drain()
	}
	x.close()
	if err != nil {
		return x.cut(r, err)
	}
	if isStream(body) {
		return x.ended(r, now)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		r.Class, r.Reason = Malformed, "an empty answer"
		return r
	}
	c := dialect.ReadCompletion(x.call.dialect(), body)
	if !c.Valid {
		r.Class, r.Reason = Malformed, x.s.say("an answer that is not JSON: "+readFault(body, mediaType(r.Header)).message)
		return r
	}
	r.Model, r.Usage = c.Model, c.Usage
	if c.Sound {
		return r
	}
	if f, is := faultInside(body, c.Broken); is {
		x.judge(r, f, now)
	}
	return r
}

// ended looks at a stream that was read to its end, where a whole answer was asked
// for. The answer was made, and may have its price, so it is used.
func (x *exchange) ended(r *Reply, now time.Time) *Reply {
	o := opening{speaks: x.call.dialect()}
	switch o.next(r.Head, io.EOF) {
	case begun:
		r.EventStream = true
	case broken:
		x.judge(r, o.fault, now)
	default:
		return x.cut(r, io.EOF)
	}
	return r
}

// faultInside finds an error in the body of an answer that calls itself good.
// broken is as in [dialect.Completion].
func faultInside(body []byte, broken string) (fault, bool) {
	if text, is := dialect.EmbeddedError(body); is && !onlyTalks(text) {
		return fault{message: text, embedded: true}, true
	}
	if broken != "" {
		return fault{code: broken}, true
	}
	root := gjson.ParseBytes(body)
	if choices := root.Get("choices"); choices.IsArray() {
		if e := root.Get("error"); e.Type != gjson.JSON || choices.Get("#").Int() > 0 {
			return fault{}, false
		}
	}
	if !root.IsObject() || !saysError(root) {
		return fault{}, false
	}
	return readFault(body, "application/json"), true
}

// saysError reports whether an object is an error in one of the vendors' forms.
func saysError(root gjson.Result) bool {
	switch e := root.Get("error"); e.Type {
	case gjson.JSON, gjson.True:
		return true
	case gjson.String:
		return e.Str != ""
	}
	if root.Get("success").Type == gjson.False {
		return true // Z.ai's console form: {"code":500,"msg":"404 NOT_FOUND","success":false}
	}
	if root.Get("object").Exists() || root.Get("data").Exists() || root.Get("choices").Exists() {
		return false
	}
	return root.Get("message").Type == gjson.String && (root.Get("type").Exists() || root.Get("code").Exists())
}

// breaksOff tells the finish reasons that are failures if nothing came before
// them (Z.ai, docs of 2026-08).
func breaksOff(reason string) bool {
	return reason == "network_error" || reason == "model_context_window_exceeded" || reason == "error"
}

// drain reads what follows a decoded answer's end, which is a few bytes of
// framing, so that the connection can carry the next request.
func (x *exchange) drain() {
	if x.src == io.Reader(x.raw) {
		return // it was read to its end
	}
	x.watch.set(drainWithin)
	_, _ = io.CopyN(io.Discard, x.raw, maxDrain)
}

// readAll reads src to its end, after head. size is the Content-Length, or -1.
// Beyond limit bytes the error is errTooLarge and what fits is returned.
func readAll(head []byte, src io.Reader, size int64, limit int) ([]byte, error) {
	room := firstBuffer
	if size > 0 {
		room = int(min(size, maxFirstGrow)) + 1
	}
	buf := append(make([]byte, 0, len(head)+room), head...)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf[:limit], errTooLarge
		case err == io.EOF: //nolint:errorlint // a reader's end is io.EOF itself
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}
