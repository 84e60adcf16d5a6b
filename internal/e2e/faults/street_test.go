package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// streetVar, if set, makes the test binary the process that the providers live in.
const streetVar = "GLMTRAY_TEST_STREET"

// plot is what a provider is built from.
type plot struct {
	Script simulator.Script
	Wires  [][]string // what becomes of the n-th connection, see wire; none: all are served
	TLS    string     // see certificate; "": plain HTTP
}

// built is where a provider stands.
type built struct {
	ID  int
	URL string
	CA  string // PEM of the authority that signed its certificate
}

// traffic is what came over a provider's threshold, below HTTP.
type traffic struct {
	Connections int // accepted
	Open        int // of these, not closed yet
	Mute        int // of those, lost
}

// street is the process of the providers: each a simulator behind a threshold
// that can lose and break connections. It is driven over HTTP.
type street struct {
	mu     sync.Mutex
	houses []*house
}

// runStreet serves until stdin ends, which is when its parent does.
func runStreet() error {
	s := &street{}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /build", answer(func(r *http.Request) (any, error) {
		var p plot
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			return nil, err
		}
		return s.build(p)
	}))
	for verb, do := range verbs {
		mux.HandleFunc("POST /{id}/"+verb, answer(func(r *http.Request) (any, error) {
			h, err := s.find(r.PathValue("id"))
			if err != nil {
				return nil, err
			}
			return do(h, r.Body)
		}))
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // ends with the process
	fmt.Println("http://" + l.Addr().String())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// verbs are what may be done to a provider that stands.
var verbs = map[string]func(h *house, body io.Reader) (any, error){
	"calls":   func(h *house, _ io.Reader) (any, error) { return h.sim.Calls(), nil },
	"traffic": func(h *house, _ io.Reader) (any, error) { return h.traffic(), nil },
	"close":   func(h *house, _ io.Reader) (any, error) { return nil, h.close() },
	"open":    func(h *house, _ io.Reader) (any, error) { return nil, h.open() },
	"lose":    func(h *house, _ io.Reader) (any, error) { h.lose(); return nil, nil },
	"hangup":  func(h *house, _ io.Reader) (any, error) { h.hangUp(); return nil, nil },
	"faults": func(h *house, body io.Reader) (any, error) {
		var list []simulator.Fault
		if err := json.NewDecoder(body).Decode(&list); err != nil {
			return nil, err
		}
		return nil, h.sim.SetFaults(list...)
	},
	"script": func(h *house, body io.Reader) (any, error) {
		var s simulator.Script
		if err := json.NewDecoder(body).Decode(&s); err != nil {
			return nil, err
		}
		return nil, h.sim.SetScript(s)
	},
	"wires": func(h *house, body io.Reader) (any, error) {
		var wires [][]string
		if err := json.NewDecoder(body).Decode(&wires); err != nil {
			return nil, err
		}
		return nil, h.rewire(wires)
	},
}

func answer(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := do(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(v) // a test that is gone
	}
}

func (s *street) build(p plot) (built, error) {
	h, err := newHouse(p)
	if err != nil {
		return built{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.houses = append(s.houses, h)
	return built{ID: len(s.houses) - 1, URL: h.url(), CA: h.ca}, nil
}

func (s *street) find(id string) (*house, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int
	if _, err := fmt.Sscan(id, &n); err != nil || n < 0 || n >= len(s.houses) {
		return nil, fmt.Errorf("no provider %q", id)
	}
	return s.houses[n], nil
}

// streetLives is the pipe whose end is the street's.
var streetLives io.Closer

// theStreet starts the process of the providers, once.
var theStreet = sync.OnceValues(func() (string, error) {
	cmd := exec.CommandContext(context.Background(), os.Args[0]) //nolint:gosec // this very program
	cmd.Env = append(os.Environ(), streetVar+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	streetLives = in
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), err
})

// vendor is a provider as a scenario has it.
type vendor struct {
	t      testing.TB
	street string
	built
}

// build starts a provider in the street. It is closed with the test.
func build(t testing.TB, p plot) *vendor {
	t.Helper()
	at, err := theStreet()
	if err != nil {
		t.Fatalf("starting the providers: %v", err)
	}
	v := &vendor{t: t, street: at}
	v.post("build", p, &v.built)
	t.Cleanup(func() { v.do("close", nil, nil) })
	return v
}

func (v *vendor) do(verb string, in, into any) {
	v.t.Helper()
	v.post(strconv.Itoa(v.ID)+"/"+verb, in, into)
}

func (v *vendor) post(path string, in, into any) {
	v.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		v.t.Fatal(err)
	}
	// Not the test's context: providers are closed after it.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.street+"/"+path, strings.NewReader(string(raw)))
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(resp.Body)
		v.t.Fatalf("%s: %s", path, said)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		v.t.Fatalf("%s: %v", path, err)
	}
}

// calls are all requests that reached it, in order.
func (v *vendor) calls() (list []simulator.Call) {
	v.t.Helper()
	v.do("calls", nil, &list)
	return list
}

// chats are those of them that ask for an answer of a model.
func (v *vendor) chats() (list []simulator.Call) {
	v.t.Helper()
	for _, c := range v.calls() {
		if c.Dialect != "" {
			list = append(list, c)
		}
	}
	return list
}

func (v *vendor) traffic() (n traffic)           { v.t.Helper(); v.do("traffic", nil, &n); return n }
func (v *vendor) faults(list ...simulator.Fault) { v.t.Helper(); v.do("faults", list, nil) }
func (v *vendor) script(s simulator.Script)      { v.t.Helper(); v.do("script", s, nil) }
func (v *vendor) close()                         { v.t.Helper(); v.do("close", nil, nil) }
func (v *vendor) open()                          { v.t.Helper(); v.do("open", nil, nil) }
func (v *vendor) lose()                          { v.t.Helper(); v.do("lose", nil, nil) }
func (v *vendor) hangUp()                        { v.t.Helper(); v.do("hangup", nil, nil) }
func (v *vendor) wires(connections ...[]string)  { v.t.Helper(); v.do("wires", connections, nil) }
