// Package upstream sends one request to a provider and says what came back.
//
// [Sender.Send] makes one try: one endpoint, one key, one answer. It never
// retries, follows no redirect and chooses nothing; what a [Class] means for
// the key and for the request is the pipeline's table.
//
// # The commit point
//
// Nothing has reached the client when Send returns. A streamed answer is read
// until its first event that carries content (text, reasoning, a piece of a
// tool call, a refusal) or a finish reason; only then is its class OK. What was
// read until there stands in [Reply.Head], the rest comes out of [Reply.Body].
// So a provider that answers 200 and then says "quota used up" in its first
// event, or falls silent, or closes, can still be left unseen. Whole answers
// are read to their end and must be one JSON document. Answers to a [Call] that
// is Plain (any path but chat completions) are handed on as they come.
//
// # Times
//
//   - Limits.Connect: until the connection stands; beyond it the class is
//     Refused and nothing was sent.
//   - Call.Patience, else Limits.FirstEvent (streams) or Limits.WholeAnswer
//     (the rest): from Send's begin to the commit point; beyond it the class is
//     Silent, or Refused if there never was a connection.
//   - Limits.Idle: the longest silence while a Read of Reply.Body waits; beyond
//     it Read fails with [ErrIdle]. Time between two Reads does not count, so a
//     slow client costs no stream. There is no limit on a stream as a whole.
//   - Limits.WholeAnswer is also how long a chat's stream may go on without an
//     event, see [Reply.Heard]: comments alone keep nobody waiting for ever.
//
// One timer per request keeps all of them; it fires by cancelling the request. A
// timer that fires late, because the machine slept or the process was stopped,
// gives what came meanwhile a moment to be read. When time is up the connections
// that carry nothing are closed as well: the network may be another one.
//
// # Secrets and headers
//
// Headers to providers are built from an allow-list; a client's cookies,
// credentials and origin never leave. Here alone, in request.go, a key becomes
// text: for its header, and to be taken out of what echoes it.
// Every Reason passes the scrubber, because vendors echo keys. Reply.Head and
// Reply.Header are as received and are not scrubbed.
//
// # Classes
//
// classify.go and its tables decide by the vendor's code, then its text, then
// the HTTP status. A new failure is one row there and one fixture in testdata.
//
// # Concurrency
//
// A Sender is safe for concurrent use and is shared. A Reply belongs to one
// goroutine, but its Close may be called by another. A Reply must be closed;
// classes other than OK and CallerFault hold nothing open.
//
// What does not belong here: which key, which provider, whether to try again
// (keypool, route, proxy), and what the bytes of a request mean (dialect).
package upstream
