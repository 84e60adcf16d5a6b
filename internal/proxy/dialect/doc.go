// Package dialect knows how requests and answers look on the wire: in OpenAI's
// chat completions, in Anthropic's Messages, and, towards clients only, in OpenAI's
// Responses.
//
// # Two ways
//
// Where client and provider speak one dialect, bytes pass. One walk over a request
// ([Read]) finds what routing needs and what the rest of the way must know, however
// many providers are then tried: what one of them refuses is cut out by offset
// ([Request.For]), what agents left torn is mended ([Request.Repair]), and unknown
// fields, the order of keys, the form of numbers and with them a provider's prompt
// cache stay as they are. A stream is relayed event by event without taking it
// apart ([NewStream]); what its client cannot do without is put in where it is
// missing, and an error is the last event. That costs a bare relay little more than
// the validation of each byte.
//
// Where they do not, the hub stands between ([chat.Request], [chat.Delta]):
//
//	client's bytes ── decode ──▶ chat.Request ── encode ──▶ provider's bytes
//	client's bytes ◀── writer ── chat.Delta … ◀── reader ── provider's bytes
//
// An adapter has both halves of one dialect and knows no other one, so that N
// dialects are N adapters and never N × N pairs. To add one is to write its
// adapter and its name in adapterOf. A whole answer is a stream of deltas that is
// over; it goes the same way.
//
// # What is carried, and what is not
//
// What the hub has no word for is named in [chat.Request.Dropped] by whoever
// decodes, and what a provider cannot take in [Sent.Changed] by whoever encodes:
// the record shows both, and nothing is mangled silently. What cannot work at all
// (a PDF for a model that reads text) is an error that the client is told.
//
// Nothing is remembered between two requests. Thinking bears its author in its
// signature ([Sign]); a tool's name that had to be shortened is found again by
// shortening the request's names once more; a call's id that was taken already is
// made unique once and then travels as it is.
//
// # Contract
//
// Functions are pure and safe for concurrent use; a [Request] and a [Stream]
// belong to one goroutine. None of them modifies the bytes it is given, except
// [Stream.Next], which says so. Any bytes may come in: nothing panics, what must
// wait is bounded ([MaxAnswer]), and what is no JSON is passed back as it came, with
// an error where there is one to give.
//
// What does not belong here: which provider refuses what (config), what a
// provider's refusal means for a key (upstream), headers, sockets, clocks.
package dialect
