package dialect

import (
	"slices"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// writeLimit writes how much the model may write: what the client wants, or what
// the provider is best given, and never more than the model can.
func (b *openAIBody) writeLimit() {
	field := b.fit.MaxOutputField
	if field == "" {
		field = "max_completion_tokens"
	}
	wanted, given := b.q.MaxOutput, b.q.MaxOutput > 0
	if !given {
		wanted = b.fit.MaxOutput
	}
	n := b.fit.atMost(wanted)
	switch {
	case n <= 0:
		return
	case given && !b.wish(field), !given && !b.field(field):
		return
	case !given:
		b.note("added ", field+" "+strconv.Itoa(n))
	case n != wanted:
		b.note("lowered ", field+" from "+strconv.Itoa(wanted)+" to "+strconv.Itoa(n))
	}
	b.out = strconv.AppendInt(b.out, int64(n), 10)
}

// atMost gives as much of an output limit as the model can write and its context
// has room for, which is at least one token.
func (f *Fit) atMost(limit int) int {
	if f.MaxModel > 0 {
		limit = min(limit, f.MaxModel)
	}
	if f.Context > 0 && f.Prompt > 0 {
		limit = min(limit, max(1, f.Context-f.Prompt))
	}
	return limit
}

// writeNumber writes temperature or top_p as the client wrote it, if the
// provider can be told so.
func (b *openAIBody) writeNumber(name, number string) {
	if number == "" {
		return
	}
	if s := (scanner{b: []byte(number)}); !isNumber(&s) {
		b.note("dropped ", name+", which is no number")
		return
	}
	if !b.wish(name) {
		return
	}
	if b.fit.Traits.InsideOne {
		x, _ := strconv.ParseFloat(number, 64) // of one that is too large: infinity
		to := ""
		if x <= 0 {
			to = "0.01"
		} else if x >= 1 {
			to = "0.99"
		}
		if to != "" {
			b.note("changed ", name+" to "+to)
			number = to
		}
	}
	b.out = append(b.out, number...)
}

func isNumber(s *scanner) bool {
	s.number()
	return s.end()
}

func (b *openAIBody) writeStop() {
	stops := make([]string, 0, 4)
	for _, stop := range b.q.Stop {
		switch most := b.fit.Traits.MaxStop; {
		case stop == "":
		case most > 0 && len(stops) == most:
			b.note("dropped ", "a stop sequence")
		default:
			stops = append(stops, stop)
		}
	}
	if len(stops) == 0 || !b.wish("stop") {
		return
	}
	b.out = append(b.out, '[')
	for _, stop := range stops {
		b.out = appendQuoted(sep(b.out), stop)
	}
	b.out = append(b.out, ']')
}

// writeThinking writes how much is to be thought: as a switch, as an effort that
// the model knows, or both.
func (b *openAIBody) writeThinking() {
	t, told := b.q.Thinking, false
	if field := b.fit.Traits.Thinking; field != "" && t.Mode != chat.ThinkUnset && b.field(field) {
		told = true
		if t.Mode == chat.ThinkOff {
			b.out = append(b.out, `{"type":"disabled"}`...)
		} else {
			b.out = append(b.out, `{"type":"enabled"}`...)
		}
	}
	wanted := wantedEffort(t)
	if wanted == "" {
		if t.Effort != "" {
			b.note("dropped ", "a reasoning effort that is not known")
		}
		return
	}
	effort := snap(wanted, b.fit.Efforts)
	switch {
	case effort != "" && b.field("reasoning_effort"):
		b.out = appendQuoted(b.out, effort)
		if effort != wanted && t.Budget == 0 {
			b.note("changed ", "reasoning_effort "+wanted+" to "+effort)
		}
	case !told:
		b.note("dropped ", "how much is to be thought")
	}
}

// efforts is every word for how much is to be thought, least first
// (openai-go, 2026-08-21; Anthropic's efforts are among them).
var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// wantedEffort gives the effort that a client wants, one of efforts; "" if it
// says nothing of it. Budgets are Anthropic's: 1024 tokens and more.
func wantedEffort(t chat.Thinking) string {
	switch {
	case t.Mode == chat.ThinkOff:
		return "none"
	case slices.Contains(efforts, t.Effort):
		return t.Effort
	case t.Budget <= 0:
		return ""
	case t.Budget < 2000:
		return "low"
	case t.Budget < 12000:
		return "medium"
	}
	return "high"
}

// snap gives the effort that a model knows and that is nearest to the one
// wanted; "" if it knows none. Who wants some thinking is not given none, and of
// two that are as near the higher one is taken, as Z.ai does it itself (glm-5.2
// takes medium for high, models.dev of 2026-08).
func snap(wanted string, known []string) string {
	switch {
	case len(known) == 0:
		return ""
	case slices.Contains(known, wanted):
		return wanted
	case wanted == "none" || wanted == "minimal":
		return known[0]
	case wanted == "xhigh" || wanted == "max":
		return known[len(known)-1]
	}
	best, rank := known[len(known)-1], slices.Index(efforts, wanted)
	for _, effort := range slices.Backward(known) {
		r := slices.Index(efforts, effort)
		if r >= slices.Index(efforts, "low") && distance(r, rank) < distance(slices.Index(efforts, best), rank) {
			best = effort
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }

// format is what is sent as response_format.
type format int8

const (
	formatNone format = iota
	formatObject
	formatSchema
)

// chooseFormat decides how the form of the answer is asked for: in a field, in
// the prompt, or both.
func (b *openAIBody) chooseFormat() {
	f := &b.q.Format
	if f.Kind == chat.FormatText {
		return
	}
	takes := b.takes("response_format")
	if takes {
		b.format = formatObject
	}
	schema := f.Kind == chat.FormatSchema && oneObject(f.Schema)
	switch {
	case f.Kind == chat.FormatSchema && !schema:
		b.note("dropped ", "a format's schema that is no JSON object")
	case schema && takes && !b.fit.Traits.NoSchema:
		b.format = formatSchema
		return
	case schema:
		b.order("the format's schema", "Answer with one JSON object and nothing else. It must be valid by this JSON schema:\n"+f.Schema)
		return
	}
	if !takes {
		b.order("response_format", "Answer with one JSON object and nothing else.")
	}
}

func (b *openAIBody) writeFormat() {
	if b.format == formatNone || !b.field("response_format") {
		return
	}
	if b.format == formatObject {
		b.out = append(b.out, `{"type":"json_object"}`...)
		return
	}
	f := &b.q.Format
	name := f.Name
	switch {
	case name == "":
		name = "answer"
	case !nameFits(name):
		name = shortened(name, "")
	}
	b.out = appendQuoted(append(b.out, `{"type":"json_schema","json_schema":{"name":`...), name)
	b.out, _ = appendSchema(append(b.out, `,"schema":`...), f.Schema) // it was looked at
	if f.Strict {
		b.out = append(b.out, `,"strict":true`...)
	}
	b.out = append(b.out, "}}"...)
}
