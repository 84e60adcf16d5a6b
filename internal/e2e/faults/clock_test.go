package faults

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/e2e/process"
)

// clockVar names the file that holds by how many seconds the clock is off.
const clockVar = "GLMTRAY_TEST_CLOCK"

// clock is a wall clock that can be set, of a program that was built with one.
// Tools that deceive the C library are of no use: a Go program asks the kernel
// itself. So the program is built with another package time, by -overlay, in which
// Now adds what a file says. The monotonic clock stays the kernel's.
type clock struct {
	st     *stage
	binary *process.Binary
	file   string
	off    time.Duration
}

const jumping = `package time

import (
	"syscall"
	"unsafe"
)

var jumpFile = func() int {
	path, ok := syscall.Getenv("` + clockVar + `")
	if !ok {
		return -1
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}()

func jumped() (sec int64) {
	var b [8]byte
	if jumpFile < 0 {
		return 0
	}
	// Raw, as the runtime itself asks for the time where nothing may be scheduled.
	n, _, err := syscall.RawSyscall6(syscall.SYS_PREAD64, uintptr(jumpFile), uintptr(unsafe.Pointer(&b[0])), 8, 0, 0, 0)
	if n != 8 || err != 0 {
		return 0
	}
	for i, c := range b {
		sec |= int64(c) << (8 * i)
	}
	return sec
}
`

// jumpingBinary is built once, which takes a while: everything depends on time.
var jumpingBinary = sync.OnceValues(func() (*process.Binary, error) {
	dir, err := os.MkdirTemp("", "glmtray-clock")
	if err != nil {
		return nil, err
	}
	root, err := exec.CommandContext(context.Background(), "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	const asked = "\tsec, nsec, mono := runtimeNow()\n"
	patched := strings.Replace(string(text), asked, asked+"\tsec += jumped()\n", 1)
	if patched == string(text) {
		return nil, errors.New("this Go asks for the time in another way")
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		source: filepath.Join(dir, "time.go"), filepath.Join(filepath.Dir(source), "jumping.go"): filepath.Join(dir, "jumping.go"),
	}})
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"time.go": patched, "jumping.go": jumping, "overlay.json": string(overlay)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return &process.Binary{
		Root: "../../..", Name: "glmtray-clock", Flags: []string{"-tags=headless", "-overlay=" + filepath.Join(dir, "overlay.json")},
	}, nil
})

func newClock(st *stage) *clock {
	st.Helper()
	b, err := jumpingBinary()
	if err != nil {
		st.Fatal(err)
	}
	c := &clock{st: st, binary: b, file: filepath.Join(st.TempDir(), "clock")}
	c.jump(0)
	return c
}

// jump sets the clock forward, or back.
func (c *clock) jump(d time.Duration) {
	c.off += d
	b := make([]byte, 8) // little-endian
	for i, sec := 0, int64(c.off/time.Second); i < len(b); i++ {
		b[i] = byte(sec >> (8 * i))
	}
	if err := os.WriteFile(c.file, b, 0o600); err != nil {
		c.st.Error(err)
	}
}
