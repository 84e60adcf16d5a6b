package tokens

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

func TestCountRequestCountsWhatAModelReads(t *testing.T) {
	const text, great = "tiktoken is great!", 6
	const sum, seven = "2 + 2 = 4", 7
	says := func(parts ...chat.Part) *chat.Request {
		return &chat.Request{Messages: []chat.Message{{Role: chat.User, Parts: parts}}}
	}
	picture := chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/png", Data: strings.Repeat("iVBOR", 9999)}}
	result := func(parts ...chat.Part) chat.Part { return chat.Part{Kind: chat.Result, ID: sum, Parts: parts} }
	for _, c := range []struct {
		name string
		q    *chat.Request
		want int
	}{
		{"nothing", &chat.Request{}, perPrompt},
		{"a text", says(chat.Part{Text: text}), perPrompt + perMessage + great},
		{"several", says(chat.Part{Text: text}, chat.Part{Text: sum}), perPrompt + perMessage + great + seven},
		{"thinking", says(chat.Part{Kind: chat.Thought, Text: text, Signature: sum}), perPrompt + perMessage + great},
		{"a call", says(chat.Part{Kind: chat.Call, ID: "x", Name: sum, Args: text}), perPrompt + 2*perMessage + great + seven},
		{"results, each a message", says(result(chat.Part{Text: text}), result(chat.Part{Text: text}, picture)), perPrompt + 2*(perMessage+seven+great) + PictureTokens},
		{"a result and what the user says", says(result(), chat.Part{Text: text}), perPrompt + 2*perMessage + seven + great},
		{"a picture, without its base64", says(picture), perPrompt + perMessage + PictureTokens},
		{"a document of text", says(chat.Part{Kind: chat.Document, Text: text, Media: chat.Media{Name: sum}}), perPrompt + perMessage + great + seven},
		{"one of three pages", says(chat.Part{Kind: chat.Document, Media: chat.Media{Data: strings.Repeat("A", 5*pageBytes/2)}}), perPrompt + perMessage + 3*PictureTokens},
		{"a tool", &chat.Request{Tools: []chat.Tool{{Name: sum, Description: text, Schema: `{"type":"object"}`}}}, perPrompt + perTool + seven + great + 5},
		{"a schema", &chat.Request{Format: chat.Format{Name: sum, Schema: `{"type":"object"}`}}, perPrompt + seven + 5},
		{"options are no prompt", &chat.Request{Model: text, Stop: []string{text}, Dropped: []string{text}}, perPrompt},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := CountRequest(c.q); got != c.want || err != nil {
				t.Errorf("got %d, %v, want %d", got, err, c.want)
			}
		})
	}
}

// The figures are those of an earlier count, over the JSON itself, of what these
// clients sent. No provider's own figure is known for them.
func TestCountRequestIsNearTheCountOfTheBody(t *testing.T) {
	for name, body := range map[string]int{
		"cline-second-turn": 817, "continue-first-turn": 301, "opencode-reasoning": 1972, "opencode-second-turn": 2252,
		"opencode-title": 297, "router-content": 1297, "sdk-tools": 43,
	} {
		text, err := os.ReadFile("../dialect/testdata/" + name + "/request.openai.json")
		if err != nil {
			t.Fatal(err)
		}
		got, err := CountRequest(decoded(t, text))
		if err != nil || got < body*85/100 || got > body*115/100 {
			t.Errorf("%s: got %d, %v, want about %d", name, got, err, body)
		}
	}
}

// A body of the largest size, half of it small messages and half one text: the
// work must not grow with the square of either. It takes about a second; if it
// did, the test would time out.
func TestCountRequestBearsTheLargestBody(t *testing.T) {
	const half = 16 << 20
	words := `Some words that a user says, line\nafter line. `
	message := `{"role":"user","content":"` + words + `"},`
	body := `{"messages":[` + strings.Repeat(message, half/len(message)) + `{"role":"user","content":"` + strings.Repeat(words, half/len(words)) + `"}]}`
	n, err := CountRequest(decoded(t, []byte(body)))
	if !errors.Is(err, ErrEstimated) {
		t.Errorf("the error is %v", err)
	}
	if low, high := len(body)/8, len(body)/3; n < low || n > high {
		t.Errorf("got %d, want between %d and %d", n, low, high)
	}
}

func decoded(t testing.TB, body []byte) *chat.Request {
	t.Helper()
	r, err := dialect.Read(dialect.OpenAI, body)
	if err != nil {
		t.Fatal(err)
	}
	q, e := r.Hub()
	if e != nil {
		t.Fatal(e)
	}
	return q
}

func BenchmarkDecodeAndCount(b *testing.B) {
	body := []byte(`{"messages":[` + strings.Repeat(`{"role":"user","content":"func main() {\n\tfmt.Println(\"some words\")\n}\n"},`, 1<<10) + `{"role":"user","content":"hi"}]}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := CountRequest(decoded(b, body)); err != nil {
			b.Fatal(err)
		}
	}
}
