// Package docs holds the tests of README.md and docs/*.md: what they tell people
// to type is typed, and what they say the program says is said.
//
// Contract. Every command of a fenced sh block is run, or stands in a table with
// the reason why not (table_test.go); a command that is neither, and a row that
// meets no command, fail. Each page has a home, a data folder, a keychain and a
// running glmtray of its own, in which its commands are run from above, as a
// reader would. Providers are simulators, and the way to any other host is closed.
// Of what is not run, and of commands in the text, each subcommand and flag must
// be one that --help knows. Every toml block is read as settings, each link leads
// somewhere, and routing.md's example is played and compared.
//
// Where there is no Secret Service to be started nothing is run, and that is said;
// with GLMTRAY_TEST_REQUIRE=1 it fails.
//
// Concurrency. Pages run beside each other and share nothing.
//
// What does not belong here: whether a command does what it should, which
// cmd/glmtray and e2e test.
package docs
