package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// reload is what Watch tells.
type reload struct {
	s   *Settings
	err error
}

// patience bounds how long a test waits for what must come; nothing is measured
// by it.
const patience = 20 * time.Second

func watching(t *testing.T, o Options) (<-chan reload, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan reload, 64)
	done, err := Watch(ctx, o, func(s *Settings, err error) { told <- reload{s, err} })
	if err != nil {
		t.Fatal(err)
	}
	return told, func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the watcher does not end")
		}
	}
}

// next waits for a reload that fits.
func next(t *testing.T, told <-chan reload, what string, fits func(reload) bool) {
	t.Helper()
	end := time.After(patience)
	for {
		select {
		case r := <-told:
			if fits(r) {
				return
			}
		case <-end:
			t.Fatalf("not told of: %s", what)
		}
	}
}

func TestWatchReloadsWhatChangesAndKeepsQuietOtherwise(t *testing.T) {
	dir := t.TempDir()
	file, envFile := filepath.Join(dir, "settings.toml"), filepath.Join(dir, "my.env")
	write(t, envFile, "MAX_WORKERS=5\n")
	told, stop := watching(t, Options{DataDir: dir, EnvFile: envFile, Keychain: ring{}})
	defer stop()

	write(t, file, "cooldown = 11\n")
	next(t, told, "a new file", func(r reload) bool { return r.err == nil && r.s.Cooldown == 11*time.Second && r.s.MaxWorkers == 5 })
	if err := Edit(file, func(d *Doc) error { return d.SetScalar("cooldown", "12") }); err != nil {
		t.Fatal(err)
	}
	next(t, told, "a renamed file", func(r reload) bool { return r.err == nil && r.s.Cooldown == 12*time.Second })
	write(t, envFile, "MAX_WORKERS=6\n")
	next(t, told, "the env file", func(r reload) bool { return r.err == nil && r.s.MaxWorkers == 6 })
	write(t, file, "cooldown = soon\n")
	next(t, told, "a bad file", func(r reload) bool { return errors.Is(r.err, ErrInvalid) && r.s == nil })
	write(t, file, "cooldown = 13\n")
	next(t, told, "a mended file", func(r reload) bool { return r.err == nil && r.s.Cooldown == 13*time.Second })
	if err := Touch(file); err != nil {
		t.Fatal(err)
	}
	next(t, told, "a touched file", func(r reload) bool { return r.err == nil })
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	next(t, told, "a removed file", func(r reload) bool { return r.err == nil && r.s.Cooldown == time.Minute })
}

func TestWatchIsNotPutOffByABusyFolder(t *testing.T) {
	dir := t.TempDir()
	told, stop := watching(t, Options{DataDir: dir})
	defer stop()
	end := make(chan struct{})
	quiet := make(chan struct{})
	go func() {
		defer close(quiet)
		for {
			select {
			case <-end:
				return
			default:
				_ = os.WriteFile(filepath.Join(dir, "glmtray.db-wal"), []byte("x"), 0o600)
				_ = Touch(filepath.Join(dir, "settings.toml"))
			}
		}
	}()
	write(t, filepath.Join(dir, "settings.toml"), "cooldown = 11\n")
	next(t, told, "a file in a busy folder", func(r reload) bool { return r.err == nil && r.s.Cooldown == 11*time.Second })
	close(end)
	<-quiet
}

func TestWatchFollowsALinkedFile(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write(t, filepath.Join(other, "dot.toml"), "cooldown = 1\n")
	if err := os.Symlink(filepath.Join(other, "dot.toml"), filepath.Join(dir, "settings.toml")); err != nil {
		t.Skip("no links here:", err)
	}
	told, stop := watching(t, Options{DataDir: dir})
	defer stop()
	write(t, filepath.Join(other, "dot.toml"), "cooldown = 14\n")
	next(t, told, "the link's target", func(r reload) bool { return r.err == nil && r.s.Cooldown == 14*time.Second })
}

func TestTouchingNothingIsFine(t *testing.T) {
	if err := Touch(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}
