package dialect

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// decodeOpenAI gives a chat completions request in the hub's words. Torn tool
// calls were mended before, by [Request.Repair].
//
// Beside OpenAI's own fields it knows those by which the clients of Z.ai,
// OpenRouter, Qwen and Cerebras switch thinking, since requests are written for
// whatever model is asked for.
func decodeOpenAI(body []byte) (*chat.Request, error) {
	var d openAIDecoder
	eachMember(gjson.ParseBytes(body), func(name string, v gjson.Result) {
		if d.fault == nil {
			d.member(name, v)
		}
	})
	if d.fault == nil && !d.spoken {
		d.fail("messages", "the request has no messages")
	}
	if d.fault != nil {
		return nil, d.fault
	}
	d.finish()
	return &d.Request, nil
}

// eachMember calls member for each member of an object; any other value has
// none.
func eachMember(object gjson.Result, member func(name string, v gjson.Result)) {
	if object.IsObject() {
		object.ForEach(func(key, v gjson.Result) bool {
			member(key.Str, v)
			return true
		})
	}
}

// members are those of an object, read in one go.
type members []struct {
	name  string
	value gjson.Result
}

// membersOf gives the members of an object; any other value has none.
func membersOf(object gjson.Result) members {
	all := make(members, 0, 8)
	eachMember(object, func(name string, v gjson.Result) {
		all = append(all, struct {
			name  string
			value gjson.Result
		}{name, v})
	})
	return all
}

// get gives the last one of that name; one that does not exist if there is none.
func (m members) get(name string) gjson.Result {
	for i := len(m) - 1; i >= 0; i-- {
		if m[i].name == name {
			return m[i].value
		}
	}
	return gjson.Result{}
}

// openAIDecoder is a request that is being decoded. Of a member that is given
// twice the last one counts.
type openAIDecoder struct {
	chat.Request
	fault            *chat.Error
	spoken           bool // there are messages
	results          bool // the last message is of tools
	open             []openCall
	tools, functions []chat.Tool
	choice, legacy   chat.Choice // tool_choice, function_call
	single           bool

	maxTokens, maxCompletion int
	switched                 chat.ThinkingMode // by a field that says on or off
	effort                   string
	budget                   int
}

// member decodes one top-level member.
func (d *openAIDecoder) member(name string, v gjson.Result) {
	if decode, known := openAIMembers[name]; known {
		decode(d, v)
		return
	}
	if v.Raw == openAIDefaults[name] || strings.TrimSuffix(v.Raw, ".0") == openAIDefaults[name] {
		return
	}
	d.other("", name, v)
}

// openAIMembers are the members that the hub has words for.
var openAIMembers = map[string]func(*openAIDecoder, gjson.Result){
	"model":    func(d *openAIDecoder, v gjson.Result) { d.Model = v.Str },
	"stream":   func(d *openAIDecoder, v gjson.Result) { d.Stream = v.Type == gjson.True },
	"messages": (*openAIDecoder).messages,

	"tools":               func(d *openAIDecoder, v gjson.Result) { d.tools = d.toolList(v, false) },
	"functions":           func(d *openAIDecoder, v gjson.Result) { d.functions = d.toolList(v, true) },
	"tool_choice":         func(d *openAIDecoder, v gjson.Result) { d.choice = d.toolChoice(v) },
	"function_call":       func(d *openAIDecoder, v gjson.Result) { d.legacy = d.toolChoice(v) },
	"parallel_tool_calls": func(d *openAIDecoder, v gjson.Result) { d.single = v.Type == gjson.False },

	"max_tokens":            func(d *openAIDecoder, v gjson.Result) { d.maxTokens = positive([]byte(v.Raw)) },
	"max_completion_tokens": func(d *openAIDecoder, v gjson.Result) { d.maxCompletion = positive([]byte(v.Raw)) },
	"temperature":           func(d *openAIDecoder, v gjson.Result) { d.Temperature = d.number("temperature", v) },
	"top_p":                 func(d *openAIDecoder, v gjson.Result) { d.TopP = d.number("top_p", v) },
	"top_k":                 func(d *openAIDecoder, v gjson.Result) { d.TopK = d.number("top_k", v) },
	"stop":                  (*openAIDecoder).stops,
	"response_format":       (*openAIDecoder).format,

	"reasoning_effort":     func(d *openAIDecoder, v gjson.Result) { d.reasoning("reasoning_effort", v) },
	"reasoning":            func(d *openAIDecoder, v gjson.Result) { d.thinking("reasoning", v) },
	"thinking":             func(d *openAIDecoder, v gjson.Result) { d.thinking("thinking", v) },
	"chat_template_kwargs": func(d *openAIDecoder, v gjson.Result) { d.thinking("chat_template_kwargs", v) },
	"enable_thinking":      func(d *openAIDecoder, v gjson.Result) { d.switchTo(v.Type == gjson.True, v) },
	"disable_reasoning":    func(d *openAIDecoder, v gjson.Result) { d.switchTo(v.Type == gjson.False, v) },
	"thinking_budget":      func(d *openAIDecoder, v gjson.Result) { d.budget = positive([]byte(v.Raw)) },

	// Of no meaning beyond OpenAI's own house, which keeps accounts by them, or
	// already met: a session and whether usage is streamed stand in Facts.
	"user": (*openAIDecoder).quietly, "safety_identifier": (*openAIDecoder).quietly,
	"prompt_cache_key": (*openAIDecoder).quietly, "prompt_cache_retention": (*openAIDecoder).quietly,
	"stream_options": (*openAIDecoder).quietly, "tool_stream": (*openAIDecoder).quietly,
}

// openAIDefaults are values that ask for nothing but what is done anyway.
var openAIDefaults = map[string]string{
	"n": "1", "presence_penalty": "0", "frequency_penalty": "0", "repetition_penalty": "1", "top_logprobs": "0",
	"min_p": "0", "service_tier": `"auto"`, "modalities": `["text"]`, "verbosity": `"medium"`, "do_sample": "true",
	"include_reasoning": "true",
}

func (d *openAIDecoder) quietly(gjson.Result) {}

// finish puts together what stood in several members.
func (d *openAIDecoder) finish() {
	d.Tools = d.tools
	for _, tool := range d.functions {
		if !slices.ContainsFunc(d.tools, func(t chat.Tool) bool { return t.Name == tool.Name }) {
			d.Tools = append(d.Tools, tool)
		}
	}
	if d.Choice = d.choice; d.Choice.Mode == chat.ChooseUnset {
		d.Choice = d.legacy
	}
	d.Choice.Single = d.single
	if d.MaxOutput = d.maxCompletion; d.MaxOutput == 0 {
		d.MaxOutput = d.maxTokens
	}
	mode := d.switched
	if mode == chat.ThinkUnset && d.effort == "none" {
		mode = chat.ThinkOff
	} else if mode == chat.ThinkUnset && (d.effort != "" || d.budget > 0) {
		mode = chat.ThinkOn
	}
	if d.Thinking.Mode = mode; mode == chat.ThinkOff {
		return
	}
	if d.Thinking.Budget = d.budget; d.effort != "none" {
		d.Thinking.Effort = d.effort
	}
}

// fail refuses the request, which no provider could take either.
func (d *openAIDecoder) fail(param, message string) {
	d.fault = &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "invalid_messages", Param: param,
		Message: message,
		Hint:    `messages is a list of objects such as {"role": "user", "content": "…"}`,
	}
}

// drop notes what the hub has no word for.
func (d *openAIDecoder) drop(name string) { drop(&d.Request, name) }

// other drops a member that is not known, if it says anything.
func (d *openAIDecoder) other(within, name string, v gjson.Result) {
	switch v.Type {
	case gjson.Null, gjson.False:
		return
	case gjson.String:
		if v.Str == "" {
			return
		}
	case gjson.JSON:
		if strings.TrimSpace(v.Raw[1:len(v.Raw)-1]) == "" {
			return
		}
	}
	d.drop(within + name)
}

// number gives a number as it was written.
func (d *openAIDecoder) number(name string, v gjson.Result) string {
	if v.Type == gjson.Number {
		return v.Raw
	}
	d.other("", name, v)
	return ""
}

func (d *openAIDecoder) stops(v gjson.Result) {
	d.Stop = nil
	list := []gjson.Result{v}
	if v.IsArray() {
		list = v.Array()
	}
	for _, stop := range list {
		if stop.Type == gjson.String && stop.Str != "" {
			d.Stop = append(d.Stop, stop.Str)
		} else {
			d.other("", "stop", stop)
		}
	}
}

func (d *openAIDecoder) format(v gjson.Result) {
	d.Format = chat.Format{}
	switch kind := v.Get("type").Str; kind {
	case "json_object":
		d.Format.Kind = chat.FormatJSON
	case "json_schema":
		d.Format.Kind = chat.FormatJSON
		eachMember(v.Get("json_schema"), func(name string, v gjson.Result) {
			switch name {
			case "name":
				d.Format.Name = v.Str
			case "schema":
				if v.IsObject() {
					d.Format.Kind, d.Format.Schema = chat.FormatSchema, v.Raw
				}
			case "strict":
				d.Format.Strict = v.Type == gjson.True
			default:
				d.other("response_format.json_schema.", name, v)
			}
		})
	case "text":
	default:
		d.other("response_format ", cmp.Or(kind, "without a type"), v)
	}
}
