package dialect

import (
	"slices"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicOrder keeps the blocks of a stream that passes in the strict form: each
// with a beginning, an end, and an index of its own, counted from 0. Providers'
// streams were seen without the one or the other. Anthropic's own SDK loses the
// input of a tool whose index is wrong, and Claude Code does of one that stands in
// its block's beginning only or has no end (Claude Code 2.1.197, SDK 1.11.0,
// measured 2026-11-20). Blocks may lie within each other: both get along with that.
type anthropicOrder struct {
	begun  bool // the message has
	open   []passBlock
	blocks int // that have begun
	kept   int // bytes of what is held of the open ones
}

// passBlock is a block that passes.
type passBlock struct {
	theirs, ours int    // its index; theirs is -1 if there is none
	input        []byte // of a tool, from its block's beginning, until a piece follows
}

// order looks whether an event has its place, and puts in front of it what is
// missing: the message's beginning, the end of blocks, a reason before its end. It
// reports whether the event may be passed on.
func (s *anthropicPass) order(e *anthropicEvent) bool {
	if !e.known() || string(e.kind) == "ping" {
		return true
	}
	if !e.typed {
		s.front(`"type":` + quote(string(e.kind)))
	}
	if !s.begun && string(e.kind) != "message_start" {
		s.instead = appendMessageStart(s.instead, &s.ask, "", chat.Usage{})
	}
	s.begun = true
	switch string(e.kind) {
	case "content_block_start":
		return s.starts(e)
	case "content_block_delta":
		return s.goesOn(e)
	case "content_block_stop":
		return s.stops(e)
	case "message_delta", "message_stop":
		s.closes(e)
	}
	return true
}

// stops ends a block.
func (s *anthropicPass) stops(e *anthropicEvent) bool {
	at := s.blockAt(e.index)
	if at < 0 {
		return false
	}
	s.settle(&s.open[at])
	s.number(e, s.open[at].ours)
	s.forget(at)
	return true
}

// closes ends all blocks, and tells a reason for the message's end where none was.
func (s *anthropicPass) closes(e *anthropicEvent) {
	for len(s.open) > 0 {
		s.shut(0)
	}
	if !s.finished && string(e.kind) == "message_stop" {
		s.instead = appendMessageEnd(s.instead, &s.ask, chat.NoFinish, "", s.calls > 0, s.figures.usage())
	}
}

// starts opens a block. One with the same index is over, and where there is none
// so is every other.
func (s *anthropicPass) starts(e *anthropicEvent) bool {
	for at := len(s.open) - 1; at >= 0; at-- {
		if theirs := s.open[at].theirs; theirs == e.index || theirs < 0 || e.index < 0 {
			s.shut(at)
		}
	}
	b := passBlock{theirs: e.index, ours: s.blocks}
	if input := e.raw(e.piece.input); string(e.piece.kind) == "tool_use" && len(input) > 0 && input[0] == '{' && says(input) {
		b.input = slices.Clone(input)
	}
	if s.kept += len(b.input); s.kept > MaxAnswer {
		s.ends(answerTooLarge())
		return false
	}
	s.number(e, s.blocks)
	s.blocks++
	s.open = append(s.open, b)
	return true
}

// goesOn takes a piece of a block, and begins one for text or thinking that has
// none.
func (s *anthropicPass) goesOn(e *anthropicEvent) bool {
	at := s.blockAt(e.index)
	if at < 0 {
		empty := emptyText
		switch string(e.piece.kind) {
		case "text_delta":
		case "thinking_delta", "signature_delta":
			empty = emptyThinking
		default:
			return false
		}
		s.instead = append(append(appendBlockStart(s.instead, s.blocks), empty...), endOfEvent...)
		s.open = append(s.open, passBlock{theirs: e.index, ours: s.blocks})
		s.blocks++
		at = len(s.open) - 1
	}
	b := &s.open[at]
	if b.input != nil && len(e.in(e.piece.partial)) > 0 {
		s.kept -= len(b.input)
		b.input = nil
	}
	s.number(e, b.ours)
	return true
}

// blockAt finds the open block of an index: where one of the two has none, the
// latest. -1: there is none.
func (s *anthropicPass) blockAt(index int) int {
	for at := len(s.open) - 1; at >= 0; at-- {
		if theirs := s.open[at].theirs; theirs == index || theirs < 0 || index < 0 {
			return at
		}
	}
	return -1
}

// number gives an event our index.
func (s *anthropicPass) number(e *anthropicEvent, ours int) {
	switch {
	case e.index == ours:
	case e.at != (span{}):
		s.edits.splice(e.at.from, e.at.to, strconv.Itoa(ours))
	default:
		s.front(`"index":` + strconv.Itoa(ours))
	}
}

// settle tells a tool's input as a piece, if none came.
func (s *anthropicPass) settle(b *passBlock) {
	if b.input != nil {
		s.instead = appendBlockDelta(s.instead, b.ours, blockDelta[chat.Call], inner(string(b.input)))
	}
}

// shut closes a block that has no end.
func (s *anthropicPass) shut(at int) {
	s.settle(&s.open[at])
	s.instead = appendBlockStop(s.instead, s.open[at].ours)
	s.forget(at)
}

func (s *anthropicPass) forget(at int) {
	s.kept -= len(s.open[at].input)
	s.open = slices.Delete(s.open, at, at+1)
}
