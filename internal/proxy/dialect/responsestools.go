package dialect

import (
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// functionsNamespace is where Codex puts a tool that stands in no group
// (openai/codex, tool_name.rs, 2026-09).
const functionsNamespace = "functions"

// tools reads the tools that are offered. What would run at OpenAI is dropped.
func (d *responsesDecoder) tools(list gjson.Result) {
	if !list.IsArray() {
		return
	}
	list.ForEach(func(_, v gjson.Result) bool {
		tool := membersOf(v)
		switch kind := tool.get("type").Str; kind {
		case "function", "custom":
			d.tool("", "", tool)
		case "namespace":
			d.group(tool)
		default:
			d.drop("tools[]", kind)
		}
		return true
	})
}

// group reads a group of tools. Its description goes to the first of them, since
// only tools have one elsewhere.
func (d *responsesDecoder) group(group members) {
	name, about := group.get("name").Str, group.get("description").Str
	if about != "" {
		about = "All tools of " + name + ": " + about
	}
	list := group.get("tools")
	if !list.IsArray() {
		return
	}
	list.ForEach(func(_, v gjson.Result) bool {
		tool := membersOf(v)
		switch kind := tool.get("type").Str; kind {
		case "function", "custom":
			d.tool(name, about, tool)
			about = ""
		default:
			d.drop("tools[].tools[]", kind)
		}
		return true
	})
}

// tool takes one tool in; about stands behind its description.
func (d *responsesDecoder) tool(namespace, about string, tool members) {
	local := tool.get("name").Str
	t := chat.Tool{
		Name:        d.unique(flatName(namespace, local)),
		Description: tool.get("description").Str,
		Namespace:   namespace,
		Schema:      responsesObject(tool.get("parameters")),
		Strict:      tool.get("strict").Bool(),
	}
	if t.Name != local {
		t.Local = local
	}
	if tool.get("type").Str == "custom" {
		t.Freeform, t.Schema = true, ""
		format := membersOf(tool.get("format"))
		if grammar := format.get("definition").Str; grammar != "" {
			t.Description = paragraphs(t.Description, "The input follows this "+format.get("syntax").Str+" grammar:\n"+grammar)
		}
	}
	t.Description = paragraphs(t.Description, about)
	d.Tools = append(d.Tools, t)
	if name := (responsesName{namespace, local}); d.names[name] == "" {
		d.names[name] = t.Name
	}
}

// flatName is a grouped tool's name where there are no groups, in the way of MCP
// clients. It need not be taken apart again: tools are looked up.
func flatName(namespace, local string) string {
	if namespace == "" || namespace == functionsNamespace {
		return local
	}
	return namespace + "__" + local
}

// paragraphs puts two texts below each other.
func paragraphs(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// unique gives a name that no tool before has.
func (d *responsesDecoder) unique(name string) string {
	free := name
	for d.taken[free] > 0 {
		d.taken[name]++
		free = name + "_" + strconv.Itoa(d.taken[name])
	}
	d.taken[free]++
	return free
}

// seen gives the name that the model knows a tool by, whether it is still
// offered or not.
func (d *responsesDecoder) seen(namespace, local string) string {
	if name := d.names[responsesName{namespace, local}]; name != "" {
		return name
	}
	if name := d.names[responsesName{"", local}]; name != "" && namespace == functionsNamespace {
		return name
	}
	return flatName(namespace, local)
}

// toolChoice reads whether tools must be called. A list of allowed tools is no
// other list of tools: that would cost the provider's prompt cache.
func (d *responsesDecoder) toolChoice(v gjson.Result) {
	word := v.Str
	if v.IsObject() {
		choice := membersOf(v)
		switch kind := choice.get("type").Str; kind {
		case "function", "custom":
			d.Choice.Mode, d.Choice.Name = chat.ChooseOne, d.seen(choice.get("namespace").Str, choice.get("name").Str)
			return
		case "allowed_tools":
			word = choice.get("mode").Str
			d.drop("tool_choice allowed_tools")
		default:
			d.drop("tool_choice", kind)
		}
	}
	switch word {
	case "auto":
		d.Choice.Mode = chat.ChooseAuto
	case "required":
		d.Choice.Mode = chat.ChooseAny
	case "none":
		d.Choice.Mode = chat.ChooseNone
	}
}

// responsesTool finds the tool that a model calls. A model that leaves out the
// group's part of a name means the tool of that name, if there is one only.
func responsesTool(tools []chat.Tool, name string) chat.Tool {
	found, matches := chat.Tool{}, 0
	for _, t := range tools {
		if t.Name == name {
			return t
		}
		if t.Local == name && name != "" {
			found, matches = t, matches+1
		}
	}
	if matches != 1 {
		return chat.Tool{Name: name}
	}
	return found
}
