package e2e

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// claude is a model that nobody here has: it goes where the rules say.
const claude = "claude-opus-4-8"

// claudeSDK is Anthropic's own client, set up as its users do.
func claudeSDK(p *program, options ...option.RequestOption) (anthropic.Client, *counter) {
	c := &counter{next: p.client.Transport}
	return anthropic.NewClient(append([]option.RequestOption{
		option.WithBaseURL(p.url), option.WithAPIKey("sk-any-key-does-here"), option.WithHTTPClient(&http.Client{Transport: c}),
	}, options...)...), c
}

func claudeAsks(text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: claude, MaxTokens: 2000, System: []anthropic.TextBlockParam{{Text: "Be brief."}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

func claudeTools(p anthropic.MessageNewParams) anthropic.MessageNewParams {
	for name, field := range map[string]string{"get_weather": "city", "get_time": "zone"} {
		p.Tools = append(p.Tools, anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
			Properties: map[string]any{field: map[string]any{"type": "string"}}, Required: []string{field},
		}, name))
	}
	return p
}

// claudeCase is one thing that an agent does, through the SDK.
type claudeCase struct {
	t      *testing.T
	client anthropic.Client
	sent   *counter
	*side
}

func TestAnthropicsOwnSDKIsServed(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.start(t)
			client, sent := claudeSDK(s.program)
			for _, c := range []struct {
				name string
				test func(*claudeCase)
			}{
				{"a whole answer", (*claudeCase).whole},
				{"a stream comes in pieces, as the provider writes it", (*claudeCase).pieces},
				{"parallel tool calls and their results", (*claudeCase).toolsWhole},
				{"tool calls in streamed fragments", (*claudeCase).toolsStreamed},
				{"a picture goes to the model that sees, and the session returns", (*claudeCase).pictures},
				{"thinking is shown, and given back", (*claudeCase).thinking},
				{"a refusal is the provider's own, and is not repeated", (*claudeCase).refusal},
				{"a prompt that is too long is told in Anthropic's words", (*claudeCase).overflow},
				{"an error in the midst of a stream ends it", (*claudeCase).midway},
				{"a stream that breaks off is no answer", (*claudeCase).cut},
				{"the lists of models", (*claudeCase).models},
				{"tokens are counted here", (*claudeCase).tokens},
				{"leaving a stream ends it at the provider", (*claudeCase).leave},
			} {
				s.plain()
				t.Run(c.name, func(t *testing.T) { c.test(&claudeCase{t, client, sent, s}) })
			}
		})
	}
}

// hear reads a stream to its end; each may be nil.
func (c *claudeCase) hear(p anthropic.MessageNewParams, each func(anthropic.MessageStreamEventUnion)) (m anthropic.Message, err error) {
	c.t.Helper()
	stream := c.client.Messages.NewStreaming(c.t.Context(), p)
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		event := stream.Current()
		if err := m.Accumulate(event); err != nil {
			c.t.Errorf("an event that does not fit: %v: %s", err, event.RawJSON())
		}
		if each != nil {
			each(event)
		}
	}
	return m, stream.Err()
}

// textOf is what a message says.
func textOf(m *anthropic.Message) (text string) {
	for _, b := range m.Content {
		if b.Type == "text" {
			text += b.Text
		}
	}
	return text
}

func (c *claudeCase) whole() {
	var resp *http.Response
	got, err := c.client.Messages.New(c.t.Context(), claudeAsks("hello"), option.WithResponseInto(&resp))
	if err != nil {
		c.t.Fatal(err)
	}
	if textOf(got) != said || got.StopReason != "end_turn" || got.Model != claude || got.ID == "" || got.Role != "assistant" {
		c.t.Errorf("got %s", got.RawJSON())
	}
	if got.Usage.InputTokens == 0 || got.Usage.OutputTokens == 0 {
		c.t.Errorf("usage %s", got.Usage.RawJSON())
	}
	if resp.Header.Get("X-Glmtray-Model") != c.large || resp.Header.Get("Request-Id") == "" || resp.Header.Get("X-Glmtray-Attempts") != "1" {
		c.t.Errorf("headers %v", resp.Header)
	}
	if last := c.last(); !strings.Contains(last.Body, "Be brief.") || last.Model != c.large {
		c.t.Errorf("the provider saw %s", last.Body)
	}
}

func (c *claudeCase) pieces() {
	c.play(func(s *simulator.Script) { s.Answer.Pace = simulator.Duration(25 * time.Millisecond) })
	pieces := 0
	m, err := c.hear(claudeAsks("hello"), func(e anthropic.MessageStreamEventUnion) {
		switch {
		case e.Type == "message_start" && (e.Message.Model != claude || e.Message.Usage.InputTokens == 0):
			c.t.Errorf("it opens with %s", e.RawJSON())
		case e.Delta.Type == "text_delta":
			if pieces++; pieces == 1 && c.last().Done {
				c.t.Error("the first piece came only when the provider had finished")
			}
		}
	})
	if err != nil || textOf(&m) != said || m.StopReason != "end_turn" || pieces != len(strings.Fields(said)) {
		c.t.Errorf("%v, %d pieces: %s", err, pieces, m.RawJSON())
	}
	if m.Usage.InputTokens == 0 || m.Usage.OutputTokens == 0 || m.Usage.OutputTokens > 100 {
		c.t.Errorf("usage %+v", m.Usage)
	}
}

// calls checks the calls of an answer and gives the results of them.
func (c *claudeCase) calls(m *anthropic.Message) (results []anthropic.ContentBlockParamUnion) {
	c.t.Helper()
	want := calling().Answer.ToolCalls
	ids := map[string]bool{}
	for _, b := range m.Content {
		if b.Type != "tool_use" {
			continue
		}
		n := len(results)
		if n == len(want) || b.Name != want[n].Name || string(b.Input) != want[n].Arguments || b.ID == "" || ids[b.ID] {
			c.t.Errorf("call %d: %s", n, b.RawJSON())
		}
		ids[b.ID] = true
		results = append(results, anthropic.NewToolResultBlock(b.ID, []string{"sunny", "no clock"}[n%2], n == 1))
	}
	if m.StopReason != "tool_use" || len(results) != len(want) {
		c.t.Fatalf("got %s", m.RawJSON())
	}
	return results
}

func (c *claudeCase) toolsWhole() {
	c.play(both)
	ask := claudeTools(claudeAsks("What is the weather, and what time is it?"))
	first, err := c.client.Messages.New(c.t.Context(), ask)
	if err != nil {
		c.t.Fatal(err)
	}
	c.second(ask, first, func(p anthropic.MessageNewParams) (anthropic.Message, error) {
		m, err := c.client.Messages.New(c.t.Context(), p)
		if err != nil {
			return anthropic.Message{}, err
		}
		return *m, nil
	})
}

func (c *claudeCase) toolsStreamed() {
	c.play(both)
	fragments := 0
	ask := claudeTools(claudeAsks("What is the weather, and what time is it?"))
	first, err := c.hear(ask, func(e anthropic.MessageStreamEventUnion) {
		if e.Delta.Type == "input_json_delta" {
			fragments++
		}
	})
	if err != nil || fragments <= 2 {
		c.t.Fatalf("%d fragments, %v", fragments, err)
	}
	c.second(ask, &first, func(p anthropic.MessageNewParams) (anthropic.Message, error) { return c.hear(p, nil) })
}

// second brings the results back.
func (c *claudeCase) second(ask anthropic.MessageNewParams, first *anthropic.Message, send func(anthropic.MessageNewParams) (anthropic.Message, error)) {
	c.t.Helper()
	results := c.calls(first)
	ask.Messages = append(ask.Messages, first.ToParam(), anthropic.NewUserMessage(results...))
	got, err := send(ask)
	if err != nil || textOf(&got) != said || got.StopReason != "end_turn" {
		c.t.Fatalf("the second turn: %v %s", err, got.RawJSON())
	}
	body := c.last().Body
	for _, text := range []string{"sunny", "no clock", results[0].OfToolResult.ToolUseID, results[1].OfToolResult.ToolUseID} {
		if !strings.Contains(body, text) {
			c.t.Errorf("the provider did not see %q: %s", text, body)
		}
	}
}

func (c *claudeCase) pictures() {
	ask := claudeAsks("What is in this picture?")
	ask.Messages[0].Content = append(ask.Messages[0].Content, anthropic.NewImageBlockBase64("image/png", pixel))
	first, err := c.client.Messages.New(c.t.Context(), ask)
	if err != nil || textOf(first) != said {
		c.t.Fatal(err)
	}
	c.picture(c.t)
	c.forget()
	ask.Messages = append(ask.Messages, first.ToParam(), anthropic.NewUserMessage(anthropic.NewTextBlock("Thank you. And now?")))
	if second, err := c.client.Messages.New(c.t.Context(), ask); err != nil || textOf(second) != said {
		c.t.Fatal(err)
	}
	c.note(c.t)
}

func (c *claudeCase) thinking() {
	const thought = "The user wants the weather."
	c.play(func(s *simulator.Script) { both(s); s.Answer.Reasoning = thought })
	ask := claudeTools(claudeAsks("What is the weather, and what time is it?"))
	ask.MaxTokens = 20_000
	ask.Thinking = anthropic.ThinkingConfigParamUnion{OfAdaptive: &anthropic.ThinkingConfigAdaptiveParam{}}
	whole, err := c.client.Messages.New(c.t.Context(), ask)
	if err != nil {
		c.t.Fatal(err)
	}
	streamed, err := c.hear(ask, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, m := range []*anthropic.Message{whole, &streamed} {
		b := m.Content[0]
		if b.Type != "thinking" || b.Thinking != thought || !strings.HasPrefix(b.Signature, "glmtray:v1:") {
			c.t.Fatalf("it begins with %s", b.RawJSON())
		}
		next := ask
		next.Messages = append(append([]anthropic.MessageParam{}, ask.Messages...), m.ToParam(), anthropic.NewUserMessage(c.calls(m)...))
		if got, err := c.hear(next, nil); err != nil || textOf(&got) != said {
			c.t.Fatalf("the second turn: %v %s", err, got.RawJSON())
		}
		if body := c.last().Body; strings.Count(body, thought) != 1 || strings.Contains(body, "glmtray:v1:") {
			c.t.Errorf("the provider saw %s", body)
		}
	}
}

func (c *claudeCase) models() {
	page, err := c.client.Models.List(c.t.Context(), anthropic.ModelListParams{Limit: anthropic.Int(1000)})
	if err != nil {
		c.t.Fatal(err)
	}
	found := false
	for _, m := range page.Data {
		found = found || m.ID == c.large
		if m.Type != "model" || m.DisplayName == "" || m.CreatedAt.IsZero() {
			c.t.Errorf("a model %s", m.RawJSON())
		}
	}
	if !found || page.HasMore {
		c.t.Errorf("models %s", page.RawJSON())
	}
	if one, err := c.client.Models.Get(c.t.Context(), c.large, anthropic.ModelGetParams{}); err != nil || one.ID != c.large {
		c.t.Errorf("%v", err)
	}
	fault := new(anthropic.Error)
	if _, err := c.client.Models.Get(c.t.Context(), "claude-none", anthropic.ModelGetParams{}); !errors.As(err, &fault) || fault.StatusCode != 404 || fault.Type() != "not_found_error" {
		c.t.Errorf("got %v", err)
	}
}

func (c *claudeCase) tokens() {
	sentence := "The quick brown fox jumps over the lazy dog. " // ten tokens
	got, err := c.client.Messages.CountTokens(c.t.Context(), anthropic.MessageCountTokensParams{
		Model: claude, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(strings.Repeat(sentence, 200)))},
	})
	if err != nil || got.InputTokens < 2000 || got.InputTokens > 2100 {
		c.t.Errorf("%v: %+v", err, got)
	}
	if calls := c.asked(); len(calls) != 0 {
		c.t.Errorf("providers were asked %+v", calls)
	}
}

func (c *claudeCase) leave() {
	c.play(func(s *simulator.Script) {
		s.Answer = simulator.Answer{Tokens: 100_000, Pace: simulator.Duration(5 * time.Millisecond)}
	})
	ask := claudeAsks("hello")
	ask.MaxTokens = 20_000
	ctx, leave := context.WithCancel(c.t.Context())
	defer leave()
	stream := c.client.Messages.NewStreaming(ctx, ask)
	defer func() { _ = stream.Close() }()
	for range 4 {
		if !stream.Next() {
			c.t.Fatal(stream.Err())
		}
	}
	leave()
	for stream.Next() { //nolint:revive // what had come already
	}
	if !errors.Is(stream.Err(), context.Canceled) {
		c.t.Errorf("the SDK says %v", stream.Err())
	}
	eventually(c.t, "the provider sees that the client left", func() bool { return c.last().Cancelled })
}
