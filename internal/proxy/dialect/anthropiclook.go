package dialect

// lookAnthropic reads one event. A ping and the beginning of a message say
// nothing yet; a signature or the beginning of a tool call is an answer.
func lookAnthropic(ev Event) Glance {
	e, ok := readAnthropicEvent(ev)
	if !ok || e.failed {
		return Glance{Failure: ok || isError(ev)}
	}
	p := &e.piece
	switch string(e.kind) {
	case "content_block_start":
		call := string(p.kind) == "tool_use"
		return Glance{Content: call || e.any(p.text, p.thinking, p.signature, p.data), Text: e.text()}
	case "content_block_delta":
		return Glance{Content: e.any(p.text, p.thinking, p.signature, p.partial), Text: e.text()}
	case "message_delta":
		if reason := e.raw(p.stop); says(reason) {
			return Glance{Finish: true, Reason: string(str(reason)), Failure: brokenOff(reason)}
		}
	case "message_stop":
		return Glance{Done: true}
	}
	return Glance{}
}

// any reports whether one of the values says anything.
func (e *anthropicEvent) any(values ...span) bool {
	for _, v := range values {
		if says(e.raw(v)) {
			return true
		}
	}
	return false
}

// text gives the text that a piece brings.
func (e *anthropicEvent) text() string {
	if v := e.raw(e.piece.text); says(v) {
		return string(str(v))
	}
	return ""
}

// completionAnthropic looks over a whole answer.
func completionAnthropic(body []byte) Completion {
	s := scanner{b: body}
	s.space()
	var m anthropicMessage
	m.read(&s)
	if !s.end() {
		return Completion{}
	}
	e := anthropicEvent{data: body}
	var f anthropicFigures
	f.add(e.raw(m.usage))
	fault, stop := e.raw(m.fault), e.raw(m.stop)
	c := Completion{
		Valid: true,
		Sound: string(m.kind) == "message" && m.listed && knownStop(stop) && (len(fault) == 0 || string(fault) == "null"),
		Model: string(str(e.raw(m.model))),
		Usage: f.usage(),
	}
	if word := string(str(stop)); brokenOff(stop) || word == fullContext && !e.saysAnything(&m) {
		c.Sound, c.Broken = false, word
	}
	return c
}

// saysAnything reports whether there is text, or a call, in a whole answer.
func (e *anthropicEvent) saysAnything(m *anthropicMessage) (said bool) {
	blocks := scanner{b: e.data, i: m.content.from}
	blocks.list(func() {
		e.piece.read(&blocks)
		said = said || string(e.piece.kind) == "tool_use" || says(e.raw(e.piece.text))
	})
	return said
}

// knownStop reports whether a raw stop_reason is Anthropic's, or none at all.
func knownStop(reason []byte) bool {
	if len(reason) == 0 || string(reason) == "null" {
		return true
	}
	for _, s := range stopReasons {
		if s.word == string(str(reason)) {
			return true
		}
	}
	return false
}
