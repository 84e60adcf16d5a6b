package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// seed writes a body file of size bytes for that moment and gives its path.
func seed(t *testing.T, dir string, at time.Time, size int) string {
	t.Helper()
	day, name := bodyName(at, "POST", "/v1/chat/completions", "0a1b2c3d")
	if err := os.MkdirAll(filepath.Join(dir, day), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, day, name), make([]byte, size))
	return day + "/" + name
}

func sweepOnce(t *testing.T, opt BodyOptions, now time.Time) *bodyFolder {
	t.Helper()
	f := newBodyFolder(opt)
	if err := f.sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return f
}

func left(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for name := range bodyFiles(t, dir) {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestTheOldestFilesGoWhenTheFolderIsTooLarge(t *testing.T) {
	dir := t.TempDir()
	now := at
	var all []string
	for i := range 20 { // 5 a day
		all = append(all, seed(t, dir, now.Add(time.Duration(i-20)*24*time.Hour/5), 1000))
	}
	f := sweepOnce(t, BodyOptions{Dir: dir, MaxBytes: 8000}, now)
	got := left(t, dir)
	if want := all[len(all)-7:]; !slices.Equal(got, want) { // 95 % of 8,000
		t.Errorf("left %q, want the newest %q", got, want)
	}
	if f.total != 7000 {
		t.Errorf("counted %d", f.total)
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 3 {
		t.Errorf("emptied folders stayed: %v", entries)
	}
	sweepOnce(t, BodyOptions{Dir: dir, MaxBytes: 8000}, now)
	if again := left(t, dir); !slices.Equal(again, got) {
		t.Errorf("a folder within its bounds lost files: %q", again)
	}
}

func TestFilesBeyondTheirAgeGo(t *testing.T) {
	dir := t.TempDir()
	now := at
	seed(t, dir, now.Add(-30*24*time.Hour), 10)
	seed(t, dir, now.Add(-48*time.Hour-time.Minute), 10)
	young := []string{seed(t, dir, now.Add(-48*time.Hour+time.Minute), 10), seed(t, dir, now, 10)}
	sweepOnce(t, BodyOptions{Dir: dir, MaxAge: 48 * time.Hour}, now)
	if got := left(t, dir); !slices.Equal(got, young) {
		t.Errorf("left %q, want %q", got, young)
	}
}

func TestNobodyElsesFileIsTouched(t *testing.T) {
	dir := t.TempDir()
	old := at.Add(-100 * 24 * time.Hour)
	mine := seed(t, dir, old, 10)
	day := filepath.Dir(mine)
	foreign := []string{
		"notes.txt", "20200101_000000_000000_GET_x_0a1b2c3d.json", // not in a day's folder
		day + "/notes.json", day + "/20260101_000000_000000_GET_x_0a1b2c3d.json", // another day's
		day + "/20260814_230506_123456_POST_[ZAI] v1_chat_completions_0a1b2c3d.json",
		day + "/.20260814_230506_123456_POST_x_0a1b2c3d.json", day + "/sub/20260814_230506_123456_POST_x_0a1b2c3d.json",
		"2026-13-99/20260814_230506_123456_POST_x_0a1b2c3d.json", "backup/20260814_230506_123456_POST_x_0a1b2c3d.json",
	}
	for _, name := range foreign {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), []byte("foreign"))
	}
	if runtime.GOOS != "windows" {
		predecessors := day + "/20260814_230506_123456_POST_v1_chat_completions_ffffffff.json"
		write(t, filepath.Join(dir, predecessors), []byte("foreign"))
		if err := os.Chmod(filepath.Join(dir, predecessors), 0o644); err != nil {
			t.Fatal(err)
		}
		foreign = append(foreign, predecessors)
	}
	outside := t.TempDir()
	linked := seed(t, outside, old.Add(-24*time.Hour), 10)
	if err := os.Symlink(filepath.Join(outside, filepath.Dir(linked)), filepath.Join(dir, filepath.Dir(linked))); err != nil {
		t.Log(err)
	}
	sweepOnce(t, BodyOptions{Dir: dir, MaxBytes: 1, MaxAge: time.Hour}, at)
	slices.Sort(foreign)
	if got := left(t, dir); !slices.Contains(got, foreign[0]) || slices.Contains(got, mine) {
		t.Errorf("left %q", got)
	}
	for _, name := range foreign {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if got := left(t, outside); len(got) != 1 {
		t.Error("a file behind a link was removed")
	}
}

func TestHalfWrittenFilesOfADeadProcessGo(t *testing.T) {
	dir := t.TempDir()
	day, name := bodyName(at, "GET", "/x", "0a1b2c3d")
	if err := os.Mkdir(filepath.Join(dir, day), 0o700); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, day, tempPrefix+name+tempSuffix)
	_, fresh := bodyName(at, "GET", "/y", "0a1b2c3d")
	fresh = filepath.Join(dir, day, tempPrefix+fresh+tempSuffix)
	now := time.Now()
	for path, age := range map[string]time.Duration{stale: 2 * staleTemp, fresh: time.Second} {
		write(t, path, []byte("half"))
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	sweepOnce(t, BodyOptions{Dir: dir, MaxBytes: 1 << 30}, now)
	if got := left(t, dir); len(got) != 1 || filepath.Base(got[0]) != filepath.Base(fresh) {
		t.Errorf("left %q", got)
	}
}

func TestAGrowingFolderIsHeldWithinItsSize(t *testing.T) {
	dir := t.TempDir()
	old := seed(t, dir, at.Add(-24*time.Hour), 50_000)
	b := NewBodies(BodyOptions{Dir: dir, MaxBytes: 60_000})
	for i := range 200 {
		b.Put(BodyRecord{Time: at.Add(time.Duration(i) * time.Second), ID: fmt.Sprintf("%08x", i), Method: "GET", Path: "/x", Request: make([]byte, 1000)})
	}
	drained(t, b)
	if err := b.folder.sweep(context.WithoutCancel(t.Context()), at); err != nil { // the one which Close interrupted
		t.Fatal(err)
	}
	files := bodyFiles(t, dir)
	total := 0
	for _, text := range files {
		total += len(text)
	}
	if _, there := files[old]; there || total > 60_000 || total < 30_000 {
		t.Errorf("%d bytes in %d files; the oldest is there: %v", total, len(files), there)
	}
	if _, there := files["2026-11-22/"+lastName(199)]; !there {
		t.Error("the newest is gone")
	}
}

func lastName(i int) string {
	_, name := bodyName(at.Add(time.Duration(i)*time.Second), "GET", "/x", fmt.Sprintf("%08x", i))
	return name
}
