package faults

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/bench/splice"
)

var (
	full  = flag.Bool("full", false, "the full set: nothing is left out, and 100 kills")
	table = flag.String("table", "", "write what happened to this `file`, as Markdown")
	brief = flag.String("readme", "", "put the table in short into this `file`")
)

// TestMain lets many scenarios run side by side: nearly all of their time they wait.
func TestMain(m *testing.M) {
	if os.Getenv(streetVar) != "" {
		if err := runStreet(); err != nil {
			fmt.Fprintln(os.Stderr, "the providers:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("12") // a number
	}
	code := m.Run()
	if err := report.write(); err != nil {
		fmt.Fprintln(os.Stderr, "writing the table:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// write leaves the tables where the flags say.
func (b *book) write() error {
	if *table != "" {
		text := b.markdown()
		fmt.Print(text)
		if err := os.WriteFile(*table, []byte(text), 0o644); err != nil { //nolint:gosec // a document for all
			return err
		}
	}
	if *brief == "" {
		return nil
	}
	return splice.Table(*brief, "make faults", b.counted()+"\n\n"+readme())
}

// book is what happened in each scenario.
type book struct {
	mu   sync.Mutex
	rows []*row
}

var report book

// row is one line of the table: all performances of a scenario.
type row struct {
	group, name string

	mu      sync.Mutex
	ways    []string
	saw     []string
	calls   []string
	records []string
	took    time.Duration
	limit   time.Duration
	failed  bool
	left    bool // it could not be played here
}

func (b *book) row(group, name string) *row {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &row{group: group, name: name}
	b.rows = append(b.rows, r)
	return r
}

// add takes in what a performance has shown.
func (r *row) add(st *stage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if st.Skipped() {
		r.left = true
		return
	}
	once(&r.ways, st.way.String())
	var saw []string
	for _, s := range st.answers {
		once(&saw, s.verdict())
	}
	for _, n := range append(saw, st.notes...) {
		once(&r.saw, n)
	}
	once(&r.calls, st.callsText())
	for _, rec := range st.records {
		once(&r.records, rec.words())
	}
	r.took, r.limit = max(r.took, st.took), max(r.limit, st.sc.want.within)
	r.failed = r.failed || st.Failed()
}

func once(list *[]string, text string) {
	if !slices.Contains(*list, text) {
		*list = append(*list, text)
	}
}

// words says what a record tells, short.
func (r record) words() string {
	var tries []string
	for _, t := range r.Tries {
		tries = append(tries, t.Provider+" "+t.Class)
	}
	text := strconv.Itoa(r.Status) + " " + r.Outcome
	if len(tries) > 1 || len(tries) == 1 && r.Outcome != "ok" {
		text += ": " + strings.Join(tries, ", ")
	}
	return text
}

// most is how many different things one cell shows.
const most = 4

func cell(list []string) string {
	if len(list) > most {
		list = append(slices.Clone(list[:most]), fmt.Sprintf("… %d more", len(list)-most))
	}
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(strings.Join(list, "; "))
}

func (r *row) verdict() string {
	switch {
	case r.failed:
		return "**failed**"
	case r.left:
		return "not possible here"
	case len(r.ways) == 0:
		return "not run"
	}
	return "passed"
}

// counted says how many scenarios there are, and how they went.
func (b *book) counted() string {
	counts := map[string]int{}
	for _, r := range b.rows {
		counts[r.verdict()]++
	}
	text := fmt.Sprintf("%d scenarios:", len(b.rows))
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		text += fmt.Sprintf(" %d %s.", counts[word], word)
	}
	return text
}

// markdown is the table of all scenarios.
func (b *book) markdown() string {
	var text strings.Builder
	text.WriteString(preface + "\n" + b.counted() + "\n")
	title := ""
	for _, r := range b.rows {
		if r.group != title {
			title = r.group
			fmt.Fprintf(&text, "\n## %s%s\n\n%s\n", strings.ToUpper(title[:1]), title[1:], head)
		}
		limit := ""
		if r.limit > 0 {
			limit = " of " + r.limit.String()
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s%s | %s |\n",
			cell([]string{r.name}), cell(r.saw), cell(r.calls), cell(r.records), r.took.Round(10*time.Millisecond), limit, r.verdict())
	}
	return text.String()
}

const head = "| what happens | what the client sees | calls | what the record says | longest | |\n|---|---|---|---|---|---|"

const preface = `# Faults

What ` + "`make faults`" + ` has written: what becomes of requests when anything around glmtray breaks. The program is the real one,
in a process of its own; the providers are simulated in another process, which resets, stalls, garbles and loses
connections as it is told; the client reads every answer as strictly as its dialect allows. Most scenarios are played
several times: whole and streamed, in OpenAI's, Anthropic's and the Responses dialect, translated and passed through.

Each row also holds what holds in all of them: an answer that claims to be complete is complete; a stream ends as its
dialect has it, or in an error event; every request has one record, which agrees with what the client saw; nobody who has
begun to answer is asked again for the same request; tokens and model are those of the provider that answered; the program
ends with 0 and without a trace in its log.

"Calls" are the requests for an answer that reached Cerebras, Synthetic and Z.ai; a provider below HTTP counts none.
"Longest" is the slowest performance, of the configured limit where there is one; it says more of the machine than of the
program. A laptop's sleep is SIGSTOP; another network is one on which the old connections are mute; the clock that jumps
is the standard library's, in a program that was built with another one.

Of the predecessors' defects some have no row, since there is nothing left that could break: an installation of a hundred
Python packages (L1, L9); the price's peak hour (Z11), percentiles over label sets and the canary that was guessed from an
address (dashboard), which unit tests of internal/proxy/metrics hold.
`

// readme is the table in short: one row for each group.
func readme() string {
	var text strings.Builder
	text.WriteString("| faults | scenarios | what holds |\n|---|---|---|\n")
	for _, g := range groups() {
		fmt.Fprintf(&text, "| %s | %d | %s |\n", g.title, len(g.list), g.promise)
	}
	return text.String()
}

func TestTheReadmeHasTheTableInShort(t *testing.T) {
	raw, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), readme()) {
		t.Errorf("README.md has another table than this one:\n%s", readme())
	}
}

// TestTheDocumentHasEveryScenario holds docs/faults.md to the scenarios that there
// are. What it says of each is measured, by make faults.
func TestTheDocumentHasEveryScenario(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for line := range strings.Lines(string(raw)) {
		if cells := strings.Split(line, " | "); len(cells) == 6 && strings.HasPrefix(line, "| ") {
			there = append(there, strings.TrimPrefix(cells[0], "| "))
			if verdict := strings.TrimSpace(cells[5]); verdict != "passed |" && verdict != "not possible here |" && verdict != "|" {
				t.Errorf("docs/faults.md says of %s: %s", cells[0], verdict)
			}
		}
	}
	n := 0
	for _, g := range groups() {
		for _, sc := range g.list {
			n++
			if !slices.Contains(there, cell([]string{sc.name})) {
				t.Errorf("docs/faults.md has nothing of %q: run make faults", sc.name)
			}
		}
	}
	if titles := len(groups()); len(there) != n+titles {
		t.Errorf("docs/faults.md has %d rows, and there are %d scenarios: run make faults", len(there)-titles, n)
	}
}
