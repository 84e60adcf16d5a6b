// Command growth shows how cost grows with what grows (make bench-growth): it
// runs every benchmark that is called Growth and puts its figures in a table.
// Ratios within one run are what counts.
package main
