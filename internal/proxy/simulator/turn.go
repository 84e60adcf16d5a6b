package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// Answer is what a request that went well gets. In its texts, and in the
// arguments of its calls, these are filled in: {{model}}, {{key}}, {{account}},
// {{n}} (the call's number), {{result}} (the last tool result's text, trimmed)
// and {{results}} (all that came with it, a line each).
type Answer struct {
	Text          string     // where a JSON object was asked for: as it is if it is an object, else put into one that fits the schema
	Reasoning     string     // sent before the text, in the vendor's field; to Anthropic's dialect as a signed thinking block
	Tokens        int        // without Text: so many one-token pieces
	ToolCalls     []ToolCall // sent instead of the text if the request offers tools and does not bring a result
	Turns         []Turn     // a whole task instead: the first answers the user, each further one the results of the one before
	Chunk         int        // bytes per stream event; 0: a word
	FirstDelay    Duration   // before the headers
	HeaderDelay   Duration   // between the headers and the first event of a stream
	Pace          Duration   // between two stream events; a whole answer takes FirstDelay + Pace × events
	UsageFactor   float64    // true prompt tokens ÷ what the simulator estimated at admission; 0: 1
	Cached        int        // of the prompt tokens, read from a cache
	CacheWritten  int        // of the prompt tokens, written to a cache; Anthropic's dialect tells it
	Usage         string     // where a stream tells it: "" as the vendor does, "finish", "extra" (only if asked for; Messages: at both ends), "none"
	Model         string     // the model the answer names; "": the one asked for
	Finish        string     // instead of "stop": "content_filter", "sensitive", …; Anthropic's word for it goes to that dialect
	WholeCalls    bool       // each tool call in one event
	Interleave    bool       // the fragments of several calls come by turns, also where that is against the dialect's rules
	Thinking      string     // Messages: "" signed, "unsigned", "hidden" (a signature and no text), "redacted"
	WriteTogether int        // events per write; 0: 1
}

// Turn is one answer of a task. Which one it is follows from the request alone:
// by how often tool results came since the user's latest text. Behind the last
// turn, and to requests that offer no tools or none of those that would be
// called (a title, say), Answer's own text is given.
type Turn struct {
	User      string     // only where the user's latest text contains this; "": always
	Text      string     // may stand beside calls
	Reasoning string     // Answer's is not taken instead
	ToolCalls []ToolCall //
	Finish    string     // as Answer.Finish
}

// ToolCall is one call the model makes.
type ToolCall struct {
	Name, Arguments string
	Or              []ToolCall // the first of all that the request offers is called instead, and none if it offers none
	ID              string     // instead of one of its own; "-": none
}

// Shell is a call of whichever tool the client has for a shell command: that of
// Claude Code (2.1), of Codex (0.169) or of OpenCode (1.18).
func Shell(command string) ToolCall {
	arguments := func(name string) string { return `{"` + name + `":` + quote(command) + `}` }
	return ToolCall{Name: "Bash", Arguments: arguments("command"), Or: []ToolCall{
		{Name: "exec_command", Arguments: arguments("cmd")},
		{Name: "bash", Arguments: arguments("command")},
	}}
}

func (a *Answer) check(what string) error {
	if !slices.Contains([]string{"", "unsigned", "hidden", "redacted"}, a.Thinking) {
		return fmt.Errorf("%s: unknown thinking %q", what, a.Thinking)
	}
	if !slices.Contains([]string{"", "finish", "extra", "none"}, a.Usage) {
		return fmt.Errorf("%s: unknown usage %q", what, a.Usage)
	}
	for i, t := range a.Turns {
		if t.Text == "" && t.Reasoning == "" && len(t.ToolCalls) == 0 {
			return fmt.Errorf("%s: turn %d says nothing", what, i+1)
		}
	}
	return nil
}

// turn chooses what is said, and gives its number among Turns, from 1; 0: it is
// none of them. The tool calls that are left are those to be made.
func (a *Answer) turn(q *request) (Turn, int) {
	plain := Turn{Text: a.Text, Reasoning: a.Reasoning, Finish: a.Finish}
	if len(q.tools) == 0 {
		return plain, 0
	}
	if len(a.Turns) == 0 {
		if calls := offered(a.ToolCalls, q.tools); len(calls) > 0 && q.talk.rounds == 0 {
			return Turn{Reasoning: a.Reasoning, ToolCalls: calls, Finish: a.Finish}, 0
		}
		return plain, 0
	}
	n := 0
	for i, t := range a.Turns {
		if !strings.Contains(q.talk.asked, t.User) {
			continue
		}
		if n++; n <= q.talk.rounds {
			continue
		}
		calls := offered(t.ToolCalls, q.tools)
		if len(calls) == 0 && len(t.ToolCalls) > 0 {
			break
		}
		t.ToolCalls, t.Finish = calls, cmp.Or(t.Finish, a.Finish)
		return t, i + 1
	}
	return plain, 0
}

// offered settles which tool each call goes to.
func offered(calls []ToolCall, tools []string) (all []ToolCall) {
	for _, c := range calls {
		if len(c.Or) == 0 {
			all = append(all, c)
			continue
		}
		id := c.ID
		for _, c := range append([]ToolCall{c}, c.Or...) {
			if slices.Contains(tools, c.Name) {
				c.ID = cmp.Or(c.ID, id)
				all = append(all, c)
				break
			}
		}
	}
	return all
}

// filler fills in what an answer's texts may name; inside of JSON text it does
// so as a string's inside.
func filler(q *request, c *Call, form func(string) string) *strings.Replacer {
	last := ""
	if n := len(q.talk.results); n > 0 {
		last = q.talk.results[n-1]
	}
	return strings.NewReplacer(
		"{{model}}", form(q.model), "{{key}}", form(c.Key), "{{account}}", form(c.Account), "{{n}}", strconv.Itoa(c.N),
		"{{result}}", form(last), "{{results}}", form(strings.Join(q.talk.results, "\n")),
	)
}

// maxDepth bounds how deep a schema is followed.
const maxDepth = 8

// fitting is a JSON object with a text in it, for a request that asked for one.
// Of a schema its properties' types are honoured, and enum and const; a text
// that is an object already is left as it is.
func fitting(schema gjson.Result, text string) string {
	if json.Valid([]byte(text)) && gjson.Parse(text).IsObject() {
		return text
	}
	if !schema.Get("properties").IsObject() {
		return `{"text":` + quote(text) + `}`
	}
	return value(schema, text, maxDepth)
}

// value is the smallest that a schema allows, with the text wherever a string
// may stand.
func value(schema gjson.Result, text string, depth int) string {
	if c := schema.Get("const"); c.Exists() {
		return c.Raw
	}
	if all := schema.Get("enum").Array(); len(all) > 0 {
		return all[0].Raw
	}
	kind := schema.Get("type")
	if kind.IsArray() {
		kind = kind.Get("0")
	}
	switch kind.String() {
	case "number", "integer":
		return cmp.Or(schema.Get("minimum").Raw, "0")
	case "boolean":
		return "false"
	case "null":
		return "null"
	case "array":
		return "[]"
	case "object":
		return object(schema, text, depth-1)
	}
	if schema.Get("properties").Exists() {
		return object(schema, text, depth-1)
	}
	return quote(text)
}

func object(schema gjson.Result, text string, depth int) string {
	if depth == 0 {
		return "{}"
	}
	var members []string
	schema.Get("properties").ForEach(func(name, property gjson.Result) bool {
		members = append(members, quote(name.String())+":"+value(property, text, depth))
		return true
	})
	return "{" + strings.Join(members, ",") + "}"
}
