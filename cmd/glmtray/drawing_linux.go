//go:build !headless

package main

/*
#include <malloc.h>

static void keep(void) {
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

static void let_go(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
*/
import "C"

// keepDrawing has the C library keep what a frame was drawn in for the next one.
// Mesa's drawing in software asks for some ten megabytes a frame and frees them at its
// end; glibc gave them back to the system each time and had 10,000 pages a second
// mapped anew, half of what a busy page cost (`perf stat -e page-faults`, 2026-11-29:
// 39,493 in four seconds, now 251).
func keepDrawing() { C.keep() }

// letGoOfDrawing gives it back once nothing is drawn any more.
func letGoOfDrawing() { C.let_go() }
