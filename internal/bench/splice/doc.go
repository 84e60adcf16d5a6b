// Package splice puts a table that a command prints into the text that people
// read, between two lines that name the command.
package splice
