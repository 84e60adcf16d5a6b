package dialect

// anthropicEvent is what one walk over an event of a Messages stream finds, or
// over an error in its place. Values are spans of its data, so that they can be
// replaced where they stand.
type anthropicEvent struct {
	data    []byte
	kind    []byte // data.type, or else the event's name
	index   int    // of the block; -1 if none is given
	at      span   // where that stands
	piece   anthropicPiece
	message anthropicMessage
	usage   span // beside the delta of a message
	opened  int  // the place after data's "{"
	filled  bool // data has members at all
	typed   bool // a type among them
	failed  bool // it is an error
}

// anthropicPiece is a content block, or the delta of one, or that of a message.
type anthropicPiece struct {
	kind                               []byte
	text, thinking, signature, partial span
	data                               span // redacted thinking
	id, name, input                    span
	stop, match                        span
	opened                             int // the place after its "{"
}

// anthropicMessage is a whole answer, or the beginning of one.
type anthropicMessage struct {
	kind                    []byte
	id, model               span
	content, usage          span
	stop, match, fault      span
	listed, counted, filled bool // content is a list, usage an object; it has members at all
	opened                  int  // the place after its "{"
}

// readAnthropicEvent walks over an event's data, which is one JSON object if ok.
func readAnthropicEvent(ev Event) (e anthropicEvent, ok bool) {
	s := scanner{b: ev.Data}
	if s.space(); s.peek() != '{' {
		return e, false
	}
	e.data, e.index, e.opened = ev.Data, -1, s.i+1
	for first := true; s.member(first); first = false {
		e.member(&s)
	}
	if len(e.kind) == 0 {
		e.kind = ev.Name
	}
	e.failed = isError(ev) || string(e.kind) == "error" || e.failed && !e.known()
	return e, s.end()
}

func (e *anthropicEvent) member(s *scanner) {
	e.filled = true
	switch string(s.key) {
	case "type":
		e.kind = str(s.value())
		e.typed = len(e.kind) > 0
	case "index":
		e.at = s.span()
		e.index = smallNumber(e.data[e.at.from:e.at.to])
	case "delta", "content_block":
		e.piece.read(s)
	case "message":
		e.message.read(s)
	case "usage":
		e.usage = s.span()
	case "error":
		v := s.value()
		e.failed = says(v) || string(v) == "true"
	default:
		s.skip()
	}
}

// known reports whether it is an event of an answer.
func (e *anthropicEvent) known() bool {
	switch string(e.kind) {
	case "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "ping":
		return true
	}
	return false
}

// raw gives a value as it stands, in gives what is between the quotes of a
// string: nil if it is none.
func (e *anthropicEvent) raw(v span) []byte { return e.data[v.from:v.to] }
func (e *anthropicEvent) in(v span) []byte  { return inside(e.data[v.from:v.to]) }

func (p *anthropicPiece) read(s *scanner) {
	*p = anthropicPiece{opened: s.i + 1}
	s.object(func() { p.member(s) })
}

func (p *anthropicPiece) member(s *scanner) {
	switch string(s.key) {
	case "type":
		p.kind = str(s.value())
	case "text":
		p.text = s.span()
	case "thinking":
		p.thinking = s.span()
	case "signature":
		p.signature = s.span()
	case "partial_json":
		p.partial = s.span()
	case "data":
		p.data = s.span()
	default:
		p.rarer(s)
	}
}

func (p *anthropicPiece) rarer(s *scanner) {
	switch string(s.key) {
	case "id":
		p.id = s.span()
	case "name":
		p.name = s.span()
	case "input":
		p.input = s.span()
	case "stop_reason":
		p.stop = s.span()
	case "stop_sequence":
		p.match = s.span()
	default:
		s.skip()
	}
}

func (m *anthropicMessage) read(s *scanner) {
	*m = anthropicMessage{opened: s.i + 1}
	s.object(func() { m.member(s) })
}

func (m *anthropicMessage) member(s *scanner) {
	m.filled = true
	switch string(s.key) {
	case "type":
		m.kind = str(s.value())
	case "id":
		m.id = s.span()
	case "model":
		m.model = s.span()
	case "content":
		m.listed = s.peek() == '['
		m.content = s.span()
	case "usage":
		m.counted = s.peek() == '{'
		m.usage = s.span()
	case "stop_reason":
		m.stop = s.span()
	case "stop_sequence":
		m.match = s.span()
	case "error":
		m.fault = s.span()
	default:
		s.skip()
	}
}

// span walks over one value and tells where it stands.
func (s *scanner) span() span {
	from := s.i
	s.skip()
	return span{from, s.i}
}

// inside gives what is between the quotes of a raw string; nil if it is none.
func inside(v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return nil
	}
	return v[1 : len(v)-1]
}

// smallNumber reads a block's index; -1 for what is none.
func smallNumber(v []byte) int {
	if len(v) == 0 || len(v) > 6 {
		return -1
	}
	n := 0
	for _, c := range v {
		if c-'0' > 9 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
