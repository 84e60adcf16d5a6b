package event

import (
	"log/slog"
	"time"
)

// Event is one of the types of this file, and nothing else.
type Event interface{ event() }

// Routed tells where a request is meant to go, before anything is sent.
type Routed struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Client string    `json:"client,omitempty"`
	Path   string    `json:"path"`
	Model  string    `json:"model"`  // as the client asked
	Stream bool      `json:"stream"` // whether it wants events
	Tokens int       `json:"tokens"` // estimated prompt tokens
	Rule   string    `json:"rule"`
	Reason string    `json:"reason"`
	Chain  []string  `json:"chain"` // "provider/model", in the order they would be tried
}

// Attempted tells how one try at one provider ended.
type Attempted struct {
	ID       string        `json:"id"`
	Time     time.Time     `json:"time"`
	N        int           `json:"n"` // 1 for the first try of this request
	Provider string        `json:"provider"`
	Model    string        `json:"model"` // as sent
	Key      string        `json:"key"`   // its name
	Status   int           `json:"status"`
	Class    string        `json:"class"` // "ok" or an upstream class
	Reason   string        `json:"reason,omitempty"`
	Took     time.Duration `json:"took_ns"`
}

// Finished is the one record of a request, whatever its outcome.
type Finished struct {
	ID        string        `json:"id"`
	Time      time.Time     `json:"time"` // when it came in
	Client    string        `json:"client,omitempty"`
	Method    string        `json:"method"`
	Path      string        `json:"path"`
	Asked     string        `json:"asked"`    // model the client asked for
	Provider  string        `json:"provider"` // who answered
	Model     string        `json:"model"`    // model that answered
	Key       string        `json:"key"`
	Rule      string        `json:"rule"`
	Reason    string        `json:"reason"`
	Attempts  int           `json:"attempts"`
	Status    int           `json:"status"` // as the client saw it; 499 if it left
	Stream    bool          `json:"stream"`
	Outcome   string        `json:"outcome"` // "ok", or what went wrong in a word or two
	Error     string        `json:"error,omitempty"`
	In, Out   int64         `json:"-"` // body bytes from and to the client
	Tokens    Tokens        `json:"tokens"`
	Counted   bool          `json:"counted,omitempty"` // a part of Tokens was counted here: the provider did not tell it
	FirstByte time.Duration `json:"first_byte_ns"`     // until the first byte went to the client; of a stream that is its first content
	Streamed  time.Duration `json:"streamed_ns,omitempty"`
	TPS       float64       `json:"tps,omitempty"` // completion tokens per second of Streamed, see Rate; 0: not known
	Took      time.Duration `json:"took_ns"`
	Waited    time.Duration `json:"waited_ns,omitempty"` // of Took: for a worker, and for a key that was free and had enough left

	// Cost is the price of Tokens by the price table, in USD; nil: not known.
	// CostEquivalent says that the key belongs to a plan, to which the request
	// cost nothing more: Cost is what it would have been without one.
	Cost           *float64 `json:"cost_usd,omitempty"`
	CostEquivalent bool     `json:"cost_equivalent,omitempty"`

	Demo    bool     `json:"demo,omitempty"`
	Changed []string `json:"changed,omitempty"` // what was removed, renamed or repaired in the body
	Variant string   `json:"variant,omitempty"` // "canary", or what the settings call the rest
}

// leastStreamed is the shortest stream whose speed is told: in less time the
// client's and this program's own buffers are measured, not the provider.
const leastStreamed = 10 * time.Millisecond

// Rate gives the tokens per second of a stream that took so long from its first
// byte to its last; 0 if that says nothing.
func Rate(completion int, streamed time.Duration) float64 {
	if completion <= 0 || streamed < leastStreamed {
		return 0
	}
	return float64(completion) / streamed.Seconds()
}

// Tokens is usage as the provider told it or as it was counted here, see
// Finished.Counted; zero means that it is not known.
type Tokens struct {
	Prompt     int `json:"prompt,omitempty"` // Cached and CacheWrite included
	Cached     int `json:"cached,omitempty"`
	CacheWrite int `json:"cache_write,omitempty"`
	Completion int `json:"completion,omitempty"` // reasoning included
	Reasoning  int `json:"reasoning,omitempty"`
}

// KeyChanged tells a key's new state.
type KeyChanged struct {
	Time      time.Time `json:"time"`
	Provider  string    `json:"provider"`
	Key       string    `json:"key"`
	State     string    `json:"state"` // ready, cooling, busy, parked, disabled, missing
	CoolUntil time.Time `json:"cool_until,omitzero"`
	Reason    string    `json:"reason,omitempty"`
}

// ServerChanged tells that the proxy started, paused, resumed, reloaded, pinned
// a provider, found a model gone, answers with another family of models than was
// asked for, or stops; that it failed to start; or that the window is to show
// itself (raise).
type ServerChanged struct {
	Time   time.Time `json:"time"`
	State  string    `json:"state"` // serving, paused, stopping, failed, reloaded, pinned, unpinned, models, family, raise
	Addr   string    `json:"addr,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Logged is one line of the program's own log, scrubbed.
type Logged struct {
	Time  time.Time  `json:"time"`
	Level slog.Level `json:"level"`
	Text  string     `json:"text"`
	Attrs string     `json:"attrs,omitempty"` // "key=value key=value"
}

func (Routed) event()        {}
func (Attempted) event()     {}
func (Finished) event()      {}
func (KeyChanged) event()    {}
func (ServerChanged) event() {}
func (Logged) event()        {}

// Name is an event's type in one lower-case word, as /_events spells it.
func Name(e Event) string {
	switch e.(type) {
	case Routed:
		return "routed"
	case Attempted:
		return "attempted"
	case Finished:
		return "finished"
	case KeyChanged:
		return "key"
	case ServerChanged:
		return "server"
	case Logged:
		return "log"
	}
	return "unknown"
}
