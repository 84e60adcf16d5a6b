package chat

// Delta is one step of an answer. A stream is deltas as they come; a whole
// answer is a stream that is over.
//
// Their order: Begin first, End last; Signed follows the Thinks that it signs;
// the pieces of one call follow its Called, but those of several calls may
// interleave. Stops and Uses may come at any time after Begin, Fails even before.
type Delta struct {
	Kind  Step
	Raw   []byte // Says, Thinks, Signed, Sealed, Args: a piece of a JSON string as it stands between the quotes, escapes and all. Lives until the next delta
	Call  int    // Called, Args: the provider's index of the call
	ID    string // Begin: the answer's; Called: the call's, maybe ""
	Name  string // Begin: the model that answers; Called: the tool
	Stop  Finish // Stops
	Match string // Stops with StopSequence: which one; "" if not told
	Used  Usage  // Uses; and Begin, if something is known by then
	Err   *Error // Fails
}

// Step is what a Delta tells.
type Step int8

// The steps of an answer.
const (
	Begin  Step = iota // the answer begins
	Says               // a piece of text
	Thinks             // a piece of thinking
	Signed             // the signature of the thinking before it, or a piece of that
	Sealed             // redacted thinking, whole
	Called             // a tool call begins
	Args               // a piece of its arguments
	Stops              // why the answer ends
	Uses               // what it has cost; the last one counts
	Fails              // the provider gives up in the midst
	End                // the provider says that it is over
)

// Finish is why an answer ended.
type Finish int8

// The reasons. Where a tool was called a dialect says so, whatever else was
// told.
const (
	NoFinish      Finish = iota
	EndTurn              // it was all said
	MaxOutput            // the output limit was reached
	ToolUse              // tools are to be called
	StopSequence         // a stop sequence was met
	Refusal              // a content filter, or the model itself, refuses
	ContextWindow        // the model's context is full
	Paused               // the provider wants the turn to be sent again
)

// Answer is a whole answer: the deltas of a stream put together.
type Answer struct {
	ID    string
	Model string // that answered
	Parts []Part // Text, Thought, Redacted, Call
	Stop  Finish
	Match string
	Used  Usage
}
