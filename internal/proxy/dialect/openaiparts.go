package dialect

import (
	"cmp"
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// openAIPart is one piece of a message's content by its members.
type openAIPart struct {
	kind, text string
	sight      sight
	media      chat.Media
}

// content gives the parts of a message's content, which is a text or a list.
func (d *openAIDecoder) content(m *openAIMessage) (parts []chat.Part) {
	switch v := m.content; {
	case v.Type == gjson.String:
		return openAIText(v.Str)
	case v.IsArray():
		v.ForEach(func(_, v gjson.Result) bool {
			parts = append(parts, d.part(v)...)
			return true
		})
	case v.Type != gjson.Null:
		d.fail(m.path(".content"), m.path(".content")+" is neither a text nor a list of parts")
	}
	return parts
}

// openAIText is a text as parts: none if it is empty.
func openAIText(text string) []chat.Part {
	if text == "" {
		return nil
	}
	return []chat.Part{{Text: text}}
}

// part reads one piece. What the hub has no word for is replaced by a note, so
// that the model knows that something was there.
func (d *openAIDecoder) part(v gjson.Result) []chat.Part {
	if v.Type == gjson.String {
		return openAIText(v.Str)
	}
	var p openAIPart
	eachMember(v, func(name string, v gjson.Result) { d.piece(&p, name, v) })
	switch has := p.media.Data != "" || p.media.URL != ""; {
	case p.sight.picture():
		if has {
			return []chat.Part{{Kind: chat.Image, Media: p.media}}
		}
	case has && slices.Contains(openAIFiles, p.kind):
		return []chat.Part{documentOf(p.media)}
	case p.text != "" || slices.Contains(openAITexts, p.kind):
		return openAIText(p.text)
	}
	kind := cmp.Or(p.kind, "without a type")
	d.drop("messages[].content[] " + kind)
	return []chat.Part{{Text: "[a part of this message was left out: " + briefly(kind) + "]"}}
}

// The types of parts, in OpenAI's dialects and Anthropic's.
var (
	openAIFiles = []string{"file", "input_file", "document"}
	openAITexts = []string{"text", "input_text", "output_text", "refusal"}
)

// piece takes one member of a part.
func (d *openAIDecoder) piece(p *openAIPart, name string, v gjson.Result) {
	const within = "messages[].content[]."
	switch name {
	case "type":
		p.kind = v.Str
		p.sight.kind([]byte(v.Str))
	case "text", "refusal":
		p.text = v.Str
	case "image_url":
		p.sight.address(v.Raw[0])
		d.source(p, within+"image_url.", v)
	case "image", "source", "file", "document", "file_data", "file_url":
		d.source(p, within+name+".", v)
	case "filename", "media_type", "mime_type", "mimeType":
		d.named(p, name, v.Str)
	case "input_audio", "video_url", "audio_url", "file_id": // told of by the part's type
	default:
		d.other(within, name, v)
	}
}

// source reads where a picture or a document comes from, in OpenAI's forms and
// Anthropic's, which routers leave as it is.
func (d *openAIDecoder) source(p *openAIPart, within string, v gjson.Result) {
	if v.Type == gjson.String {
		p.from(v.Str)
		return
	}
	eachMember(v, func(name string, v gjson.Result) {
		switch name {
		case "url", "file_url", "data", "file_data":
			p.from(v.Str)
		case "filename", "title", "media_type", "mime_type":
			d.named(p, name, v.Str)
		case "type", "format", "file_id":
		case "detail":
			if v.Str != "auto" {
				d.other(within, "detail", v)
			}
		default:
			d.other(within, name, v)
		}
	})
}

func (d *openAIDecoder) named(p *openAIPart, name, value string) {
	if name == "filename" || name == "title" {
		p.media.Name = value
	} else if p.media.Type == "" {
		p.media.Type = value
	}
}

// from takes an address.
func (p *openAIPart) from(address string) {
	m := mediaOf(address)
	p.media.Data, p.media.URL = cmp.Or(m.Data, p.media.Data), cmp.Or(m.URL, p.media.URL)
	p.media.Type = cmp.Or(m.Type, p.media.Type)
}
