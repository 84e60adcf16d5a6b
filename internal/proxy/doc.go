// Package proxy serves requests on localhost with the keys of several
// providers.
//
// One request, socket to socket:
//
//	ServeHTTP        guard: Host, Origin, client key, workers
//	chat             read the body once, look at it (dialect.Read), mend tool calls
//	  route.Decide   pure: the first rule that matches, with its reason and chain
//	  forward        targets in order; a loop with named outcomes
//	    attempt      keypool.Acquire, dialect.Request.For, upstream.Send, the verdict
//	  relay          the only writer to the client
//	  finish         one record, one event, one line in the log, one count; a moment
//	                 later where the provider did not tell its usage, see usage.go
//
// The commit point. Nothing reaches the client before a reply is classified:
// upstream.Send returns a stream only with its first content event in hand.
// Until then a failure moves on unseen, afterwards nothing is retried: a stream
// that breaks ends in an error event of the client's dialect; or, where
// continue_streams is on, is carried on by the next provider, see carryon.go.
//
// Waiting. A key that is missing is waited for where one returns first: a target
// is left after a short wait if another one behind it can serve sooner. Whether
// a key can serve is the pool's to say, by the request's cost and what is known of
// limits; admission.go tells it both, and how requests ended (stream.go, of streams),
// since from a provider that fails, early or in mid-stream, the pool keeps all but
// one. Where the last target has just refused and a key is back in a moment, the
// chain is gone through again, twice at most. What the client is told when nobody
// could is in exhausted.go.
//
// Every attempt starts from the client's original bytes. What a failure means
// for the key and for the request stands in one table, [Verdicts].
//
// Settings are swapped whole by [Server.Apply]; a request keeps those it began
// with. Events go to the bus, which never blocks; records go to the
// [Recorder], which must not block either.
//
// Concurrency: a Server is safe for concurrent use. What does not belong here:
// which key is free (keypool), what bytes mean (dialect), what a status means
// (upstream), files and windows.
package proxy
