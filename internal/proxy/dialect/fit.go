package dialect

import "github.com/glmtray/glmtray/internal/proxy/chat"

// Fit is what one provider wants of a request.
type Fit struct {
	Dialect   Name   // that the provider's address speaks; "" is OpenAI
	Provider  string // its id
	Model     string // the id it is sent with; "" leaves the client's
	Author    bool   // the dialect's own vendor is addressed: Anthropic at its own address
	NoImages  bool   // the model takes none: pictures of earlier turns become a short note
	Context   int    // tokens that the model holds; 0: not known
	MaxModel  int    // tokens that the model may write; 0: not known
	Prompt    int    // tokens of the prompt, estimated
	MaxOutput int    // the output limit to add if the client gave none, in tokens; 0: none

	MaxOutputField string   // the field that takes it: "max_tokens"
	Efforts        []string // what the model takes as reasoning effort, least first; nil: it takes none
	Refuses        Refuses
	Traits         Traits
}

// Refuses names what a provider would answer 400 to. It has the fields of
// config.Refuses, so that one converts to the other.
type Refuses struct {
	Fields  []string          // top-level fields that are removed
	Message []string          // fields of messages[] that are removed
	Tool    []string          // fields of tools[] and tools[].function that are removed
	Rename  map[string]string // top-level fields that have another name there
	Roles   map[string]string // message roles that have another name there
}

// Traits are a provider's ways beside the dialect that it speaks. The zero
// Traits are those of OpenAI's own API, as far as they are common. It has the
// fields of config.Traits, so that one converts to the other.
type Traits struct {
	Reasoning  string   // the field of an assistant's message that takes its earlier thinking back: "reasoning_content", "reasoning"; "": none does
	Thinking   string   // the field that switches thinking on and off: "thinking" (Z.ai: {"type":"enabled"}); "": reasoning_effort alone
	ToolChoice []string // the words of tool_choice that are understood: "auto", "none", "required", "function" (a named one); nil: all
	NoSchema   bool     // response_format knows no json_schema: json_object is sent, and the schema stands in the prompt
	NoParallel bool     // parallel_tool_calls is not known
	ToolStream bool     // arguments are streamed only with "tool_stream": true
	MaxStop    int      // most stop sequences; 0: any number
	InsideOne  bool     // temperature and top_p must lie between 0 and 1, neither itself
}

// For gives the request as it fits a provider: by splicing where the provider
// speaks the client's dialect, through the hub where it does not. What splicing
// does not touch stays byte for byte; if nothing has to be changed, Body is the
// request's own. room is where it is written if that is large enough; nil is
// fine. The error is told to the client: the request cannot be served there.
func (r *Request) For(fit Fit, room []byte) (Sent, *chat.Error) {
	if fit.Dialect == "" {
		fit.Dialect = OpenAI
	}
	if fit.Dialect == r.front {
		return adapterOf(r.front).fit(r, fit, room)
	}
	behind := adapterOf(fit.Dialect)
	if behind.encode == nil {
		return Sent{}, notSpoken(fit.Dialect)
	}
	q, e := r.Hub()
	if e != nil {
		return Sent{}, e
	}
	return behind.encode(q, fit, room)
}

// Hub gives the request in the hub's words. It is decoded once and must not be
// changed.
func (r *Request) Hub() (*chat.Request, *chat.Error) {
	if r.hub == nil {
		q, err := adapterOf(r.front).decode(r.body)
		if err != nil {
			return nil, asError(err)
		}
		r.hub = q
	}
	return r.hub, nil
}
