package tokens

import (
	"fmt"

	"github.com/tidwall/gjson"
)

const (
	perMessage = 4 // role and marks around each message
	perPrompt  = 3 // the beginning of the answer
)

// CountBody counts the prompt of an OpenAI request: what messages say and call,
// the tools and the schema they are offered with, some tokens for each
// message's frame, and [PictureTokens] for each picture, whose base64 is left
// out. Providers frame and render tools in their own ways, so this is exact
// about the text only. If it had to estimate, the error is [ErrEstimated].
func CountBody(body []byte) (int, error) {
	root := gjson.ParseBytes(body)
	if !root.IsObject() {
		return len(body) / 4, fmt.Errorf("%w: the body is not a JSON object", ErrEstimated)
	}
	p := prompt{frame: perPrompt}
	root.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "messages":
			each(value, p.message)
		case "tools", "functions":
			each(value, func(tool gjson.Result) { p.add(tool.Raw) })
		case "response_format":
			p.add(value.Get("json_schema").Raw)
		}
		return true
	})
	n, err := countAll(p.texts)
	return n + p.frame, err
}

// prompt gathers what a model will read.
type prompt struct {
	texts [][]byte
	frame int // tokens that are no text
}

func (p *prompt) add(text string) {
	if text != "" {
		p.texts = append(p.texts, []byte(text))
	}
}

func (p *prompt) message(m gjson.Result) {
	p.frame += perMessage
	m.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "content":
			if value.Type == gjson.String {
				p.add(value.Str)
			}
			each(value, p.part)
		case "reasoning_content", "reasoning", "refusal", "name", "tool_call_id":
			if value.Type == gjson.String {
				p.add(value.Str)
			}
		case "tool_calls":
			each(value, func(call gjson.Result) { p.call(call.Get("function")) })
		case "function_call":
			p.call(value)
		}
		return true
	})
}

func (p *prompt) call(function gjson.Result) {
	p.frame += perMessage
	p.add(function.Get("name").Str)
	p.add(function.Get("arguments").Str)
}

func (p *prompt) part(part gjson.Result) {
	switch kind := part.Get("type").Str; {
	case kind == "image_url", kind == "image", kind == "input_image", part.Get("image_url").IsObject():
		p.frame += PictureTokens
	default:
		p.add(part.Get("text").Str)
	}
}

// each goes through an array; any other value has no elements.
func each(list gjson.Result, do func(gjson.Result)) {
	if !list.IsArray() {
		return
	}
	list.ForEach(func(_, v gjson.Result) bool {
		do(v)
		return true
	})
}
