// Command glmtray serves requests of coding agents on localhost with the keys
// of several LLM providers.
//
// This package is the composition root and the command line: one file per
// command, app.go puts the rooms together. [run] is the whole program with its
// surroundings passed in, so that tests can start it. What does not belong
// here: anything a window or a second front end would need as well.
package main
