package main

// noCoreDumps has nothing to do: Windows writes none unless an administrator has
// asked for them.
func noCoreDumps() {}
