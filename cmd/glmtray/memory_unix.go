//go:build unix

package main

import "golang.org/x/sys/unix"

// noCoreDumps keeps a crash from writing the memory, with every key in it, to the
// disk. The hard limit stays: programs that this one starts may want theirs.
func noCoreDumps() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &limit) == nil {
		limit.Cur = 0
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &limit) // lowering one's own limit is always allowed
	}
}
