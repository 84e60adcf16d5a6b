package dialect

import (
	"encoding/base64"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestADocumentThatIsTextIsReadAlikeInEveryDialect(t *testing.T) {
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, c := range []struct{ name, kind, data, text string }{
		{"plain text", "text/plain", encode("one\ntwo"), "one\ntwo"},
		{"a table", "text/csv", encode("a,b"), "a,b"},
		{"with its charset", "text/plain;charset=utf-8", encode("é"), "é"},
		{"in capitals", "Text/Markdown", encode("# a"), "# a"},
		{"JSON", "application/json", encode(`{"a":1}`), `{"a":1}`},
		{"text that is no UTF-8", "text/plain", encode("caf\xe9"), ""},
		{"text that is no base64", "text/plain", "!", ""},
		{"a PDF", "application/pdf", encode("%PDF-1.7"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for front, body := range map[Name]string{
				OpenAI:    `{"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"f","file_data":"data:` + c.kind + `;base64,` + c.data + `"}}]}]}`,
				Anthropic: `{"messages":[{"role":"user","content":[{"type":"document","title":"f","source":{"type":"base64","media_type":"` + c.kind + `","data":"` + c.data + `"}}]}]}`,
				Responses: `{"input":[{"role":"user","content":[{"type":"input_file","filename":"f","file_data":"data:` + c.kind + `;base64,` + c.data + `"}]}]}`,
			} {
				r, err := Read(front, []byte(body))
				if err != nil {
					t.Fatal(err)
				}
				q, e := r.Hub()
				if e != nil {
					t.Fatal(e)
				}
				got := q.Messages[0].Parts[0]
				if got.Kind != chat.Document || got.Text != c.text || got.Media.Name != "f" || (got.Media.Data == "") != (c.text != "") {
					t.Errorf("%s: got %+v", front, got)
				}
			}
		})
	}
	for front, body := range map[Name]string{
		OpenAI:    `{"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"` + encode("%PDF-1.7") + `"}}]}]}`,
		Responses: `{"input":[{"role":"user","content":[{"type":"input_file","file_data":"` + encode("%PDF-1.7") + `"}]}]}`,
	} {
		r, err := Read(front, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if q, e := r.Hub(); e != nil || q.Messages[0].Parts[0].Media.Type != "application/pdf" {
			t.Errorf("%s: a PDF without a type: %v %v", front, q, e)
		}
	}
}
