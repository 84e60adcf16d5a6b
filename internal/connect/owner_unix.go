//go:build unix

package connect

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a new file to the old one's owner and group.
func keepOwner(f *os.File, old fs.FileInfo) error {
	was, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if now, ok := info.Sys().(*syscall.Stat_t); ok && now.Uid == was.Uid && now.Gid == was.Gid {
		return nil
	}
	if err := f.Chown(int(was.Uid), int(was.Gid)); err != nil {
		return fmt.Errorf("%w: it belongs to somebody else: %w", ErrCannotEdit, err)
	}
	return nil
}
