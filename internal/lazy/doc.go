// Package lazy makes what a program may need and most runs never do: fifty regular
// expressions took a fifteenth of a start.
//
// It imports nothing but the standard library. What does not belong here: what may
// fail, and what is needed at every start.
package lazy
