package faults

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// scenario is one thing that goes wrong, and what is to come of it.
type scenario struct {
	name string // what happens
	ways []way  // each is a performance of its own; none: usual

	// The providers. Without play each is asked through one request.
	cerebras, synthetic, zai role
	only                     string // the providers that have a key, with blanks between; "": all
	keys                     int    // of Cerebras, each an account; 0: one

	trust    bool     // Cerebras' authority is known to the program
	limits   string   // of Cerebras: `first_event = "1s"`
	settings string   // further lines of settings.toml
	environ  []string // further variables

	ask  ask
	want want
	play func(*stage) // instead of one request

	full bool // a part of the full set alone: it takes long
}

// usual are the ways in which a request is sent where nothing says otherwise: one
// whole and one streamed, one translated and one not.
var usual = []way{whole, claude}

// streams are the ways for what happens in the middle of an answer.
var streams = []way{stream, claude, codex}

// role is what a provider does.
type role struct {
	faults []simulator.Fault
	script func(*simulator.Script)
	wires  [][]string
	tls    string // see certificate
	closed bool   // nobody listens there
}

// does gives the role of a provider that meets every request with a fault.
func does(what string) role { return role{faults: []simulator.Fault{{What: what}}} }

// doesOnce is for the first request alone.
func doesOnce(what string) role {
	return role{faults: []simulator.Fault{{What: what, When: simulator.When{Times: 1}}}}
}

// doesLate is for faults that take a time.
func doesLate(what string, late time.Duration) role {
	return role{faults: []simulator.Fault{{What: what, Late: simulator.Duration(late)}}}
}

// says is a provider that writes bytes of its own in place of an answer.
func says(raw []byte, end string) role {
	return role{faults: []simulator.Fault{{What: "raw", Raw: raw, End: end}}}
}

// wired is a provider whose connections are treated below HTTP.
func wired(connections ...[]string) role { return role{wires: connections} }

// want is what is to come of a request.
type want struct {
	status  int           // 0: 200
	by      string        // the provider that answers; "": nobody
	code    string        // of the error, in the client's dialect where it differs: "a|b|c" for OpenAI, Anthropic, Responses
	broken  bool          // the stream begins and ends in an error event
	says    string        // a part of the error's message
	calls   string        // that Cerebras, Synthetic and Z.ai got: "2 1 0"
	tries   string        // what each came to, by the record: "server error, ok"
	outcome string        // of the record; "": ok
	key     string        // a provider and the state of its first key afterwards: "cerebras cooling"
	within  time.Duration // of the configured limits; slack comes on top
}

// slack is what a machine may take beyond the configured limits. It is no
// measure of the program: a hang would be longer than the default limits, which
// are 30 s and more.
const slack = 20 * time.Second

// answered is what nearly all scenarios want: the whole answer.
func answered(by, calls, tries string) want { return want{by: by, calls: calls, tries: tries} }

// code gives the error's code in a dialect.
func (w want) codeIn(dialect string) string {
	parts := strings.Split(w.code, "|")
	i := slices.Index([]string{"OpenAI", "Anthropic", "Responses"}, dialect)
	return parts[min(i, len(parts)-1)]
}

// group is scenarios of one kind, and what the README says of them.
type group struct {
	title   string
	promise string
	list    []scenario
}

// groups are all scenarios, in the order of the table.
func groups() []group {
	return []group{
		{"refusals of the vendors", "the next key or provider answers, a request's own fault comes back once and unchanged, a content filter is never routed around", refusals()},
		{"connections that fail", "nothing reaches the client before the first content, so another provider answers unseen; nobody who has begun to answer is asked twice", connections},
		{"answers that break off", "a stream that has begun ends as it should or in an error event of the client's dialect; what can be mended is", breaks},
		{"outages", "a provider that is down costs a few requests a moment and no more, and is back seconds after it is up", outages},
		{"clients", "a client that is slow, stuck, broken or one of a thousand harms nobody else", strangeClients},
		{"the machine", "a full disk, a locked keychain or a damaged database keeps no request from its answer, and what is lost is told", machine},
		{"time", "a laptop that sleeps and a clock that jumps cost nothing that can be saved", times},
		{"kills", "what was shown is kept, however the program ends", kills},
		{"defects of the predecessors", "what glm_awsomify_proxy, a LiteLLM set-up and zai-proxy got wrong is right here", predecessors},
	}
}

// run performs the n-th scenario in each of its ways; without -full in one of them,
// by turns.
func (sc *scenario) run(t *testing.T, n int, row *row) {
	ways := sc.ways
	if ways == nil {
		ways = usual
	}
	if sc.play != nil && sc.ways == nil {
		ways = []way{stream}
	}
	if !*full {
		ways = ways[n%len(ways):][:1]
	}
	for _, w := range ways {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			st := newStage(t, sc, w)
			defer row.add(st)
			if sc.play != nil {
				sc.play(st)
			} else {
				st.start()
				st.wants(st.send(sc.ask), sc.want)
			}
			st.end()
		})
	}
}

func TestFaults(t *testing.T) {
	for _, g := range groups() {
		var rows []*row // made here, so that the table has the order of the list
		for _, sc := range g.list {
			rows = append(rows, report.row(g.title, sc.name))
		}
		t.Run(g.title, func(t *testing.T) {
			t.Parallel()
			for n, sc := range g.list {
				t.Run(sc.name, func(t *testing.T) {
					t.Parallel()
					if !*full && (sc.full || sc.play != nil) {
						t.Skip("make faults plays it: it takes long, or a machine that is its own")
					}
					sc.run(t, n, rows[n])
				})
			}
		})
	}
}
