package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Edit changes a settings file: change is given its text as a [Doc], and what
// it leaves there is written if it can be loaded again. Comments, order and
// line ends stay. The old file stays on every error.
//
// The new text is written beside the file, synced and renamed over it (a link
// is followed, the mode kept; a new file is 0600 in a folder of 0700). Edits of
// one file wait for each other, across processes, by a lock on FILE.lock.
func Edit(file string, change func(*Doc) error) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("making the settings' folder: %w", err)
	}
	target, err := followLink(file)
	if err != nil {
		return err
	}
	unlock, err := lockedfile.MutexAt(target + ".lock").Lock()
	if err != nil {
		return fmt.Errorf("locking settings: %w", err)
	}
	defer unlock()
	old, _, err := openSettings(target)
	if err != nil {
		return err
	}
	doc := newDoc(old)
	if err := change(doc); err != nil {
		return err
	}
	text := doc.text()
	if string(text) == string(old) {
		return nil
	}
	s := defaults("")
	if err := readSettings(s, text, file, "").err(); err != nil {
		return fmt.Errorf("changing settings: %w", err)
	}
	return replaceFile(target, text)
}

// Touch tells a running proxy to read the settings and the keychain again,
// after a secret has changed under a name that stays. A file that is not there
// is left alone.
func Touch(file string) error {
	now := time.Now()
	if err := os.Chtimes(file, now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("touching settings: %w", err)
	}
	return nil
}

// followLink gives the file that a link leads to, so that renaming does not
// replace the link.
func followLink(file string) (string, error) {
	info, err := os.Lstat(file)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return file, nil
	}
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", fmt.Errorf("following %s: %w", file, err)
	}
	return target, nil
}

// replaceFile writes text so that a reader, and a crash, finds the old file or
// the new one and nothing between.
func replaceFile(file string, text []byte) (err error) {
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".settings-*.toml")
	if err != nil {
		return fmt.Errorf("writing settings: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing settings: %w", errors.Join(err, ignoreMissing(os.Remove(f.Name()))))
		}
	}()
	_, writeErr := f.Write(text)
	if err := cmp.Or(writeErr, f.Chmod(mode), f.Sync()); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	syncDir(filepath.Dir(file))
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncDir makes a rename outlive a power cut, where folders can be synced;
// Windows cannot, and nothing is lost that could be helped.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}
