package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestADatabaseIsRemovedWithItsCopiesAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	addedClient(t, s, "desk")
	for _, word := range []string{"before-6", "damaged", "newer", "foreign", "damaged"} { // the last of one name is a number longer
		name, err := s.freeName(word)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	foreign, err := filepath.Glob(filepath.Join(dir, "glmtray.foreign-*.db"))
	if err != nil || len(foreign) != 1 {
		t.Fatal(foreign, err)
	}
	theirs := []string{"glmtray.db.mine", "my-glmtray.db", "notes.txt"}
	for _, name := range theirs {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, s)
	if err := os.WriteFile(filepath.Join(dir, "glmtray.db-wal"), nil, 0o600); err != nil { // as a kill leaves it
		t.Fatal(err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	want := append([]string{filepath.Base(foreign[0])}, theirs...)
	slices.Sort(want)
	if got := namesIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("left are %v, want %v", got, want)
	}
	if err := Remove(filepath.Join(dir, "nowhere")); err != nil {
		t.Errorf("where there is none: %v", err)
	}
}

func TestBodyFilesAreRemovedAndNothingElse(t *testing.T) {
	for name, theirs := range map[string]string{"ours alone": "", "a file of theirs": "2026-11-22/notes.json", "one beside": "mine.log"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "logs")
			f := newBodyFolder(BodyOptions{Dir: dir})
			for _, at := range []time.Time{time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), time.Now(), time.Now().AddDate(0, 0, 1)} {
				if err := f.save(&BodyRecord{Time: at, ID: "01234567", Method: "POST", Path: "/v1/chat/completions"}); err != nil {
					t.Fatal(err)
				}
			}
			half := filepath.Join(dir, "2026-11-22", ".20261122_100000_000001_POST_v1_01234567.json.tmp")
			if err := os.WriteFile(half, nil, 0o600); err != nil { // as a kill leaves it
				t.Fatal(err)
			}
			if theirs != "" {
				if err := os.WriteFile(filepath.Join(dir, theirs), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := RemoveBodies(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			var left []string
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					left = append(left, filepath.ToSlash(path[len(dir)+1:]))
				}
				return err
			})
			if theirs == "" && !errors.Is(err, fs.ErrNotExist) || theirs != "" && !slices.Equal(left, []string{theirs}) {
				t.Errorf("left are %v, %v", left, err)
			}
			if err := RemoveBodies(t.Context(), dir); err != nil {
				t.Errorf("once more: %v", err)
			}
		})
	}
}
