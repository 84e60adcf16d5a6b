package simulator

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/tidwall/gjson"
)

// maxMessages is the largest request Anthropic takes (docs.claude.com/en/api/errors, 2026).
const maxMessages = 32 << 20

// refusal says why the vendor would not take the request: a fixture, and the
// words that belong into it. "" means that it would.
func (x *exchange) refusal() (fixture string, v words) {
	q, on := &x.q, x.occasions()
	v = words{model: q.model, current: q.input, output: q.output}
	if !q.valid || !q.json.Get("messages").IsArray() {
		v.problem = "the body is not a JSON object with messages"
		return on.param, v
	}
	model, known := x.s.model(q.model)
	switch {
	case !known:
		return on.model, v
	case q.images > 0 && !model.Vision, q.documents > 0 && x.s.vendor() != Anthropic:
		return on.image, v
	}
	if fixture, v.problem = x.wrong(); fixture != "" {
		return fixture, v
	}
	if v.limit = model.Context; v.limit > 0 && q.input > v.limit {
		return on.context, v
	}
	if x.s.vendor() == Anthropic {
		return q.tooMuch(model, v)
	}
	return "", v
}

// tooMuch looks at the answer's limit, which Anthropic does not reduce to what
// is left.
func (q *request) tooMuch(model Model, v words) (fixture string, _ words) {
	switch {
	case model.MaxOutput > 0 && q.output > model.MaxOutput:
		v.problem = fmt.Sprintf("max_tokens: %d > %d, which is the maximum allowed number of output tokens for %s",
			q.output, model.MaxOutput, q.model)
		return anthropicOccasions.param, v
	case v.limit > 0 && q.input+q.output > v.limit:
		return "anthropic/context-output", v
	}
	return "", v
}

// wrong looks for what the vendor refuses in a request's fields.
func (x *exchange) wrong() (fixture, problem string) {
	q, on := &x.q, x.occasions()
	switch {
	case x.s.vendor() == Anthropic:
		if problem = x.wrongForAnthropic(); problem != "" {
			return on.param, problem
		}
		return "", ""
	case q.dialect == Messages && !q.json.Get("max_tokens").Exists():
		return on.param, "max_tokens: Field required"
	case x.s.vendor() == ZAI:
		return q.wrongForZAI(x.s.Strict)
	case q.dialect == Messages:
		return "", ""
	}
	if x.s.vendor() == Cerebras {
		if fixture, problem = q.wrongForCerebras(x.s.Strict); fixture != "" {
			return fixture, problem
		}
	}
	if i := slices.IndexFunc(q.tools, func(name string) bool { return !functionName().MatchString(name) }); i >= 0 {
		return on.param, fmt.Sprintf("tools.%d.function.name: '%s' does not match '%s'", i, q.tools[i], functionName())
	}
	return "", ""
}

// functionName is what OpenAI and those who follow it take as a tool's name
// (platform.openai.com/docs/api-reference/chat, 2026). The refusal's wording is
// not verified for any vendor.
var functionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`) }) // long to make

// zaiTakes are the fields of Z.ai's chat completions (docs.z.ai, 2026);
// stream_options is tolerated.
var zaiTakes = []string{
	"do_sample", "max_tokens", "messages", "model", "reasoning_effort", "request_id", "response_format", "stop", "stream",
	"stream_options", "temperature", "thinking", "tool_choice", "tool_stream", "tools", "top_p", "user_id",
}

// wrongForZAI: what is documented as the only thing there is, Strict takes for
// a refusal of everything else. That the vendor does refuse it is not verified.
func (q *request) wrongForZAI(strict bool) (fixture, problem string) {
	if len(q.json.Get("messages").Array()) == 0 {
		return "zai/1214", ""
	}
	if !strict || q.dialect == Messages {
		return "", ""
	}
	unknown := false
	q.json.ForEach(func(key, _ gjson.Result) bool {
		unknown = unknown || !slices.Contains(zaiTakes, key.String())
		return true
	})
	choice, format := q.json.Get("tool_choice"), q.json.Get("response_format.type").String()
	if unknown || choice.Exists() && choice.String() != "auto" || format == "json_schema" {
		return "zai/1210", ""
	}
	return "", ""
}
