package dialect

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// encSaid is a message, and what follows makes its parts.
func encSaid(role chat.Role, parts ...chat.Part) chat.Message {
	return chat.Message{Role: role, Parts: parts}
}

func encText(text string) chat.Part { return chat.Part{Text: text} }

func encThought(text string) chat.Part {
	return chat.Part{Kind: chat.Thought, Text: text, Signature: "glmtray:v1:zai:"}
}

func encPicture(data string) chat.Part {
	return chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/png", Data: data}}
}

func encCall(id, name, args string) chat.Part {
	return chat.Part{Kind: chat.Call, ID: id, Name: name, Args: args}
}

func encResult(id string, parts ...chat.Part) chat.Part {
	return chat.Part{Kind: chat.Result, ID: id, Parts: parts}
}

func encFailed(id string, parts ...chat.Part) chat.Part {
	return chat.Part{Kind: chat.Result, ID: id, Parts: parts, Failed: true}
}

// encFields encodes a request and gives its top-level fields as they stand in
// the body.
func encFields(t testing.TB, q *chat.Request, fit Fit) (map[string]string, Sent) {
	t.Helper()
	sent, e := encodeOpenAI(q, fit, nil)
	if e != nil {
		t.Fatal(e)
	}
	r, err := readOpenAI(sent.Body)
	if err != nil || !json.Valid(sent.Body) {
		t.Fatalf("%v: %s", err, sent.Body)
	}
	fields := map[string]string{}
	for _, e := range r.top {
		if _, twice := fields[string(e.key)]; twice {
			t.Errorf("%s is there twice: %s", e.key, sent.Body)
		}
		fields[string(e.key)] = string(sent.Body[e.value:e.end])
	}
	return fields, sent
}

const (
	encUser = `{"role":"user","content":"hi"}`
	encRun  = `"tool_calls":[{"id":"c1","type":"function","function":{"name":"run","arguments":"{\"n\": 1.0}"}}]}`
)

// encMessages is a conversation and the messages it becomes.
type encMessages struct {
	name    string
	fit     Fit
	said    []chat.Message
	want    []string
	changed []string
}

func (c *encMessages) run(t *testing.T) {
	t.Helper()
	fields, sent := encFields(t, &chat.Request{Messages: c.said}, c.fit)
	if want := "[" + strings.Join(c.want, ",") + "]"; fields["messages"] != want {
		t.Errorf("got  %s\nwant %s", fields["messages"], want)
	}
	if !slices.Equal(sent.Changed, c.changed) {
		t.Errorf("changed: got %q, want %q", sent.Changed, c.changed)
	}
}

func TestEncodeOpenAIWritesWhatIsSaid(t *testing.T) {
	hi := encSaid(chat.User, encText("hi"))
	for _, c := range []encMessages{
		{"nothing at all", Fit{}, nil, nil, nil},
		{"a user's text is plain", Fit{}, []chat.Message{hi}, []string{encUser}, nil},
		{
			"texts are joined with a blank line, empty ones left out",
			Fit{},
			[]chat.Message{encSaid(chat.User, encText("a"), encText(""), encText("\"b\"\n"))},
			[]string{`{"role":"user","content":"a\n\n\"b\"\n"}`},
			nil,
		},
		{
			"what says nothing is skipped",
			Fit{},
			[]chat.Message{encSaid(chat.User), encSaid(chat.System, encText("")), encSaid(chat.Assistant), hi, encSaid(chat.Assistant, encText(""), encThought("x"))},
			[]string{encUser},
			nil,
		},
		{
			"what the system says before the assistant stands in front, in one message",
			Fit{},
			[]chat.Message{encSaid(chat.System, encText("a"), encText("b")), hi, encSaid(chat.System, encText("c")), encSaid(chat.Assistant, encText("yes"))},
			[]string{`{"role":"system","content":"a\n\nb\n\nc"}`, encUser, `{"role":"assistant","content":"yes"}`},
			nil,
		},
		{
			"what it says later stays in its place",
			Fit{},
			[]chat.Message{encSaid(chat.Assistant, encText("yes")), hi, encSaid(chat.System, encText("a"), encText("b")), hi, encSaid(chat.System, encText(""))},
			[]string{`{"role":"assistant","content":"yes"}`, encUser, `{"role":"user","content":"<system-reminder>a\n\nb</system-reminder>"}`, encUser},
			nil,
		},
		{
			"roles have the provider's names",
			Fit{Refuses: Refuses{Roles: map[string]string{"system": "developer", "assistant": "model"}}},
			[]chat.Message{encSaid(chat.System, encText("a")), hi, encSaid(chat.Assistant, encText("yes"))},
			[]string{`{"role":"developer","content":"a"}`, encUser, `{"role":"model","content":"yes"}`},
			nil,
		},
		{
			"the billing header is for Anthropic alone",
			Fit{},
			[]chat.Message{encSaid(chat.System, encText("x-anthropic-billing-header: cc_version=2.1.197.176;"), encText("a")), hi},
			[]string{`{"role":"system","content":"a"}`, encUser},
			[]string{"removed the billing block of system"},
		},
		{
			"a user may say so, though",
			Fit{},
			[]chat.Message{encSaid(chat.User, encText("x-anthropic-billing-header: what is it?"))},
			[]string{`{"role":"user","content":"x-anthropic-billing-header: what is it?"}`},
			nil,
		},
		{
			"thinking is dropped where no field takes it",
			Fit{},
			[]chat.Message{encSaid(chat.Assistant, encThought("hm"), chat.Part{Kind: chat.Redacted, Signature: "x"}, encText("yes"))},
			[]string{`{"role":"assistant","content":"yes"}`},
			nil,
		},
		{
			"and goes back into the field that does",
			Fit{Traits: Traits{Reasoning: "reasoning_content"}},
			[]chat.Message{encSaid(chat.Assistant, encThought("hm"), encText("yes"), encThought("so")), hi, encSaid(chat.Assistant, encThought(""), encText("yes"))},
			[]string{`{"role":"assistant","content":"yes","reasoning_content":"hm\n\nso"}`, encUser, `{"role":"assistant","content":"yes"}`},
			nil,
		},
		{
			"thinking alone is kept there too",
			Fit{Traits: Traits{Reasoning: "reasoning"}},
			[]chat.Message{encSaid(chat.Assistant, encThought("hm"))},
			[]string{`{"role":"assistant","content":"","reasoning":"hm"}`},
			nil,
		},
		{
			"a field that the provider refuses is not written",
			Fit{Traits: Traits{Reasoning: "reasoning_content"}, Refuses: Refuses{Message: []string{"reasoning_content"}}},
			[]chat.Message{encSaid(chat.Assistant, encThought("hm"), encText("yes"))},
			[]string{`{"role":"assistant","content":"yes"}`},
			nil,
		},
		{
			"parts that are out of place are noted",
			Fit{},
			[]chat.Message{encSaid(chat.User, encCall("c1", "run", ""), encText("hi")), encSaid(chat.Assistant, encPicture("x"), encText("yes"))},
			[]string{encUser, `{"role":"assistant","content":"yes"}`},
			[]string{"dropped a part that is out of place ×2"},
		},
	} {
		t.Run(c.name, c.run)
	}
}

func TestEncodeOpenAIWritesPicturesAndDocuments(t *testing.T) {
	const png = `{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}`
	link := chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x.example/a.png?b=\"c\""}}
	notes := chat.Part{Kind: chat.Document, Text: "so it is", Media: chat.Media{Name: "notes.txt"}}
	pdf := chat.Part{Kind: chat.Document, Media: chat.Media{Type: "application/pdf", Data: "JVBE", Name: "a.pdf"}}
	for _, c := range []encMessages{
		{
			"a picture makes a list of parts",
			Fit{},
			[]chat.Message{encSaid(chat.User, encText("see"), encPicture("iVBO"), link)},
			[]string{`{"role":"user","content":[{"type":"text","text":"see"},` + png + `,{"type":"image_url","image_url":{"url":"https://x.example/a.png?b=\"c\""}}]}`},
			nil,
		},
		{
			"a model that reads text only gets a note in its place",
			Fit{NoImages: true},
			[]chat.Message{encSaid(chat.User, encText("a"), encPicture("iVBO"), encText("b"), link)},
			[]string{`{"role":"user","content":"a\n\n` + pictureNote + `\n\nb\n\n` + pictureNote + `"}`},
			[]string{"left out a picture, for a model that reads text only ×2"},
		},
		{
			"a picture without data is told of",
			Fit{},
			[]chat.Message{encSaid(chat.User, chat.Part{Kind: chat.Image})},
			[]string{`{"role":"user","content":"[picture left out: it came without its data]"}`},
			[]string{"left out a picture without data"},
		},
		{
			"a text document is text",
			Fit{},
			[]chat.Message{encSaid(chat.User, notes, encText("right?"))},
			[]string{`{"role":"user","content":"notes.txt:\n\nso it is\n\nright?"}`},
			nil,
		},
		{
			"another one of an older turn becomes a note",
			Fit{},
			[]chat.Message{encSaid(chat.User, pdf, encText("a")), encSaid(chat.Assistant, encText("yes")), encSaid(chat.User, encText("hi"))},
			[]string{`{"role":"user","content":"[document a.pdf left out: this model cannot read it]\n\na"}`, `{"role":"assistant","content":"yes"}`, encUser},
			[]string{"left out a document of an older turn"},
		},
	} {
		t.Run(c.name, c.run)
	}
	for _, said := range [][]chat.Message{
		{encSaid(chat.User, pdf)},
		{encSaid(chat.User, encText("read it")), encSaid(chat.Assistant, encCall("c", "Read", "")), encSaid(chat.User, encResult("c", encText("read")), pdf)},
		{encSaid(chat.User, encText("read it")), encSaid(chat.Assistant, encCall("c", "Read", "")), encSaid(chat.User, encResult("c", pdf))},
	} {
		sent, e := encodeOpenAI(&chat.Request{Messages: said}, Fit{Model: "glm-5.3"}, nil)
		if e == nil || e.Status != 400 || e.Code != "document_not_supported" || e.Hint == "" || !strings.HasPrefix(e.Message, "glm-5.3 ") || sent.Body != nil {
			t.Errorf("a document in the latest turn: %v", e)
		}
	}
}

func TestEncodeOpenAIPutsResultsBehindTheirCalls(t *testing.T) {
	call := encSaid(chat.Assistant, encCall("c1", "run", `{"n": 1.0}`))
	const calls = `{"role":"assistant","content":"",` + encRun
	tool := func(id, text string) string {
		return `{"role":"tool","tool_call_id":"` + id + `","content":"` + text + `"}`
	}
	two := encSaid(chat.Assistant, encText("I look."), encCall("c1", "run", ""), encCall("c2", "see", "{}"))
	const twoCalls = `{"role":"assistant","content":"I look.","tool_calls":[{"id":"c1","type":"function","function":{"name":"run","arguments":"{}"}},` +
		`{"id":"c2","type":"function","function":{"name":"see","arguments":"{}"}}]}`
	for _, c := range []encMessages{
		{
			"text and calls are one message, arguments as the client wrote them",
			Fit{},
			[]chat.Message{encSaid(chat.Assistant, encText("I look."), encCall("c1", "run", `{"n": 1.0}`)), encSaid(chat.User, encResult("c1", encText("ok")))},
			[]string{`{"role":"assistant","content":"I look.",` + encRun, tool("c1", "ok")},
			nil,
		},
		{
			"results come in the calls' order, before all else",
			Fit{},
			[]chat.Message{two, encSaid(chat.User, encText("hi"), encResult("c2", encText("b"), encText("c")), encResult("c1", encText("a")))},
			[]string{twoCalls, tool("c1", "a"), tool("c2", `b\n\nc`), encUser},
			nil,
		},
		{
			"in several messages as well, with the system in between",
			Fit{},
			[]chat.Message{two, encSaid(chat.System, encText("s")), encSaid(chat.User, encResult("c2")), encSaid(chat.User, encResult("c1", encText("a")), encText("hi"))},
			[]string{twoCalls, tool("c1", "a"), tool("c2", ""), `{"role":"user","content":"<system-reminder>s</system-reminder>"}`, encUser},
			nil,
		},
		{
			"an assistant that speaks several times in a row speaks once",
			Fit{},
			[]chat.Message{encSaid(chat.Assistant, encText("I look."), encCall("c1", "run", "")), encSaid(chat.Assistant, encCall("c2", "see", "")), encSaid(chat.User, encResult("c1"), encResult("c2"))},
			[]string{twoCalls, tool("c1", ""), tool("c2", "")},
			nil,
		},
		{
			"a failed tool says so, once",
			Fit{},
			[]chat.Message{two, encSaid(chat.User, encFailed("c1", encText("no"), encText("way")), encFailed("c2", encText("Error: no")))},
			[]string{twoCalls, tool("c1", `Error: no\n\nway`), tool("c2", "Error: no")},
			nil,
		},
		{
			"even if it says nothing",
			Fit{},
			[]chat.Message{call, encSaid(chat.User, encFailed("c1"))},
			[]string{calls, tool("c1", "Error")},
			nil,
		},
		{
			"a call without a result gets a failed one",
			Fit{},
			[]chat.Message{two, encSaid(chat.User, encResult("c2", encText("b")))},
			[]string{twoCalls, tool("c1", "Error: interrupted"), tool("c2", "b")},
			[]string{"added a failed result for a tool call without one"},
		},
		{
			"a result without a call becomes a text",
			Fit{},
			[]chat.Message{encSaid(chat.User, encResult("c9", encText("lost")), encText("hi")), encSaid(chat.User, encFailed("c9"))},
			[]string{`{"role":"user","content":"Tool result without a call:\n\nlost\n\nhi"}`, `{"role":"user","content":"Result of a failed tool, without a call:\n\n(empty)"}`},
			[]string{"turned a tool result without a call into text ×2"},
		},
		{
			"several results of one call are joined",
			Fit{},
			[]chat.Message{call, encSaid(chat.User, encResult("c1", encText("a")), encFailed("c1", encText("b")))},
			[]string{calls, tool("c1", `a\n\nError: b`)},
			nil,
		},
		{
			"two calls of one id get a result each",
			Fit{},
			[]chat.Message{encSaid(chat.Assistant, encCall("c1", "run", ""), encCall("c1", "see", "")), encSaid(chat.User, encResult("c1", encText("a")), encResult("c1", encText("b")))},
			[]string{
				`{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"run","arguments":"{}"}},{"id":"c1","type":"function","function":{"name":"see","arguments":"{}"}}]}`,
				tool("c1", "a"), tool("c1", "b"),
			},
			nil,
		},
		{
			"an id that is used again is another call's",
			Fit{},
			[]chat.Message{call, encSaid(chat.User, encResult("c1", encText("a"))), call, encSaid(chat.User, encResult("c1", encText("b")))},
			[]string{calls, tool("c1", "a"), calls, tool("c1", "b")},
			nil,
		},
		{
			"a result that comes too late goes back to its call",
			Fit{},
			[]chat.Message{call, encSaid(chat.User, encText("hi")), encSaid(chat.Assistant, encText("yes")), encSaid(chat.User, encResult("c1", encText("a")))},
			[]string{calls, tool("c1", "a"), encUser, `{"role":"assistant","content":"yes"}`},
			nil,
		},
		{
			"pictures of tools follow all of their texts",
			Fit{},
			[]chat.Message{two, encSaid(chat.User, encResult("c1", encText("a"), encPicture("x")), encResult("c2", encPicture("y"), encPicture("z")), encText("hi"))},
			[]string{
				twoCalls, tool("c1", `a\n\n(see picture below)`), tool("c2", "(see pictures below)"),
				`{"role":"user","content":[` + encImage("x") + "," + encImage("y") + "," + encImage("z") + `]}`, encUser,
			},
			nil,
		},
		{
			"for a model that reads text only they are a note there",
			Fit{NoImages: true},
			[]chat.Message{call, encSaid(chat.User, encFailed("c1", encPicture("x")))},
			[]string{calls, tool("c1", "Error: "+pictureNote)},
			[]string{"left out a picture, for a model that reads text only"},
		},
	} {
		t.Run(c.name, c.run)
	}
}

func TestPicturesOfAnUnknownTypeShowIt(t *testing.T) {
	for data, want := range map[string]string{"/9j/4AAQ": "image/jpeg", "R0lGODlh": "image/gif", "UklGRiQA": "image/webp", "iVBORw0K": "image/png", "": "image/png"} {
		if got := pictureType(&chat.Media{Data: data}); got != want {
			t.Errorf("%s: %s", data, got)
		}
		if got := pictureType(&chat.Media{Data: data, Type: "image/x"}); got != "image/x" {
			t.Errorf("%s: %s", data, got)
		}
	}
}

func encImage(data string) string {
	return `{"type":"image_url","image_url":{"url":"data:image/png;base64,` + data + `"}}`
}
