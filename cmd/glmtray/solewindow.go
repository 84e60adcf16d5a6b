//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errHeld means that another process has the lock.
var errHeld = errors.New("another process has it")

// How long a start waits for another one that is about to serve or to end, and
// how often it looks. A keychain that asks a person and requests that run to
// their end both take their time.
const (
	soleLimit = time.Minute
	soleEvery = 50 * time.Millisecond
)

// soleWindow makes this process the only one with a window on its data folder.
// If another has it, that one is shown instead: raised is true, and there is
// nothing left to do. release lets the next one in; so does the process's end,
// however it comes.
//
// The address in run.json alone would not do: of two starts in the same instant
// neither finds the other's.
func soleWindow(e *env) (release func(), raised bool, err error) {
	_, dataDir, err := e.places()
	if err != nil {
		return nil, false, err
	}
	free := func() {}
	lock, err := openLock(dataDir)
	if err == nil {
		free = func() { _ = lock.Close() } // the system has let go of it then
		err = awaitLock(e, lock)
	}
	switch {
	case errors.Is(err, errRaised):
		free()
		return nil, true, nil
	case errors.Is(err, errNoLock):
		_, _ = fmt.Fprintf(e.stderr, "note: %v: two starts at once may open two windows\n", err)
	case err != nil:
		free()
		return nil, false, err
	}
	// One without a window is found by its address alone.
	if raised, err = raiseOther(e); raised || err != nil {
		free()
		return nil, raised, err
	}
	return free, false, nil
}

var (
	errRaised = errors.New("the other window is shown")
	errNoLock = errors.New("the data folder cannot be locked")
)

// openLock opens the file that is locked. A folder that cannot be made is no
// reason to show no window: the window tells what is wrong with it.
func openLock(dataDir string) (f *os.File, err error) {
	if err = os.MkdirAll(dataDir, 0o700); err == nil {
		f, err = os.OpenFile(filepath.Join(dataDir, "window.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoLock, err)
	}
	return f, nil
}

// awaitLock takes the lock, or shows the window of the process that has it:
// errRaised. While that one neither listens yet nor has ended, it waits.
func awaitLock(e *env, lock *os.File) error {
	ctx, cancel := context.WithTimeout(e.ctx, soleLimit)
	defer cancel()
	tick := time.NewTicker(soleEvery)
	defer tick.Stop()
	told := false
	for {
		err := tryLock(lock)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errHeld) {
			return fmt.Errorf("%w: %w", errNoLock, err)
		}
		raised, err := raiseOther(e)
		switch {
		case raised && err == nil:
			return errRaised
		case err != nil && !raised: // what runs has no window to be shown
			return err
		}
		if !told {
			told = true
			_, _ = fmt.Fprintln(e.stderr, "note: another glmtray begins or ends: waiting for it")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if e.ctx.Err() != nil {
				return e.ctx.Err()
			}
			return hint(
				fmt.Errorf("another glmtray has the data folder and has not answered for %d s", int(soleLimit.Seconds())),
				"look at its window or its icon in the tray; it may wait for the keychain's password",
			)
		}
	}
}
