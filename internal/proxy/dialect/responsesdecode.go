package dialect

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// decodeResponses gives a Responses request in the hub's words.
func decodeResponses(body []byte) (*chat.Request, error) {
	d := responsesDecoder{
		Request: new(chat.Request), names: map[responsesName]string{}, taken: map[string]int{},
	}
	fields, order := map[string]gjson.Result{}, []string(nil)
	gjson.Parse(string(body)).ForEach(func(key, value gjson.Result) bool {
		if _, twice := fields[key.Str]; !twice {
			order = append(order, key.Str)
		}
		fields[key.Str] = value // of a key that is given twice the last one counts
		return true
	})
	first := []string{"instructions", "tools", "input"} // input's calls are named after tools
	for _, name := range first {
		responsesFields[name](&d, fields[name])
	}
	for _, name := range order {
		set, known := responsesFields[name]
		switch {
		case !known && fields[name].Type != gjson.Null:
			d.drop(name)
		case set != nil && !slices.Contains(first, name):
			set(&d, fields[name])
		}
	}
	if len(d.Tools) == 0 {
		d.Choice = chat.Choice{} // of nothing; providers refuse to be told
	}
	if d.err != nil {
		return nil, d.err
	}
	return d.Request, nil
}

// responsesDecoder fills a request.
type responsesDecoder struct {
	*chat.Request
	names   map[responsesName]string // what the model sees of each tool
	taken   map[string]int           // how often a name was wanted
	results bool                     // the last message holds results of tools, and nothing else
	err     *chat.Error
}

// responsesName is how a client knows a tool.
type responsesName struct{ namespace, local string }

// drop notes what the hub has no word for: a field, or a kind of thing in one.
func (d *responsesDecoder) drop(what ...string) {
	drop(d.Request, strings.TrimSpace(strings.Join(what, " ")))
}

// responsesFields says what each field of a request means; nil is nothing here:
//
// store, include, truncation: nothing is kept, reasoning always comes with its
// encrypted_content, and whether a conversation is too long the provider says.
// prompt_cache_*: providers find their cache by the prompt itself, and the key
// is one of the facts already. metadata, client_metadata, user,
// safety_identifier: labels for OpenAI's own pages. service_tier,
// access_programs, moderation: what an account at OpenAI may choose.
// stream_options: padding against eavesdroppers. The last row was refused by
// Read unless it says nothing.
var responsesFields = map[string]func(*responsesDecoder, gjson.Result){
	"store": nil, "include": nil, "truncation": nil,
	"prompt_cache_key": nil, "prompt_cache_retention": nil, "prompt_cache_options": nil,
	"metadata": nil, "client_metadata": nil, "user": nil, "safety_identifier": nil,
	"service_tier": nil, "access_programs": nil, "moderation": nil, "stream_options": nil,
	"previous_response_id": nil, "conversation": nil, "prompt": nil, "background": nil,

	"model":             func(d *responsesDecoder, v gjson.Result) { d.Model = v.Str },
	"stream":            func(d *responsesDecoder, v gjson.Result) { d.Stream = v.Type == gjson.True },
	"instructions":      (*responsesDecoder).instructions,
	"input":             (*responsesDecoder).input,
	"tools":             (*responsesDecoder).tools,
	"tool_choice":       (*responsesDecoder).toolChoice,
	"max_output_tokens": func(d *responsesDecoder, v gjson.Result) { d.MaxOutput = positive([]byte(v.Raw)) },
	"temperature":       func(d *responsesDecoder, v gjson.Result) { d.Temperature = responsesNumber(v) },
	"top_p":             func(d *responsesDecoder, v gjson.Result) { d.TopP = responsesNumber(v) },
	"reasoning":         (*responsesDecoder).reasoning,
	"text":              (*responsesDecoder).text,
	"parallel_tool_calls": func(d *responsesDecoder, v gjson.Result) {
		d.Choice.Single = v.Type == gjson.False
	},
}

// responsesNumber gives a number as the client wrote it; "" if it is none.
func responsesNumber(v gjson.Result) string {
	if v.Type != gjson.Number {
		return ""
	}
	return v.Raw
}

func (d *responsesDecoder) instructions(v gjson.Result) {
	if v.Str != "" {
		d.say(chat.System, chat.Part{Text: v.Str})
	}
}

// reasoning reads how much is to be thought. Which summary is wanted does not
// matter: whatever a provider shows of its thinking is passed on.
func (d *responsesDecoder) reasoning(v gjson.Result) {
	switch effort := v.Get("effort").Str; effort {
	case "":
	case "none":
		d.Thinking.Mode = chat.ThinkOff
	default:
		d.Thinking = chat.Thinking{Mode: chat.ThinkOn, Effort: effort}
	}
}

// text reads the form that the answer must have.
func (d *responsesDecoder) text(v gjson.Result) {
	if v.Get("verbosity").Str != "" {
		d.drop("text.verbosity")
	}
	format := v.Get("format")
	switch kind := format.Get("type").Str; kind {
	case "", "text":
	case "json_object":
		d.Format = chat.Format{Kind: chat.FormatJSON}
	case "json_schema":
		d.Format = chat.Format{
			Kind: chat.FormatSchema, Name: format.Get("name").Str,
			Schema: responsesObject(format.Get("schema")), Strict: format.Get("strict").Bool(),
		}
	default:
		d.drop("text.format", kind)
	}
}

// responsesObject gives an object's own text; "" if it is none.
func responsesObject(v gjson.Result) string {
	if !v.IsObject() {
		return ""
	}
	return v.Raw
}
