// Package dialect knows how requests and answers look on the wire. So far that
// is OpenAI's chat completions, towards clients and towards providers alike.
//
// It peeks and splices instead of decoding: one walk over a request's bytes
// finds what routing needs ([Peek]); what a provider refuses is cut out by
// offset ([Rewrite], [Repair]), so that unknown fields, the order of keys, the
// form of numbers and with them a provider's prompt cache stay as they are; a
// stream is relayed event by event without taking it apart ([Stream]). The
// whole package costs a bare relay little more than its validation of each byte.
//
// All functions are pure and safe for concurrent use; they never modify what
// they are given, except [Stream.Next], which says so. Any bytes may come in:
// nothing panics, and what is no JSON is passed back as it came, with an error
// where there is one to give.
//
// What does not belong here: which provider refuses what (config), what a
// provider's refusal means for a key (upstream), headers, sockets, clocks.
package dialect
