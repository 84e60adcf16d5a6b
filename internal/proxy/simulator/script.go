package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
	DemoShape = "demo" // OpenAI's own envelope with Cerebras' limit headers
)

// Script is everything the provider does. Its JSON form (field names as here,
// any case) is read from a file by `glmtray simulate` and taken by
// POST /_sim/script. The zero Script plays the demo vendor, takes any key, has
// no limits and answers a short text.
type Script struct {
	Vendor        string               // Cerebras, ZAI, Synthetic or DemoShape; "" is DemoShape
	Models        []Model              // what GET /models lists; none: that vendor's list of autumn 2026
	Keys          map[string]KeyScript // by key text; empty: any bearer is taken
	Accounts      map[string]Limits    // by account; "*" is for accounts that have no entry of their own
	Headers       Headers              // which headers tell of the limits
	Answer        Answer               // what is answered when nothing is wrong
	Answers       map[string]Answer    // by model id, instead of Answer
	Compress      string               // "gzip", "br", "zstd": answers are compressed for those who accept it
	ForceCompress bool                 // ... and for all others too
	Faults        []Fault              // the first that matches a request is what happens to it
	Strict        bool                 // refuse every field the vendor does not document, not only those it is known to refuse
	Seed          uint64               // for faults that fire by chance
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
	Path     string   // the key belongs to base paths with this prefix; elsewhere Z.ai says 1113, others refuse the key
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

// Answer is what a request that went well gets. {{model}}, {{key}}, {{account}}
// and {{n}} (the call's number) are filled in in its texts.
type Answer struct {
	Text          string
	Reasoning     string     // sent before the text, in the vendor's field
	Tokens        int        // without Text: so many one-token pieces
	ToolCalls     []ToolCall // sent instead of the text if the request offers tools and does not bring a result
	Chunk         int        // bytes per stream event; 0: a word
	FirstDelay    Duration   // before the headers
	HeaderDelay   Duration   // between the headers and the first event of a stream
	Pace          Duration   // between two stream events; a whole answer takes FirstDelay + Pace × events
	UsageFactor   float64    // true prompt tokens ÷ what the simulator estimated at admission; 0: 1
	Cached        int        // of the prompt tokens
	Usage         string     // where a stream tells it: "" as the vendor does, "finish", "extra" (only if asked for), "none"
	Model         string     // the model the answer names; "": the one asked for
	Finish        string     // instead of "stop": "content_filter", "sensitive", …
	WholeCalls    bool       // each tool call in one event
	WriteTogether int        // events per write; 0: 1
}

// ToolCall is one call the model makes.
type ToolCall struct{ Name, Arguments string }

// Fault is something that goes wrong for the requests that match When.
type Fault struct {
	When When
	What string   // a name of Fixtures, perhaps with variants ("zai/1308+event"), or of Faults
	Wait Duration // how long until the limit a fixture tells of returns; 0: the fixture's own
	At   int      // stream faults: after so many content events; 0: two
	Size int      // "huge-event": bytes; 0: 1 MiB
	Late Duration // "slow-first", "slow-event": by how much; 0: 15 s
	With string   // "error-event-first", "error-event-mid": the fixture; "": the vendor's overload
}

// When selects requests. Every field that is set must fit.
type When struct {
	Key     string   // KeyScript.Name
	Account string   //
	Model   string   //
	Path    string   // a suffix of the path; "": chat requests only
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
// own: no authentication, limits, faults or call log. It is for benchmarks.
type Fast struct {
	Bytes      int // size of a whole answer's body; 0: 1024
	Events     int // content events of a stream; 0: 200
	EventBytes int // size of each; 0: 250
	Batch      int // events per write and flush; 0: 1; -1: all at once
}

// Check says what is wrong with a script: an unknown vendor, fault or fixture.
func (s *Script) Check() error {
	var errs []error
	if _, ok := vendors[s.vendor()]; !ok {
		errs = append(errs, fmt.Errorf("unknown vendor %q", s.Vendor))
	}
	if !slices.Contains([]string{"", "gzip", "br", "zstd"}, s.Compress) {
		errs = append(errs, fmt.Errorf("unknown compression %q", s.Compress))
	}
	for _, k := range s.Keys {
		if k.Fault != "" {
			if _, err := lookup(k.Fault); err != nil {
				errs = append(errs, fmt.Errorf("key %q: %w", k.Name, err))
			}
		}
	}
	for name, a := range s.Accounts {
		for _, r := range a.Rates {
			errs = append(errs, r.check(name))
		}
	}
	for i := range s.Faults {
		errs = append(errs, s.Faults[i].check())
	}
	return errors.Join(errs...)
}

func (r Rate) check(account string) error {
	switch {
	case r.Of != "requests" && r.Of != "tokens":
		return fmt.Errorf("account %q: a rate of %q, not of requests or tokens", account, r.Of)
	case r.Max <= 0:
		return fmt.Errorf("account %q: rate %s per %s has no maximum", account, r.Of, r.Per)
	case r.period() <= 0:
		return fmt.Errorf("account %q: unknown window %q needs a refill time", account, r.Per)
	}
	return nil
}

func (f *Fault) check() error {
	if _, ok := faults[f.What]; ok {
		if f.With == "" {
			return nil
		}
		_, err := lookup(f.With)
		return err
	}
	_, err := lookup(f.What)
	return err
}

func (s *Script) vendor() string {
	if s.Vendor == "" {
		return DemoShape
	}
	return strings.ToLower(s.Vendor)
}

func (s *Script) models() []Model {
	if len(s.Models) > 0 {
		return s.Models
	}
	return vendors[s.vendor()].models
}

func (s *Script) model(id string) (Model, bool) {
	for _, m := range s.models() {
		if m.ID == id {
			return m, true
		}
	}
	return Model{}, false
}

func (s *Script) answer(model string) *Answer {
	if a, ok := s.Answers[model]; ok {
		return &a
	}
	return &s.Answer
}
