// Command security runs the tests that hold what docs/security.md promises, and
// prints the table of the promises with their verdicts. `make security` is how it
// is started; with -write the tables in docs/security.md and README.md are
// replaced.
//
// Contract. What is promised stands once, in [promises]; the pages show it. A
// promise is held if each of its tests has run and passed; one that was skipped
// is not held. A test of this package holds the pages and the names to the list.
//
// What does not belong here: the tests themselves, which stand beside the code
// that they are about.
package main
