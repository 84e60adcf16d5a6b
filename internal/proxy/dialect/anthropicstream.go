package dialect

import (
	"bytes"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicStream writes Messages events in the strict form: a message's start,
// then blocks with growing indexes of which one is open at a time, then the
// message's end. Claude Code gets along with much else, Anthropic's own SDK does
// not (Claude Code 2.1.197, SDK 1.11.0, measured 2026-11-20).
//
// Calls whose pieces interleave wait for each other: the first one is passed on
// as it comes, the others are held until it is complete.
type anthropicStream struct {
	ask   Ask
	ids   *callIDs
	mark  string // see signatureLead
	begun bool
	over  bool
	index int // of the block that is open, or else of the next one

	live    anthropicBlock   // the one that is open
	waiting []anthropicBlock // in the order in which they began
	kept    int              // bytes of them, and of the open one's signature
	calls   int

	used  chat.Usage
	stop  chat.Finish
	match string
}

// anthropicBlock is a content block that is being written.
type anthropicBlock struct {
	kind      chat.Kind
	open      bool // false: it is none
	call      int  // of Call: the provider's index
	id, name  string
	held      []byte // what came while it had to wait, as it stands in a JSON string; of Redacted: the data
	signature []byte // the same; a block gets it at its end, in one piece: the SDK keeps the last one only
	args      argsEnd
}

// size is what a block takes while it waits, in bytes.
func (b *anthropicBlock) size() int {
	const frame = 160 // of itself
	return frame + len(b.id) + len(b.name) + len(b.held) + len(b.signature)
}

// busy reports whether the block must not be closed yet.
func (b *anthropicBlock) busy() bool { return b.open && b.kind == chat.Call && !b.args.over }

func newAnthropicStream(ask Ask) answerWriter {
	return &anthropicStream{ask: ask, ids: newCallIDs(ask), mark: signatureLead(ask.Provider)}
}

func (w *anthropicStream) delta(out []byte, d *chat.Delta) []byte {
	if w.over {
		return out
	}
	if !w.begun && d.Kind != chat.Fails {
		out = w.begin(out, d)
	}
	return w.step(out, d)
}

func (w *anthropicStream) step(out []byte, d *chat.Delta) []byte {
	switch d.Kind {
	case chat.Says:
		return w.piece(out, chat.Text, d.Raw)
	case chat.Thinks, chat.Signed:
		return w.thinking(out, d)
	case chat.Sealed:
		out, _ = w.add(out, anthropicBlock{kind: chat.Redacted, held: d.Raw})
	case chat.Called:
		return w.called(out, d)
	case chat.Args:
		return w.arguments(out, d)
	case chat.Stops:
		w.stop, w.match = d.Stop, strings.Clone(d.Match)
	case chat.Uses:
		w.note(d.Used)
	case chat.Fails:
		w.over = true
		return append(out, anthropicErrorEvent(d.Err, w.ask.ID)...)
	case chat.End:
		return w.end(out)
	}
	return out
}

func (w *anthropicStream) held() int { return w.kept }

func (w *anthropicStream) note(u chat.Usage) {
	if u.Known() {
		w.used = u
	}
}

// begin writes the message's start, which has the prompt's size, estimated if
// need be: it is what clients show of the context (Claude Code 2.1.197).
func (w *anthropicStream) begin(out []byte, d *chat.Delta) []byte {
	w.begun = true
	id := ""
	if d.Kind == chat.Begin {
		w.note(d.Used)
		id = d.ID
	}
	at := w.used
	at.Completion = 0
	return appendMessageStart(out, &w.ask, id, at)
}

// piece passes a piece of text or thinking on.
func (w *anthropicStream) piece(out []byte, kind chat.Kind, raw []byte) []byte {
	if len(unstray(raw)) == 0 {
		return out
	}
	b := w.latest()
	if !b.open || b.kind != kind || len(b.signature) > 0 {
		out, b = w.add(out, anthropicBlock{kind: kind})
	}
	return w.write(out, b, raw)
}

// thinking passes thinking on and keeps its signature until the block ends.
func (w *anthropicStream) thinking(out []byte, d *chat.Delta) []byte {
	b := w.latest()
	thought := b.open && b.kind == chat.Thought
	switch {
	case d.Kind == chat.Signed && len(d.Raw) > 0:
		if !thought {
			out, b = w.add(out, anthropicBlock{kind: chat.Thought})
		}
		b.signature = append(b.signature, d.Raw...)
		w.kept += len(d.Raw)
		return out
	case d.Kind == chat.Thinks && len(d.Raw) == 0 && thought && len(b.signature) > 0:
		out, _ = w.add(out, anthropicBlock{kind: chat.Thought}) // the next block has a signature only
		return out
	case d.Kind == chat.Thinks:
		return w.piece(out, chat.Thought, d.Raw)
	}
	return out
}

// called begins a tool call.
func (w *anthropicStream) called(out []byte, d *chat.Delta) []byte {
	id := w.ids.use(d.ID, w.calls)
	w.calls++
	out, _ = w.add(out, anthropicBlock{kind: chat.Call, call: d.Call, id: id, name: d.Name})
	return out
}

// arguments passes a piece of a call's arguments on. Pieces of a call that is
// complete and closed are lost: nothing could follow but space.
func (w *anthropicStream) arguments(out []byte, d *chat.Delta) []byte {
	b := w.find(d.Call)
	if b == nil || len(unstray(d.Raw)) == 0 {
		return out
	}
	out = w.write(out, b, d.Raw)
	b.args.feed(d.Raw)
	return w.advance(out)
}

// latest is the block that began last.
func (w *anthropicStream) latest() *anthropicBlock {
	if n := len(w.waiting); n > 0 {
		return &w.waiting[n-1]
	}
	return &w.live
}

// find gives the call with the provider's index, the latest if there are
// several; nil if it is closed or was none.
func (w *anthropicStream) find(call int) *anthropicBlock {
	for i := len(w.waiting) - 1; i >= 0; i-- {
		if b := &w.waiting[i]; b.kind == chat.Call && b.call == call {
			return b
		}
	}
	if b := &w.live; b.open && b.kind == chat.Call && b.call == call {
		return b
	}
	return nil
}

// add begins a block: at once if no other one is in its way.
func (w *anthropicStream) add(out []byte, b anthropicBlock) ([]byte, *anthropicBlock) {
	b.open = true
	if w.live.busy() {
		b.held = bytes.Clone(b.held)
		w.kept += b.size()
		w.waiting = append(w.waiting, b)
		return out, w.latest()
	}
	out = w.open(w.close(out), b)
	return out, &w.live
}

// write passes a piece on if its block is the open one, and else keeps it.
func (w *anthropicStream) write(out []byte, b *anthropicBlock, raw []byte) []byte {
	if b != &w.live {
		b.held = append(b.held, raw...)
		w.kept += len(raw)
		return out
	}
	return w.event(out, blockDelta[b.kind], raw)
}

// advance closes what is complete as long as something waits.
func (w *anthropicStream) advance(out []byte) []byte {
	for len(w.waiting) > 0 && !w.live.busy() {
		out = w.next(out)
	}
	return out
}

func (w *anthropicStream) next(out []byte) []byte {
	w.kept -= w.waiting[0].size() - len(w.waiting[0].signature)
	out = w.open(w.close(out), w.waiting[0])
	w.waiting[0] = anthropicBlock{}
	w.waiting = w.waiting[1:]
	return out
}

// open writes a block's start, and what of it had to wait.
func (w *anthropicStream) open(out []byte, b anthropicBlock) []byte {
	out = appendBlockStart(out, w.index)
	held := b.held
	switch b.kind {
	case chat.Call:
		out = appendQuoted(append(out, `{"type":"tool_use","id":`...), b.id)
		out = append(appendQuoted(append(out, `,"name":`...), b.name), `,"input":{}}`...)
	case chat.Thought:
		out = append(out, emptyThinking...)
	case chat.Redacted:
		out = append(append(append(append(out, `{"type":"redacted_thinking","data":"`...), w.mark...), held...), `"}`...)
		held = nil
	default:
		out = append(out, emptyText...)
	}
	out = append(out, endOfEvent...)
	b.held = nil
	w.live = b
	if len(held) > 0 {
		out = w.event(out, blockDelta[b.kind], held)
	}
	return out
}

// close ends the open block, if there is one. Thinking is signed, a call
// without arguments has an empty object.
func (w *anthropicStream) close(out []byte) []byte {
	b := &w.live
	if !b.open {
		return out
	}
	switch {
	case b.kind == chat.Thought:
		out = appendDeltaLead(out, w.index, signaturePiece)
		out = append(append(append(out, w.mark...), b.signature...), "\"}}\n\n"...)
	case b.kind == chat.Call && !b.args.anything:
		out = w.event(out, blockDelta[chat.Call], []byte("{}"))
	}
	out = appendBlockStop(out, w.index)
	w.index++
	w.kept -= len(b.signature)
	*b = anthropicBlock{}
	return out
}

// end closes all blocks, complete or not, and the message.
func (w *anthropicStream) end(out []byte) []byte {
	w.over = true
	for len(w.waiting) > 0 {
		out = w.next(out)
	}
	out = appendMessageEnd(w.close(out), &w.ask, w.stop, w.match, w.calls > 0, w.used)
	return append(out, messageStop...)
}

// event writes a piece of the open block.
func (w *anthropicStream) event(out []byte, lead string, raw []byte) []byte {
	return appendBlockDelta(out, w.index, lead, raw)
}
