package process

import "os/exec"

// runAs is not to be had here.
func runAs(*exec.Cmd, uint32) {}
