package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// ageEvery is how often files are looked at for their age.
	ageEvery = time.Hour
	// staleTemp is how old a half-written file of a killed process has to be
	// before it is taken away: another process may be writing it.
	staleTemp = time.Hour
)

// bodyFolder is LOG_DIR. One goroutine calls save, another keepBounds.
type bodyFolder struct {
	opt  BodyOptions
	grew chan struct{} // one token: the files together may be too large

	mu    sync.Mutex
	total int64 // bytes of all body files, as far as they are known
}

func newBodyFolder(opt BodyOptions) *bodyFolder {
	return &bodyFolder{opt: opt, grew: make(chan struct{}, 1)}
}

// save writes one record: a temporary file, then its name.
func (f *bodyFolder) save(r *BodyRecord) error {
	data, err := encodeBody(r, f.opt.Scrub)
	if err != nil {
		return fmt.Errorf("encoding a body file: %w", err)
	}
	if err := os.MkdirAll(f.opt.Dir, 0o700); err != nil {
		return err
	}
	// A Root does not follow a link out of the folder, wherever a day's folder
	// may point to. Opened anew, since the user may have moved the folder away.
	root, err := os.OpenRoot(f.opt.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := f.put(root, r, data); err != nil {
		return err
	}
	f.mu.Lock()
	f.total += int64(len(data))
	over := f.opt.MaxBytes > 0 && f.total > f.opt.MaxBytes
	f.mu.Unlock()
	if over {
		f.nudge()
	}
	return nil
}

func (f *bodyFolder) put(root *os.Root, r *BodyRecord, data []byte) error {
	path, _, _ := strings.Cut(r.Path, "?")
	at, path, id := r.Time, f.opt.Scrub.Text(path), shortID(r.ID)
	day, name := bodyName(at, r.Method, path, id)
	if err := root.Mkdir(day, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for range 100 { // never over another record of the same microsecond
		if _, err := root.Lstat(day + "/" + name); errors.Is(err, fs.ErrNotExist) {
			break
		}
		at = at.Add(time.Microsecond)
		_, name = bodyName(at, r.Method, path, id)
	}
	temp := day + "/" + tempPrefix + name + tempSuffix
	err := writeTemp(root, temp, data)
	if errors.Is(err, fs.ErrExist) && root.Remove(temp) == nil {
		err = writeTemp(root, temp, data) // names are not used twice: it was a dead process's, or put there as a trap
	}
	if err != nil {
		_ = root.Remove(temp) // what a full disk took of it
		return err
	}
	return root.Rename(temp, day+"/"+name)
}

func writeTemp(root *os.Root, name string, data []byte) error {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

func (f *bodyFolder) nudge() {
	select {
	case f.grew <- struct{}{}:
	default:
	}
}

// keepBounds holds the files within MaxBytes and MaxAge until ctx ends.
func (f *bodyFolder) keepBounds(ctx context.Context) {
	if f.opt.MaxBytes <= 0 && f.opt.MaxAge <= 0 {
		return
	}
	tick := time.NewTicker(ageEvery)
	defer tick.Stop()
	var told time.Time
	for {
		err := f.sweep(ctx, time.Now())
		if err != nil && !errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil && time.Since(told) >= complainEvery {
			told = time.Now()
			f.opt.Log.Warn("old body files could not be removed", "folder", f.opt.Dir, "error", err)
		}
		select {
		case <-f.grew:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// dayFolder is one day's folder with the body files in it.
type dayFolder struct {
	name  string
	begin time.Time
	bytes int64
}

// sweep counts everything anew (files come and go under other hands, too), then
// removes what is too old, then the oldest until 95 % of MaxBytes are left, so
// that not each new file costs a look at the folder.
func (f *bodyFolder) sweep(ctx context.Context, now time.Time) error {
	root, err := os.OpenRoot(f.opt.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f.mu.Lock()
	known := f.total // what is written from here on is counted on top
	f.mu.Unlock()
	days, total, err := f.count(ctx, root, now)
	if err != nil {
		return err
	}
	cutoff := time.Time{}
	if f.opt.MaxAge > 0 {
		cutoff = now.Add(-f.opt.MaxAge)
	}
	excess := int64(0)
	if f.opt.MaxBytes > 0 && total > f.opt.MaxBytes {
		excess = total - f.opt.MaxBytes/100*95
	}
	var failed []error
	for _, d := range days {
		if excess <= 0 && !d.begin.Before(cutoff) {
			break
		}
		removed, err := f.thin(ctx, root, d, cutoff, excess, now)
		excess -= removed
		total -= removed
		failed = append(failed, err)
	}
	f.mu.Lock()
	f.total += total - known
	f.mu.Unlock()
	return errors.Join(failed...)
}

// count looks at all day folders, oldest first. It takes half-written files of
// killed processes away.
func (f *bodyFolder) count(ctx context.Context, root *os.Root, now time.Time) (days []dayFolder, total int64, err error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries { // in the order of their names, which is time's
		begin, ok := parseDay(e.Name())
		if !ok || !e.IsDir() {
			continue
		}
		d := dayFolder{name: e.Name(), begin: begin}
		for _, file := range f.files(ctx, root, d.name, now) {
			d.bytes += file.size
		}
		total += d.bytes
		days = append(days, d)
	}
	return days, total, ctx.Err()
}

// bodyEntry is one body file.
type bodyEntry struct {
	name string
	at   time.Time
	size int64
}

// files lists a day's body files, oldest first: those of our pattern that are
// for their owner alone, as we make them. What a predecessor wrote (mode 0644)
// into the same folder is not ours to remove.
func (f *bodyFolder) files(ctx context.Context, root *os.Root, day string, now time.Time) []bodyEntry {
	entries, err := fs.ReadDir(root.FS(), day)
	if err != nil {
		return nil // gone meanwhile, or not ours to read
	}
	var out []bodyEntry
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil
		}
		name := e.Name()
		temp := strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
		at, ok := bodyTime(day, strings.TrimSuffix(strings.TrimPrefix(name, tempPrefix), tempSuffix))
		if !ok || !temp && strings.HasPrefix(name, tempPrefix) {
			continue
		}
		info, err := e.Info()
		if err != nil || !ours(info) {
			continue
		}
		if temp {
			if now.Sub(info.ModTime()) > staleTemp {
				_ = root.Remove(day + "/" + name)
			}
			continue
		}
		out = append(out, bodyEntry{name, at, info.Size()})
	}
	slices.SortFunc(out, func(a, b bodyEntry) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.name, b.name)) })
	return out
}

func ours(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0)
}

// thin removes a day's files that are older than cutoff, and further ones until
// excess bytes are gone. An emptied folder goes as well, unless the writer may
// be about to use it.
func (f *bodyFolder) thin(ctx context.Context, root *os.Root, d dayFolder, cutoff time.Time, excess int64, now time.Time) (removed int64, err error) {
	files := f.files(ctx, root, d.name, now)
	for _, file := range files {
		if removed >= excess && !file.at.Before(cutoff) {
			return removed, nil
		}
		if err := root.Remove(d.name + "/" + file.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed += file.size
	}
	if len(files) > 0 && now.Sub(d.begin) > 48*time.Hour {
		_ = root.Remove(d.name) // only if nothing else is in it
	}
	return removed, nil
}
