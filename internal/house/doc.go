// Package house holds no code of the program: its test holds the walls.
//
// Which room may import which is written once, in walls_test.go, as a table. A
// package that is not in the table fails the test: whoever adds a room decides
// what it may know. The same test keeps what else the house has promised:
//
//   - provider keys are revealed in two packages only;
//   - the window's toolkit stays in the window, and a headless build needs no
//     C compiler;
//   - what strangers present is compared in constant time, and foreign bytes go to
//     no parser that recurses without a bound;
//   - every module that is linked has a licence that allows it;
//   - every package says in a doc.go what it is for;
//   - names say what a thing is, so no package is called util, and files have no
//     underscores but those that Go gives a meaning.
//
// What does not belong here: rules that a linter can hold; those are in
// .golangci.yml.
package house
