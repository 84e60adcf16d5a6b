package dialect

import (
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// toolList reads tools, or with bare the older functions, which have no frame.
func (d *openAIDecoder) toolList(list gjson.Result, bare bool) (tools []chat.Tool) {
	if !list.IsArray() {
		return nil
	}
	seen := map[string]bool{}
	list.ForEach(func(_, v gjson.Result) bool {
		tool, ok := chat.Tool{}, false
		if bare {
			tool, ok = d.function("functions[].", v)
		} else {
			tool, ok = d.tool(v)
		}
		switch {
		case ok && seen[tool.Name]:
			d.drop("tools[] a second " + tool.Name)
		case ok:
			seen[tool.Name] = true
			tools = append(tools, tool)
		}
		return true
	})
	return tools
}

// tool reads one element of tools. What is no function is run by OpenAI itself,
// as is its web search, but for custom tools, which take plain text.
func (d *openAIDecoder) tool(v gjson.Result) (tool chat.Tool, ok bool) {
	var kind string
	var function, custom gjson.Result
	eachMember(v, func(name string, v gjson.Result) {
		switch name {
		case "type":
			kind = v.Str
		case "function":
			function = v
		case "custom":
			custom = v
		case "strict": // stands there by mistake of some clients
			tool.Strict = v.Type == gjson.True
		default:
			if kind == "" || kind == "function" {
				d.other("tools[].", name, v)
			}
		}
	})
	switch {
	case function.IsObject():
		strict := tool.Strict
		tool, ok = d.function("tools[].function.", function)
		tool.Strict = tool.Strict || strict
	case custom.IsObject():
		tool, ok = d.function("tools[].custom.", custom)
		tool.Freeform = true
	}
	if !ok {
		d.drop("tools[] " + kind)
	}
	return tool, ok
}

func (d *openAIDecoder) function(within string, v gjson.Result) (tool chat.Tool, ok bool) {
	eachMember(v, func(name string, v gjson.Result) {
		switch name {
		case "name":
			tool.Name = v.Str
		case "description":
			tool.Description = v.Str
		case "parameters":
			if tool.Schema = ""; v.IsObject() {
				tool.Schema = v.Raw
			}
		case "strict":
			tool.Strict = v.Type == gjson.True
		default:
			d.other(within, name, v)
		}
	})
	return tool, tool.Name != ""
}

// toolChoice reads tool_choice and the older function_call, with the words that
// other dialects have for the same.
func (d *openAIDecoder) toolChoice(v gjson.Result) chat.Choice {
	word := v.Str
	if v.IsObject() {
		word = v.Get("type").Str
		for _, path := range [...]string{"function.name", "custom.name", "name"} {
			if name := v.Get(path).Str; name != "" {
				return chat.Choice{Mode: chat.ChooseOne, Name: name}
			}
		}
	}
	if word == "allowed_tools" { // a part of the tools; the rest stands in the prompt all the same
		d.drop("tool_choice allowed_tools")
		word = v.Get("allowed_tools.mode").Str
	}
	switch word {
	case "auto":
		return chat.Choice{Mode: chat.ChooseAuto}
	case "none":
		return chat.Choice{Mode: chat.ChooseNone}
	case "required", "any":
		return chat.Choice{Mode: chat.ChooseAny}
	}
	d.other("", "tool_choice", v)
	return chat.Choice{}
}
