package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// portHolder finds the process that listens on a TCP port: the socket's inode
// in /proc/net/tcp, then the process that has it open. "" if it is another
// user's.
func portHolder(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listenersOn(table, port, inodes)
	}
	if len(inodes) == 0 {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !inodes[target] {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm") //nolint:gosec // a fixed place
		if err != nil {
			return "process " + pid
		}
		return strings.TrimSpace(string(name)) + " (process " + pid + ")"
	}
	return ""
}

// listenersOn adds "socket:[inode]" of every listening socket with this port.
func listenersOn(table string, port int, inodes map[string]bool) {
	f, err := os.Open(table) //nolint:gosec // a fixed place
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	const stateListen = "0A"
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && fields[3] == stateListen && strings.HasSuffix(fields[1], suffix) {
			inodes["socket:["+fields[9]+"]"] = true
		}
	}
}
