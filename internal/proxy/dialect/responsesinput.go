package dialect

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// redactedMark stands before the signature of thinking that nobody but its
// author can read: a reasoning item has no other place to say so.
const redactedMark = "redacted:"

// input reads the conversation: one text, or items.
func (d *responsesDecoder) input(v gjson.Result) {
	if v.Str != "" {
		d.say(chat.User, chat.Part{Text: v.Str})
	}
	if v.IsArray() {
		v.ForEach(func(_, item gjson.Result) bool {
			d.item(item)
			return d.err == nil
		})
	}
}

// say adds what one side says. What an assistant says and calls in a row is one
// message.
func (d *responsesDecoder) say(role chat.Role, parts ...chat.Part) {
	if len(parts) == 0 {
		return
	}
	d.results = false
	last := len(d.Messages) - 1
	if role == chat.Assistant && last >= 0 && d.Messages[last].Role == role {
		d.Messages[last].Parts = append(d.Messages[last].Parts, parts...)
		return
	}
	d.Messages = append(d.Messages, chat.Message{Role: role, Parts: parts})
}

// result adds what a tool brought, together with the results just before it.
func (d *responsesDecoder) result(result chat.Part) {
	if last := len(d.Messages) - 1; d.results {
		d.Messages[last].Parts = append(d.Messages[last].Parts, result)
		return
	}
	d.say(chat.User, result)
	d.results = true
}

// item reads one element of input. An item that nobody here knows is taken for a
// message if it has text.
func (d *responsesDecoder) item(v gjson.Result) {
	item := membersOf(v)
	kind := item.get("type").Str
	switch kind {
	case "function_call":
		d.call(item, item.get("arguments").Str, false)
	case "custom_tool_call":
		d.call(item, `{"input":`+quote(item.get("input").Str)+`}`, true)
	case "local_shell_call", "shell_call":
		d.hostedCall(item, strings.TrimSuffix(kind, "_call"), "action")
	case "apply_patch_call":
		d.hostedCall(item, "apply_patch", "operation")
	case "function_call_output", "custom_tool_call_output",
		"local_shell_call_output", "shell_call_output", "apply_patch_call_output":
		d.output(item)
	case "reasoning":
		d.thought(item)
	case "additional_tools": // tools that come later than the others
		d.tools(item.get("tools"))
	default:
		d.message(item, kind)
	}
}

// message reads what somebody says.
func (d *responsesDecoder) message(item members, kind string) {
	who, result := responsesSpeaker(kind, item.get("role").Str)
	content := item.get("content")
	if !content.Exists() {
		content = item.get("text")
	}
	parts := d.parts(content, "content[]")
	if kind != "" && kind != "message" && (len(parts) == 0 || result) {
		d.drop("input[]", kind) // done at OpenAI, and of use there only
		return
	}
	d.say(who, parts...)
}

// call reads a call of a tool. What the model sees of it is the tool's name
// without groups.
func (d *responsesDecoder) call(item members, args string, freeform bool) {
	d.say(chat.Assistant, chat.Part{
		Kind: chat.Call, ID: responsesCallID(item), Args: args, Freeform: freeform,
		Name: d.seen(item.get("namespace").Str, item.get("name").Str),
	})
}

// hostedCall reads a call of a tool that has a type of its own.
func (d *responsesDecoder) hostedCall(item members, name, args string) {
	d.say(chat.Assistant, chat.Part{Kind: chat.Call, ID: responsesCallID(item), Name: name, Args: item.get(args).Raw})
}

// responsesCallID gives what a call and its output have in common: call_id, or
// in an old shell call id.
func responsesCallID(item members) string {
	if id := item.get("call_id").Str; id != "" {
		return id
	}
	return item.get("id").Str
}

// output reads what a tool brought: a text, a list as a message's content is one,
// an object that also tells whether it went well, as early clients of Codex sent
// it, or else some JSON that is passed on as text.
func (d *responsesDecoder) output(item members) {
	output := item.get("output")
	result := chat.Part{Kind: chat.Result, ID: responsesCallID(item)}
	if object := membersOf(output); object.get("content").Exists() {
		result.Failed = object.get("success").Type == gjson.False
		output = object.get("content")
	}
	result.Failed = result.Failed || item.get("status").Str == "failed" // a patch that did not apply
	switch {
	case output.Type == gjson.Null:
	case output.Type == gjson.String, output.IsArray() && output.Get("0.type").Exists():
		result.Parts = d.parts(output, "output[]")
	default:
		result.Parts = []chat.Part{{Text: output.Raw}}
	}
	d.result(result)
}

// thought reads an item of reasoning: the text that is shown of it, and the
// signature, if it is one of ours. Another one's encrypted content can be read
// by nobody but its author.
func (d *responsesDecoder) thought(item members) {
	seal := item.get("encrypted_content").Str
	if own, redacted := strings.CutPrefix(seal, redactedMark); redacted {
		if _, _, ok := Unsign(own); ok {
			d.say(chat.Assistant, chat.Part{Kind: chat.Redacted, Signature: own})
			return
		}
	}
	part := chat.Part{Kind: chat.Thought, Text: responsesTexts(item.get("summary"))}
	if part.Text == "" {
		part.Text = responsesTexts(item.get("content"))
	}
	if _, _, ok := Unsign(seal); ok {
		part.Signature = seal
	} else if seal != "" {
		d.drop("input[].encrypted_content")
	}
	if part.Text != "" || part.Signature != "" {
		d.say(chat.Assistant, part)
	}
}

// responsesTexts puts the texts of a list together, below each other.
func responsesTexts(list gjson.Result) string {
	if !list.IsArray() {
		return ""
	}
	var texts []string
	list.ForEach(func(_, part gjson.Result) bool {
		if text := part.Get("text").Str; text != "" {
			texts = append(texts, text)
		}
		return true
	})
	return strings.Join(texts, "\n\n")
}

// parts reads a content: a text, or a list of texts, pictures and files.
func (d *responsesDecoder) parts(v gjson.Result, where string) (parts []chat.Part) {
	if v.Str != "" {
		return []chat.Part{{Text: v.Str}}
	}
	if !v.IsArray() {
		return nil
	}
	v.ForEach(func(_, part gjson.Result) bool {
		if p, ok := d.part(part, where); ok {
			parts = append(parts, p)
		}
		return true
	})
	return parts
}

// part reads one piece of a content.
func (d *responsesDecoder) part(v gjson.Result, where string) (p chat.Part, ok bool) {
	part := membersOf(v)
	url := part.get("image_url")
	if url.IsObject() {
		url = membersOf(url).get("url") // as in chat completions
	}
	switch kind := part.get("type").Str; {
	case isPicture([]byte(kind)), kind == "" && url.Str != "":
		if url.Str == "" {
			return p, d.notHeld(where, "picture")
		}
		return chat.Part{Kind: chat.Image, Media: mediaOf(url.Str)}, true
	case kind == "input_file":
		return d.file(part, where)
	case kind == "refusal":
		p.Text = part.get("refusal").Str
	default: // input_text, output_text, summary_text, text, and what may still come
		text := part.get("text")
		if p.Text = text.Str; text.Type != gjson.String {
			d.drop(where, kind)
		}
	}
	return p, p.Text != ""
}

// file reads a document: its data, or an address.
func (d *responsesDecoder) file(part members, where string) (p chat.Part, ok bool) {
	data, url := part.get("file_data").Str, part.get("file_url").Str
	if data == "" && url == "" {
		return p, d.notHeld(where, "file")
	}
	m := mediaOf(cmp.Or(data, url))
	m.Name = part.get("filename").Str
	return documentOf(m), true
}

// notHeld refuses what was uploaded to OpenAI and is only referred to.
func (d *responsesDecoder) notHeld(where, what string) bool {
	d.err = &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "file_not_held", Param: "input",
		Message: "a " + what + " in the input's " + where + " has no data: glmtray keeps no files that a file_id could name",
		Hint:    "send it as a data URL, or by its address",
	}
	return false
}
