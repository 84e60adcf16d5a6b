// Package config holds what a user can wish for: providers, keys by name,
// rules and limits, and how they are found.
//
// [Load] resolves them: defaults, then settings.toml, then an env file, then
// the environment, then flags. Each value remembers its [Origin]. What is wrong
// is told with file, line, field and what would be allowed, all problems at
// once. [Edit] changes the file and keeps its comments and order. [Watch]
// reloads it.
//
// Vendors are data. Presets stand in providers.go; what is known of their
// models comes from catalog.json, corrected by overrides.go. catalog.json is
// written by internal/cataloggen (go generate) from charm.land/catwalk, which
// is not linked into the program: it would bring the data of 43 vendors
// (0.68 MB of JSON, parsed by package variables at every start) and an HTTP
// client that depends on Prometheus. The file is made from v0.52.18: v0.52.6 is
// listed by the module proxy but not served (403, 2026-11-22), and v0.52.86
// wants a newer Go (1.26.10) than this module.
//
// # Secrets
//
// Keys come from the environment or through a [Reader] (the OS keychain) and
// are [secret.Value] from there on. No error, Note or Origin of this package
// holds a key: a broken variable is named, never quoted, and what is quoted
// from a file is masked and short. A keychain key is bound to the host it was
// stored for, so that a changed URL cannot send it elsewhere: whatever dialects
// an endpoint speaks, all its addresses are at one host. Only variables may name
// two, for the keys that come with them.
//
// # Concurrency
//
// A [Settings] is not changed after Load and may be read by everybody. Load,
// Edit and Watch may be called at any time; two edits of one file wait for each
// other, in other processes as well.
//
// What does not belong here: which key or target is used now (keypool, route),
// what a provider lists today (roster), and the keychain itself (store).
package config

//go:generate go run ./internal/cataloggen catalog.json
