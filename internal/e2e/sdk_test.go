package e2e

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// counter counts what the SDK really sends: its own retries are requests too.
type counter struct {
	n    atomic.Int64
	next http.RoundTripper
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(r)
}

// sdk is OpenAI's own client, set up as its users do: an address and a key.
func sdk(p *program, options ...option.RequestOption) (openai.Client, *counter) {
	c := &counter{next: p.client.Transport}
	return openai.NewClient(append([]option.RequestOption{
		option.WithBaseURL(p.url + "/v1/"), option.WithAPIKey("sk-any-key-does-here"), option.WithHTTPClient(&http.Client{Transport: c}),
	}, options...)...), c
}

func question(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
}

// tools are two functions, as an agent offers them.
func tools(p openai.ChatCompletionNewParams) openai.ChatCompletionNewParams {
	object := func(field string) openai.FunctionParameters {
		return openai.FunctionParameters{
			"type": "object", "properties": map[string]any{field: map[string]any{"type": "string"}}, "required": []string{field},
		}
	}
	p.Tools = []openai.ChatCompletionToolUnionParam{
		openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{Name: "get_weather", Parameters: object("city")}),
		openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{Name: "get_time", Parameters: object("zone")}),
	}
	return p
}

// calling is a provider's script that calls both tools, side by side.
func calling() simulator.Script {
	s := script(simulator.Cerebras)
	s.KeepBodies = true
	s.Answer.ToolCalls = []simulator.ToolCall{
		{Name: "get_weather", Arguments: `{"city":"Kyiv, the \"mother\" of cities"}`},
		{Name: "get_time", Arguments: `{"zone":"Europe/Kyiv"}`},
	}
	return s
}

// TestOpenAIsOwnSDK walks what an agent does with a provider, in three
// processes: the SDK here, glmtray, and the providers.
func TestOpenAIsOwnSDKIsServed(t *testing.T) {
	t.Parallel()
	cerebras, synthetic := simulate(t, script(simulator.Cerebras)), simulate(t, script(simulator.Synthetic))
	p := start(t, launch{environ: append(cerebrasAt(cerebras.url), syntheticAt(synthetic.url)...)})
	client, sent := sdk(p)
	for _, c := range []struct {
		name string
		test func(*testing.T)
	}{
		{"a whole answer", func(t *testing.T) { sdkWhole(t, client) }},
		{"a stream comes in pieces, as the provider writes it", func(t *testing.T) { sdkStream(t, client, cerebras) }},
		{"parallel tool calls and their results", func(t *testing.T) { sdkTools(t, client, cerebras) }},
		{"tool calls in streamed fragments", func(t *testing.T) { sdkToolStream(t, client, cerebras) }},
		{"a picture goes to the model that sees", func(t *testing.T) { sdkPicture(t, client, cerebras, synthetic) }},
		{"a refusal is the provider's own, and is not repeated", func(t *testing.T) { sdkRefusal(t, client, sent, cerebras) }},
		{"the list of models", func(t *testing.T) { sdkModels(t, client) }},
		{"leaving a stream ends it at the provider", func(t *testing.T) { sdkLeave(t, client, cerebras) }},
	} {
		cerebras.script(script(simulator.Cerebras))
		cerebras.forget()
		synthetic.forget()
		t.Run(c.name, c.test)
	}
}

func sdkWhole(t *testing.T, client openai.Client) {
	var resp *http.Response
	got, err := client.Chat.Completions.New(t.Context(), question("hello"), option.WithResponseInto(&resp))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Choices) != 1 || got.Choices[0].Message.Content != said || got.Choices[0].FinishReason != "stop" || got.Model != model {
		t.Errorf("got %s", got.RawJSON())
	}
	if u := got.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
		t.Errorf("usage %+v", u)
	}
	for name, want := range map[string]string{
		"X-Glmtray-Provider": "cerebras", "X-Glmtray-Model": model, "X-Glmtray-Key": "a", "X-Glmtray-Attempts": "1",
	} {
		if resp.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, resp.Header.Get(name), want)
		}
	}
}

func sdkStream(t *testing.T, client openai.Client, cerebras foreign) {
	s := script(simulator.Cerebras)
	s.Answer.Pace = simulator.Duration(25 * time.Millisecond)
	cerebras.script(s)
	ask := question("hello")
	ask.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := client.Chat.Completions.NewStreaming(t.Context(), ask)
	defer func() { _ = stream.Close() }()
	var all openai.ChatCompletionAccumulator
	var pieces []string
	for stream.Next() {
		chunk := stream.Current()
		if !all.AddChunk(chunk) {
			t.Errorf("a chunk that does not fit: %s", chunk.RawJSON())
		}
		if len(chunk.Choices) == 0 || chunk.Choices[0].Delta.Content == "" {
			continue
		}
		if pieces = append(pieces, chunk.Choices[0].Delta.Content); len(pieces) == 1 && chats(cerebras.calls())[0].Done {
			t.Error("the first piece came only when the provider had finished")
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if len(pieces) != len(strings.Fields(said)) || all.Choices[0].Message.Content != said || all.Choices[0].FinishReason != "stop" {
		t.Errorf("%d pieces: %q, finish %q", len(pieces), pieces, all.Choices[0].FinishReason)
	}
	if all.Usage.PromptTokens == 0 || all.Usage.CompletionTokens == 0 {
		t.Errorf("usage %+v", all.Usage)
	}
}

func sdkTools(t *testing.T, client openai.Client, cerebras foreign) {
	cerebras.script(calling())
	ask := tools(question("What is the weather, and what time is it?"))
	first, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	message := first.Choices[0].Message
	checkCalls(t, first.Choices[0].FinishReason, message.ToolCalls)
	ask.Messages = append(ask.Messages, message.ToParam())
	for i, c := range message.ToolCalls {
		ask.Messages = append(ask.Messages, openai.ToolMessage([]string{"sunny", "noon"}[i], c.ID))
	}
	second, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if second.Choices[0].Message.Content != said || second.Choices[0].FinishReason != "stop" {
		t.Errorf("second turn: %s", second.RawJSON())
	}
	calls := chats(cerebras.calls())
	if last := calls[len(calls)-1].Body; !strings.Contains(last, `"sunny"`) || !strings.Contains(last, message.ToolCalls[1].ID) {
		t.Errorf("the provider got %s", last)
	}
}

func checkCalls(t *testing.T, finish string, calls []openai.ChatCompletionMessageToolCallUnion) {
	t.Helper()
	want := calling().Answer.ToolCalls
	if finish != "tool_calls" || len(calls) != len(want) {
		t.Fatalf("finish %q, calls %+v", finish, calls)
	}
	for i, c := range calls {
		if c.Function.Name != want[i].Name || c.Function.Arguments != want[i].Arguments || c.ID == "" || c.ID == calls[(i+1)%2].ID {
			t.Errorf("call %d: %s", i, c.RawJSON())
		}
	}
}

func sdkToolStream(t *testing.T, client openai.Client, cerebras foreign) {
	s := calling()
	s.Answer.Chunk = 7
	cerebras.script(s)
	stream := client.Chat.Completions.NewStreaming(t.Context(), tools(question("What is the weather, and what time is it?")))
	defer func() { _ = stream.Close() }()
	var all openai.ChatCompletionAccumulator
	fragments, finished := 0, 0
	for stream.Next() {
		chunk := stream.Current()
		all.AddChunk(chunk)
		if _, ok := all.JustFinishedToolCall(); ok {
			finished++
		}
		if len(chunk.Choices) > 0 {
			fragments += len(chunk.Choices[0].Delta.ToolCalls)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if fragments <= 2 || finished != 2 {
		t.Errorf("%d fragments, %d finished calls", fragments, finished)
	}
	checkCalls(t, all.Choices[0].FinishReason, all.Choices[0].Message.ToolCalls)
}

func sdkPicture(t *testing.T, client openai.Client, cerebras, synthetic foreign) {
	ask := question("")
	ask.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
		openai.TextContentPart("What is in this picture?"),
		openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{
			URL: "data:image/png;base64," + strings.Repeat("iVBORw0KGgo", 90_000), // larger than the size rule's text would be
		}),
	})}
	var resp *http.Response
	got, err := client.Chat.Completions.New(t.Context(), ask, option.WithResponseInto(&resp))
	if err != nil {
		t.Fatal(err)
	}
	if got.Choices[0].Message.Content != said || resp.Header.Get("X-Glmtray-Provider") != "synthetic" ||
		resp.Header.Get("X-Glmtray-Model") != "syn:large:vision" || !strings.HasPrefix(resp.Header.Get("X-Glmtray-Route"), "vision: ") {
		t.Errorf("%s by %v", got.RawJSON(), resp.Header)
	}
	if calls := chats(synthetic.calls()); len(calls) != 1 || calls[0].Images != 1 || len(chats(cerebras.calls())) != 0 {
		t.Errorf("synthetic was asked %+v", calls)
	}
}

func sdkRefusal(t *testing.T, client openai.Client, sent *counter, cerebras foreign) {
	cerebras.faults(simulator.Fault{What: "openai/image"})
	before := sent.n.Load()
	_, err := client.Chat.Completions.New(t.Context(), question("hello"))
	refusal := new(openai.Error)
	if !errors.As(err, &refusal) {
		t.Fatalf("not the SDK's error: %v", err)
	}
	fixture, err := simulator.FixtureNamed("openai/image")
	if err != nil {
		t.Fatal(err)
	}
	if refusal.StatusCode != 400 || refusal.Type != "invalid_request_error" || refusal.Param != "messages" || refusal.Code != "" ||
		!strings.Contains(fixture.Body, refusal.Message) || refusal.Message == "" {
		t.Errorf("got %d %s", refusal.StatusCode, refusal.RawJSON())
	}
	if n := sent.n.Load() - before; n != 1 || len(chats(cerebras.calls())) != 1 {
		t.Errorf("%d requests by the SDK, the provider saw %d", n, len(chats(cerebras.calls())))
	}
	// Cerebras' own errors are flat; the SDK finds nothing in them, but whoever
	// looks at the answer finds all of it.
	cerebras.faults(simulator.Fault{What: "cerebras/strict-unsupported"})
	_, err = client.Chat.Completions.New(t.Context(), question("hello"))
	if !errors.As(err, &refusal) || !strings.Contains(string(refusal.DumpResponse(true)), `"code":"wrong_api_format"`) {
		t.Errorf("got %v", err)
	}
}

func sdkModels(t *testing.T, client openai.Client) {
	var ids []string
	list := client.Models.ListAutoPaging(t.Context())
	for list.Next() {
		ids = append(ids, list.Current().ID)
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(ids, " ")
	if !strings.HasPrefix(all, model+" ") || !strings.Contains(all, "syn:large:vision") {
		t.Errorf("models %q", ids)
	}
}

func sdkLeave(t *testing.T, client openai.Client, cerebras foreign) {
	s := script(simulator.Cerebras)
	s.Answer = simulator.Answer{Tokens: 100_000, Pace: simulator.Duration(5 * time.Millisecond)}
	cerebras.script(s)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	stream := client.Chat.Completions.NewStreaming(ctx, question("hello"))
	defer func() { _ = stream.Close() }()
	for range 3 {
		if !stream.Next() {
			t.Fatal(stream.Err())
		}
	}
	leave()
	for stream.Next() { //nolint:revive // what had come already
	}
	if !errors.Is(stream.Err(), context.Canceled) {
		t.Errorf("the SDK says %v", stream.Err())
	}
	eventually(t, "the provider sees that the client left", func() bool {
		calls := chats(cerebras.calls())
		return len(calls) == 1 && calls[0].Cancelled
	})
}

func TestOpenAIsOwnSDKDoesNotRepeatAWrongClientKey(t *testing.T) {
	t.Parallel()
	cerebras := simulate(t, script(simulator.Cerebras))
	p := start(t, launch{environ: append(cerebrasAt(cerebras.url), "GLMTRAY_CLIENT_KEY=sk-the-right-client-key")})
	client, sent := sdk(p, option.WithAPIKey("sk-the-wrong-client-key"))
	_, err := client.Chat.Completions.New(t.Context(), question("hello"))
	refusal := new(openai.Error)
	if !errors.As(err, &refusal) || refusal.StatusCode != 401 || refusal.Code != "invalid_api_key" ||
		refusal.Response.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("got %v", err)
	}
	if sent.n.Load() != 1 || len(chats(cerebras.calls())) != 0 {
		t.Errorf("%d requests by the SDK, the provider saw %d", sent.n.Load(), len(chats(cerebras.calls())))
	}
	client, _ = sdk(p, option.WithAPIKey("sk-the-right-client-key"))
	if got, err := client.Chat.Completions.New(t.Context(), question("hello")); err != nil || got.Choices[0].Message.Content != said {
		t.Errorf("the right key: %v", err)
	}
}

func TestOpenAIsOwnSDKWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	cerebras := simulate(t, script(simulator.Cerebras))
	// Nobody waits within the proxy, so that the SDK has to.
	p := start(t, launch{environ: append(cerebrasAt(cerebras.url), "GLMTRAY_MAX_WAIT=0", "GLMTRAY_SHORT_WAIT=0")})
	client, sent := sdk(p)
	soon := simulator.Duration(2 * time.Second)
	cerebras.faults(simulator.Fault{What: "cerebras/rpm", Wait: soon, When: simulator.When{Times: 3}})
	var resp *http.Response
	got, err := client.Chat.Completions.New(t.Context(), question("hello"), option.WithResponseInto(&resp))
	if err != nil || got.Choices[0].Message.Content != said {
		t.Fatalf("a wait that was told was not worth it: %v", err)
	}
	if n := sent.n.Load(); n < 2 || n > 3 {
		t.Errorf("the SDK asked %d times", n)
	}
	for _, c := range chats(cerebras.calls()) {
		if c.Cooling && c.Fault == "" {
			t.Errorf("call %d came before its time", c.N)
		}
	}

	// An hour is not waited for: the message is shown at once.
	cerebras.faults(simulator.Fault{What: "cerebras/rpm", Wait: simulator.Duration(time.Hour)})
	before := sent.n.Load()
	_, err = client.Chat.Completions.New(t.Context(), question("hello"))
	refusal := new(openai.Error)
	if !errors.As(err, &refusal) || refusal.StatusCode != 429 || refusal.Type != "rate_limit_error" || refusal.Code != "all_keys_cooling" {
		t.Fatalf("got %v", err)
	}
	h := refusal.Response.Header
	if sent.n.Load()-before != 1 || h.Get("X-Should-Retry") != "false" || h.Get("Retry-After") == "" {
		t.Errorf("asked %d times, headers %v", sent.n.Load()-before, h)
	}
}
