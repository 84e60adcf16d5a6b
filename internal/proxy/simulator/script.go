package simulator

import "time"

// Duration is a time.Duration that JSON writes as text: "1m30s".
type Duration time.Duration

// MarshalText writes d as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// The vendors whose shapes, headers and error bodies the simulator knows.
const (
	Cerebras  = "cerebras"
	ZAI       = "zai"
	Synthetic = "synthetic"
	Anthropic = "anthropic"
	DemoShape = "demo" // OpenAI's own envelope with Cerebras' limit headers
)

// The dialects the simulator speaks, each under any base path. A vendor that
// does not speak one answers 404 there.
const (
	Chat     = "openai"    // POST …/chat/completions
	Messages = "anthropic" // POST …/messages; …/messages/count_tokens at Anthropic only
)

// Script is everything the provider does. Its JSON form (field names as here,
// any case; unknown ones are an error) is read from a file by `glmtray simulate`
// and taken by POST /_sim/script. The zero Script plays the demo vendor, takes
// any key, has no limits and answers a short text.
type Script struct {
	Vendor        string               // Cerebras, ZAI, Synthetic, Anthropic or DemoShape; "" is DemoShape
	Dialects      []string             // Chat, Messages; none: Cerebras has Chat, Anthropic has Messages, the others have both
	Models        []Model              // what GET /models lists; none: that vendor's list of autumn 2026
	Keys          map[string]KeyScript // by key text; empty: any key is taken
	Accounts      map[string]Limits    // by account; "*" is for accounts that have no entry of their own
	Headers       Headers              // which headers tell of the limits
	Answer        Answer               // what is answered when nothing is wrong
	Answers       map[string]Answer    // by model id, instead of Answer
	Compress      string               // "gzip", "br", "zstd": answers are compressed for those who accept it
	ForceCompress bool                 // ... and for all others too
	Faults        []Fault              // the first that matches a request is what happens to it
	Strict        bool                 // refuse what the vendor does not document, not only what it is known to refuse
	Seed          uint64               // for faults that fire by chance, and in the signatures of thinking
	KeepBodies    bool                 // keep request bodies in the call log
	Fast          *Fast                // answer precomputed bytes; nothing above but Vendor matters then
}

// Model is one model as the vendor lists it.
type Model struct {
	ID        string
	Context   int  // tokens; 0: no limit is checked
	MaxOutput int  // tokens; reserved at admission if the request names no limit
	Vision    bool // takes images
}

// KeyScript is one key.
type KeyScript struct {
	Name     string   // what the call log calls it; the key text never appears there
	Account  string   // keys of one account share its limits; "": an account of its own, named as the key
	Fault    string   // a fixture every request with this key meets: "cerebras/wrong-key", "zai/1113"
	Path     string   // the key belongs to base paths with this prefix (or one of several, "/api/coding/ /api/anthropic/"); elsewhere Z.ai says 1113, others refuse the key
	NoModels []string // models this key is not entitled to
}

// Limits is what one account may use.
type Limits struct {
	Rates       []Rate
	Concurrency int  // requests at once; 0: no limit
	PerModel    bool // Concurrency counts per model
}

// Rate is one limit in time. By default it is a token bucket that refills
// continuously, as Cerebras documents (inference-docs.cerebras.ai
// support/rate-limits, November 2026): at admission the estimated input plus
// the requested output limit is taken, and what was not used is given back when
// the answer ends.
type Rate struct {
	Of     string   // "requests" or "tokens"
	Per    string   // "second", "minute", "hour", "day"; Z.ai also "5 hour" and "week". Names headers and messages
	Max    int64    // what a full bucket holds
	Refill Duration // from empty to full; 0: as long as Per says
	Window bool     // not continuous: all of it returns at the end of a window that opens with the first use
}

// Headers chooses how limits are told.
type Headers struct {
	NoLimits     bool     // send no x-ratelimit-* and no x-synthetic-quotas
	MissingEvery int      // every n-th answer lacks all of them, Retry-After too
	RetryAfter   string   // on a 429 of a limit: "" as the vendor does, "seconds", "date", "ms", "none"
	ClockSkew    Duration // added to the Date header and to every absolute time that is told
}

// Fault is something that goes wrong for the requests that match When.
type Fault struct {
	When When
	What string   // a name of Fixtures, perhaps with variants ("zai/1308+event"), or of Faults
	Wait Duration // how long until the limit a fixture tells of returns; 0: the fixture's own
	At   int      // stream faults: after so many content events; 0: two
	Size int      // "huge-event": bytes; 0: 1 MiB. "slow-bytes": bytes at once; 0: one
	Late Duration // "slow-first", "slow-event": by how much; 0: 15 s. "slow-bytes": between two writes; 0: 1 ms
	With string   // "error-event-first", "error-event-mid": the fixture; "": the vendor's overload
	Raw  []byte   // "raw": what is written to the connection in place of an HTTP answer; none: what an SSH server says first
	End  string   // "raw": what becomes of the connection then: "close" (or ""), "reset", "stay"
}

// When selects requests. Every field that is set must fit.
type When struct {
	Key     string   // KeyScript.Name
	Account string   //
	Model   string   //
	Path    string   // a suffix of the path; "": requests for an answer only
	Stream  *bool    //
	Images  *bool    //
	Nth     int      // only the n-th matching request, from 1
	Every   int      // every n-th
	After   int      // not the first n
	Times   int      // at most so many
	For     Duration // only so long after the fault was set
	Chance  float64  // 0..1, by Script.Seed and the request's number; 0: always
}

// Fast makes the provider answer precomputed bytes with hardly any work of its
// own, in either dialect: no authentication, limits, faults or call log. It is
// for benchmarks.
type Fast struct {
	Bytes      int // size of a whole answer's body; 0: 1024
	Events     int // content events of a stream; 0: 200
	EventBytes int // size of each; 0: 250
	Batch      int // events per write and flush; 0: 1; -1: all at once

	// Pace is the time from one write to the next; 0: at full speed. Each text
	// then carries when it was written, see FastStamp.
	Pace time.Duration
}

// FastStamp stands before the 19 digits of a time in Unix nanoseconds at the
// start of each text that is sent at a pace, so that a client on the same
// machine can tell how long the event was under way.
const FastStamp = "sent="
