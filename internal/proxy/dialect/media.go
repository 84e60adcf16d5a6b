package dialect

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// mediaOf reads the address of a picture or a document: one that holds the data
// itself, that of a page, or nothing but the data, in base64.
func mediaOf(address string) (m chat.Media) {
	rest, holds := strings.CutPrefix(address, "data:")
	head, data, cut := strings.Cut(rest, ",")
	switch {
	case holds && cut:
		kind, encoded := strings.CutSuffix(head, ";base64")
		kind, _, _ = strings.Cut(kind, ";") // a charset does not matter
		if !encoded {
			if plain, err := url.PathUnescape(data); err == nil {
				data = plain
			}
			data = base64.StdEncoding.EncodeToString([]byte(data))
		}
		m.Type, m.Data = strings.ToLower(kind), data
	case strings.Contains(address[:min(len(address), 16)], "://"):
		m.URL = address
	default:
		m.Data = address
	}
	return m
}

// pictureType gives a picture's type, which Anthropic must be told, and without
// which a data URL would be text: found by how the base64 of one begins, if the
// client did not say.
func pictureType(m *chat.Media) string {
	switch {
	case m.Type != "":
		return m.Type
	case strings.HasPrefix(m.Data, "/9j/"):
		return "image/jpeg"
	case strings.HasPrefix(m.Data, "R0lGOD"):
		return "image/gif"
	case strings.HasPrefix(m.Data, "UklGR"):
		return "image/webp"
	}
	return "image/png"
}

// documentOf gives a document as a part: as text if its data is text, which every
// provider can be told.
func documentOf(m chat.Media) chat.Part {
	if m.Type == "" && strings.HasPrefix(m.Data, "JVBERi") { // "%PDF-"
		m.Type = "application/pdf"
	}
	kind, _, _ := strings.Cut(strings.ToLower(m.Type), ";")
	if strings.HasPrefix(kind, "text/") || kind == "application/json" {
		if text, err := base64.StdEncoding.DecodeString(m.Data); err == nil && utf8.Valid(text) && len(text) > 0 {
			m.Data = ""
			return chat.Part{Kind: chat.Document, Text: string(text), Media: m}
		}
	}
	return chat.Part{Kind: chat.Document, Media: m}
}

// pictureNote stands where a picture was, for a model that takes none.
const pictureNote = "[picture left out: this model reads text only]"

// documentNote stands where a document of an older turn was, so that a session
// can go on at a model that cannot read it.
func documentNote(name string) string {
	if name == "" {
		return "[document left out: this model cannot read it]"
	}
	return "[document " + name + " left out: this model cannot read it]"
}

// documentRefused is the error for a document in the latest turn. To leave it
// out would make the model answer without what it was asked about.
func documentRefused(fit Fit) *chat.Error {
	who := fit.Model
	if who == "" {
		who = "the model"
	}
	return &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "document_not_supported",
		Message: who + " cannot read PDFs and other binary documents",
		Hint:    "send the document's text or pictures of its pages instead",
	}
}
