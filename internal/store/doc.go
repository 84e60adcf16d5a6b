// Package store keeps what has to outlive the program: records in one SQLite
// database, and request bodies as files.
//
// [Open] gives the database, glmtray.db in the data folder. Each noun has a
// file of its own (keystate.go, clients.go, requests.go, usage.go, remembered.go)
// and its tables come from the numbered files in migrations/. An exported method
// opens the transaction, the lower-case helper below it takes one, so that helpers
// compose. To add a noun: migrations/00N_x.sql and x.go.
//
// [NewRequestWriter] gives the writer of request records and [NewClients] the
// clients' keys in memory: what a request needs of the database without ever
// waiting for it. A record reaches the disk a quarter of a second after it was
// put. A client's key is kept as a hash, and what changes it is synced at once.
//
// What requests have in common stands once, in request_kinds: a filter looks
// through those few rows and then takes the newest requests of the kinds that fit
// ([Store.Requests]). What each hour has used is added up in the same transaction
// ([Store.Usage]), so that it agrees with the rows whatever happens, and outlives
// them: [Store.Retain] removes rows by age, number and size, in steps of milliseconds.
//
// [NewBodies] gives the writer of body files. It has nothing to do with the
// database and never stands in a request's way.
//
// [NewRecent] keeps the newest bodies in memory alone, for whoever looks on. It
// stands here for what it shares with the body files: bounds, and how a body is
// made readable without its keys.
//
// Contract. A database that is damaged, that a newer glmtray wrote or that is
// not glmtray's is renamed with the date, never overwritten or deleted, and a
// new one is begun; [Store.Notices] and the log say so. Anything that may pass
// (a lock, a permission, a full disk) is an error and leaves the file alone.
// Before a migration changes an existing database a dated copy of it is made.
// Files are 0600, folders that are made here 0700. A process that is killed
// leaves a sound database; after a power cut the last records may be missing.
//
// Concurrency. Store, Clients, RequestWriter, Bodies and Recent are safe for
// concurrent use. The database has one writing connection and two reading ones;
// several processes may have it open at once.
//
// What does not belong here: provider keys (they are in the keychain, see
// store/keychain), what the user wishes (settings.toml, see config), and any
// decision about requests.
package store
