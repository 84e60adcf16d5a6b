package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/glmtray/glmtray/internal/store/keychain/secretservice"
)

// The scripts run the program itself, each command in a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, programs)
}

// programs are what this test binary is under another name.
var programs = map[string]func(){"glmtray": main}

// How long a script waits for what must come.
const (
	startLimit = time.Minute
	awaitLimit = time.Minute
	stopLimit  = time.Minute
	pollEvery  = 20 * time.Millisecond
)

// Scripts without a keychain, as on a server.
func TestCommands(t *testing.T) {
	linuxOnly(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", Cmds: scriptCommands, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(e.WorkDir, "no-bus"))
			return home(e)
		},
	})
}

// Scripts with a real Secret Service, one for each.
func TestCommandsWithKeychain(t *testing.T) {
	linuxOnly(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/keychain", Cmds: scriptCommands, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			tb, ok := e.T().(testing.TB)
			if !ok {
				return errors.New("testscript hides its testing.TB")
			}
			for _, pair := range secretservice.Start(tb).Env() {
				name, value, _ := strings.Cut(pair, "=")
				if slices.Contains([]string{"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"}, name) {
					e.Setenv(name, value)
				}
			}
			return home(e)
		},
	})
}

// linuxOnly keeps the scripts away from a person's own keychain: elsewhere it
// cannot be replaced by one of our own.
func linuxOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED, NOT TESTED: the scripts would use your own keychain on " + runtime.GOOS)
	}
}

func home(e *testscript.Env) error {
	e.Values[serversKey{}] = map[serverName]*server{}
	e.Setenv("GORACE", "atexit_sleep_ms=0") // by default each process of a race build lingers for a second
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("GLMTRAY_DATA_DIR", filepath.Join(e.WorkDir, "data"))
	e.Setenv("GLMTRAY_ADDR", "127.0.0.1:0") // whoever has the default port is left alone
	return os.MkdirAll(filepath.Join(e.WorkDir, "data"), 0o700)
}

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"start": cmdStart, "stop": cmdStop, "await": cmdAwait, "fetch": cmdFetch, "code": cmdCode, "subst": cmdSubst,
	"port": cmdPort, "freeport": cmdFreePort, "awaitfile": cmdAwaitFile,
}

// server is a glmtray that a script has started.
type server struct {
	cmd    *exec.Cmd
	out    chan struct{} // closed when its standard output has ended
	stdout *bytes.Buffer // complete when out is closed
	stderr *os.File
}

type serverName string

// start NAME ARG… runs glmtray ARG… until `stop NAME` and waits until it says
// where it listens: that is $NAME.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARG...")
	}
	program, err := exec.LookPath("glmtray")
	ts.Check(err)
	s := &server{out: make(chan struct{}), stdout: new(bytes.Buffer)}
	s.cmd = exec.CommandContext(context.Background(), program, args[1:]...)
	s.cmd.Env, s.cmd.Dir = environ(ts), ts.MkAbs(".")
	s.stderr, err = os.Create(ts.MkAbs(args[0] + ".err"))
	ts.Check(err)
	s.cmd.Stderr = s.stderr
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	ts.Defer(func() { _ = s.cmd.Process.Kill() }) // stopped long ago, if all went well
	first := make(chan string, 1)
	go s.read(out, first)
	select {
	case line := <-first:
		url, ok := strings.CutPrefix(line, "listening on ")
		if !ok {
			ts.Fatalf("start %s: it said %q and:\n%s", args[0], line, ts.ReadFile(args[0]+".err"))
		}
		ts.Setenv(args[0], url)
		running, _ := ts.Value(serversKey{}).(map[serverName]*server)
		running[serverName(args[0])] = s
	case <-time.After(startLimit):
		ts.Fatalf("start %s: it did not listen in time:\n%s", args[0], ts.ReadFile(args[0]+".err"))
	}
}

func (s *server) read(out io.Reader, first chan<- string) {
	defer close(s.out)
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		s.stdout.WriteString(lines.Text() + "\n")
		if n == 0 {
			first <- lines.Text()
		}
	}
	close(first)
}

// stop NAME [CODE] interrupts a server and wants that exit code (0). What it
// said is in NAME.out and NAME.err.
func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	running, _ := ts.Value(serversKey{}).(map[serverName]*server)
	if neg || len(args) == 0 || running[serverName(args[0])] == nil {
		ts.Fatalf("usage: stop NAME [CODE], of one that runs")
	}
	s := running[serverName(args[0])]
	delete(running, serverName(args[0]))
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	kill := time.AfterFunc(stopLimit, func() { _ = s.cmd.Process.Kill() })
	<-s.out
	err := s.cmd.Wait()
	if !kill.Stop() {
		ts.Fatalf("stop %s: it did not end", args[0])
	}
	ts.Check(s.stderr.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), s.stdout.Bytes(), 0o600))
	want := 0
	if len(args) > 1 {
		want, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("stop %s: exit code %d (%v), want %d:\n%s", args[0], got, err, want, ts.ReadFile(args[0]+".err"))
	}
}

type serversKey struct{}

// environ is the script's environment, which testscript gives to programs only.
func environ(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("env", "-0"))
	return strings.Split(strings.TrimRight(ts.ReadFile("stdout"), "\x00"), "\x00")
}

// Where two seconds are promised the scripts wait six: the machine that tests is
// busy, and the difference to "never" is what they look for.
//
// await [-for TIME] PATTERN COMMAND… repeats `glmtray …` or `fetch …` until its
// output matches; with ! until it does not.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	limit := awaitLimit
	if len(args) > 2 && args[0] == "-for" {
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		limit, args = d, args[2:]
	}
	if len(args) < 2 {
		ts.Fatalf("usage: [!] await [-for TIME] PATTERN COMMAND...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(limit); ; {
		text := output(ts, args[1:])
		if pattern.MatchString(text) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("await: not within %s; the last output was:\n%s", limit, text)
		}
		time.Sleep(pollEvery)
	}
}

func output(ts *testscript.TestScript, args []string) string {
	if args[0] == "fetch" {
		return fetch(ts, args[1:])
	}
	_ = ts.Exec(args[0], args[1:]...) // it may well fail until the time has come
	return ts.ReadFile("stdout") + ts.ReadFile("stderr")
}

// fetch METHOD URL [FILE|-] [HEADER:VALUE…] prints the answer: status line,
// headers, body.
func cmdFetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fetch METHOD URL [FILE|-] [HEADER:VALUE...]")
	}
	_, _ = io.WriteString(ts.Stdout(), fetch(ts, args))
}

func fetch(ts *testscript.TestScript, args []string) string {
	var body io.Reader
	if len(args) > 2 && args[2] != "-" {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	ctx, cancel := context.WithTimeout(context.Background(), awaitLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, args[0], args[1], body)
	ts.Check(err)
	for _, pair := range args[min(3, len(args)):] {
		name, value, _ := strings.Cut(pair, ":")
		req.Header.Set(name, strings.TrimSpace(value))
	}
	resp, err := local.Do(req)
	if err != nil {
		return err.Error() + "\n"
	}
	defer func() { _ = resp.Body.Close() }()
	var b bytes.Buffer
	_, _ = fmt.Fprintf(&b, "%s\n", resp.Status)
	_ = resp.Header.Write(&b)
	b.WriteByte('\n')
	_, err = io.Copy(&b, resp.Body)
	ts.Check(err)
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// code N PROGRAM ARG… wants that exit code.
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARG...")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// subst FROM TO writes a file with its $VARIABLES filled in.
func cmdSubst(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: subst FROM TO")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// port NAME VARIABLE sets a variable to the port of a started server.
func cmdPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: port NAME VARIABLE")
	}
	url := ts.Getenv(args[0])
	ts.Setenv(args[1], url[strings.LastIndexByte(url, ':')+1:])
}

// freeport VARIABLE sets a variable to a port that nobody listens on.
func cmdFreePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport VARIABLE")
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// awaitfile PATTERN FILE waits until a file's text matches.
func cmdAwaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitfile PATTERN FILE")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(awaitLimit); !pattern.MatchString(ts.ReadFile(args[1])); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			ts.Fatalf("awaitfile: not within %s; %s holds:\n%s", awaitLimit, args[1], ts.ReadFile(args[1]))
		}
	}
}
