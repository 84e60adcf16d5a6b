package dialect

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	sdk "github.com/openai/openai-go/v3/responses"
)

// respClient gives OpenAI's own client of a server that always answers so.
func respClient(t *testing.T, kind string, body []byte) openai.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	return openai.NewClient(option.WithBaseURL(server.URL+"/v1"), option.WithAPIKey("made-up"), option.WithMaxRetries(0))
}

var respParams = sdk.ResponseNewParams{
	Model: "glm-4.7",
	Input: sdk.ResponseNewParamsInputUnion{OfString: openai.String("please do the thing")},
}

// respTurn is an answer with one of each kind of item.
var respTurn = &chat.Answer{
	Parts: []chat.Part{
		{Kind: chat.Thought, Text: "hm \"ok\"", Signature: "own"},
		{Text: "So:\n"},
		{Kind: chat.Call, ID: "call_1", Name: "multi_agent_v1__spawn_agent", Args: `{"task":"a"}`},
		{Kind: chat.Call, ID: "call_2", Name: "apply_patch", Args: `{"input":"*** Begin\n"}`},
	},
	Stop: chat.ToolUse, Used: respUsed.Used,
}

// respTold checks that the SDK has understood respTurn.
func respTold(t *testing.T, r sdk.Response) {
	t.Helper()
	if r.Status != sdk.ResponseStatusCompleted || r.Model != "glm-4.7" || r.ID != "resp_00f1" || r.OutputText() != "So:\n" || len(r.Output) != 4 {
		t.Fatalf("%s", r.RawJSON())
	}
	thought, call, free := r.Output[0].AsReasoning(), r.Output[2].AsFunctionCall(), r.Output[3].AsCustomToolCall()
	if thought.Summary[0].Text != "hm \"ok\"" || thought.EncryptedContent != "glmtray:v1:zai:own" {
		t.Errorf("%s", thought.RawJSON())
	}
	if call.Name != "spawn_agent" || call.Namespace != "multi_agent_v1" || call.CallID != "call_1" || call.Arguments != `{"task":"a"}` {
		t.Errorf("%s", call.RawJSON())
	}
	if free.Name != "apply_patch" || free.CallID != "call_2" || free.Input != "*** Begin\n" {
		t.Errorf("%s", free.RawJSON())
	}
	if u := r.Usage; u.InputTokens != 1234 || u.InputTokensDetails.CachedTokens != 100 || u.OutputTokens != 42 || u.OutputTokensDetails.ReasoningTokens != 7 || u.TotalTokens != 1276 {
		t.Errorf("%+v", u)
	}
}

func TestOpenAISDKReadsAResponse(t *testing.T) {
	client := respClient(t, "application/json", responsesWhole(respAsk(t, respBody), respTurn))
	r, err := client.Responses.New(t.Context(), respParams)
	if err != nil {
		t.Fatal(err)
	}
	respTold(t, *r)
}

func TestOpenAISDKReadsAStreamOfResponses(t *testing.T) {
	sent := respWrite(respAsk(t, respBody), respBegin(
		respDelta(chat.Thinks, "hm "), respDelta(chat.Thinks, "\"ok\""), respDelta(chat.Signed, "own"), respDelta(chat.Says, "So:"), respDelta(chat.Says, "\n"),
		respCalled(0, "call_1", "multi_agent_v1__spawn_agent"), respCalled(1, "call_2", "apply_patch"),
		respArgs(0, `{"task":`), respArgs(1, `{"input":"*** Beg`), respArgs(0, `"a"}`), respArgs(1, `in\n"}`),
		respStops(chat.ToolUse), respUsed)...)
	client := respClient(t, "text/event-stream", sent)
	stream := client.Responses.NewStreaming(t.Context(), respParams)
	var kinds []string
	var thinking, text, args, input strings.Builder
	for stream.Next() {
		ev := stream.Current()
		kind := strings.TrimPrefix(ev.Type, "response.")
		if len(kinds) == 0 || kinds[len(kinds)-1] != kind {
			kinds = append(kinds, kind)
		}
		switch e := ev.AsAny().(type) {
		case sdk.ResponseReasoningSummaryTextDeltaEvent:
			thinking.WriteString(e.Delta)
		case sdk.ResponseTextDeltaEvent:
			text.WriteString(e.Delta)
		case sdk.ResponseFunctionCallArgumentsDeltaEvent:
			args.WriteString(e.Delta)
		case sdk.ResponseCustomToolCallInputDeltaEvent:
			input.WriteString(e.Delta)
		case sdk.ResponseCompletedEvent:
			respTold(t, e.Response)
		case nil:
			t.Errorf("the SDK does not know %s", ev.RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if thinking.String() != "hm \"ok\"" || text.String() != "So:\n" || args.String() != `{"task":"a"}` || input.String() != "*** Begin\n" {
		t.Errorf("%q %q %q %q", &thinking, &text, &args, &input)
	}
	want := strings.Fields(`created in_progress
		output_item.added reasoning_summary_part.added reasoning_summary_text.delta reasoning_summary_text.done reasoning_summary_part.done output_item.done
		output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done
		output_item.added function_call_arguments.delta function_call_arguments.done output_item.done
		output_item.added custom_tool_call_input.delta custom_tool_call_input.done output_item.done completed`)
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("%q", kinds)
	}
}

func TestOpenAISDKReadsAFailureInMidStream(t *testing.T) {
	sent := respWrite(respAsk(t, respBody), respBegin(respDelta(chat.Says, "So"))[:2]...)
	client := respClient(t, "text/event-stream", append(sent, ErrorEvent(Responses, streamCut(), "00f1")...))
	stream := client.Responses.NewStreaming(t.Context(), respParams)
	var failed sdk.ResponseFailedEvent
	for stream.Next() {
		if e, ok := stream.Current().AsAny().(sdk.ResponseFailedEvent); ok {
			failed = e
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if r := failed.Response; r.Status != sdk.ResponseStatusFailed || r.ID != "resp_00f1" || r.Error.Code != "server_error" || r.Error.Message != streamCut().Message {
		t.Errorf("%s", failed.RawJSON())
	}
}

// TestOpenAISDKSendsWhatDecodeReads: the SDK's own form of a request, and of an
// answer that is sent back.
func TestOpenAISDKSendsWhatDecodeReads(t *testing.T) {
	body, err := sdk.ResponseNewParams{
		Model:        "glm-4.7",
		Instructions: openai.String("be kind"),
		Input: sdk.ResponseNewParamsInputUnion{OfInputItemList: sdk.ResponseInputParam{
			sdk.ResponseInputItemParamOfMessage("hello", sdk.EasyInputMessageRoleUser),
			sdk.ResponseInputItemParamOfFunctionCall(`{"a":1}`, "call_1", "f"),
			{OfFunctionCallOutput: &sdk.ResponseInputItemFunctionCallOutputParam{
				CallID: openai.String("call_1"), Output: sdk.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("done")},
			}},
		}},
		Tools: []sdk.ToolUnionParam{sdk.ToolParamOfFunction("f", map[string]any{"type": "object"}, true)},
	}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	q := ofResponses(t, string(body))
	want := []chat.Message{
		{Role: chat.System, Parts: []chat.Part{{Text: "be kind"}}},
		{Role: chat.User, Parts: []chat.Part{{Text: "hello"}}},
		{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "call_1", Name: "f", Args: `{"a":1}`}}},
		{Role: chat.User, Parts: []chat.Part{{Kind: chat.Result, ID: "call_1", Parts: []chat.Part{{Text: "done"}}}}},
	}
	if !reflect.DeepEqual(q.Messages, want) || q.Dropped != nil {
		t.Errorf("%+v %q", q.Messages, q.Dropped)
	}
	if want := (chat.Tool{Name: "f", Schema: `{"type":"object"}`, Strict: true}); !reflect.DeepEqual(q.Tools, []chat.Tool{want}) {
		t.Errorf("%+v", q.Tools)
	}
}
