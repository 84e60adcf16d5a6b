package dialect

import (
	"bytes"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// openAICall is a tool call of an answer that is being read. The hub knows it by
// its place among the calls, for providers' indexes are not to be trusted.
type openAICall struct {
	index  int    // the provider's; noIndex, legacyCall
	id     string // maybe ""
	told   bool   // it was handed on, with its name
	pieces int    // of its arguments
	whole  bool   // the only one of them is an object in itself
}

const (
	noIndex    = -1
	legacyCall = -2 // a function_call, of which there is one
)

// openAIFragment is one element of tool_calls, raw.
type openAIFragment struct {
	index          int
	id, name, args []byte
}

// readCalls reads tool_calls: in a stream, fragments of calls.
func (a *openAIAnswers) readCalls(list []byte) {
	s := scanner{b: list}
	s.list(func() {
		f, function := openAIFragment{index: noIndex}, scanner{}
		s.object(func() {
			switch string(s.key) {
			case "index":
				f.index = openAIIndex(s.value(), noIndex)
			case "id":
				f.id = str(s.value())
			case "function":
				function.b = s.value()
			default:
				s.skip()
			}
		})
		if len(function.b) > 0 && function.b[0] == '{' || len(f.id) > 0 {
			a.function(&function, f)
		}
	})
}

// function reads a fragment's function and hands it on. A call is told of once
// its name is known, or if arguments come without one.
func (a *openAIAnswers) function(s *scanner, f openAIFragment) {
	if len(s.b) > 0 {
		s.object(func() {
			switch string(s.key) {
			case "name":
				f.name = str(s.value())
			case "arguments":
				f.args = s.value()
			default:
				s.skip()
			}
		})
	}
	args, i := f.arguments(), a.callOf(f)
	c := &a.calls[i]
	if !c.told && len(f.name)+len(args) > 0 {
		c.told = true
		a.tell(chat.Delta{Kind: chat.Called, Call: i, ID: c.id, Name: string(f.name)})
	}
	if len(args) > 0 {
		c.pieces++
		c.whole = c.pieces == 1 && args[0] == '{' && args[len(args)-1] == '}'
		a.tell(chat.Delta{Kind: chat.Args, Call: i, Raw: args})
	}
}

// arguments gives the piece of a JSON string that the arguments are, even where
// they came as the object itself.
func (f *openAIFragment) arguments() []byte {
	if len(f.args) > 0 && (f.args[0] == '{' || f.args[0] == '[') {
		return inner(string(f.args))
	}
	return openAIPieceOf(f.args)
}

// callOf gives the call that a fragment belongs to, perhaps a new one.
func (a *openAIAnswers) callOf(f openAIFragment) int {
	if i := a.known(f); i >= 0 && !a.entire && !a.calls[i].over(f) {
		if c := &a.calls[i]; c.id == "" && !c.told {
			c.id = string(f.id)
		}
		return i
	}
	a.calls = append(a.calls, openAICall{index: f.index, id: string(f.id)})
	return len(a.calls) - 1
}

// known finds the latest call of a fragment's index; if it has none, that of its
// id; if it has neither, and no name, the latest call.
func (a *openAIAnswers) known(f openAIFragment) int {
	for i := len(a.calls) - 1; i >= 0; i-- {
		switch c := &a.calls[i]; {
		case f.index != noIndex:
			if c.index == f.index {
				return i
			}
		case len(f.id) > 0:
			if string(f.id) == c.id {
				return i
			}
		case len(f.name) == 0:
			return i
		default:
			return -1
		}
	}
	return -1
}

// over reports whether a fragment with the same index begins another call: it
// has another id, or there are no ids and it names a tool after a call that is
// complete. Some models count all their calls as 0.
func (c *openAICall) over(f openAIFragment) bool {
	switch {
	case len(f.id) > 0 && c.id != "":
		return !bytes.Equal(f.id, []byte(c.id))
	case len(f.name) == 0 || !c.told:
		return false
	}
	return len(f.id) > 0 || c.whole
}
