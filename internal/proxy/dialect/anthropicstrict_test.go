package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// strictly reports what is wrong with a stream towards an Anthropic client, by
// the strict form that its SDK wants.
func strictly(stream []byte, asked string) error {
	c := strictness{asked: asked, ids: map[string]bool{}}
	for at, text := range strings.SplitAfter(string(stream), "\n\n") {
		if text == "" {
			continue
		}
		name, data, ok := strings.Cut(strings.TrimSuffix(text, "\n\n"), "\ndata: ")
		name, named := strings.CutPrefix(name, "event: ")
		if !ok || !named || strings.Contains(data, "\n") {
			return fmt.Errorf("event %d: %q", at, text)
		}
		var e strictEvent
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("event %d: %w in %q", at, err, data)
		}
		if e.Type != name || c.over {
			return fmt.Errorf("event %d: %q out of place", at, text)
		}
		if err := c.event(&e); err != nil {
			return fmt.Errorf("event %d: %w in %q", at, err, data)
		}
	}
	if !c.over {
		return fmt.Errorf("it does not end")
	}
	return nil
}

type strictUsage struct {
	Input   *int `json:"input_tokens"`
	Written *int `json:"cache_creation_input_tokens"`
	Read    *int `json:"cache_read_input_tokens"`
	Output  *int `json:"output_tokens"`
}

func (u *strictUsage) sound() bool {
	if u == nil {
		return false
	}
	for _, n := range []*int{u.Input, u.Written, u.Read, u.Output} {
		if n == nil || *n < 0 {
			return false
		}
	}
	return true
}

type strictEvent struct {
	Type    string
	Index   *int
	Message *struct {
		ID, Type, Role, Model string
		Content               []any
		StopReason            *string `json:"stop_reason"`
		Usage                 *strictUsage
	}
	Block *struct {
		Type, ID, Name            string
		Text, Thinking, Signature *string
		Data                      string
		Input                     map[string]any
	} `json:"content_block"`
	Delta *struct {
		Type                      string
		Text, Thinking, Signature *string
		JSON                      *string `json:"partial_json"`
		Stop                      string  `json:"stop_reason"`
	}
	Usage *strictUsage
	Error *struct{ Type, Message string }
}

type strictness struct {
	asked         string
	begun, over   bool
	open          string // the kind of the open block
	index, pieces int
	signed        bool
	tools         int
	ids           map[string]bool
	finished      bool
}

func (c *strictness) event(e *strictEvent) error {
	if e.Type == "error" {
		c.over = true
		return orElse(e.Error != nil && e.Error.Type != "" && e.Error.Message != "", "an error without words")
	}
	if !c.begun {
		m := e.Message
		c.begun = true
		return orElse(e.Type == "message_start" && m != nil && strings.HasPrefix(m.ID, "msg_") && m.Type == "message" && m.Role == "assistant" &&
			m.Model == c.asked && m.Content != nil && len(m.Content) == 0 && m.StopReason == nil && m.Usage.sound(), "no message_start")
	}
	switch e.Type {
	case "content_block_start":
		return c.start(e)
	case "content_block_delta":
		return c.piece(e)
	case "content_block_stop":
		ok := e.Index != nil && *e.Index == c.index && c.open != "" && (c.pieces > 0 || c.open == "thinking" || c.open == "redacted_thinking") && c.signed == (c.open == "thinking")
		c.open, c.index = "", c.index+1
		return orElse(ok, "no such block to stop, or an empty one")
	case "message_delta":
		ok := c.open == "" && !c.finished && e.Delta != nil && e.Usage.sound() && (e.Delta.Stop == "tool_use") == (c.tools > 0) && e.Delta.Stop != ""
		c.finished = true
		return orElse(ok, "a wrong finish")
	case "message_stop":
		c.over = true
		return orElse(c.finished, "no finish")
	}
	return fmt.Errorf("unknown")
}

func (c *strictness) start(e *strictEvent) error {
	b := e.Block
	if b == nil || e.Index == nil || *e.Index != c.index || c.open != "" || c.finished {
		return fmt.Errorf("a block in the wrong place")
	}
	c.open, c.pieces, c.signed = b.Type, 0, false
	switch b.Type {
	case "text":
		return orElse(b.Text != nil && *b.Text == "", "no text")
	case "thinking":
		return orElse(b.Thinking != nil && *b.Thinking == "" && b.Signature != nil && *b.Signature == "", "no thinking")
	case "redacted_thinking":
		return orElse(strings.HasPrefix(b.Data, signatureMark), "no data")
	case "tool_use":
		ok := b.ID != "" && !c.ids[b.ID] && b.Input != nil && len(b.Input) == 0
		c.ids[b.ID] = true
		c.tools++
		return orElse(ok, "a wrong call")
	}
	return fmt.Errorf("an unknown block")
}

func (c *strictness) piece(e *strictEvent) error {
	d := e.Delta
	if d == nil || e.Index == nil || *e.Index != c.index || c.signed {
		return fmt.Errorf("a delta in the wrong place")
	}
	c.pieces++
	switch c.open + " " + d.Type {
	case "text text_delta":
		return orElse(d.Text != nil && *d.Text != "", "no text")
	case "thinking thinking_delta":
		return orElse(d.Thinking != nil && *d.Thinking != "", "no thinking")
	case "thinking signature_delta":
		c.signed = true
		return orElse(d.Signature != nil && strings.HasPrefix(*d.Signature, signatureMark), "no signature")
	case "tool_use input_json_delta":
		return orElse(d.JSON != nil && *d.JSON != "", "no input")
	}
	return fmt.Errorf("a delta of the wrong kind")
}

func orElse(ok bool, wrong string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s", wrong)
}

// written is what an Anthropic client gets for the deltas.
func written(ask Ask, deltas ...chat.Delta) []byte {
	w := newAnthropicStream(ask)
	var out []byte
	for i := range deltas {
		out = w.delta(out, &deltas[i])
	}
	return out
}

// sent is the same, for a stream that has to be strict.
func sent(t *testing.T, ask Ask, deltas ...chat.Delta) string {
	t.Helper()
	out := written(ask, deltas...)
	if err := strictly(out, ask.Request.Facts.Model); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return string(out)
}

// understood reads a stream of Messages events into an answer; broken is how
// many events were.
func understood(stream []byte) (a *chat.Answer, deltas []chat.Step, failure *chat.Error, broken int) {
	var g gathering
	r := newAnthropicAnswers()
	to := func(d *chat.Delta) {
		g.delta(d)
		deltas = append(deltas, d.Kind)
		if d.Kind == chat.Fails {
			failure = d.Err
		}
	}
	for {
		ev, n, ok := NextEvent(stream)
		if !ok {
			return &g.Answer, deltas, failure, broken
		}
		if ev.Data != nil && !r.event(ev, to) {
			broken++
		}
		stream = stream[n:]
	}
}
