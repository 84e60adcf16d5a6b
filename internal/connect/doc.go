// Package connect points coding agents at the proxy, and back, without a trace.
//
// A [Client] is an agent that the package knows: which files name its provider
// ([Clients]), or what a person has to type where no file can be written. A
// [Connector] does the work for one user and one data folder: [Connector.Detect]
// looks, [Connector.Plan] says what would change, with a diff, and writes
// nothing; [Connector.Apply] writes; [Connector.Undo] and [Connector.Restore]
// take it back, which [Connector.PlanUndo] and [Connector.PlanRestore] say
// beforehand; [Connector.Repoint] follows a proxy whose address has moved.
//
// # What is promised
//
// Files are changed value by value, spliced where the parser says that things
// stand; comments, order and layout stay. Each splice is read again, and one
// that would mean anything but what was wished is refused ([ErrCannotEdit]).
//
// Undoing is by value as well: one that is still ours goes back to what stood
// there, one that was changed since is the user's and stays, which is reported
// and never fought over. If nobody changed anything the file is byte for byte
// what it was, and is gone if there was none.
//
// The ledger (connections.json in the data folder) is written before the file,
// so that a crash between the two leaves nothing that cannot be undone, and what
// fails halfway is taken back, or tried again at the next start. Beside it lies a
// dated copy of each file as it was before the first connection, with a note of
// what was done: a ledger that is gone is made of these. Undoing needs nothing
// else: no proxy, no database, no settings.
//
// # Secrets
//
// A client's key stands in that client's own file only. The ledger has its
// SHA-256, diffs and reports have neither it nor any value that is named like a
// key. What stood in the file before may well be a key of the user's: ledger and
// copies are readable by their owner alone, and go with the connection.
//
// # Concurrency
//
// A Connector may be used by several goroutines; whatever writes holds a lock on
// the ledger, across processes. A client's file that somebody else writes
// meanwhile, and a plan that somebody else has outrun, are noticed ([ErrMeanwhile])
// and nothing is overwritten.
//
// What does not belong here: making and revoking client keys (the store), and
// asking people (the commands). Home, variables and operating system are passed
// in ([Env]) and never looked up.
package connect
