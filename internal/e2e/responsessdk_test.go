package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// responding is one thing that an agent does with OpenAI's Responses.
type responding struct {
	t      *testing.T
	client openai.Client
	sent   *counter
	*side
}

func TestOpenAIsOwnSDKIsServedResponses(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.start(t)
			client, sent := sdk(s.program)
			for _, c := range []struct {
				name string
				test func(*responding)
			}{
				{"a whole answer", (*responding).whole},
				{"a stream comes in pieces, as the provider writes it", (*responding).pieces},
				{"parallel tool calls, thinking, and their results", (*responding).tools},
				{"a picture goes to the model that sees, and the session returns", (*responding).pictures},
				{"refusals", (*responding).refusals},
				{"a response that nobody kept", (*responding).previous},
				{"a stream that fails in its midst", (*responding).midway},
			} {
				s.plain()
				t.Run(c.name, func(t *testing.T) { c.test(&responding{t, client, sent, s}) })
			}
		})
	}
}

const codex = "gpt-5.6-codex"

func responsesAsks(items ...responses.ResponseInputItemUnionParam) responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: codex, Instructions: openai.String("Be brief."), Store: openai.Bool(false),
		Include:   []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
		Reasoning: shared.ReasoningParam{Effort: shared.ReasoningEffortHigh, Summary: shared.ReasoningSummaryAuto},
		Input:     responses.ResponseNewParamsInputUnion{OfInputItemList: items},
	}
}

func responsesSays(text string) responses.ResponseInputItemUnionParam {
	return responses.ResponseInputItemParamOfMessage(text, responses.EasyInputMessageRoleUser)
}

// echoed gives an answer's items as a client sends them back.
func echoed(items []responses.ResponseOutputItemUnion) (all []responses.ResponseInputItemUnionParam) {
	for _, item := range items {
		all = append(all, param.Override[responses.ResponseInputItemUnionParam](json.RawMessage(item.RawJSON())))
	}
	return all
}

func (c *responding) whole() {
	var resp *http.Response
	got, err := c.client.Responses.New(c.t.Context(), responsesAsks(responsesSays("hello")), option.WithResponseInto(&resp))
	if err != nil {
		c.t.Fatal(err)
	}
	if got.OutputText() != said || got.Status != "completed" || got.Model != codex || got.ID == "" || got.Usage.InputTokens == 0 || got.Usage.OutputTokens == 0 {
		c.t.Errorf("got %s", got.RawJSON())
	}
	if resp.Header.Get("X-Glmtray-Model") != c.large || !strings.Contains(c.last().Body, "Be brief.") {
		c.t.Errorf("headers %v, the provider saw %s", resp.Header, c.last().Body)
	}
	plain, err := c.client.Responses.New(c.t.Context(), responses.ResponseNewParams{
		Model: codex, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("hello")},
	})
	if err != nil || plain.OutputText() != said {
		c.t.Errorf("asked in one text: %v", err)
	}
}

// hear reads a stream to its end, and gives the response that closed it.
func (c *responding) hear(p responses.ResponseNewParams, each func(responses.ResponseStreamEventUnion)) (r responses.Response, err error) {
	c.t.Helper()
	stream := c.client.Responses.NewStreaming(c.t.Context(), p)
	defer func() { _ = stream.Close() }()
	for n := int64(0); stream.Next(); n++ {
		e := stream.Current()
		if e.SequenceNumber != n {
			c.t.Errorf("event %d has the number %d", n, e.SequenceNumber)
		}
		if e.Type == "response.completed" || e.Type == "response.failed" {
			r = e.Response
		}
		if each != nil {
			each(e)
		}
	}
	return r, stream.Err()
}

func (c *responding) pieces() {
	c.play(func(s *simulator.Script) { s.Answer.Pace = simulator.Duration(25 * time.Millisecond) })
	pieces := 0
	got, err := c.hear(responsesAsks(responsesSays("hello")), func(e responses.ResponseStreamEventUnion) {
		if e.Type == "response.output_text.delta" {
			if pieces++; pieces == 1 && c.last().Done {
				c.t.Error("the first piece came only when the provider had finished")
			}
		}
	})
	if err != nil || got.OutputText() != said || got.Model != codex || got.Usage.InputTokens == 0 || pieces != len(strings.Fields(said)) {
		c.t.Errorf("%v, %d pieces: %s", err, pieces, got.RawJSON())
	}
}

func (c *responding) tools() {
	const thought = "The user wants the weather."
	c.play(func(s *simulator.Script) { both(s); s.Answer.Reasoning = thought })
	ask := responsesAsks(responsesSays("What is the weather, and what time is it?"))
	for _, name := range []string{"get_weather", "get_time"} {
		ask.Tools = append(ask.Tools, responses.ToolParamOfFunction(name, map[string]any{
			"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
		}, false))
	}
	whole, err := c.client.Responses.New(c.t.Context(), ask)
	if err != nil {
		c.t.Fatal(err)
	}
	streamed, err := c.hear(ask, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, first := range []*responses.Response{whole, &streamed} {
		next := ask
		next.Input.OfInputItemList = append(append(responses.ResponseInputParam{}, ask.Input.OfInputItemList...), c.results(first, thought)...)
		second, err := c.hear(next, nil)
		if err != nil || second.OutputText() != said {
			c.t.Fatalf("the second turn: %v %s", err, second.RawJSON())
		}
		if body := c.last().Body; strings.Count(body, thought) != 1 || !strings.Contains(body, "sunny") || strings.Contains(body, "glmtray:v1") {
			c.t.Errorf("the provider saw %s", body)
		}
	}
}

// results checks an answer's calls and thinking, and gives all that comes next.
func (c *responding) results(r *responses.Response, thought string) []responses.ResponseInputItemUnionParam {
	c.t.Helper()
	want := calling().Answer.ToolCalls
	all, n := echoed(r.Output), 0
	for _, item := range r.Output {
		switch item.Type {
		case "reasoning":
			if len(item.Summary) != 1 || item.Summary[0].Text != thought || item.EncryptedContent == "" {
				c.t.Errorf("reasoning %s", item.RawJSON())
			}
		case "function_call":
			if n == len(want) || item.Name != want[n].Name || item.AsFunctionCall().Arguments != want[n].Arguments || item.CallID == "" {
				c.t.Fatalf("call %d: %s", n, item.RawJSON())
			}
			n++
			all = append(all, responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
				CallID: openai.String(item.CallID),
				Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("sunny")},
			}})
		}
	}
	if n != len(want) || len(r.Output) != 3 {
		c.t.Fatalf("got %s", r.RawJSON())
	}
	return all
}

func (c *responding) pictures() {
	picture := responses.ResponseInputContentParamOfInputImage(responses.ResponseInputImageDetailAuto)
	picture.OfInputImage.ImageURL = openai.String("data:image/png;base64," + pixel)
	ask := responsesAsks(responses.ResponseInputItemParamOfMessage(responses.ResponseInputMessageContentListParam{
		responses.ResponseInputContentParamOfInputText("What is in this picture?"), picture,
	}, responses.EasyInputMessageRoleUser))
	first, err := c.client.Responses.New(c.t.Context(), ask)
	if err != nil || first.OutputText() != said {
		c.t.Fatal(err)
	}
	c.picture(c.t)
	c.forget()
	ask.Input.OfInputItemList = append(append(ask.Input.OfInputItemList, echoed(first.Output)...), responsesSays("Thank you. And now?"))
	if second, err := c.client.Responses.New(c.t.Context(), ask); err != nil || second.OutputText() != said {
		c.t.Fatal(err)
	}
	c.note(c.t)
}

// fails sends a request that must fail, once.
func (c *responding) fails(p responses.ResponseNewParams) *openai.Error {
	c.t.Helper()
	before := c.sent.n.Load()
	_, err := c.client.Responses.New(c.t.Context(), p)
	fault := new(openai.Error)
	if !errors.As(err, &fault) {
		c.t.Fatalf("not the SDK's error: %v", err)
	}
	if n := c.sent.n.Load() - before; n != 1 {
		c.t.Errorf("the SDK asked %d times", n)
	}
	return fault
}

func (c *responding) refusals() {
	faults(c.t, c.text, simulator.Fault{What: c.refuses})
	if f := c.fails(responsesAsks(responsesSays("hello"))); f.StatusCode != 400 || f.Type != "invalid_request_error" || f.Message == "" {
		c.t.Errorf("got %d %s", f.StatusCode, f.RawJSON())
	}
	faults(c.t, c.text, simulator.Fault{What: c.tooLong})
	if c.eyes != c.text {
		faults(c.t, c.eyes, simulator.Fault{What: "synthetic/context"})
		defer faults(c.t, c.eyes)
	}
	if f := c.fails(responsesAsks(responsesSays("hello"))); f.StatusCode != 400 || f.Code != "context_length_exceeded" {
		c.t.Errorf("got %d %s", f.StatusCode, f.RawJSON())
	}
}

func (c *responding) previous() {
	ask := responsesAsks(responsesSays("hello"))
	ask.PreviousResponseID = openai.String("resp_0123456789")
	if f := c.fails(ask); f.StatusCode != 400 || f.Param != "previous_response_id" || f.Message == "" || len(c.asked()) != 0 {
		c.t.Errorf("got %d %s", f.StatusCode, f.RawJSON())
	}
}

func (c *responding) midway() {
	for _, what := range []string{"error-event-mid", "cut", "cut-clean"} {
		faults(c.t, c.text, simulator.Fault{What: what})
		got, err := c.hear(responsesAsks(responsesSays("hello")), nil)
		if err != nil || got.Status != "failed" || got.Error.Message == "" {
			c.t.Errorf("%s: %v: %s", what, err, got.RawJSON())
		}
	}
}
