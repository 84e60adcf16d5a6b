package faults

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// strangeClients are what clients do to the program.
var strangeClients = []scenario{
	{name: "a client that reads slowly", ways: streams, cerebras: manyWords(900), play: slowReader},
	{name: "a client that stops reading and stays", settings: "client_patience = \"1s\"\n", cerebras: manyWords(400_000), play: stuckReader, want: want{within: time.Second}},
	{name: "a client that leaves before the first token", ways: []way{whole, stream, claude, codex}, cerebras: doesLate("slow-first", 20*time.Second), play: clientLeaves(300 * time.Millisecond)},
	{name: "a client that leaves in the middle of a stream", ways: streams, cerebras: paced(300 * time.Millisecond), play: clientLeaves(time.Second)},
	{name: "a client whose connection is reset in the middle of its request", play: halfRequest(true)},
	{name: "a client that closes in the middle of its request", play: halfRequest(false)},
	{name: "a client that has closed its sending side", cerebras: paced(50 * time.Millisecond), play: halfClosed},
	{name: "1,000 clients that connect and say nothing", play: idleClients(1000, "")},
	{name: "1,000 clients that send half a header and stay", play: idleClients(1000, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le")},
	{name: "1,000 clients that announce a body and send none", play: idleClients(1000, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")},
	{name: "500 requests at once, of which 4 may run and 100 wait", settings: "max_workers = 4\nmax_queue = 100\n", cerebras: doesLate("slow-first", 20*time.Millisecond), play: crowd},
	{name: "requests that wait too long for a worker", settings: "max_workers = 1\nqueue_wait = \"1s\"\n", cerebras: doesLate("slow-first", 5*time.Second), play: queueTooLong, want: want{within: 6 * time.Second}},
	{name: "requests that are no JSON", ways: []way{whole, claudeWhole, codexWhole}, play: badBodies},
	{name: "requests that are no HTTP, or half of it", play: badRequests},
	{name: "pipelined requests", ways: []way{whole}, play: pipelined},
	{name: "a client of HTTP/1.0", ways: []way{whole}, play: oldClient},
}

// manyWords is a provider that answers so many words at full speed.
func manyWords(n int) role {
	return role{script: func(s *simulator.Script) { s.Answer = simulator.Answer{Tokens: n, WriteTogether: 50} }}
}

// raw opens a connection to the program.
func (st *stage) raw() *net.TCPConn {
	st.Helper()
	c, err := new(net.Dialer).DialContext(st.Context(), "tcp", strings.TrimPrefix(st.program.URL, "http://"))
	if err != nil {
		st.Fatal(err)
	}
	st.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// wire writes a request as it goes over the wire.
func (st *stage) wire(a ask) []byte {
	st.Helper()
	if a.dialect == "" {
		a.way = st.way
	}
	req, err := a.request(st.Context(), st.program.URL)
	if err != nil {
		st.Fatal(err)
	}
	var b bytes.Buffer
	if err := req.Write(&b); err != nil {
		st.Fatal(err)
	}
	return b.Bytes()
}

// inFlight counts the requests that the program is at.
func (st *stage) inFlight() int64 {
	st.Helper()
	_, body := st.get("/_status")
	return gjson.GetBytes(body, "requests.in_flight").Int()
}

func slowReader(st *stage) {
	st.loose = true
	st.start()
	req, err := ask{way: st.way}.request(st.Context(), st.program.URL)
	if err != nil {
		st.Fatal(err)
	}
	resp, err := st.client.Do(req)
	if err != nil {
		st.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	s := &seen{ask: ask{way: st.way}, status: resp.StatusCode, header: resp.Header}
	buf := make([]byte, 4<<10)
	for {
		n, err := resp.Body.Read(buf)
		s.body = append(s.body, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.err = err
			break
		}
		time.Sleep(2 * time.Millisecond) // that is how slow it is
	}
	s.read()
	st.saw(s)
	if !s.complete || strings.Count(s.text, "tok ") != 900 {
		st.Errorf("got %s, %d words", s.verdict(), strings.Count(s.text, "tok "))
	}
}

// stuckReader opens a stream and never reads. The provider's connection, and its
// key, are not held for ever; others are served all the while.
func stuckReader(st *stage) {
	st.start()
	c := st.raw()
	_ = c.SetReadBuffer(4 << 10)
	if _, err := c.Write(st.wire(ask{})); err != nil {
		st.Fatal(err)
	}
	v := st.vendors["cerebras"]
	st.eventually("the provider answers it", func() bool { return len(v.chats()) == 1 })
	v.faults(simulator.Fault{What: "nginx-503", When: simulator.When{After: 0}})
	st.wants(st.send(ask{}), want{by: "synthetic"})
	began := time.Now()
	st.eventually("it is let go", func() bool { return st.inFlight() == 0 })
	if took := time.Since(began); took > time.Second+slack {
		st.Errorf("it took %v", took)
	}
	st.eventually("the provider is let go", func() bool { return v.chats()[0].Done })
	st.note("it is let go after the limit")
	st.stop()
	var left int
	for _, r := range st.readRecords() {
		if r.Status == 499 {
			left++
		}
	}
	if left != 1 {
		st.Errorf("%d records of a client that left", left)
	}
}

func halfRequest(reset bool) func(*stage) {
	return func(st *stage) {
		st.start()
		text := st.wire(ask{})
		c := st.raw()
		if _, err := c.Write(text[:len(text)-20]); err != nil {
			st.Fatal(err)
		}
		st.eventually("it is being read", func() bool { return st.inFlight() == 1 })
		if reset {
			_ = c.SetLinger(0)
		}
		_ = c.Close()
		st.eventually("it is let go", func() bool { return st.inFlight() == 0 })
		st.wants(st.send(ask{}), want{by: "cerebras"})
		if n := len(st.vendors["cerebras"].chats()); n != 1 {
			st.Errorf("the provider was asked %d times", n)
		}
		st.note("half a request reaches nobody")
	}
}

// halfClosed sends a request and closes its sending side, as some tools do, and
// reads on. net/http takes that for a client that has left; what matters is that
// nobody is blamed and nothing is left behind.
func halfClosed(st *stage) {
	st.start()
	c := st.raw()
	if _, err := c.Write(st.wire(ask{})); err != nil {
		st.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		st.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(slack))
	_, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		st.Error("the connection hangs")
	}
	st.eventually("it is let go", func() bool { return st.inFlight() == 0 })
	if state := st.keyOf("cerebras"); state != "ready" {
		st.Errorf("the key is %s", state)
	}
	st.note("it is taken for gone")
	st.wants(st.send(ask{}), want{by: "cerebras"})
}

// idleClients holds connections that say nothing, or too little, and wants that
// others are served meanwhile.
func idleClients(n int, says string) func(*stage) {
	return func(st *stage) {
		st.start()
		var wg sync.WaitGroup
		room := make(chan struct{}, 50)
		for range n {
			wg.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				if _, err := st.raw().Write([]byte(says)); err != nil {
					st.Error(err)
				}
			})
		}
		wg.Wait()
		for range 5 {
			st.wants(st.send(ask{}), want{by: "cerebras"})
		}
		for _, s := range st.together(20, ask{}) {
			st.wants(s, want{by: "cerebras"})
		}
		st.note("others are served all the while")
	}
}

// crowd sends more requests than may run and wait. Who is not served is told so,
// and when to come again.
func crowd(st *stage) {
	st.start()
	served, turned := 0, 0
	for _, s := range st.together(500, ask{}) {
		switch {
		case s.status == 200:
			served++
		case s.status == 503 && s.failure != nil && s.failure.code == "at_capacity" && s.header.Get("Retry-After") != "":
			turned++
		default:
			st.Errorf("got %s, %v", s.verdict(), s.err)
		}
	}
	if served < 104 || served+turned != 500 {
		st.Errorf("%d were served, %d turned away", served, turned)
	}
}

func queueTooLong(st *stage) {
	st.start()
	served, turned := 0, 0
	for _, s := range st.together(4, ask{}) {
		switch {
		case s.status == 200:
			served++
		case s.status == 503 && s.failure != nil && s.failure.code == "at_capacity":
			turned++
		default:
			st.Errorf("got %s, %v", s.verdict(), s.err)
		}
	}
	if served != 1 || turned != 3 {
		st.Errorf("%d were served, %d turned away", served, turned)
	}
}

// sendBody sends any bytes to the dialect's path.
func (st *stage) sendBody(body []byte, header ...string) *seen {
	st.Helper()
	a := ask{way: st.way}
	req, err := http.NewRequestWithContext(st.Context(), http.MethodPost, st.program.URL+paths[a.dialect], bytes.NewReader(body))
	if err != nil {
		st.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := st.client.Do(req)
	if err != nil {
		st.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	s := &seen{ask: a, status: resp.StatusCode, header: resp.Header}
	s.body, s.err = io.ReadAll(resp.Body)
	s.read()
	st.saw(s)
	return s
}

func badBodies(st *stage) {
	st.start()
	for what, body := range map[string]string{
		"nothing": "", "blank": "  \n", "words": "hello", "half of it": `{"model":"m","messages":[{"role":"user","content":"hel`,
		"a list": `[1,2]`, "null": "null", "two of them": `{} {}`, "NULs": "{\"model\":\"m\",\x00}",
		"deep": strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), "deep lists": `{"messages":` + strings.Repeat("[", 200_000),
	} {
		s := st.sendBody([]byte(body))
		if s.status < 400 || s.status >= 500 || s.failure == nil {
			st.Errorf("%s: %s", what, s.verdict())
		}
	}
	st.wants(st.send(ask{}), want{by: "cerebras"})
}

func badRequests(st *stage) {
	st.start()
	for what, text := range map[string]string{
		"no HTTP":             "hello\r\n\r\n",
		"TLS":                 "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"a header without :":  "GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n",
		"a folded header":     "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n",
		"no host":             "GET /healthz HTTP/1.1\r\n\r\n",
		"two hosts":           "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
		"two lengths":         "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		"length and chunked":  "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"chunks of no size":   "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
		"a header of 100 KB":  "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("x", 100<<10) + "\r\n\r\n",
		"an address of 1 MB":  "GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"CONNECT":             "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
		"another's address":   "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"a NUL in the header": "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\n\r\n",
	} {
		c := st.raw()
		_ = c.SetDeadline(time.Now().Add(slack))
		if _, err := io.WriteString(c, text); err != nil && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
			st.Errorf("%s: %v", what, err)
		}
		_ = c.CloseWrite()
		answer, err := io.ReadAll(c)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			st.Errorf("%s: the connection hangs", what)
		}
		if line, _, _ := strings.Cut(string(answer), "\r\n"); line != "" && !strings.Contains(line, " 4") && !strings.Contains(line, " 5") {
			st.Errorf("%s: %s", what, line)
		}
	}
	for _, v := range st.vendors {
		if n := len(v.chats()); n != 0 {
			st.Errorf("a provider was asked %d times", n)
		}
	}
	st.wants(st.send(ask{}), want{by: "cerebras"})
	st.unproved = true // what net/http refuses itself never becomes a request
}

// pipelined sends three requests at once over one connection.
func pipelined(st *stage) {
	st.start()
	c := st.raw()
	_ = c.SetDeadline(time.Now().Add(2 * slack))
	if _, err := c.Write(bytes.Repeat(st.wire(ask{}), 3)); err != nil {
		st.Fatal(err)
	}
	in := bufio.NewReader(c)
	for range 3 {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			st.Fatal(err)
		}
		s := &seen{ask: ask{way: st.way}, status: resp.StatusCode, header: resp.Header}
		s.body, s.err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		s.read()
		st.saw(s)
		st.wants(s, want{by: "cerebras"})
	}
}

func oldClient(st *stage) {
	st.start()
	c := st.raw()
	_ = c.SetDeadline(time.Now().Add(slack))
	body := ask{way: whole}.body()
	if _, err := fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		st.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		st.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	s := &seen{ask: ask{way: whole}, status: resp.StatusCode, header: resp.Header}
	s.body, s.err = io.ReadAll(resp.Body)
	s.read()
	st.saw(s)
	st.wants(s, want{by: "cerebras"})
}
