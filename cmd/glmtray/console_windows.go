//go:build !headless

package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// attachConsole gives a program that was linked without a console (-H
// windowsgui) the one of the shell that has started it, so that commands can
// print and ask. Streams that were redirected stay as they are; started from
// the desktop there is no console, and nothing is printed.
func attachConsole() {
	const parent = ^uintptr(0) // ATTACH_PARENT_PROCESS
	var missing []uint32
	for _, id := range []uint32{windows.STD_INPUT_HANDLE, windows.STD_OUTPUT_HANDLE, windows.STD_ERROR_HANDLE} {
		if h, err := windows.GetStdHandle(id); err != nil || h == 0 || h == windows.InvalidHandle {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return
	}
	if ok, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole").Call(parent); ok == 0 {
		return
	}
	for _, id := range missing {
		name := "CONOUT$"
		if id == windows.STD_INPUT_HANDLE {
			name = "CONIN$"
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // this one stays silent
		}
		_ = windows.SetStdHandle(id, windows.Handle(f.Fd())) // for programs that are started; ours have f
		switch id {
		case windows.STD_INPUT_HANDLE:
			os.Stdin = f
		case windows.STD_OUTPUT_HANDLE:
			os.Stdout = f
		case windows.STD_ERROR_HANDLE:
			os.Stderr = f
		}
	}
}
