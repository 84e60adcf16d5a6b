package connect

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds what is read as a client's file, in bytes. ~/.claude.json grows
// to several MB.
const maxFile = 32 << 20

// ErrMeanwhile means that somebody else has written a file since it was read.
var ErrMeanwhile = errors.New("somebody else has just written this file")

// disk is a client's file as it was read.
type disk struct {
	path   string
	real   string // where the links lead
	data   []byte
	info   fs.FileInfo // nil: there is no file
	absent bool
}

// look reads a file. Links are followed, also one that leads nowhere yet.
func look(path string) (disk, error) {
	real, err := follow(path)
	if err != nil {
		return disk{}, err
	}
	f := disk{path: path, real: real}
	info, err := os.Stat(real)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.absent = true
		return f, nil
	case err != nil:
		return f, fmt.Errorf("reading %s: %w", path, err)
	case !info.Mode().IsRegular():
		return f, fmt.Errorf("%w: %s is no file", ErrCannotEdit, path)
	case info.Size() > maxFile:
		return f, fmt.Errorf("%w: %s is too large", ErrCannotEdit, path)
	}
	f.info = info
	if f.data, err = os.ReadFile(real); err != nil { //nolint:gosec // the user's own file, named by the client's documentation
		return f, fmt.Errorf("reading %s: %w", path, err)
	}
	return f, nil
}

// blank reports whether nothing stands in the file.
func (f disk) blank() bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(f.data, []byte(bom)))) == 0
}

// follow gives the place that a link leads to. The folders above need no
// following: they stay what they are.
func follow(path string) (string, error) {
	const most = 40
	for range most {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil //nolint:nilerr // what is not there is no link
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("following %s: %w", path, err)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fmt.Errorf("%w: the link %s leads round in a circle", ErrCannotEdit, path)
}

// write puts another text in the file's place, if it still is what was read.
// Folders that are missing are made.
func (f disk) write(text []byte) error {
	if err := errors.Join(f.writable(), f.unchanged()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.real), 0o700); err != nil {
		return fmt.Errorf("making the folder of %s: %w", f.path, err)
	}
	if err := replace(f.real, text, f.info); err != nil {
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	return nil
}

// writable reports a file that somebody has made read-only.
func (f disk) writable() error {
	if f.info != nil && f.info.Mode().Perm()&0o200 == 0 {
		return fmt.Errorf("%w: %s is read-only", ErrCannotEdit, f.path)
	}
	return nil
}

// unchanged reports a file that somebody has written since it was read.
func (f disk) unchanged() error {
	now, err := look(f.path)
	if err != nil {
		return err
	}
	if now.absent != f.absent || !bytes.Equal(now.data, f.data) {
		return fmt.Errorf("%w: %s", ErrMeanwhile, f.path)
	}
	return nil
}

// remove takes the file away.
func (f disk) remove() error {
	if f.absent {
		return nil
	}
	if err := f.unchanged(); err != nil {
		return err
	}
	if err := os.Remove(f.real); err != nil {
		return fmt.Errorf("removing %s: %w", f.path, err)
	}
	return nil
}

// dropFolders removes folders that were made for files which are gone.
func dropFolders(folders []string) {
	for i := len(folders) - 1; i >= 0; i-- {
		if os.Remove(folders[i]) != nil {
			return // somebody keeps something in it
		}
	}
}

// The names of files that are being written begin and end so.
const (
	tempPrefix = ".glmtray-"
	tempSuffix = ".tmp"
)

// replace writes a file so that a reader, and a crash, finds the old text or
// the new one. The mode and the owner of an old file stay; a new one is its
// owner's alone.
func replace(path string, text []byte, old fs.FileInfo) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*"+tempSuffix) // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	_, writeErr := f.Write(text)
	var modeErr error
	if old != nil {
		modeErr = cmp.Or(keepOwner(f, old), f.Chmod(old.Mode().Perm()))
	}
	if err := cmp.Or(writeErr, modeErr, f.Sync()); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder makes a rename outlive a power cut, where folders can be synced.
func syncFolder(dir string) {
	d, err := os.Open(dir) //nolint:gosec // the folder of a file that was just written
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}
