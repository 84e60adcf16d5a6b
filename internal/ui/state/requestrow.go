package state

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Request is one request of the list, as small as it can be: there may be a
// hundred thousand of them.
type Request struct {
	N                                    int64 // in the records' order; 0 if they have not told
	ID                                   string
	Time                                 time.Time
	Client, Asked, Provider, Model, Key  string
	Rule, Outcome                        string
	Status, Attempts                     int
	Prompt, Cached, Completion, Estimate int
	FirstByte, Took                      time.Duration
	PerSecond                            float64
	Cost                                 Cost
	Running, Demo, Stream                bool
}

// RequestOf is a request that has ended.
func RequestOf(e *event.Finished) Request {
	return Request{
		ID: e.ID, Time: e.Time, Client: e.Client, Asked: e.Asked, Provider: e.Provider, Model: e.Model, Key: e.Key,
		Rule: e.Rule, Outcome: cmp.Or(e.Outcome, "ok"), Status: e.Status, Attempts: e.Attempts,
		Prompt: e.Tokens.Prompt, Cached: e.Tokens.Cached, Completion: e.Tokens.Completion,
		FirstByte: e.FirstByte, Took: e.Took, PerSecond: e.TPS, Cost: costOf(e), Demo: e.Demo, Stream: e.Stream,
	}
}

// runningRequest is one that has not ended.
func runningRequest(d *Decision) Request {
	return Request{
		ID: d.ID, Time: d.Time, Client: d.Client, Asked: d.Asked, Provider: d.Provider, Model: d.Model, Key: d.Key, Rule: d.Rule,
		Attempts: d.Attempts, Estimate: d.Estimate, Stream: d.Stream, Running: true,
	}
}

// Mark is how it stands, as a shape.
func (r *Request) Mark() Mark {
	switch {
	case r.Running:
		return Waiting
	case r.Status == 499:
		return Off
	case r.Outcome == "ok" && r.Status < 400:
		return Good
	}
	return Bad
}

// RequestRow is a request as a line of the window.
type RequestRow struct {
	ID                                string
	Mark                              Mark
	Time, Client, Asked, Target, Rule string
	Status                            string // "429", "200×2" after two attempts
	In, Cached, Out                   string // tokens
	First, Speed, Took                string // s, tokens per second, s
	Cost                              string
}

// Row is the line; of one that runs it says for how long already.
func (r *Request) Row(now time.Time) RequestRow {
	row := RequestRow{
		ID: r.ID, Mark: r.Mark(), Time: Clock(r.Time), Client: orNone(r.Client), Asked: orNone(r.Asked), Target: r.target(),
		Rule: orNone(r.Rule), In: Tokens(r.Prompt), Cached: Tokens(r.Cached), Out: Tokens(r.Completion),
		First: Seconds(r.FirstByte), Speed: PerSecond(r.PerSecond), Took: Seconds(r.Took), Cost: r.Cost.String(), Status: none,
	}
	if now.Sub(r.Time) > 24*time.Hour {
		row.Time = r.Time.Local().Format("01-02 15h")
	}
	if r.Status > 0 {
		row.Status = strconv.Itoa(r.Status)
	}
	if r.Attempts > 1 {
		row.Status += "×" + strconv.Itoa(r.Attempts)
	}
	if r.Running {
		row.Took = strconv.Itoa(int(max(now.Sub(r.Time), 0) / time.Second))
		if r.Estimate > 0 {
			row.In = "~" + Tokens(r.Estimate)
		}
	}
	return row
}

// target is who answers: "cerebras/gpt-oss-120b".
func (r *Request) target() string {
	if r.Provider == "" {
		return none
	}
	return r.Provider + "/" + orNone(r.Model)
}

// Whole is everything the line says, uncut, for the foot of the page: in one line
// which way it went, in another what became of it.
func (r *Request) Whole(now time.Time) (way, end string) {
	words := []string{r.Time.Local().Format("2006-01-02 15:04:05"), orNone(r.Client), Tr("asked for {{.Model}}", "Model", orNone(r.Asked)), Tr("went to {{.Target}}", "Target", r.target())}
	if r.Key != "" {
		words = append(words, Tr("key {{.Name}}", "Name", r.Key))
	}
	way = strings.Join(append(words, Tr("rule {{.Name}}", "Name", orNone(r.Rule))), " · ")
	if r.Running {
		return way, Tr("runs for {{.Time}}", "Time", Runs(now.Sub(r.Time)))
	}
	words = []string{strings.TrimSpace(strconv.Itoa(r.Status) + " " + plain(r.Outcome))}
	if r.Attempts > 1 {
		words = append(words, attempts(r.Attempts))
	}
	if r.Prompt+r.Completion > 0 {
		words = append(words, Tr("{{.In}} tokens in, {{.Cached}} of them cached, {{.Out}} out",
			"In", Thousands(r.Prompt), "Out", Thousands(r.Completion), "Cached", Thousands(r.Cached)))
	}
	words = append(words, took(r.Took, r.FirstByte))
	if r.PerSecond > 0 {
		words = append(words, Tr("{{.Speed}} tok/s", "Speed", PerSecond(r.PerSecond)))
	}
	switch c := r.Cost; {
	case c.Known && c.Plan:
		words = append(words, Tr("covered by a plan, else {{.Cost}}", "Cost", Money(c.USD)))
	case c.Known:
		words = append(words, Tr("cost {{.Cost}}", "Cost", Money(c.USD)))
	}
	return way, strings.Join(words, " · ")
}

// attempts counts the tries of a request.
func attempts(n int) string { return TrN(n, "{{.Count}} attempt", "{{.Count}} attempts") }

// took says how long a request lasted.
func took(whole, first time.Duration) string {
	if first <= 0 {
		return Tr("took {{.Time}}", "Time", Took(whole))
	}
	return Tr("took {{.Time}}, the first byte after {{.First}}", "Time", Took(whole), "First", First(first))
}

// RequestFilter says which requests are shown; what is empty does not restrict.
type RequestFilter struct {
	Text                   string // part of a reason, an error, an outcome, a model, a path or a try
	Provider, Client, Rule string
	Status                 string // "429", "4xx", "error" for all that failed
}

func (f *RequestFilter) shows(e *event.Finished) bool {
	if (f.Provider != "" && e.Provider != f.Provider) || (f.Client != "" && e.Client != f.Client) || (f.Rule != "" && e.Rule != f.Rule) {
		return false
	}
	if !f.status(e) {
		return false
	}
	return f.text(e.Reason, e.Error, e.Outcome, e.Asked, e.Model, e.Path)
}

func (f *RequestFilter) status(e *event.Finished) bool {
	switch s := f.Status; {
	case s == "":
		return true
	case s == "error":
		return e.Status >= 400 || e.Outcome != "ok"
	case len(s) == 3 && strings.HasSuffix(s, "xx"):
		return e.Status/100 == int(s[0]-'0')
	default:
		return strconv.Itoa(e.Status) == s
	}
}

func (f *RequestFilter) text(fields ...string) bool {
	if f.Text == "" {
		return true
	}
	want := strings.ToLower(f.Text)
	for _, field := range fields {
		if strings.Contains(strings.ToLower(field), want) {
			return true
		}
	}
	return false
}

// showsRunning is shows for one that has no status yet.
func (f *RequestFilter) showsRunning(d *Decision) bool {
	return f.Status == "" && (f.Provider == "" || f.Provider == d.Provider) && (f.Client == "" || f.Client == d.Client) &&
		(f.Rule == "" || f.Rule == d.Rule) && f.text(d.Reason, d.Asked, d.Model)
}
