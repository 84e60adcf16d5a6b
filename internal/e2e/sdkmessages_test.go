package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// TestOpenAIsOwnSDKIsServedByAProviderThatSpeaksOnlyAnthropic does with one kind of
// provider what TestOpenAIsOwnSDKIsServed does with the other.
func TestOpenAIsOwnSDKIsServedByAProviderThatSpeaksOnlyAnthropic(t *testing.T) {
	t.Parallel()
	s := messagesSide(t)
	client, sent := sdk(s.program)
	for _, c := range []struct {
		name string
		test func(*testing.T, openai.Client, *side)
	}{
		{"a whole answer", messagesWhole},
		{"a stream, and what it has cost", messagesStream},
		{"parallel tool calls, in fragments, and their results", messagesTools},
		{"a picture goes to the model that sees, and the session returns", messagesPicture},
		{"a stream that fails in its midst", messagesMidway},
	} {
		s.plain()
		t.Run(c.name, func(t *testing.T) { c.test(t, client, s) })
	}
	for _, c := range []struct {
		what, kind, code string
		status           int
	}{
		{s.refuses, "invalid_request_error", "", 400},
		{s.tooLong, "invalid_request_error", "context_length_exceeded", 400},
		{"anthropic/rate-limit", "rate_limit_error", "all_keys_cooling", 429},
	} {
		t.Run("refused: "+c.what, func(t *testing.T) {
			s.plain()
			faults(t, s.text, simulator.Fault{What: c.what, Wait: simulator.Duration(3600e9)})
			before := sent.n.Load()
			_, err := client.Chat.Completions.New(t.Context(), messagesAsks("hello"))
			fault := new(openai.Error)
			if !errors.As(err, &fault) || fault.StatusCode != c.status || fault.Type != c.kind || (c.code != "" && fault.Code != c.code) {
				t.Fatalf("got %v", err)
			}
			if n := sent.n.Load() - before; n != 1 || fault.Message == "" {
				t.Errorf("asked %d times: %s", n, fault.RawJSON())
			}
		})
	}
}

// messagesAsks asks for a model that the provider has.
func messagesAsks(text string) openai.ChatCompletionNewParams {
	p := question(text)
	p.Model = "glm-5.3"
	return p
}

func messagesWhole(t *testing.T, client openai.Client, s *side) {
	var resp *http.Response
	got, err := client.Chat.Completions.New(t.Context(), messagesAsks("hello"), option.WithResponseInto(&resp))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Choices) != 1 || got.Choices[0].Message.Content != said || got.Choices[0].FinishReason != "stop" || got.Model != s.large {
		t.Errorf("got %s", got.RawJSON())
	}
	if u := got.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
		t.Errorf("usage %+v", u)
	}
	if resp.Header.Get("X-Glmtray-Model") != s.large {
		t.Errorf("headers %v", resp.Header)
	}
}

func messagesHear(t *testing.T, client openai.Client, ask openai.ChatCompletionNewParams) (all openai.ChatCompletionAccumulator, err error) {
	t.Helper()
	stream := client.Chat.Completions.NewStreaming(t.Context(), ask)
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		if chunk := stream.Current(); !all.AddChunk(chunk) {
			t.Errorf("a chunk that does not fit: %s", chunk.RawJSON())
		}
	}
	return all, stream.Err()
}

func messagesStream(t *testing.T, client openai.Client, s *side) {
	s.play(func(s *simulator.Script) { s.Answer.Cached = 3 })
	ask := messagesAsks("hello, and hello again, whoever you may be")
	ask.StreamOptions.IncludeUsage = openai.Bool(true)
	all, err := messagesHear(t, client, ask)
	if err != nil || all.Choices[0].Message.Content != said || all.Choices[0].FinishReason != "stop" {
		t.Fatalf("%v: %+v", err, all)
	}
	if u := all.Usage; u.PromptTokens <= 3 || u.PromptTokensDetails.CachedTokens != 3 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
		t.Errorf("usage %s", u.RawJSON())
	}
}

func messagesTools(t *testing.T, client openai.Client, s *side) {
	s.play(both)
	ask := tools(messagesAsks("What is the weather, and what time is it?"))
	first, err := messagesHear(t, client, ask)
	if err != nil {
		t.Fatal(err)
	}
	message := first.Choices[0].Message
	checkCalls(t, first.Choices[0].FinishReason, message.ToolCalls)
	whole, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	checkCalls(t, whole.Choices[0].FinishReason, whole.Choices[0].Message.ToolCalls)
	ask.Messages = append(ask.Messages, message.ToParam())
	for i, c := range message.ToolCalls {
		ask.Messages = append(ask.Messages, openai.ToolMessage([]string{"sunny", "noon"}[i], c.ID))
	}
	second, err := messagesHear(t, client, ask)
	if err != nil || second.Choices[0].Message.Content != said {
		t.Fatalf("the second turn: %v %+v", err, second)
	}
	if body := s.last().Body; !strings.Contains(body, "sunny") || strings.Count(body, message.ToolCalls[1].ID) != 2 {
		t.Errorf("the provider saw %s", body)
	}
}

func messagesPicture(t *testing.T, client openai.Client, s *side) {
	ask := messagesAsks("")
	ask.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
		openai.TextContentPart("What is in this picture?"),
		openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64," + pixel}),
	})}
	got, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil || got.Choices[0].Message.Content != said {
		t.Fatal(err)
	}
	s.picture(t)
	s.forget()
	ask.Messages = append(ask.Messages, got.Choices[0].Message.ToParam(), openai.UserMessage("Thank you. And now?"))
	if got, err := client.Chat.Completions.New(t.Context(), ask); err != nil || got.Choices[0].Message.Content != said {
		t.Fatal(err)
	}
	s.note(t)
}

func messagesMidway(t *testing.T, client openai.Client, s *side) {
	for _, what := range []string{"error-event-mid", "cut", "cut-clean"} {
		faults(t, s.text, simulator.Fault{What: what})
		if all, err := messagesHear(t, client, messagesAsks("hello")); err == nil || all.Choices[0].FinishReason != "" {
			t.Errorf("%s: %v: %+v", what, err, all)
		}
	}
}
