package tokens

import "github.com/glmtray/glmtray/internal/proxy/chat"

const (
	perMessage = 4  // role and marks around each message
	perPrompt  = 3  // the beginning of the answer
	perTool    = 12 // the JSON around a tool's name, description and schema

	// pageBytes is how much base64 a page of a document is taken for; each counts
	// like a picture, as which Anthropic shows it to its models (docs of 2026).
	pageBytes = 64 << 10
)

// CountRequest counts the prompt of a request, whatever dialect it came in: what
// messages say, think and call, what tools bring, the tools and the schema that
// are offered, some tokens for each one's frame, and [PictureTokens] for each
// picture, whose base64 is left out. Providers frame and render tools in their
// own ways, so this is exact about the text only. If it had to estimate, the
// error is [ErrEstimated].
func CountRequest(q *chat.Request) (int, error) {
	p := prompt{frame: perPrompt}
	for i := range q.Messages {
		p.message(&q.Messages[i])
	}
	for i := range q.Tools {
		tool := &q.Tools[i]
		p.frame += perTool
		p.add(tool.Name)
		p.add(tool.Description)
		p.add(tool.Schema)
	}
	p.add(q.Format.Name)
	p.add(q.Format.Schema)
	n, err := countAll(p.texts)
	return n + p.frame, err
}

// prompt gathers what a model will read.
type prompt struct {
	texts [][]byte
	frame int // tokens that are no text
}

func (p *prompt) add(text string) {
	if text != "" {
		p.texts = append(p.texts, []byte(text))
	}
}

// message counts one message. Results of tools are messages of their own where
// models read them.
func (p *prompt) message(m *chat.Message) {
	framed := false
	for i := range m.Parts {
		if !framed && m.Parts[i].Kind != chat.Result {
			framed = true
			p.frame += perMessage
		}
		p.part(&m.Parts[i])
	}
}

func (p *prompt) part(part *chat.Part) {
	switch part.Kind {
	case chat.Text, chat.Thought:
		p.add(part.Text)
	case chat.Image:
		p.frame += PictureTokens
	case chat.Document:
		p.add(part.Media.Name)
		if p.add(part.Text); part.Text == "" {
			p.frame += (1 + len(part.Media.Data)/pageBytes) * PictureTokens
		}
	case chat.Call:
		p.frame += perMessage
		p.add(part.Name)
		p.add(part.Args)
	case chat.Result:
		p.frame += perMessage
		p.add(part.ID)
		for i := range part.Parts {
			p.part(&part.Parts[i])
		}
	}
}
