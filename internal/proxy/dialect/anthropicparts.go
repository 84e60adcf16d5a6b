package dialect

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// parts takes a content: a text, or a list of blocks.
func (d *anthropicDecoder) parts() []chat.Part {
	if d.peek() == '"' {
		return say(nil, d.text())
	}
	var parts []chat.Part
	d.list(func() { parts = d.part(parts, d.messageBlock()) })
	return parts
}

// partsOf does the same at another place. Each content is walked over again for
// the one that it lies in, so that they may not nest without end.
func (d *anthropicDecoder) partsOf(at span) []chat.Part {
	const deepest = 4 // a document in a tool's result makes 2
	if at == (span{}) {
		return nil
	}
	there := *d
	if there.deep++; there.deep > deepest {
		d.drop("content[] within content[]")
		return nil
	}
	there.scanner = d.from(at)
	return there.parts()
}

// textOf gives the text of a member; "" if it is none.
func (d *anthropicDecoder) textOf(at span) string { return string(str(d.raw(at))) }

// say appends a text, unless it is empty.
func say(parts []chat.Part, text string) []chat.Part {
	if text == "" {
		return parts
	}
	return append(parts, chat.Part{Kind: chat.Text, Text: text})
}

// part appends what a block says.
func (d *anthropicDecoder) part(parts []chat.Part, b messageBlock) []chat.Part {
	switch string(b.kind) {
	case "text":
		return say(parts, d.textOf(b.at[inText]))
	case "image":
		return d.image(parts, b)
	case "document":
		return d.document(parts, b)
	case "thinking":
		return append(parts, chat.Part{
			Kind: chat.Thought, Text: d.textOf(b.at[inThinking]), Signature: d.textOf(b.at[inSignature]),
		})
	case "redacted_thinking":
		return append(parts, chat.Part{Kind: chat.Redacted, Signature: d.textOf(b.at[inData])})
	case "tool_use":
		return append(parts, chat.Part{
			Kind: chat.Call, ID: d.textOf(b.at[inID]), Name: d.textOf(b.at[inName]), Args: string(d.raw(b.at[inInput])),
		})
	case "tool_result":
		return append(parts, d.result(b))
	}
	return d.foreign(parts, b)
}

// foreign appends, as text, what a block of Anthropic's own services says.
func (d *anthropicDecoder) foreign(parts []chat.Part, b messageBlock) []chat.Part {
	switch string(b.kind) {
	case "search_result":
		return say(parts, lines(d.textOf(b.at[inTitle]), d.textOf(b.at[inSource]), joined(d.partsOf(b.at[inContent]))))
	case "server_tool_use", "mcp_tool_use":
		return say(parts, "["+strings.TrimSpace(d.textOf(b.at[inName])+" "+string(d.raw(b.at[inInput])))+"]")
	case "web_search_tool_result":
		return say(parts, d.found(b.at[inContent]))
	}
	before := len(parts)
	parts = say(parts, d.textOf(b.at[inText]))
	if parts = append(parts, d.partsOf(b.at[inContent])...); len(parts) == before {
		kind := string(b.kind)
		if kind == "" {
			kind = "without a type"
		}
		d.drop("content[] " + kind)
	}
	return parts
}

// result takes what a tool brought.
func (d *anthropicDecoder) result(b messageBlock) chat.Part {
	p := chat.Part{Kind: chat.Result, ID: d.textOf(b.at[inCall]), Failed: isTrue(d.raw(b.at[inFailed]))}
	for _, inner := range d.partsOf(b.at[inContent]) {
		switch inner.Kind {
		case chat.Text, chat.Image, chat.Document:
			p.Parts = append(p.Parts, inner)
		default:
			d.drop("tool_result.content[] that is no text, picture or document")
		}
	}
	return p
}

// found lists what a search of Anthropic's has found, or why it failed.
func (d *anthropicDecoder) found(at span) string {
	text := []string{"Search results:"}
	s := d.from(at)
	one := func() {
		var title, url, code string
		s.object(func() {
			switch string(s.key) {
			case "title":
				title = string(str(s.value()))
			case "url":
				url = string(str(s.value()))
			case "error_code":
				code = string(str(s.value()))
			default:
				s.skip()
			}
		})
		if code != "" {
			text = append(text, "- failed: "+code)
		} else if title+url != "" {
			text = append(text, "- "+strings.TrimSpace(title+" "+url))
		}
	}
	switch s.peek() {
	case '[':
		s.list(one)
	case '{':
		one()
	}
	return lines(text...)
}

// source is where a picture or a document comes from.
type source struct {
	kind    []byte
	media   chat.Media
	content span
	file    string // an id at Anthropic
}

func (d *anthropicDecoder) source(at span) (f source) {
	s := d.from(at)
	s.object(func() {
		from, key := s.i, s.key
		value := s.value()
		switch string(key) {
		case "type":
			f.kind = str(value)
		case "media_type":
			f.media.Type = string(str(value))
		case "data":
			f.media.Data = string(str(value))
		case "url":
			f.media.URL = string(str(value))
		case "file_id":
			f.file = string(str(value))
		case "content":
			f.content = span{from, s.i}
		}
	})
	return f
}

func (d *anthropicDecoder) image(parts []chat.Part, b messageBlock) []chat.Part {
	f := d.source(b.at[inSource])
	if f.media.Data == "" && f.media.URL == "" {
		return d.absent(parts, "picture", f.file)
	}
	return append(parts, chat.Part{Kind: chat.Image, Media: f.media})
}

// document takes a document. What is said about it stands before it.
func (d *anthropicDecoder) document(parts []chat.Part, b messageBlock) []chat.Part {
	f := d.source(b.at[inSource])
	parts = say(parts, d.textOf(b.at[inContext]))
	f.media.Name = d.textOf(b.at[inTitle])
	p := chat.Part{Kind: chat.Document, Media: f.media}
	var more []chat.Part
	switch string(f.kind) {
	case "text":
		p.Text, p.Media.Data = f.media.Data, ""
	case "content":
		inside := d.partsOf(f.content)
		p.Text = joined(inside)
		more = slices.DeleteFunc(inside, func(p chat.Part) bool { return p.Kind == chat.Text })
	default:
		p = documentOf(f.media)
	}
	if p.Text != "" || p.Media.Data != "" || p.Media.URL != "" {
		parts = append(parts, p)
	} else if len(more) == 0 {
		return d.absent(parts, "document", f.file)
	}
	return append(parts, more...)
}

// absent says in a picture's or document's place that it cannot be had: it lies
// with Anthropic, under an id that means nothing elsewhere.
func (d *anthropicDecoder) absent(parts []chat.Part, what, file string) []chat.Part {
	if file == "" {
		d.drop(what + " without a source")
		return parts
	}
	d.drop(what + " by file_id")
	return say(parts, "["+what+" left out: it is the file "+file+" at Anthropic]")
}

// joined gives the texts among parts, a blank line between them.
func joined(parts []chat.Part) string {
	var texts []string
	for _, p := range parts {
		if p.Kind == chat.Text {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// lines puts the texts that are not empty one below the other.
func lines(texts ...string) string {
	var some []string
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return strings.Join(some, "\n")
}
