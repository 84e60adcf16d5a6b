// Command glmtray serves requests of coding agents on localhost with the keys
// of several LLM providers.
//
// This package is the composition root and the command line: one file per
// command, app.go puts the rooms together. [run] is the whole program with its
// surroundings passed in, so that tests can start it.
//
// It has two shells. With -tags headless it is pure Go and serves only. Without,
// shell_gui.go opens the window, and backend.go is what the window acts on: the
// same code that the commands run, so that a key added in the window and one
// added by `glmtray keys add` go one way. The window outlives the proxy: desktop
// keeps trying, and what fails is shown. A data folder has one window:
// solewindow.go sees to it.
//
// What does not belong here: routing, keys' states, storage; and widgets.
package main
