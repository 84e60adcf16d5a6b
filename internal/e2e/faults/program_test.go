package faults

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // to lock and look at the database from outside

	"github.com/glmtray/glmtray/internal/e2e/process"
	"github.com/glmtray/glmtray/internal/store/keychain/secretservice"
)

// machine are the troubles of the machine that the program runs on: none of them
// keeps a request from its answer.
var machine = []scenario{
	{name: "the disk is full in mid-run", environ: []string{"LOG_REQUESTS=true"}, play: diskFull},
	{name: "the disk is full at the start", play: diskFullAtStart},
	{name: "the data folder becomes read-only in mid-run", environ: []string{"LOG_REQUESTS=true"}, play: readOnly},
	{name: "the data folder is read-only at the start", play: readOnlyAtStart},
	{name: "the database is locked by somebody else in mid-run", play: locked},
	{name: "the database is locked by somebody else at the start, for a while", play: lockedAtStart},
	{name: "the database is damaged at the start", play: damagedAtStart},
	{name: "the database is damaged in mid-run", play: damagedInRun},
	{name: "the database is no database", play: noDatabase},
	{name: "the data folder is removed in mid-run", environ: []string{"LOG_REQUESTS=true"}, play: folderRemoved},
	{name: "the folder of body files is removed in mid-run", environ: []string{"LOG_REQUESTS=true"}, play: bodiesRemoved},
	{name: "a file stands where body files should be", environ: []string{"LOG_REQUESTS=true"}, play: bodiesBlocked},
	{name: "the settings become nonsense in mid-run", play: badSettings},
	{name: "the keychain is locked in mid-run", only: "synthetic", play: keychainLocked},
	{name: "the keychain goes away in mid-run", only: "synthetic", play: keychainGone},
	{name: "whoever read the log has gone", play: logClosed},
	{name: "hardly any file may be opened", play: fewFiles},
	{name: "two programs with one data folder", play: twoPrograms},
	{name: "SIGTERM while streams run", ways: streams, cerebras: paced(200 * time.Millisecond), play: stoppedInStream},
}

// ok sends requests and wants them answered by the first provider.
func (st *stage) ok(n int) {
	st.Helper()
	for range n {
		st.wants(st.send(ask{}), want{by: "cerebras"})
	}
}

// saidInLog wants that the log tells of something, and tells what.
func (st *stage) saidInLog(words string) {
	st.Helper()
	st.eventually("the log says "+words, func() bool { return strings.Contains(st.program.Stderr.String(), words) })
}

// recorded wants that all that was seen is in the records, in the end.
func (st *stage) recorded() {
	st.Helper()
	st.eventually("all is recorded", func() bool { return len(st.readRecords()) >= len(st.answers) })
}

// disk puts the data folder on a disk of its own, of so many kilobytes. Where that
// may not be done the scenario is left out, and says so.
func (st *stage) disk(kilobytes int) (remount func(options string)) {
	st.Helper()
	dir := filepath.Join(st.dir, "disk")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		st.Fatal(err)
	}
	mount := func(args ...string) ([]byte, error) {
		return exec.CommandContext(st.Context(), "mount", args...).CombinedOutput()
	}
	if out, err := mount("-t", "tmpfs", "-o", fmt.Sprintf("size=%dk,mode=700", kilobytes), "tmpfs", dir); err != nil {
		st.Skipf("SKIPPED, NOT TESTED: no file system may be mounted here: %v %s", err, out)
	}
	st.dir = dir
	st.Cleanup(func() {
		if st.program != nil {
			st.kill()
		}
		_ = exec.CommandContext(context.Background(), "umount", "-l", dir).Run()
	})
	return func(options string) {
		st.Helper()
		if out, err := mount("-o", "remount,"+options, dir); err != nil {
			st.Fatalf("remounting %s: %v %s", options, err, out)
		}
	}
}

// fill leaves no room on the disk, and gives what frees it.
func (st *stage) fill() (free func()) {
	st.Helper()
	path := filepath.Join(st.dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		st.Fatal(err)
	}
	for _, size := range []int{64 << 10, 4 << 10, 1} {
		block := bytes.Repeat([]byte{1}, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		st.Fatal(err)
	}
	_ = f.Close()
	return func() { _ = os.Remove(path) }
}

func diskFull(st *stage) {
	st.disk(4096)
	st.start()
	st.ok(3)
	st.recorded()
	free := st.fill()
	st.ok(10)
	st.saidInLog("request records wait")
	st.ok(10)
	free()
	st.recorded()
	st.ok(3)
	st.note("records wait, and are written once there is room")
}

func diskFullAtStart(st *stage) {
	st.disk(256)
	st.fill()
	st.unproved = true
	st.refusesToStart(st.launch(), "full")
}

// readOnly takes the right to write to the data folder from the program. Files that
// it has open it may write all the same.
func readOnly(st *stage) {
	l := st.launch()
	l.Settings = "log_requests = true\n"
	if os.Geteuid() == 0 { // whom no right is missing
		st.asNobody(&l)
	}
	st.startAs(l)
	st.ok(3)
	st.eventually("body files are written", func() bool { return st.bodies() == 3 })
	st.seal(st.dir)
	st.ok(10)
	st.saidInLog("served but not recorded")
	st.note("answers and records go on, and the log tells that bodies are not kept")
}

// asNobody has the program run as a user who owns nothing but the data folder.
func (st *stage) asNobody(l *process.Launch) {
	st.Helper()
	const nobody = 65534
	copied := filepath.Join(st.TempDir(), "glmtray")
	program, err := os.ReadFile(l.Path)
	if err == nil {
		err = os.WriteFile(copied, program, 0o755) //nolint:gosec // it is to be run by somebody else
	}
	for dir := filepath.Dir(copied); err == nil && len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		err = os.Chmod(dir, 0o755) //nolint:gosec // as above
	}
	if err == nil {
		err = errors.Join(os.MkdirAll(st.dir, 0o755), os.Chown(st.dir, nobody, nobody)) //nolint:gosec // as above
	}
	if err != nil {
		st.Fatal(err)
	}
	l.Path, l.User = copied, nobody
}

// seal takes the right to write from all folders below dir. It comes back at the
// end.
func (st *stage) seal(dir string) {
	st.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		st.Cleanup(func() { _ = os.Chmod(path, 0o700) }) //nolint:gosec // a folder
		return os.Chmod(path, 0o500)                     //nolint:gosec // a folder
	})
	if err != nil {
		st.Fatal(err)
	}
}

func readOnlyAtStart(st *stage) {
	remount := st.disk(1024)
	remount("ro")
	st.unproved = true
	st.refusesToStart(st.launch(), "read-only")
}

// database opens the program's database beside it.
func (st *stage) database() *sql.DB {
	st.Helper()
	db, err := sql.Open("sqlite", filepath.Join(st.dir, "glmtray.db"))
	if err != nil {
		st.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	st.Cleanup(func() { _ = db.Close() })
	return db
}

// lock takes the database for writing, and gives what releases it.
func (st *stage) lock() (release func()) {
	st.Helper()
	db := st.database()
	if _, err := db.ExecContext(st.Context(), "BEGIN IMMEDIATE"); err != nil {
		st.Fatal(err)
	}
	return func() {
		if _, err := db.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			st.Error(err)
		}
		_ = db.Close()
	}
}

func locked(st *stage) {
	st.start()
	st.ok(3)
	st.recorded()
	release := st.lock()
	began := time.Now()
	for time.Since(began) < 3*time.Second {
		s := st.send(ask{})
		if st.wants(s, want{by: "cerebras"}); s.took > slack/2 {
			st.Errorf("an answer took %v while the database is locked", s.took)
		}
		time.Sleep(50 * time.Millisecond)
	}
	release()
	st.recorded()
	st.note("answers do not wait, records do")
}

func lockedAtStart(st *stage) {
	st.start()
	st.ok(1)
	st.stop()
	release := st.lock()
	time.AfterFunc(1500*time.Millisecond, release)
	st.start()
	st.ok(1)
	st.note("it waits for it")
}

// spoil writes noise over a part of the database.
func (st *stage) spoil(from, size int64) {
	st.Helper()
	f, err := os.OpenFile(filepath.Join(st.dir, "glmtray.db"), os.O_WRONLY, 0)
	if err != nil {
		st.Fatal(err)
	}
	noise := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same noise in every run
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	if _, err := f.WriteAt(noise, from); err != nil {
		st.Fatal(err)
	}
	if err := f.Close(); err != nil {
		st.Fatal(err)
	}
}

// setAside wants that the damaged database was kept under another name.
func (st *stage) setAside() {
	st.Helper()
	found, err := filepath.Glob(filepath.Join(st.dir, "glmtray.*-*.db"))
	if err != nil || len(found) != 1 {
		st.Errorf("set aside are %q, %v", found, err)
	}
	st.note("it is set aside, and a new one begun")
}

func damagedAtStart(st *stage) {
	st.start()
	st.ok(5)
	st.stop()
	st.spoil(4096, 32<<10)
	st.answers = nil // they are in the file that is set aside
	st.start()
	st.saidInLog("damaged")
	st.ok(5)
	st.setAside()
}

func damagedInRun(st *stage) {
	st.start()
	st.ok(5)
	st.recorded()
	st.stop() // so that all is in the file and nothing in the log beside it
	st.start()
	st.spoil(8192, 256<<10)
	st.ok(20)
	st.stop()
	st.answers = nil
	st.start()
	st.ok(5)
	st.setAside()
}

func noDatabase(st *stage) {
	if err := os.WriteFile(filepath.Join(st.dir, "glmtray.db"), []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		st.Fatal(err)
	}
	st.start()
	st.ok(3)
	st.setAside()
}

func folderRemoved(st *stage) {
	st.dir = filepath.Join(st.dir, "data")
	st.start()
	st.ok(3)
	if err := os.RemoveAll(st.dir); err != nil {
		st.Fatal(err)
	}
	st.ok(10)
	st.stop()
	st.unproved = true // they went with the folder
	st.start()
	st.ok(3)
	if n := len(st.readRecords()); n > 3 {
		st.Errorf("%d records", n)
	}
	st.note("answers go on; the next start begins anew")
}

// bodies counts the body files.
func (st *stage) bodies() (n int) {
	_ = filepath.WalkDir(filepath.Join(st.dir, "logs"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return nil
	})
	return n
}

// startWithBodies starts with body files, which other scenarios leave off.
func (st *stage) startWithBodies() {
	st.Helper()
	l := st.launch()
	l.Settings = "log_requests = true\n"
	st.startAs(l)
}

func bodiesRemoved(st *stage) {
	st.startWithBodies()
	st.ok(3)
	st.eventually("body files are written", func() bool { return st.bodies() == 3 })
	if err := os.RemoveAll(filepath.Join(st.dir, "logs")); err != nil {
		st.Fatal(err)
	}
	st.ok(3)
	st.eventually("body files are written again", func() bool { return st.bodies() == 3 })
	st.note("it is made again")
}

func bodiesBlocked(st *stage) {
	if err := os.WriteFile(filepath.Join(st.dir, "logs"), []byte("in the way"), 0o600); err != nil {
		st.Fatal(err)
	}
	st.startWithBodies()
	st.ok(5)
	st.saidInLog("logs")
	st.note("answers go on, and the log tells")
}

func badSettings(st *stage) {
	st.start()
	st.ok(1)
	file := filepath.Join(st.dir, "settings.toml")
	good, err := os.ReadFile(file)
	if err != nil {
		st.Fatal(err)
	}
	for _, text := range []string{"cooldown = \"yesterday\"\n", "[[[", "\x00\xff", strings.Repeat("x", 1<<20), "addr = 7"} {
		n := strings.Count(st.program.Stderr.String(), "the old ones stay")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			st.Fatal(err)
		}
		st.eventually("the log says that the old settings stay", func() bool {
			return strings.Count(st.program.Stderr.String(), "the old ones stay") > n
		})
		st.ok(1)
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		st.Fatal(err)
	}
	st.saidInLog("settings reloaded")
	st.ok(1)
	st.note("the old settings stay")
}

// withKeychain has Cerebras' key in a keychain of the test's own.
func (st *stage) withKeychain() *secretservice.Service {
	st.Helper()
	ring := secretservice.Start(st)
	v := build(st, plot{Script: st.script("cerebras", role{})})
	st.vendors["cerebras"] = v
	for _, variable := range ring.Env() {
		if name, _, _ := strings.Cut(variable, "="); slices.Contains([]string{"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"}, name) {
			st.environ = append(st.environ, variable)
		}
	}
	add := st.launch("keys", "add", "cerebras", "desk")
	add.Stdin = keyTexts["a"] + "\n"
	add.Settings = "log_requests = false\n\n[provider.cerebras]\nurl = \"" + v.URL + "/v1\"\n"
	out, stderr, code := st.runAs(add)
	if code != 0 {
		st.Fatalf("keys add: %d %s%s", code, out, stderr)
	}
	return ring
}

// reloads touches the settings and waits until they were looked at.
func (st *stage) reloads() {
	st.Helper()
	file := filepath.Join(st.dir, "settings.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		st.Fatal(err)
	}
	count := func() int {
		log := st.program.Stderr.String()
		return strings.Count(log, "settings reloaded") + strings.Count(log, "the old ones stay")
	}
	n := count()
	if err := os.WriteFile(file, append(text, "\n# touched\n"...), 0o600); err != nil {
		st.Fatal(err)
	}
	st.eventually("the settings are looked at", func() bool { return count() > n })
}

func keychainLocked(st *stage) {
	ring := st.withKeychain()
	st.start()
	st.ok(2)
	ring.Lock(st)
	st.ok(3)
	st.reloads() // which reads the keys again
	st.ok(3)
	st.note("the keys that it has stay in use")
}

func keychainGone(st *stage) {
	ring := st.withKeychain()
	st.start()
	st.ok(2)
	ring.End()
	st.ok(3)
	st.reloads()
	st.ok(3)
	st.note("the keys that it has stay in use")
}

func logClosed(st *stage) {
	r, w, err := os.Pipe()
	if err != nil {
		st.Fatal(err)
	}
	l := st.launch()
	l.Settings, l.Errors = st.settings(), w
	st.startAs(l)
	_ = w.Close()
	st.ok(1)
	_ = r.Close()
	st.ok(5)
	st.note("it serves on")
}

// fewFiles lets the program open hardly any more files, and sends more clients
// than that.
func fewFiles(st *stage) {
	st.start()
	st.ok(1)
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", st.program.Cmd.Process.Pid))
	if err != nil {
		st.Skipf("SKIPPED, NOT TESTED: open files cannot be counted here: %v", err)
	}
	limit := fmt.Sprintf("--nofile=%d:%d", len(open)+30, len(open)+30)
	if out, err := exec.CommandContext(st.Context(), "prlimit", "--pid", fmt.Sprint(st.program.Cmd.Process.Pid), limit).CombinedOutput(); err != nil {
		st.Skipf("SKIPPED, NOT TESTED: open files cannot be limited here: %v %s", err, out)
	}
	var wg sync.WaitGroup
	for range 60 { // these take what there is, until their time is up
		wg.Go(func() { _, _ = st.raw().Write([]byte("GET /healthz HTTP/1.1\r\nHo")) })
	}
	wg.Wait()
	st.unproved = true
	st.client.CloseIdleConnections()
	served := within(90*time.Second, func() bool {
		s := fetch(st, st.client, st.program.URL, ask{way: st.way}, 60*time.Second)
		return s.status == 200 && s.complete
	})
	if !served {
		st.Error("it does not serve again")
	}
	st.note("it serves again once there is room")
}

func twoPrograms(st *stage) {
	st.start()
	for range 3 {
		second, err := process.Run(st.launch())
		if err != nil {
			st.Fatal(err)
		}
		if code, _ := second.Wait(); code != 1 || !strings.Contains(second.Stderr.String(), "serves already on "+st.program.URL) {
			st.Errorf("a second start: %d, %s", code, second.Stderr)
		}
		st.ok(5)
	}
	st.recorded()
	st.kill() // what it has left behind stops nobody
	st.start()
	st.ok(1)
	st.note("the second is refused and told where the first one serves")
}

func stoppedInStream(st *stage) {
	st.start()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		within(20*time.Second, func() bool { return len(st.vendors["cerebras"].chats()) == 1 })
		st.stop()
	}()
	s := fetch(st, st.client, st.program.URL, ask{way: st.way}, 30*time.Second)
	st.saw(s)
	st.wants(s, want{by: "cerebras"})
	<-stopped
}
