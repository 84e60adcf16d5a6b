package dialect

import (
	"cmp"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// partWriter writes parts as blocks for a provider that speaks Anthropic's
// dialect, and notes down what it had to change.
type partWriter struct {
	changes
	fit    Fit
	recent bool        // the part at hand is of the user's latest turn
	err    *chat.Error // the first reason why the request cannot be served there
}

// part appends the block that a part becomes; nothing, where nothing is left of
// it. Calls and results go other ways, for their ids must match.
func (w *partWriter) part(out []byte, p chat.Part) []byte {
	switch p.Kind {
	case chat.Text:
		return w.textBlock(out, p.Text)
	case chat.Image:
		return w.image(out, p.Media)
	case chat.Document:
		return w.document(out, p)
	case chat.Thought:
		if own, keep := w.own(p.Signature); keep {
			out = appendThinking(out, p.Text, own)
		}
	case chat.Redacted:
		if own, keep := w.own(p.Signature); keep {
			out = appendRedacted(out, own)
		}
	}
	return out
}

func (w *partWriter) textBlock(out []byte, text string) []byte {
	if strings.TrimSpace(text) == "" {
		return out // see isBlank
	}
	return appendText(out, text)
}

// own gives the signature with which thinking goes back to whom it came from.
// Every other provider would refuse it, and one without a signature as well.
func (w *partWriter) own(signature string) (own string, keep bool) {
	provider, own, ours := Unsign(signature)
	if ours {
		keep = own != "" && provider == w.fit.Provider
	} else {
		own, keep = signature, signature != "" && w.fit.Author
	}
	if !keep {
		w.note("dropped ", "thinking of others")
	}
	return own, keep
}

func (w *partWriter) image(out []byte, m chat.Media) []byte {
	if w.fit.NoImages {
		w.note("left out ", "a picture, for a model that reads text only")
		return w.textBlock(out, pictureNote)
	}
	return append(media(append(sep(out), `{"type":"image"`...), m, pictureType(&m)), '}')
}

// document writes a text document as text. Any other only Anthropic itself is
// known to take (2026-11-20): elsewhere the turn that brings it cannot be served,
// but the session goes on afterwards.
func (w *partWriter) document(out []byte, p chat.Part) []byte {
	switch {
	case p.Text != "":
		if p.Media.Name != "" {
			p.Text = p.Media.Name + ":\n\n" + p.Text
		}
		return w.textBlock(out, p.Text)
	case w.fit.Author:
		out = media(append(sep(out), `{"type":"document"`...), p.Media, cmp.Or(p.Media.Type, "application/pdf"))
		if p.Media.Name != "" {
			out = appendQuoted(append(out, `,"title":`...), p.Media.Name)
		}
		return append(out, '}')
	case w.recent && w.err == nil:
		w.err = documentRefused(w.fit)
	}
	w.note("left out ", "a document of an older turn")
	return w.textBlock(out, documentNote(p.Media.Name))
}

// media appends where a picture or a document is.
func media(out []byte, m chat.Media, mime string) []byte {
	out = append(out, `,"source":{"type":`...)
	if m.Data == "" {
		out = appendQuoted(append(out, `"url","url":`...), m.URL)
	} else {
		out = appendQuoted(append(out, `"base64","media_type":`...), mime)
		out = appendQuoted(append(out, `,"data":`...), m.Data)
	}
	return append(out, '}')
}

// oneObject reports whether a text is one JSON object.
func oneObject[T string | []byte](text T) bool {
	s := scanner{b: []byte(text)}
	s.space()
	return s.peek() == '{' && s.whole()
}

// call appends a tool call.
func (w *partWriter) call(out []byte, id, name, args string) []byte {
	out, wrapped := appendToolUse(out, id, name, args)
	if wrapped {
		w.note("wrapped ", "arguments that are no JSON object")
	}
	return out
}

// result appends what a tool brought.
func (w *partWriter) result(out []byte, id string, parts []chat.Part, failed bool) []byte {
	out = appendQuoted(append(sep(out), `{"type":"tool_result","tool_use_id":`...), id)
	if len(parts) == 1 && parts[0].Kind == chat.Text {
		out = appendQuoted(append(out, `,"content":`...), parts[0].Text)
	} else if len(parts) > 0 {
		out = append(out, `,"content":[`...)
		for _, p := range parts {
			out = w.part(out, p)
		}
		out = append(out, ']')
	}
	if failed {
		out = append(out, `,"is_error":true`...)
	}
	return append(out, '}')
}
