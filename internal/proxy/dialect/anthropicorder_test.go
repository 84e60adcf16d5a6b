package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// What providers leave out or count otherwise is mended while it passes, by the
// table of what breaks whom (Claude Code 2.1.197, SDK 1.11.0).
func TestMessagesPassInTheStrictForm(t *testing.T) {
	const i0, i1, i2, i7 = `"index":0,`, `"index":1,`, `"index":2,`, `"index":7,`
	text := func(index, text string) string {
		return `{"type":"content_block_delta",` + index + `"delta":{"type":"text_delta","text":"` + text + `"}}`
	}
	thinks := func(index, text string) string {
		return `{"type":"content_block_delta",` + index + `"delta":{"type":"thinking_delta","thinking":"` + text + `"}}`
	}
	begins := func(index, block string) string {
		return `{"type":"content_block_start",` + index + `"content_block":` + block + `}`
	}
	stops := func(index string) string {
		return `{"type":"content_block_stop",` + strings.TrimSuffix(index, ",") + `}`
	}
	own := `{"type":"message_start","message":{"id":"msg_0123456789abcdef","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":321,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}`
	calls, end := finishes(`"tool_use"`), endOfMessage
	for _, c := range []struct {
		name     string
		in, want []string
		dropped  int
	}{
		{
			"blocks that lie within each other stay",
			[]string{startAsAsked, toolBegins(i0, "a", "{}"), toolBegins(i1, "b", "{}"), toolGoesOn(i1, `{"b":`), toolGoesOn(i0, `{"a":`), toolGoesOn(i1, "1}"), toolGoesOn(i0, "1}"), stops(i1), stops(i0), calls, end},
			nil, 0,
		},
		{
			"indexes from 1",
			[]string{startAsAsked, begins(i1, emptyText), text(i1, "a"), stops(i1), toolBegins(i2, "a", "{}"), toolGoesOn(i2, "{}"), stops(i2), calls, end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), toolBegins(i1, "a", "{}"), toolGoesOn(i1, "{}"), stops(i1), calls, end},
			0,
		},
		{
			"indexes with gaps, within each other",
			[]string{startAsAsked, toolBegins(i2, "a", "{}"), toolBegins(i7, "b", "{}"), toolGoesOn(i7, "{}"), toolGoesOn(i2, "{}"), stops(i2), stops(i7), calls, end},
			[]string{startAsAsked, toolBegins(i0, "a", "{}"), toolBegins(i1, "b", "{}"), toolGoesOn(i1, "{}"), toolGoesOn(i0, "{}"), stops(i0), stops(i1), calls, end},
			0,
		},
		{
			"indexes that are all 0",
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), toolBegins(i0, "a", "{}"), toolGoesOn(i0, "{}"), stops(i0), calls, end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), toolBegins(i1, "a", "{}"), toolGoesOn(i1, "{}"), stops(i1), calls, end},
			0,
		},
		{
			"no indexes",
			[]string{startAsAsked, begins("", emptyText), text("", "a"), `{"type":"content_block_stop"}`, toolBegins("", "a", "{}"), toolGoesOn("", "{}"), `{"type":"content_block_stop"}`, calls, end},
			[]string{startAsAsked, front(i0, begins("", emptyText)), front(i0, text("", "a")), front(i0, `{"type":"content_block_stop"}`), front(i1, toolBegins("", "a", "{}")), front(i1, toolGoesOn("", "{}")), front(i1, `{"type":"content_block_stop"}`), calls, end},
			0,
		},
		{
			"no block around text",
			[]string{startAsAsked, text(i0, "a"), text(i0, "b"), turnEnds, end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), text(i0, "b"), stops(i0), turnEnds, end},
			0,
		},
		{
			"no block around thinking",
			[]string{startAsAsked, thinks(i0, "a"), begins(i1, emptyText), text(i1, "b"), turnEnds, end},
			[]string{startAsAsked, begins(i0, emptyThinking), thinks(i0, "a"), begins(i1, emptyText), text(i1, "b"), stops(i0), stops(i1), turnEnds, end},
			0,
		},
		{
			"input of no block",
			[]string{startAsAsked, toolGoesOn(i0, "{}"), text(i0, "a"), turnEnds, end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), turnEnds, end},
			1,
		},
		{
			"the end of no block",
			[]string{startAsAsked, stops(i0), begins(i0, emptyText), stops(i0), stops(i0), turnEnds, end},
			[]string{startAsAsked, begins(i0, emptyText), stops(i0), turnEnds, end},
			2,
		},
		{
			"blocks that nobody ends",
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), toolBegins(i1, "a", "{}"), toolGoesOn(i1, "{}"), calls, end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), toolBegins(i1, "a", "{}"), toolGoesOn(i1, "{}"), stops(i0), stops(i1), calls, end},
			0,
		},
		{
			"nor the message",
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), reason("end_turn", 1), end},
			0,
		},
		{
			"no reason but null",
			[]string{startAsAsked, toolBegins(i0, "a", "{}"), stops(i0), finishes("null"), end},
			[]string{startAsAsked, toolBegins(i0, "a", "{}"), stops(i0), finishes("null"), reason("tool_use", 7), end},
			0,
		},
		{
			"no message_start",
			[]string{`{"type":"ping"}`, begins(i0, emptyText), text(i0, "a"), stops(i0), turnEnds, end},
			[]string{`{"type":"ping"}`, own, begins(i0, emptyText), text(i0, "a"), stops(i0), turnEnds, end},
			0,
		},
		{
			"input in its block's beginning only",
			[]string{startAsAsked, toolBegins(i0, "a", `{"a":"\"é"}`), stops(i0), calls, end},
			[]string{startAsAsked, toolBegins(i0, "a", `{"a":"\"é"}`), toolGoesOn(i0, `{"a":"\"é"}`), stops(i0), calls, end},
			0,
		},
		{
			"input in the beginning of a block that nobody ends",
			[]string{startAsAsked, toolBegins(i0, "a", `{"a":1}`), toolBegins(i0, "b", `{"b":1}`), calls, end},
			[]string{startAsAsked, toolBegins(i0, "a", `{"a":1}`), toolGoesOn(i0, `{"a":1}`), stops(i0), toolBegins(i1, "b", `{"b":1}`), toolGoesOn(i1, `{"b":1}`), stops(i1), calls, end},
			0,
		},
		{"input in the beginning and in pieces", []string{startAsAsked, toolBegins(i0, "a", `{"a":1}`), toolGoesOn(i0, ""), toolGoesOn(i0, `{"b":1}`), stops(i0), calls, end}, nil, 0},
		{"no input at all", []string{startAsAsked, toolBegins(i0, "a", `{ }`), stops(i0), calls, end}, nil, 0},
		{
			"a tool's end without a tool",
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), calls, end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), finishes(`"end_turn"`), end},
			0,
		},
		{
			"OpenAI's word behind a tool",
			[]string{startAsAsked, toolBegins(i0, "a", "{}"), stops(i0), finishes(`"stop"`), end},
			[]string{startAsAsked, toolBegins(i0, "a", "{}"), stops(i0), finishes(`"tool_use"`), end},
			0,
		},
		{
			"OpenAI's word for the output limit",
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), finishes(`"length"`), end},
			[]string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), finishes(`"max_tokens"`), end},
			0,
		},
		{"a word that nobody knows", []string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), finishes(`"compaction"`), end}, nil, 0},
		{"a limit within a call", []string{startAsAsked, toolBegins(i0, "a", "{}"), stops(i0), finishes(`"max_tokens"`), end}, nil, 0},
		{"two message_deltas", []string{startAsAsked, begins(i0, emptyText), text(i0, "a"), stops(i0), turnEnds, turnEnds, end}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, want := messages(c.in...), messages(c.want...)
			if c.want == nil {
				want = in
			}
			for size := 1; size <= len(in)+1; size += 1 + size/20 {
				s := newAnthropicPass(askedWith(Anthropic))
				if got := passed(s, in, size); got != want {
					t.Fatalf("read by %d:\ngot  %s\nwant %s", size, got, want)
				}
				if s.Dropped() != c.dropped || !s.Finished() || s.Fault() != nil {
					t.Fatalf("read by %d: %d dropped, %v", size, s.Dropped(), s.Fault())
				}
			}
			if err := inOrder(want); err != nil {
				t.Errorf("%v: %s", err, want)
			}
		})
	}
	bare := "event: message_start\ndata: " + startAsAsked + "\n\nevent: content_block_stop\ndata: {}\n\nevent: message_delta\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}}\n\nevent: message_stop\ndata: {}\n\n"
	want := messages(startAsAsked, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}`, endOfMessage)
	if got := passed(newAnthropicPass(askedWith(Anthropic)), bare, 1<<20); got != want {
		t.Errorf("without types: got %s", got)
	}
}

// reason is the event that tells why a message ends, where its provider did not.
func reason(word string, output int) string {
	return fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":"%s","stop_sequence":null},"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d}}`, word, output)
}

// front puts a member into an event's data.
func front(member, data string) string { return "{" + member + data[1:] }

// inOrder reports what is wrong with the order of a stream's events: blocks may
// lie within each other, but that is all.
func inOrder(stream string) error {
	begun, told, over, blocks, open := false, false, false, 0, map[int]bool{}
	for text := range strings.SplitSeq(strings.ReplaceAll(stream, "\r", ""), "\n\n") {
		var name, data string
		for line := range strings.SplitSeq(text, "\n") {
			field, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimPrefix(value, " "); field {
			case "event":
				name = value
			case "data":
				data += value + "\n"
			}
		}
		var fields map[string]json.RawMessage // of a name that stands twice the last counts, as for every client
		_ = json.Unmarshal([]byte(data), &fields)
		kind, index := gjson.ParseBytes(fields["type"]).Str, int(gjson.ParseBytes(fields["index"]).Int())
		switch kind {
		case "message_start":
			begun = true
		case "content_block_start":
			if index != blocks || !begun {
				return fmt.Errorf("block %d begins as the %d.", index, blocks)
			}
			open[index] = true
			blocks++
		case "content_block_delta", "content_block_stop":
			if !open[index] {
				return fmt.Errorf("%s of block %d, which is not open", kind, index)
			}
			if kind == "content_block_stop" {
				delete(open, index)
			}
		case "message_delta", "message_stop":
			over = over || kind == "message_stop"
			var delta map[string]json.RawMessage
			_ = json.Unmarshal(fields["delta"], &delta)
			told = told || says(delta["stop_reason"])
			if len(open) > 0 || !begun {
				return fmt.Errorf("%s while %d blocks are open", kind, len(open))
			}
		case "error":
			return nil
		default:
			continue
		}
		if name != kind {
			return fmt.Errorf("%s is named %s", kind, name)
		}
	}
	if !over || !told {
		return fmt.Errorf("no end, or no reason for it")
	}
	return nil
}
