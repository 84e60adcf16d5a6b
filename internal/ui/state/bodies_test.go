package state

import (
	"strings"
	"testing"
)

func TestWhatAnAnswerSaysInAllDialectsWholeAndStreamed(t *testing.T) {
	const calls = "[thinking]\nHm.\n\nYes, 2.\n\n[calls look]\n{\"at\":1}"
	tests := []struct{ name, body, want string }{
		{"chat, whole", `{"choices":[{"message":{"content":"Yes, 2.","reasoning_content":"Hm.","tool_calls":[{"index":0,"function":{"name":"look","arguments":"{\"at\":1}"}}]}}]}`, calls},
		{"chat, streamed", "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Hm.\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"Yes, \"}}]}\n\n" +
			"data: {\"choices\":[{\"delta\":{\"content\":\"2.\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"look\",\"arguments\":\"{\\\"at\\\"\"}}]}}]}\n\n" +
			"data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}}]}\n\ndata: [DONE]\n", calls},
		{"messages, whole", `{"type":"message","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"Yes, 2."},{"type":"tool_use","name":"look","input":{"at":1}}]}`, calls},
		{"messages, streamed", "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}}\n\n" +
			"data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Yes, 2.\"}}\n\n" +
			"data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"name\":\"look\"}}\n\n" +
			"data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"at\\\":1}\"}}\n\n", calls},
		{"responses, whole", `{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}]},{"type":"message","content":[{"type":"output_text","text":"Yes, 2."}]},{"type":"function_call","name":"look","arguments":"{\"at\":1}"}]}`, calls},
		{"responses, streamed", "data: {\"type\":\"response.reasoning_text.delta\",\"delta\":\"Hm.\"}\n\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Yes, 2.\"}\n\n" +
			"data: {\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"name\":\"look\"}}\n\n" +
			"data: {\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\"{\\\"at\\\":1}\"}\n\n", calls},
		{"an error", `{"error":{"message":"every key cools"}}`, "every key cools"},
		{"nothing", "", ""},
		{"no JSON", "<html>502</html>", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := AnswerText(tt.body); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func FuzzAnswerText(f *testing.F) {
	f.Add(`{"choices":[{"message":{"content":null,"tool_calls":[{"index":-1}]}}]}`)
	f.Add("data: {\"type\":\"content_block_delta\",\"index\":9,\"delta\":3}\ndata: {\"type\":\"response.output_text.delta\",\"delta\":{}}")
	f.Fuzz(func(_ *testing.T, body string) {
		AnswerText(body)
		fold := NewFold(body)
		fold.Wrap(20)
		fold.All(false)
		for _, l := range fold.Lines() {
			fold.Toggle(l.Line)
		}
	})
}

func shownText(f *Fold) string {
	var out []string
	for _, l := range f.Lines() {
		out = append(out, l.Text)
	}
	return strings.Join(out, "\n")
}

func TestWhatIsDeepAndLongIsFoldedAway(t *testing.T) {
	tool := "    {\n      \"name\": \"look\",\n      \"parameters\": {\n" + strings.Repeat("        \"a\": 1,\n", 9) + "        \"b\": 2\n      }\n    }"
	text := "{\n  \"model\": \"m\",\n  \"tools\": [\n" + tool + "\n  ],\n  \"stream\": true\n}"
	f := NewFold(text)
	f.Wrap(60)
	want := "{\n  \"model\": \"m\",\n  \"tools\": [\n    { … }   13 lines\n  ],\n  \"stream\": true\n}"
	if got := shownText(f); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	f.Toggle(f.Lines()[3].Line)
	if got := shownText(f); !strings.Contains(got, `"name": "look"`) || !strings.Contains(got, "\"parameters\": { … }   10 lines") {
		t.Errorf("unfolded\n%s", got)
	}
	f.All(false)
	if got := shownText(f); got != text {
		t.Errorf("all unfolded\n%s", got)
	}
	f.All(true)
	if got := shownText(f); got != "{\n  \"model\": \"m\",\n  \"tools\": [ … ],   15 lines\n  \"stream\": true\n}" {
		t.Errorf("all folded\n%s", got)
	}
}

func TestALongLineOfJSONShowsItsBeginning(t *testing.T) {
	f := NewFold("{\n  \"content\": \"" + strings.Repeat("x", 1000) + "\"\n}")
	f.Wrap(50)
	lines := f.Lines()
	if len(lines) != 2+foldString || !strings.HasPrefix(lines[foldString].Text, "… 16 more lines") || !lines[foldString].Opens {
		t.Fatalf("%d lines: %s", len(lines), shownText(f))
	}
	f.Toggle(lines[foldString].Line)
	if n := len(f.Lines()); n != 2+21 {
		t.Errorf("%d lines once it is unfolded", n)
	}
	if NewFold("").Wrap(10); len(NewFold("").Lines()) != 0 {
		t.Error("nothing has lines")
	}
}

func TestUsageInWords(t *testing.T) {
	u := Used{Name: "zai", Requests: 1040, Failed: 2, Prompt: 131_000, Cached: 2000, Completion: 9500, Cost: 0.42, Priced: 3, Plan: 1.1, PlanPriced: 4, Unpriced: 12}
	if got := u.CostWords(); got != "$0.42 · $1.10 covered by plans · 12 requests at a price that is not known" {
		t.Errorf("got %q", got)
	}
	if got := u.Row(); got != (UsedRow{"zai", "1,040", "2", "131k", "2.0k", "9.5k", "$0.42", "$1.10"}) {
		t.Errorf("got %+v", got)
	}
	empty := Used{}
	if got := empty.CostWords(); got != "–" {
		t.Errorf("nothing costs %q", got)
	}
	if got := empty.Row(); got.Cost != "–" || got.Name != "–" || got.Prompt != "–" {
		t.Errorf("got %+v", got)
	}
	u.Add(&u)
	if u.Requests != 2080 || u.Tokens() != 281_000 || u.Unpriced != 24 {
		t.Errorf("added %+v", u)
	}
}
