// Package manual writes what is known of a command line in other forms: as a
// page for man(1), and as completions for bash, zsh and fish.
//
// All of it is made from the model that kong parses with, so that it says what
// --help says. Hidden commands and flags are left out.
//
// What does not belong here: texts of single commands; they stand beside the
// commands.
package manual
