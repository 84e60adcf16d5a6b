// Package event carries what happens in the program to whoever looks: the
// window, the tray, the /_events page, a test.
//
// Contract. [Bus.Publish] never blocks and never fails: each subscriber has a
// ring of its own; when it is full the oldest event is dropped and counted.
// [Subscription.Dropped] tells how many; whoever finds drops reads its snapshot
// again. Events are for eyes; records of requests go through the proxy's
// Recorder, which loses none.
//
// Events are values. They carry deadlines (CoolUntil), never countdowns, and
// never a key: a key is its name.
//
// Concurrency. Everything here is safe for concurrent use. A Subscription has
// one reader.
package event
