package dialect

import (
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"
)

// itemKind is the type of an output item.
type itemKind int8

const (
	itemMessage itemKind = iota
	itemReasoning
	itemFunction
	itemCustom
)

// itemForms says how each kind of item is written.
var itemForms = [...]struct {
	prefix              string // of ids
	part                string // the one part that holds the text, up to that; "" if there is none
	partAdded, partDone string // events
	delta, done         string // events
	index               string // of the part, in those
	whole               string // the field that done has the text in
	more                string // further fields of delta and done; OpenAI's SDKs require them
}{
	itemMessage: {
		prefix: "msg_", part: `{"type":"output_text","text":"`,
		partAdded: "response.content_part.added", partDone: "response.content_part.done",
		delta: "response.output_text.delta", done: "response.output_text.done",
		index: `,"content_index":0`, whole: `,"text":"`, more: `,"logprobs":[]`,
	},
	itemReasoning: {
		prefix: "rs_", part: `{"type":"summary_text","text":"`,
		partAdded: "response.reasoning_summary_part.added", partDone: "response.reasoning_summary_part.done",
		delta: "response.reasoning_summary_text.delta", done: "response.reasoning_summary_text.done",
		index: `,"summary_index":0`, whole: `,"text":"`,
	},
	itemFunction: {
		prefix: "fc_", whole: `,"arguments":"`,
		delta: "response.function_call_arguments.delta", done: "response.function_call_arguments.done",
	},
	itemCustom: {
		prefix: "ctc_", whole: `,"input":"`,
		delta: "response.custom_tool_call_input.delta", done: "response.custom_tool_call_input.done",
	},
}

// The states of items and responses.
const (
	statusInProgress = "in_progress"
	statusCompleted  = "completed"
	statusIncomplete = "incomplete"
	statusFailed     = "failed"
)

// responsesItem is one element of output. Its texts are as they stand between
// the quotes of a JSON string.
type responsesItem struct {
	kind itemKind
	id   string
	text []byte // what is said or thought; of calls the arguments
	part bool   // the part that holds the text was opened

	provider string // who thought
	seal     []byte // the provider's own signature
	sealed   bool   // there is one; thinking after that is another item
	redacted bool   // it is all there is of the thinking

	call   int    // of calls: the provider's index
	callID string // in full, with quotes; and so the next two
	tool   string
	group  string // of tools; "" if there is none
}

func (item *responsesItem) isCall() bool { return item.kind == itemFunction || item.kind == itemCustom }

// name gives the item its id, which no other one in the conversation has.
func (item *responsesItem) name(answer string, n int) {
	item.id = itemForms[item.kind].prefix + answer + "_" + strconv.Itoa(n)
}

// complete reports whether nothing more can come, now that another item has
// begun: the pieces of several calls may interleave, until their JSON is whole.
func (item *responsesItem) complete() bool {
	return !item.isCall() || oneObject(decoded(item.text))
}

// final gives the whole text of an item.
func (item *responsesItem) final() []byte {
	switch {
	case item.kind == itemCustom:
		return inner(freeform(string(decoded(item.text))))
	case item.kind == itemFunction && len(item.text) == 0:
		return []byte("{}") // clients parse it
	}
	return item.text
}

// freeform gives the plain text that a model has put into a function's
// arguments: into "input", as it should, into the only member, or without any
// JSON around it.
func freeform(args string) string {
	if !json.Valid([]byte(args)) { // gjson.Valid recurses without a bound
		return args
	}
	v := gjson.Parse(args)
	switch in := v.Get("input"); {
	case v.Type == gjson.String:
		return v.Str
	case !v.IsObject():
		return args
	case in.Type == gjson.String:
		return in.Str
	}
	n, only := 0, gjson.Result{}
	v.ForEach(func(_, value gjson.Result) bool {
		n, only = n+1, value
		return true
	})
	if n == 1 && only.Type == gjson.String {
		return only.Str
	}
	return args
}

// append writes the item.
func (item *responsesItem) append(out []byte, status string) []byte {
	out = append(append(append(out, `{"id":"`...), item.id...), `","type":"`...)
	switch item.kind {
	case itemMessage:
		out = append(append(append(out, `message","status":"`...), status...), `","role":"assistant","content":[`...)
		if len(item.text) > 0 {
			out = item.appendPart(out, item.text)
		}
		return append(out, `]}`...)
	case itemReasoning:
		out = append(out, `reasoning","summary":[`...)
		if len(item.text) > 0 {
			out = item.appendPart(out, item.text)
		}
		out = append(out, ']')
		if status != statusInProgress {
			out = item.appendSeal(out)
		}
		return append(out, '}')
	case itemCustom:
		out = append(out, "custom_tool_call"...)
	default:
		out = append(out, "function_call"...)
	}
	out = append(append(append(out, `","status":"`...), status...), `","call_id":`...)
	out = append(append(append(out, item.callID...), `,"name":`...), item.tool...)
	if item.group != "" {
		out = append(append(out, `,"namespace":`...), item.group...)
	}
	out = append(out, itemForms[item.kind].whole...)
	if status != statusInProgress {
		out = append(out, item.final()...)
	}
	return append(out, `"}`...)
}

// appendPart writes the part that holds the text.
func (item *responsesItem) appendPart(out, text []byte) []byte {
	out = append(append(append(out, itemForms[item.kind].part...), text...), '"')
	if item.kind == itemMessage {
		out = append(out, `,"annotations":[],"logprobs":[]`...)
	}
	return append(out, '}')
}

// appendSeal writes who has thought, which a client sends back as it came.
func (item *responsesItem) appendSeal(out []byte) []byte {
	mark := ""
	if item.redacted {
		mark = redactedMark
	}
	sign := quote(mark + Sign(item.provider, ""))
	out = append(append(out, `,"encrypted_content":`...), sign[:len(sign)-1]...)
	return append(append(out, item.seal...), '"')
}
