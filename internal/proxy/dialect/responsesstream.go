package dialect

import (
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// responsesStream writes an answer as the events of Responses.
//
// Items stand in the stream one after the other, each opened, written and closed
// with all that it is: Codex lives on response.output_item.done alone (0.169,
// measured 2026-11-20). Of what a provider sends interleaved, the first item is
// written as it comes, and the others wait until it is complete.
type responsesStream struct {
	responsesAnswer
	queue []responsesItem // the first is being written, the others wait
	made  int             // items, for their ids
	kept  int             // bytes of all items: the response's last event repeats them
	seq   int
	begun bool
	over  bool
}

func newResponsesStream(ask Ask) answerWriter {
	return &responsesStream{responsesAnswer: responsesAnswer{ask: ask, ids: newCallIDs(ask)}}
}

func (w *responsesStream) delta(out []byte, d *chat.Delta) []byte {
	if w.over {
		return out
	}
	if !w.begun {
		out = w.begin(out)
	}
	switch d.Kind {
	case chat.Begin, chat.Uses:
		w.note(d.Used)
	case chat.Says:
		return w.piece(out, itemMessage, d.Raw)
	case chat.Thinks:
		return w.piece(out, itemReasoning, d.Raw)
	case chat.Signed, chat.Sealed:
		return w.sign(out, d)
	case chat.Called:
		return w.open(out, w.called(d.ID, d.Name, d.Call))
	case chat.Args:
		return w.args(out, d)
	case chat.Stops:
		w.stop = d.Stop
	case chat.Fails:
		return w.fail(out, d.Err)
	case chat.End:
		return w.end(out)
	}
	return out
}

func (w *responsesStream) held() int { return w.kept }

// event begins an event, whose data is to be closed with endOfEvent.
func (w *responsesStream) event(out []byte, name string) []byte {
	out = append(append(out, "event: "...), name...)
	out = append(append(out, "\ndata: {\"type\":\""...), name...)
	out = strconv.AppendInt(append(out, `","sequence_number":`...), int64(w.seq), 10)
	w.seq++
	return out
}

const endOfEvent = "}\n\n"

// about begins an event about the item that is being written.
func (w *responsesStream) about(out []byte, name string) []byte {
	out = append(w.event(out, name), `,"item_id":"`...)
	out = append(append(out, w.queue[0].id...), `","output_index":`...)
	return strconv.AppendInt(out, int64(w.items), 10)
}

// itself begins an event that holds that item as a whole.
func (w *responsesStream) itself(out []byte, name, status string) []byte {
	out = append(w.event(out, name), `,"output_index":`...)
	out = append(strconv.AppendInt(out, int64(w.items), 10), `,"item":`...)
	return append(w.queue[0].append(out, status), endOfEvent...)
}

func (w *responsesStream) begin(out []byte) []byte {
	w.begun = true
	for _, name := range [...]string{"response.created", "response.in_progress"} {
		out = append(w.event(out, name), `,"response":`...)
		out = append(w.response(out, statusInProgress, nil), endOfEvent...)
	}
	return out
}

// piece takes a piece of text or thinking.
func (w *responsesStream) piece(out []byte, kind itemKind, raw []byte) []byte {
	if len(raw) == 0 {
		return out
	}
	last := len(w.queue) - 1
	if last < 0 || w.queue[last].kind != kind || w.queue[last].sealed {
		out = w.open(out, responsesItem{kind: kind})
		last = len(w.queue) - 1
	}
	return w.grow(out, last, raw)
}

// sign takes a signature, or a piece of one, of the thinking before it. Thinking
// may have nothing else to show.
func (w *responsesStream) sign(out []byte, d *chat.Delta) []byte {
	last := len(w.queue) - 1
	redacted := d.Kind == chat.Sealed
	if last < 0 || redacted || w.queue[last].kind != itemReasoning || w.queue[last].redacted {
		out = w.open(out, responsesItem{kind: itemReasoning, redacted: redacted})
		last = len(w.queue) - 1
	}
	item := &w.queue[last]
	item.sealed, item.seal = true, append(item.seal, d.Raw...)
	w.kept += len(d.Raw)
	return out
}

// args takes a piece of a call's arguments.
func (w *responsesStream) args(out []byte, d *chat.Delta) []byte {
	for i := len(w.queue) - 1; i >= 0; i-- {
		if item := &w.queue[i]; item.isCall() && item.call == d.Call && len(d.Raw) > 0 {
			return w.grow(out, i, d.Raw)
		}
	}
	return out
}

// open takes a new item in. What is complete by now makes room for it.
func (w *responsesStream) open(out []byte, item responsesItem) []byte {
	item.name(w.ask.ID, w.made)
	item.provider = w.ask.Provider
	w.made++
	const frame = 256 // what an item takes beside its text
	w.kept += frame + len(item.callID) + len(item.tool)
	w.queue = append(w.queue, item)
	if len(w.queue) == 1 {
		out = w.added(out)
	}
	for len(w.queue) > 1 && w.queue[0].complete() {
		out = w.shut(out, statusCompleted)
	}
	return out
}

// added opens the first item of the queue, with what has come of it so far.
func (w *responsesStream) added(out []byte) []byte {
	item := &w.queue[0]
	held := item.text
	item.text = nil
	out = w.itself(out, "response.output_item.added", statusInProgress)
	if item.text = held; len(held) > 0 {
		out = w.written(out, held)
	}
	return out
}

// grow adds a piece to an item, and writes it if that is the first one.
func (w *responsesStream) grow(out []byte, i int, raw []byte) []byte {
	item := &w.queue[i]
	item.text = append(item.text, raw...)
	w.kept += len(raw)
	if i > 0 {
		return out
	}
	return w.written(out, raw)
}

// written writes a piece of the first item. The text of a tool which takes no
// JSON stands in a JSON string within a JSON string; it is written when it is
// whole, because models put it into other wrappings too.
func (w *responsesStream) written(out, raw []byte) []byte {
	item := &w.queue[0]
	form := &itemForms[item.kind]
	if item.kind == itemCustom {
		return out
	}
	if !item.part && form.part != "" {
		out = append(append(w.about(out, form.partAdded), form.index...), `,"part":`...)
		out = append(item.appendPart(out, nil), endOfEvent...)
		item.part = true
	}
	out = append(append(w.about(out, form.delta), form.index...), `,"delta":"`...)
	return append(append(append(append(out, raw...), '"'), form.more...), endOfEvent...)
}

// shut closes the first item of the queue and opens the next one.
func (w *responsesStream) shut(out []byte, status string) []byte {
	item := &w.queue[0]
	form := &itemForms[item.kind]
	text := item.final()
	if item.kind == itemCustom || len(item.text) == 0 && item.kind == itemFunction {
		out = append(append(append(w.about(out, form.delta), `,"delta":"`...), text...), '"')
		out = append(out, endOfEvent...)
	}
	if item.part || item.isCall() {
		out = append(append(append(w.about(out, form.done), form.index...), form.whole...), text...)
		out = append(append(append(out, '"'), form.more...), endOfEvent...)
	}
	if item.part {
		out = append(append(w.about(out, form.partDone), form.index...), `,"part":`...)
		out = append(item.appendPart(out, text), endOfEvent...)
	}
	out = w.itself(out, "response.output_item.done", status)
	w.keep(item, status)
	w.queue = w.queue[:copy(w.queue, w.queue[1:])]
	if len(w.queue) > 0 {
		out = w.added(out)
	}
	return out
}

// end closes the stream as the provider has ended.
func (w *responsesStream) end(out []byte) []byte {
	status, _ := w.outcome()
	for len(w.queue) > 0 {
		item := statusCompleted
		if len(w.queue) == 1 || !w.queue[0].complete() { // what may have been cut off
			item = status
		}
		out = w.shut(out, item)
	}
	return w.last(out, status, nil)
}

// fail closes the stream because the provider gave up. Items that are not
// complete stay open: Codex would take them for history.
func (w *responsesStream) fail(out []byte, e *chat.Error) []byte {
	if e == nil {
		e = streamCut()
	}
	return w.last(out, statusFailed, e)
}

func (w *responsesStream) last(out []byte, status string, e *chat.Error) []byte {
	w.over = true
	out = append(w.event(out, "response."+status), `,"response":`...)
	return append(w.response(out, status, e), endOfEvent...)
}
