package event

import "time"

// Why tells how a request came to go where it went. It is no event: it is kept
// in memory with what was said, for whoever asks of that request.
type Why struct {
	Estimate int      // prompt tokens as they were estimated when it was decided; 0: not estimated
	Rules    []Tried  // every rule in order, with the reason why it held or not
	Chain    []string // "provider/model", in the order in which they would be tried
	Passed   []Passed // keys that were passed over, in the order in which that happened
}

// Tried is what became of one rule.
type Tried struct {
	Rule    string
	Matched bool
	Reason  string
	Left    []string // its targets that were left out: "zai/large: zai has no usable key"
}

// Passed is a key that could not serve when its provider was asked.
type Passed struct {
	Provider, Key string
	State         string        // ready (then a model is barred from it), cooling, busy, parked, disabled, missing
	Reason        string        // in words, as of then
	Wait          time.Duration // until it returns by itself, as of then; 0: it does not, or nobody knows
}
