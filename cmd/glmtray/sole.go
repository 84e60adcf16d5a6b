package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

var (
	// errHeld means that another process has the lock.
	errHeld   = errors.New("another process has it")
	errNoLock = errors.New("the data folder cannot be locked")
)

// How long a start waits for another one that is about to serve or to end, and
// how often it looks. A keychain that asks a person and requests that run to
// their end both take their time.
const (
	soleLimit = time.Minute
	soleEvery = 50 * time.Millisecond
)

// sole makes this process the only one that serves from its data folder. If another
// does, look says what becomes of this one: done leaves it nothing to do, an error
// ends it, and with neither or both it waits until the other listens or has ended. release
// lets the next one in; so does the process's end, however it comes.
//
// The address in run.json alone would not do: of two starts in the same instant
// neither finds the other's.
func sole(e *env, look func(*env) (done bool, err error)) (release func(), done bool, err error) {
	_, dataDir, err := e.places()
	if err != nil {
		return nil, false, err
	}
	free := func() {}
	lock, err := openLock(dataDir)
	if err == nil {
		free = func() { _ = lock.Close() } // the system has let go of it then
		done, err = awaitLock(e, lock, look)
	}
	switch {
	case errors.Is(err, errNoLock):
		_, _ = fmt.Fprintf(e.stderr, "note: %v: two starts at once may both serve\n", err)
	case done || err != nil:
		free()
		return nil, done, err
	}
	// One of a version that took no lock, or on a folder that has none, is found by
	// its address alone.
	if done, err = look(e); done || err != nil {
		free()
		return nil, done, err
	}
	return free, false, nil
}

// openLock opens the file that is locked. A folder that cannot be made is no
// reason not to begin: what comes next tells what is wrong with it.
func openLock(dataDir string) (f *os.File, err error) {
	if err = os.MkdirAll(dataDir, 0o700); err == nil {
		f, err = os.OpenFile(filepath.Join(dataDir, "serving.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoLock, err)
	}
	return f, nil
}

// awaitLock takes the lock, or looks at the process that has it. While that one neither
// listens yet nor has ended, it waits.
func awaitLock(e *env, lock *os.File, look func(*env) (done bool, err error)) (done bool, err error) {
	ctx, cancel := context.WithTimeout(e.ctx, soleLimit)
	defer cancel()
	tick := time.NewTicker(soleEvery)
	defer tick.Stop()
	told := false
	for {
		err := tryLock(lock)
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, errHeld) {
			return false, fmt.Errorf("%w: %w", errNoLock, err)
		}
		switch done, err := look(e); {
		case done && err == nil:
			return true, nil
		case err != nil && !done:
			return false, err
		}
		if !told {
			told = true
			_, _ = fmt.Fprintln(e.stderr, "note: another glmtray begins or ends: waiting for it")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if e.ctx.Err() != nil {
				return false, e.ctx.Err()
			}
			return false, hint(
				fmt.Errorf("another glmtray has the data folder and has not answered for %d s", int(soleLimit.Seconds())),
				"it may wait for the keychain's password, or for requests to end; see it with: glmtray status",
			)
		}
	}
}
