package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// TestAnthropicsSecondSDKIsServed walks the shorter way with the generation of
// October 2026, which shows its key as a bearer and names another version of the
// API.
func TestAnthropicsSecondSDKIsServed(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.start(t, "GLMTRAY_CLIENT_KEY=sk-the-right-client-key")
			c := &counter{next: s.client.Transport}
			client := anthropic.NewClient(
				option.WithBaseURL(s.url), option.WithAPIKey("sk-the-right-client-key"), option.WithHTTPClient(&http.Client{Transport: c}),
			)
			for _, c := range []struct {
				name string
				test func(*testing.T, anthropic.Client, *side)
			}{
				{"a whole answer", secondWhole},
				{"tool calls in streamed fragments, thinking, and their results", secondTools},
				{"a picture goes to the model that sees", secondPicture},
				{"failures", secondFailures},
				{"models, and tokens", secondLists},
			} {
				s.plain()
				t.Run(c.name, func(t *testing.T) { c.test(t, client, s) })
			}
		})
	}
}

func secondAsks(text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: claude, MaxTokens: 2000,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

func secondWhole(t *testing.T, client anthropic.Client, s *side) {
	var resp *http.Response
	got, err := client.Messages.New(t.Context(), secondAsks("hello"), option.WithResponseInto(&resp))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Content) != 1 || got.Content[0].Text != said || got.StopReason != "end_turn" || got.Model != claude || got.Usage.InputTokens == 0 {
		t.Errorf("got %s", got.RawJSON())
	}
	if resp.Header.Get("X-Glmtray-Model") != s.large || resp.Request.Header.Get("Authorization") == "" || resp.Request.Header.Get("X-Api-Key") != "" {
		t.Errorf("asked with %v, answered with %v", resp.Request.Header, resp.Header)
	}
}

func secondHear(t *testing.T, client anthropic.Client, p anthropic.MessageNewParams) (m anthropic.Message, err error) {
	t.Helper()
	stream := client.Messages.NewStreaming(t.Context(), p)
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		if event := stream.Current(); m.Accumulate(event) != nil {
			t.Errorf("an event that does not fit: %s", event.RawJSON())
		}
	}
	return m, stream.Err()
}

func secondTools(t *testing.T, client anthropic.Client, s *side) {
	s.play(func(s *simulator.Script) { both(s); s.Answer.Reasoning = "The user wants the weather." })
	ask := secondAsks("What is the weather, and what time is it?")
	for name, field := range map[string]string{"get_weather": "city", "get_time": "zone"} {
		ask.Tools = append(ask.Tools, anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
			Properties: map[string]any{field: map[string]any{"type": "string"}},
		}, name))
	}
	first, err := secondHear(t, client, ask)
	if err != nil || len(first.Content) != 3 || first.StopReason != "tool_use" {
		t.Fatalf("%v: %s", err, first.RawJSON())
	}
	if b := first.Content[0]; b.Type != "thinking" || !strings.HasPrefix(b.Signature, "glmtray:v1:") {
		t.Errorf("it begins with %s", b.RawJSON())
	}
	var results []anthropic.ContentBlockParamUnion
	for i, want := range calling().Answer.ToolCalls {
		b := first.Content[i+1]
		if b.Name != want.Name || string(b.Input) != want.Arguments {
			t.Errorf("call %d: %s", i, b.RawJSON())
		}
		results = append(results, anthropic.NewToolResultBlock(b.ID, "sunny", false))
	}
	ask.Messages = append(ask.Messages, first.ToParam(), anthropic.NewUserMessage(results...))
	second, err := secondHear(t, client, ask)
	if err != nil || len(second.Content) != 2 || second.Content[1].Text != said {
		t.Errorf("the second turn: %v %s", err, second.RawJSON())
	}
	if body := s.last().Body; strings.Count(body, "sunny") != 2 || strings.Contains(body, "glmtray:v1") {
		t.Errorf("the provider saw %s", body)
	}
}

func secondPicture(t *testing.T, client anthropic.Client, s *side) {
	ask := secondAsks("What is in this picture?")
	ask.Messages[0] = anthropic.NewUserMessage(anthropic.NewTextBlock("What is in this picture?"), anthropic.NewImageBlockBase64("image/png", pixel))
	if got, err := client.Messages.New(t.Context(), ask); err != nil || got.Content[0].Text != said {
		t.Fatal(err)
	}
	s.picture(t)
}

func secondFailures(t *testing.T, client anthropic.Client, s *side) {
	fails := func(options ...option.RequestOption) *anthropic.Error {
		t.Helper()
		_, err := client.Messages.New(t.Context(), secondAsks("hello"), options...)
		fault := new(anthropic.Error)
		if !errors.As(err, &fault) {
			t.Fatalf("not the SDK's error: %v", err)
		}
		return fault
	}
	faults(t, s.text, simulator.Fault{What: s.refuses})
	if f := fails(); f.StatusCode != 400 || f.Type() != "invalid_request_error" {
		t.Errorf("got %d %s", f.StatusCode, f.RawJSON())
	}
	if f := fails(option.WithAPIKey("sk-wrong")); f.StatusCode != 401 || f.Type() != "authentication_error" {
		t.Errorf("got %d %s", f.StatusCode, f.RawJSON())
	}
	faults(t, s.text, simulator.Fault{What: "error-event-mid"})
	if m, err := secondHear(t, client, secondAsks("hello")); err == nil || !strings.Contains(err.Error(), "overloaded_error") {
		t.Errorf("%v: %s", err, m.RawJSON())
	}
}

func secondLists(t *testing.T, client anthropic.Client, s *side) {
	page, err := client.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil || len(page.Data) == 0 || page.Data[0].DisplayName == "" {
		t.Errorf("%v: %+v", err, page)
	}
	n, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: claude, Messages: secondAsks("hello").Messages})
	if err != nil || n.InputTokens < 5 || n.InputTokens > 20 || len(s.asked()) != 0 {
		t.Errorf("%v: %+v", err, n)
	}
}
