package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// antMeaning tells a request in lines that do not depend on how a dialect cuts
// it into messages: what is said by whom in order, each call with what it
// brought. Ids are not in it, but which result belongs to which call is.
type antMeaning struct {
	fit   Fit
	first bool // the request was made up: what the provider does not take is left out
	lines []string
	calls map[string]int // by id: the line of a call without a result
}

func (m *antMeaning) say(format string, args ...any) {
	m.lines = append(m.lines, fmt.Sprintf(format, args...))
}

func (m *antMeaning) request(q *chat.Request) []string {
	m.calls = map[string]int{}
	m.options(q)
	var lead []string
	begun, last := false, len(q.Messages)-1
	for i, message := range q.Messages {
		begun = begun || message.Role == chat.Assistant
		for j, p := range message.Parts {
			switch {
			case message.Role == chat.System && begun:
				m.say("user: %q", "<system-reminder>"+p.Text+"</system-reminder>")
			case message.Role == chat.System:
				lead = append(lead, p.Text)
			case p.Kind == chat.Text && message.Role == chat.Assistant && i == last && j == len(message.Parts)-1:
				m.say("assistant: %q", strings.TrimRight(p.Text, " \n"))
			default:
				m.part(message.Role, p)
			}
		}
	}
	if m.first && q.Format.Kind != chat.FormatText && !m.fit.Author {
		lead = append(lead, formInWords(q.Format))
	}
	for _, line := range m.calls {
		m.lines[line] += fmt.Sprintf(" → true %v", []chat.Part{{Text: "interrupted"}})
	}
	m.say("system: %q", strings.Join(lead, "\n\n"))
	return m.lines
}

func (m *antMeaning) part(role chat.Role, p chat.Part) {
	switch p.Kind {
	case chat.Call:
		m.calls[p.ID] = len(m.lines)
		args := p.Args
		if m.first && args == "" {
			args = "{}"
		} else if m.first && !json.Valid([]byte(args)) {
			args = `{"_raw":` + quote(args) + `}`
		}
		m.say("%s: %s %s", role, p.Name, args)
	case chat.Result:
		m.lines[m.calls[p.ID]] += fmt.Sprintf(" → %v %v", p.Failed, p.Parts)
		delete(m.calls, p.ID)
	case chat.Thought, chat.Redacted:
		provider, own, ours := Unsign(p.Signature)
		if ours && (own == "" || provider != m.fit.Provider) {
			return
		}
		if ours {
			p.Signature = own
		}
		m.say("%s: %v %q %q", role, p.Kind, p.Text, p.Signature)
	case chat.Document:
		m.say("%s: %q", role, p.Media.Name+":\n\n"+p.Text)
	case chat.Image:
		m.say("%s: %+v", role, p.Media)
	default:
		m.say("%s: %q", role, p.Text)
	}
}

// options tells all the rest, as far as the provider takes it.
func (m *antMeaning) options(q *chat.Request) {
	limit := outputLimit(q.MaxOutput, m.fit)
	choice := q.Choice
	if choice.Single && choice.Mode == chat.ChooseUnset {
		choice.Mode = chat.ChooseAuto
	}
	m.say("%q %v %d %q %+v", q.Model, q.Stream, limit, q.Stop, choice)
	for _, t := range q.Tools {
		m.say("tool %q %q %s %v", t.Name, t.Description, t.Schema, t.Strict && m.fit.Author)
	}
	if m.fit.Author {
		m.say("form %s", q.Format.Schema)
	}
	if forced := q.Choice.Mode == chat.ChooseAny || q.Choice.Mode == chat.ChooseOne; !forced && limit > 40000 {
		m.say("%+v", m.thinking(q.Thinking))
	}
}

func (m *antMeaning) thinking(t chat.Thinking) chat.Thinking {
	switch {
	case m.fit.Author && t.Mode == chat.ThinkOn && t.Budget == 0:
		t.Mode = chat.ThinkAdaptive // which is all that Anthropic is told
	case m.fit.Author:
	case t.Mode == chat.ThinkOff:
		t.Effort = ""
	case t.Mode != chat.ThinkUnset || t.Effort != "":
		t = chat.Thinking{Mode: chat.ThinkOn, Budget: thinkingBudget(t)}
	}
	return t
}

func TestEncodeAnthropicKeepsTheMeaning(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		fit := Fit{Provider: "zai", Model: "m"}
		if i%2 == 1 {
			fit = Fit{Provider: "anthropic", Author: true, Model: "m"}
		}
		q := randomRequest(rng)
		before := fmt.Sprintf("%+v", q)
		sent := antEncoded(t, q, fit)
		if after := fmt.Sprintf("%+v", q); after != before {
			t.Fatalf("the request was changed\nfrom %s\nto   %s", before, after)
		}
		got := antHub(t, string(sent.Body))
		antRename(got, sent.Names)
		q.Model = "m"
		want, have := antMeaning{fit: fit, first: true}, antMeaning{fit: fit}
		wanted, had := want.request(q), have.request(got)
		if !reflect.DeepEqual(wanted, had) {
			t.Fatalf("no. %d\n%s\nwas\n%s\nbecame\n%s", i, sent.Body, strings.Join(wanted, "\n"), strings.Join(had, "\n"))
		}
		antFixed(t, got, sent, fit)
	}
}

// antRename gives tools the client's names.
func antRename(q *chat.Request, names map[string]string) {
	own := func(name *string) {
		if was, renamed := names[*name]; renamed {
			*name = was
		}
	}
	for i := range q.Tools {
		own(&q.Tools[i].Name)
	}
	own(&q.Choice.Name)
	for i := range q.Messages {
		for j := range q.Messages[i].Parts {
			own(&q.Messages[i].Parts[j].Name)
		}
	}
}

// antFixed checks that what was encoded, decoded and encoded again is the same
// to the byte, if thinking comes back with the mark that clients see.
func antFixed(t *testing.T, got *chat.Request, sent Sent, fit Fit) {
	t.Helper()
	for i := range got.Messages {
		for j := range got.Messages[i].Parts {
			if p := &got.Messages[i].Parts[j]; p.Signature != "" {
				p.Signature = Sign(fit.Provider, p.Signature)
			}
		}
	}
	again := antEncoded(t, got, fit)
	if !bytes.Equal(again.Body, sent.Body) {
		t.Fatalf("%s\nbecame\n%s", sent.Body, again.Body)
	}
	for _, change := range again.Changed {
		if !strings.Contains(change, "temperature") && !strings.Contains(change, "thinking, for") {
			t.Fatalf("%q of %s", again.Changed, sent.Body)
		}
	}
	fitted, e := antFit(t, string(sent.Body), Fit{Provider: fit.Provider, Author: true})
	if e != nil || !bytes.Equal(fitted.Body, sent.Body) {
		t.Fatalf("%s\nis not Anthropic's own: %v, %s", sent.Body, e, fitted.Body)
	}
}
