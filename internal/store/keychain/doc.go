// Package keychain keeps provider keys where the system keeps passwords: the
// Secret Service on Linux, the Keychain on macOS, the Credential Manager on
// Windows.
//
// An item has service "glmtray", user "PROVIDER/NAME", and a text whose first
// line is the key; further lines are attributes, "host=api.cerebras.ai" so far.
// A text of one line, as another program may have put it there, is a key with
// no host. So on Linux
//
//	secret-tool lookup service glmtray username cerebras/desk | head -1
//
// prints a key, and printf KEY | secret-tool store … gives one.
//
// Contract. No call waits for ever: a locked keychain asks the user in a window
// of its own and answers when the window is closed, so a call is given up after
// 10 s ([Limit]). While one that was given up still waits, further calls fail at
// once: there is one question on the screen, not one per key. A Set that was
// given up may still come into force when the user answers. Errors are
// [ErrNotFound], [ErrUnavailable] (with [Hint] for people), or say what is wrong
// with what was given.
//
// Concurrency. Safe for concurrent use; calls take turns. They may take seconds:
// never call from a UI thread or on a request's path.
//
// What does not belong here: which keys there are, their order and accounts
// (config), and their state (store, keypool). There is no list: the settings
// file holds the names.
package keychain
