package state

import (
	"cmp"
	"strconv"
	"strings"
)

// DecisionRow is one routed request as a line of the window.
type DecisionRow struct {
	Decision
	Mark   Mark   // Waiting while it runs
	At     string // "14:02:11"
	Who    string // the client
	What   string // the model it asked for
	Target string // "cerebras/desk"
	Why    string // rule, and how it ended if it did not end well
}

// Running reports whether a request has not ended yet.
func (d *Decision) Running() bool { return d.Outcome == "" && d.Status == 0 }

// target is who answers: "provider/key", with the model while the key is not
// known yet.
func (d *Decision) target() string {
	if d.Provider == "" {
		return none
	}
	return d.Provider + "/" + orNone(cmp.Or(d.Key, d.Model))
}

func (d *Decision) row() DecisionRow {
	r := DecisionRow{
		Decision: *d, At: Clock(d.Time), Who: orNone(d.Client), What: orNone(d.Asked),
		Target: d.target(), Why: orNone(d.Rule), Mark: d.mark(),
	}
	if end := d.end(); end != "" {
		r.Why += ": " + end
	}
	return r
}

func (d *Decision) mark() Mark {
	switch {
	case d.Running():
		return Waiting
	case d.ok():
		return Good
	case d.Status == 499:
		return Off
	}
	return Bad
}

func (d *Decision) ok() bool {
	return d.Outcome == "ok" || (d.Outcome == "" && d.Status >= 200 && d.Status < 300)
}

// end says how a request ended, if not well.
func (d *Decision) end() string {
	if d.Running() || d.ok() {
		return ""
	}
	end := plain(d.Outcome)
	if d.Status != 0 {
		end = strings.TrimSpace(strconv.Itoa(d.Status) + " " + end)
	}
	return end
}

// plain makes an outcome ("all_providers_failed") one for people.
func plain(outcome string) string { return Told(strings.ReplaceAll(outcome, "_", " ")) }

// Sentence is the row as one line: "14:02:11  claude-code  sonnet →
// cerebras/desk  everything".
func (r DecisionRow) Sentence() string {
	return r.At + "  " + r.Who + "  " + r.What + " → " + r.Target + "  " + r.Why
}

// lastRoute is the tray's line: "sonnet → cerebras/desk (everything: …)".
func (d *Decision) lastRoute() string {
	why := orNone(d.Rule)
	switch {
	case d.end() != "":
		why += ": " + d.end()
	case d.Reason != "" && d.Reason != d.Rule:
		why += ": " + Told(d.Reason)
	}
	return Tr("Last: {{.Asked}} → {{.Target}} ({{.Why}})", "Asked", orNone(d.Asked), "Target", d.target(), "Why", why)
}
