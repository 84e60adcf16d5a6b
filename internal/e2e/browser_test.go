package e2e

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browser is a Chromium without a window. It is spoken to over a pair of pipes in
// its own protocol, each message ending in a zero byte: no port, no driver.
type browser struct {
	t       *testing.T
	cmd     *exec.Cmd
	to      *os.File
	mu      sync.Mutex
	id      int
	wait    map[int]chan cdpAnswer
	session string   // of its one page
	told    []string // console messages and faults of the page
}

type cdpAnswer struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// browse starts a browser with one empty page. The test is skipped where there is
// none, unless GLMTRAY_TEST_REQUIRE says that there must be one.
func browse(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("GLMTRAY_TEST_REQUIRE") == "1" {
			t.Fatal("there is no chromium: run packaging/setup.sh test")
		}
		t.Skip("there is no chromium: run packaging/setup.sh test")
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	back, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, to: ours, wait: map[int]chan cdpAnswer{}}
	home, err := os.MkdirTemp("", "glmtray-browser-") // t.TempDir wants it empty at once, and a browser dies slowly
	if err != nil {
		t.Fatal(err)
	}
	b.cmd = exec.CommandContext(
		context.Background(), path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
		"--no-first-run", "--no-proxy-server", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-extensions", "--remote-debugging-pipe", "--user-data-dir="+filepath.Join(home, "profile"),
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank",
	)
	b.cmd.Env = append(os.Environ(), "HOME="+home, "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(home, "no-bus"))
	b.cmd.ExtraFiles = []*os.File{theirs, answers} // its descriptors 3 and 4
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirs.Close(), answers.Close()
	done := make(chan struct{})
	go func() { defer close(done); b.listen(back) }()
	t.Cleanup(func() {
		b.call("", "Browser.close", nil)
		_ = ours.Close()
		<-done
		_ = b.cmd.Process.Kill() // nothing to do for one that has ended
		_ = b.cmd.Wait()
		within(pollLimit, func() bool { return os.RemoveAll(home) == nil })
		if t.Failed() {
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Logf("the page said: %q", b.told)
		}
	})
	var target struct{ TargetID string }
	b.result(b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	b.result(b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	b.session = attached.SessionID
	b.do("Page.enable", nil)
	b.do("Runtime.enable", nil)
	b.do("Log.enable", nil)
	return b
}

// listen hands answers to those who wait, until the browser has ended.
func (b *browser) listen(from *os.File) {
	defer func() { _ = from.Close() }()
	r := bufio.NewReader(from)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			break
		}
		var a cdpAnswer
		if json.Unmarshal(text[:len(text)-1], &a) != nil {
			continue
		}
		b.mu.Lock()
		switch {
		case b.wait[a.ID] != nil:
			b.wait[a.ID] <- a
			delete(b.wait, a.ID)
		case a.Method == "Runtime.exceptionThrown" || a.Method == "Runtime.consoleAPICalled" || a.Method == "Log.entryAdded":
			b.told = append(b.told, string(a.Params))
		}
		b.mu.Unlock()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.wait {
		close(c)
	}
	b.wait = map[int]chan cdpAnswer{}
}

// call sends a command and waits for its answer; a browser that has ended gives
// the zero one.
func (b *browser) call(session, method string, params map[string]any) cdpAnswer {
	b.mu.Lock()
	b.id++
	c := make(chan cdpAnswer, 1)
	b.wait[b.id] = c
	m := map[string]any{"id": b.id, "method": method}
	b.mu.Unlock()
	if session != "" {
		m["sessionId"] = session
	}
	if params != nil {
		m["params"] = params
	}
	text, err := json.Marshal(m)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil {
		return cdpAnswer{}
	}
	select {
	case a := <-c:
		return a
	case <-time.After(pollLimit):
		return cdpAnswer{}
	}
}

func (b *browser) do(method string, params map[string]any) cdpAnswer {
	b.t.Helper()
	a := b.call(b.session, method, params)
	if a.Error != nil || a.ID == 0 {
		b.t.Fatalf("%s: %+v", method, a.Error)
	}
	return a
}

func (b *browser) result(a cdpAnswer, into any) {
	b.t.Helper()
	if a.Error != nil || json.Unmarshal(a.Result, into) != nil {
		b.t.Fatalf("%+v: %s", a.Error, a.Result)
	}
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.do("Page.navigate", map[string]any{"url": url})
}

// eval gives the value of an expression of JavaScript as JSON; "" if it fails,
// as it does while a page still loads.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.result(b.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}), &r)
	if r.ExceptionDetails != nil {
		return ""
	}
	return string(r.Result.Value)
}

// faults are what went wrong within the page: scripts that failed, addresses
// that were refused by its own policy.
func (b *browser) faults() (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(list, b.told...)
}

// picture writes what the page shows, whole, if GLMTRAY_SCREENSHOTS names a
// folder.
func (b *browser) picture(name string, width, height int) {
	b.t.Helper()
	dir := os.Getenv("GLMTRAY_SCREENSHOTS")
	if dir == "" {
		return
	}
	b.size(width, height)
	b.eval("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))") // charts are drawn with the next frame
	var shot struct{ Data string }
	b.result(b.do("Page.captureScreenshot", map[string]any{"format": "png"}), &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) size(width, height int) {
	b.t.Helper()
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
}

// prefers sets the colours that the system is said to have: "dark", "light".
func (b *browser) prefers(scheme string) {
	b.t.Helper()
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
}
