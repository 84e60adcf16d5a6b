package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// wire is what happens to a connection before anybody serves it, step by step:
//
//	read          reads one HTTP request, with its body
//	say "TEXT"    writes a quoted text as it is
//	drip "TEXT"   writes it a byte every 2 ms
//	glance        reads the first line of a request
//	wait 300ms    waits
//	serve         hands the connection to the simulator, which keeps it
//	reset         ends it by a reset
//	close         ends it as polite programs do
//	stay          keeps it until the other side closes it, and reads all
//	deaf          keeps it and reads nothing, so that the other side cannot go on writing
//
// After the last step the connection is closed.
type wire struct {
	verb string
	text []byte
	wait time.Duration
}

var served = []wire{{verb: "serve"}}

func parseWires(scripts [][]string) ([][]wire, error) {
	var all [][]wire
	for _, lines := range scripts {
		var one []wire
		for _, line := range lines {
			w, err := parseWire(line)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			one = append(one, w)
		}
		all = append(all, one)
	}
	return all, nil
}

func parseWire(line string) (w wire, err error) {
	verb, rest, _ := strings.Cut(line, " ")
	w.verb = verb
	switch verb {
	case "say", "drip":
		var text string
		text, err = strconv.Unquote(rest)
		w.text = []byte(text)
	case "wait":
		w.wait, err = time.ParseDuration(rest)
	case "glance", "read", "serve", "reset", "close", "stay", "deaf":
	default:
		err = fmt.Errorf("no such step")
	}
	return w, err
}

// run carries out a script on a connection.
func (l *lane) run(script []wire, d *door) {
	in := bufio.NewReader(l)
	for _, w := range script {
		if !l.step(w, in, d) {
			return // somebody else has it, or it is gone
		}
	}
	_ = l.Close()
}

// step does one step; false: the script is over.
func (l *lane) step(w wire, in *bufio.Reader, d *door) bool {
	var err error
	switch w.verb {
	case "glance":
		_, err = in.ReadString('\n')
	case "read":
		err = readRequest(in)
	case "say":
		_, err = l.Write(w.text)
	case "drip":
		for i := range w.text {
			if _, err = l.Write(w.text[i : i+1]); err != nil {
				break
			}
			l.pause(2 * time.Millisecond)
		}
	case "wait":
		l.pause(w.wait)
	case "serve":
		select {
		case d.through <- begun{in, l}:
		case <-d.shut:
			_ = l.Close()
		}
		return false
	case "reset":
		_ = l.SetLinger(0) // at the worst it is a tidy end
		_ = l.Close()
		return false
	case "stay":
		_, _ = io.Copy(io.Discard, in)
	case "deaf":
		<-l.gone
	}
	if err != nil {
		_ = l.Close()
	}
	return err == nil
}

// pause waits, but not for a connection that is gone.
func (l *lane) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-l.gone:
	}
}

// begun is a connection of which a part was read ahead.
type begun struct {
	in *bufio.Reader
	*lane
}

func (b begun) Read(p []byte) (int, error) { return b.in.Read(p) }

var _ net.Conn = begun{}

func readRequest(in *bufio.Reader) error {
	r, err := http.ReadRequest(in)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

// httpOf writes an answer by hand, line by line, for what no server would say.
func httpOf(status string, header []string, body string) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + status + "\r\n")
	for _, h := range header {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}
