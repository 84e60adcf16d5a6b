package simulator

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// agent is a client that runs every tool it is asked to and goes on until there
// is text, as the real ones do.
type agent struct {
	c       *client
	model   string
	tools   string // the tools it offers, in the dialect's form
	results []string
	history []string
	ran     []string // name and arguments
}

func (a *agent) body(more ...string) string {
	return `{"model":"` + a.model + `","max_tokens":4000,"messages":[` + strings.Join(a.history, ",") + `],"tools":` + a.tools + strings.Join(more, "") + `}`
}

func (a *agent) next() string {
	if len(a.results) == 0 {
		return "nothing"
	}
	r := a.results[0]
	a.results = a.results[1:]
	return r
}

// chats goes through a task in OpenAI's dialect.
func (a *agent) chats(task string) string {
	a.history = append(a.history, `{"role":"user","content":`+quote(task)+`}`)
	for range 10 {
		m := gjson.Get(a.c.chat(a.body()).body, "choices.0.message")
		mine := m.Raw
		if !m.Get("content").Exists() {
			mine = `{"content":"",` + mine[1:] // a strict Cerebras wants some
		}
		a.history = append(a.history, mine)
		if len(m.Get("tool_calls").Array()) == 0 {
			return m.Get("content").String()
		}
		for _, call := range m.Get("tool_calls").Array() {
			a.ran = append(a.ran, call.Get("function.name").String()+" "+call.Get("function.arguments").String())
			a.history = append(a.history, `{"role":"tool","tool_call_id":"`+call.Get("id").String()+`","content":`+quote(a.next())+`}`)
		}
	}
	return "endless"
}

// writes goes through a task in Anthropic's dialect.
func (a *agent) writes(task string) string {
	a.history = append(a.history, `{"role":"user","content":[{"type":"text","text":"<system-reminder>be brief</system-reminder>"},{"type":"text","text":`+quote(task)+`}]}`)
	for range 10 {
		answer := a.c.message(a.body())
		content := gjson.Get(answer.body, "content")
		a.history = append(a.history, `{"role":"assistant","content":`+content.Raw+`}`)
		var results []string
		for _, b := range content.Array() {
			if b.Get("type").String() == "tool_use" {
				a.ran = append(a.ran, b.Get("name").String()+" "+b.Get("input").Raw)
				results = append(results, `{"type":"tool_result","tool_use_id":"`+b.Get("id").String()+`","content":[{"type":"text","text":`+quote(a.next())+`}]}`)
			}
		}
		if len(results) == 0 {
			return gjson.Get(answer.body, "content.@reverse.0.text").String()
		}
		a.history = append(a.history, `{"role":"user","content":[`+strings.Join(append(results, `{"type":"text","text":"<system-reminder>go on</system-reminder>"}`), ",")+`]}`)
	}
	return "endless"
}

// errand is a task of two calls of the client's shell.
var errand = Answer{
	Text: "It is {{result}}.",
	Turns: []Turn{
		{Text: "I look.", Reasoning: "where?", ToolCalls: []ToolCall{Shell(`echo "one" && ls`)}},
		{ToolCalls: []ToolCall{Shell("cat {{result}}"), Shell("date")}},
		{User: "twice", ToolCalls: []ToolCall{Shell("cat again")}},
	},
}

func TestAnAgentsTaskGoesTurnByTurn(t *testing.T) {
	chatTools := func(name string) string { return `[{"type":"function","function":{"name":"` + name + `"}}]` }
	for _, test := range []struct {
		vendor, model, tools, task string
		ran, said                  string
	}{
		{
			Cerebras, "gpt-oss-120b", chatTools("exec_command"), "do it",
			`exec_command {"cmd":"echo \"one\" && ls"}; exec_command {"cmd":"cat a \"b\""}; exec_command {"cmd":"date"}`, "It is three.",
		},
		{
			Cerebras, "gpt-oss-120b", chatTools("bash"), "do it twice",
			`bash {"command":"echo \"one\" && ls"}; bash {"command":"cat a \"b\""}; bash {"command":"date"}; bash {"command":"cat again"}`, "It is four.",
		},
		{
			Anthropic, "claude-sonnet-5", `[{"name":"Read"},{"name":"Bash"},{"name":"bash"}]`, "do it",
			`Bash {"command":"echo \"one\" && ls"}; Bash {"command":"cat a \"b\""}; Bash {"command":"date"}`, "It is three.",
		},
		{Anthropic, "claude-sonnet-5", `[{"name":"Read"}]`, "do it", "", "It is ."},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Strict: true, Answer: errand})
		a := &agent{c: c, model: test.model, tools: test.tools, results: []string{" a \"b\"\n", "two", "three", "four"}}
		do := a.chats
		if test.vendor == Anthropic {
			do = a.writes
		}
		said := do(test.task)
		if said != test.said || strings.Join(a.ran, "; ") != test.ran {
			t.Errorf("%s: said %q, ran %q", test.vendor, said, strings.Join(a.ran, "; "))
		}
	}
}

func TestEveryTurnOfTheUserStartsTheTaskAnew(t *testing.T) {
	c := overTCP(t, Script{Vendor: Anthropic, Answer: Answer{Text: "{{results}}", Turns: []Turn{{ToolCalls: []ToolCall{{Name: "look"}, {Name: "look"}}}}}})
	a := &agent{c: c, model: "claude-sonnet-5", tools: `[{"name":"look"}]`, results: []string{"1", "2", "3", "4"}}
	if first, second := a.writes("go"), a.writes("again"); first != "1\n2" || second != "3\n4" {
		t.Errorf("%q, then %q", first, second)
	}
	var turns []int
	for _, call := range c.Calls() {
		turns = append(turns, call.Turn)
	}
	if got := string(encode(turns)); got != "[1,0,1,0]" {
		t.Errorf("turns %s", got)
	}
}

func TestWhatComesBehindResultsBelongsToThem(t *testing.T) {
	c := overTCP(t, Script{Answer: Answer{Text: "done with {{result}}", ToolCalls: []ToolCall{{Name: "look", Arguments: "{}"}}}})
	for name, test := range map[string]struct{ more, want string }{
		"result":         {``, "done with 42"},
		"picture":        {`,{"role":"user","content":"the picture"}`, "done with 42"},
		"next question":  {`,{"role":"assistant","content":"so"},{"role":"user","content":"and?"}`, ""},
		"system message": {`,{"role":"system","content":"be brief"}`, "done with 42"},
	} {
		body := `{"model":"demo-large","messages":[{"role":"user","content":"?"},{"role":"assistant","content":"","tool_calls":[{"id":"a"}]},` +
			`{"role":"tool","tool_call_id":"a","content":"42"}` + test.more + `]` + tool + `}`
		if a := c.chat(body); a.get("choices.0.message.content") != test.want {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}

func TestTurnsHaveTheirOwnFinish(t *testing.T) {
	c := overTCP(t, Script{Answer: Answer{Finish: "sensitive", Turns: []Turn{
		{User: "first", Text: "a", Finish: "length"}, {User: "second", Text: "b"}, {User: "third", Reasoning: "hm", ToolCalls: []ToolCall{{Name: "look"}}, Finish: "stop"},
	}}})
	for task, want := range map[string]string{
		"my first": "a/length/", "my second": "b/sensitive/", "my third": "/stop/look", "another": "This is the simulator, answering as demo-large./sensitive/",
	} {
		a := c.chat(strings.Replace(ask("demo-large", tool), "hello", task, 1))
		if got := a.get("choices.0.message.content") + "/" + a.get("choices.0.finish_reason") + "/" + a.get("choices.0.message.tool_calls.0.function.name"); got != want {
			t.Errorf("%s: %s", task, got)
		}
	}
}

func TestWhoAsksForJSONGetsWhatFits(t *testing.T) {
	const (
		title  = `{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}`
		nested = `{"type":"object","properties":{"n":{"type":"integer","minimum":3},"f":{"type":"number"},"ok":{"type":"boolean"},"kind":{"enum":["x","y"]},` +
			`"v":{"const":2},"list":{"type":"array"},"none":{"type":"null"},"maybe":{"type":["string","null"]},"in":{"properties":{"s":{}}}}}`
	)
	for _, test := range []struct{ text, schema, want string }{
		{"A \"title\"", title, `{"title":"A \"title\""}`},
		{`{"own":1}`, title, `{"own":1}`},
		{"t", nested, `{"n":3,"f":0,"ok":false,"kind":"x","v":2,"list":[],"none":null,"maybe":"t","in":{"s":"t"}}`},
		{"t", `{}`, `{"text":"t"}`},
	} {
		c := overTCP(t, Script{Answer: Answer{Text: test.text}})
		a := c.chat(ask("demo-large", `,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":`+test.schema+`}}`))
		b := c.message(write("demo-large", `,"output_config":{"format":{"type":"json_schema","schema":`+test.schema+`}},"tools":[]`))
		if x, y := a.get("choices.0.message.content"), b.get("content.0.text"); x != test.want || y != test.want {
			t.Errorf("%s: %s, %s", test.schema, x, y)
		}
	}
	c := overTCP(t, Script{Answer: Answer{Text: "t"}})
	if a := c.chat(ask("demo-large", `,"response_format":{"type":"json_object"}`)); a.get("choices.0.message.content") != `{"text":"t"}` {
		t.Errorf("%s", a.body)
	}
	deep := strings.Repeat(`{"type":"object","properties":{"a":`, 50) + "{}" + strings.Repeat("}}", 50)
	if a := c.chat(ask("demo-large", `,"response_format":{"type":"json_schema","json_schema":{"schema":`+deep+`}}`)); !gjson.Valid(a.get("choices.0.message.content")) {
		t.Errorf("%s", a.body)
	}
}

func TestShellArgumentsAreJSON(t *testing.T) {
	call := Shell(`echo "<a>" | tr -d '\n'`)
	for _, c := range append(call.Or, call) {
		var arguments map[string]string
		if err := json.Unmarshal([]byte(c.Arguments), &arguments); err != nil || len(arguments) != 1 {
			t.Errorf("%s: %s", c.Name, c.Arguments)
		}
		for _, v := range arguments {
			if v != `echo "<a>" | tr -d '\n'` {
				t.Errorf("%s: %s", c.Name, v)
			}
		}
	}
}
