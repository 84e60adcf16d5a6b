package dialect

import (
	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// piece is what a part becomes: a text, or a picture.
type piece struct {
	text    string
	picture *chat.Media
}

// gather appends what the parts become: those which the provider can be told,
// and notes in the place of others. Results that belong to a call are written
// elsewhere. at is the index of their message.
func (b *openAIBody) gather(list []piece, parts []chat.Part, at int) []piece {
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case chat.Text:
			list = withText(list, p.Text)
		case chat.Image:
			list = append(list, b.pictureOr(&p.Media))
		case chat.Document:
			list = b.document(list, p, at)
		case chat.Result:
			list = b.looseResult(list, p, at)
		}
	}
	return list
}

// withText appends a text that is not empty.
func withText(list []piece, text string) []piece {
	if text == "" {
		return list
	}
	return append(list, piece{text: text})
}

// pictureOr gives a picture, or the note that stands for it.
func (b *openAIBody) pictureOr(m *chat.Media) piece {
	switch {
	case b.fit.NoImages:
		b.note("left out ", "a picture, for a model that reads text only")
		return piece{text: pictureNote}
	case m.Data == "" && m.URL == "":
		b.note("left out ", "a picture without data")
		return piece{text: "[picture left out: it came without its data]"}
	}
	return piece{picture: m}
}

// document appends the text of a document. Of another kind one is refused where
// it was just sent: none of the providers takes any in chat completions
// (2026-11-20).
func (b *openAIBody) document(list []piece, p *chat.Part, at int) []piece {
	if p.Text != "" {
		if p.Media.Name != "" {
			list = append(list, piece{text: p.Media.Name + ":"})
		}
		return append(list, piece{text: p.Text})
	}
	if p.Media.Data == "" && p.Media.URL == "" {
		return list // an empty text
	}
	if at >= b.latest && b.err == nil {
		b.err = documentRefused(b.fit)
	}
	b.note("left out ", "a document of an older turn")
	return append(list, piece{text: documentNote(p.Media.Name)})
}

// looseResult appends a result whose call is not to be found, as a text.
func (b *openAIBody) looseResult(list []piece, p *chat.Part, at int) []piece {
	if len(b.loose) == 0 || b.loose[0] != p {
		return list
	}
	b.loose = b.loose[1:]
	b.note("turned ", "a tool result without a call into text")
	lead := "Tool result without a call:"
	if p.Failed {
		lead = "Result of a failed tool, without a call:"
	}
	list = append(list, piece{text: lead})
	before := len(list)
	if list = b.gather(list, p.Parts, at); len(list) == before {
		list = append(list, piece{text: "(empty)"})
	}
	return list
}

// picture writes one as a part of a message's content.
func (b *openAIBody) picture(m *chat.Media) {
	b.out = append(sep(b.out), `{"type":"image_url","image_url":{"url":"`...)
	if m.Data == "" {
		b.out = appendEscaped(b.out, m.URL)
	} else {
		b.out = appendEscaped(append(b.out, "data:"...), pictureType(m))
		b.out = appendEscaped(append(b.out, ";base64,"...), m.Data)
	}
	b.out = append(b.out, `"}}`...)
}
