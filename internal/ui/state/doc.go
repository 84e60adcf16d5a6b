// Package state is what the window shows, without Fyne: a [Snapshot] carried on
// by events, and views of it (rows, sentences, the tray's icon and lines).
//
// It holds deadlines; whoever draws asks with a time and gets the seconds. It
// is not safe for concurrent use: the window's pump owns it.
//
// What does not belong here: widgets, and anything that decides.
package state
