//go:build unix

package connect

import (
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func ownerOf(info fs.FileInfo) [2]int {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return [2]int{-1, -1}
	}
	return [2]int{int(st.Uid), int(st.Gid)}
}

func TestTheOwnerStays(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	r := newRig(t)
	path := r.put(".claude/settings.json", "{}\n")
	if err := os.Chown(path, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		info, err := os.Stat(path)
		if owner := ownerOf(info); err != nil || owner != [2]int{1234, 2345} || info.Mode() != 0o644 {
			t.Fatalf("owner %v, %v, %v", owner, info.Mode(), err)
		}
		r.connect("claude-code", testWish())
	}
	r.disconnect("claude-code")
	if info, err := os.Stat(path); err != nil || ownerOf(info) != [2]int{1234, 2345} {
		t.Errorf("owner %v, %v", ownerOf(info), err)
	}
}
