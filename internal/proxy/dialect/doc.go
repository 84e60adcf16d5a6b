// Package dialect knows how requests and answers look on the wire. So far that
// is OpenAI's chat completions, towards clients and towards providers alike.
//
// It splices instead of decoding. One walk over a request's bytes ([Read]) finds
// what routing needs and what the rest of the way must know, however many
// providers are then tried: what one of them refuses is cut out by offset
// ([Request.For]), what agents left torn is mended ([Request.Repair]), and
// unknown fields, the order of keys, the form of numbers and with them a
// provider's prompt cache stay as they are. A stream is relayed event by event
// without taking it apart ([Stream]). The whole package costs a bare relay
// little more than its validation of each byte.
//
// Functions are pure and safe for concurrent use; a [Request] and a [Stream]
// belong to one goroutine. None of them modifies the bytes it is given, except
// [Stream.Next], which says so. Any bytes may come in: nothing panics, and what
// is no JSON is passed back as it came, with an error where there is one to give.
//
// What does not belong here: which provider refuses what (config), what a
// provider's refusal means for a key (upstream), headers, sockets, clocks.
package dialect
