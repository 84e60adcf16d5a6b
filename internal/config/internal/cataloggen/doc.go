// Command cataloggen writes internal/config/catalog.json from the vendors'
// data in charm.land/catwalk. It is run by `go generate ./internal/config` and
// its test compares the file with what it would write now.
//
// The program itself must not link catwalk: that carries the data of 43
// vendors (0.68 MB of JSON, parsed by package variables at every start) and a
// client with Prometheus behind it, of which glmtray needs a few rows. What
// does not belong here: corrections. They stand, each with source and date, in
// internal/config/overrides.go.
package main
