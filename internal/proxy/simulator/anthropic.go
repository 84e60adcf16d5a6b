package simulator

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
)

// What Anthropic refuses with 400, after docs.claude.com/en/api (2026) and the
// error texts that its users quote. Wordings are theirs where known; that of a
// leading system message, of a redacted block and of cache_control's bound may
// have changed.
var (
	anthropicTakes = []string{
		"cache_control", "container", "inference_geo", "max_tokens", "mcp_servers", "messages", "metadata", "model",
		"output_config", "service_tier", "speed", "stop_sequences", "stream", "system", "temperature", "thinking", "thread",
		"tool_choice", "tools", "top_k", "top_p",
	}
	anthropicBlocks = []string{
		"text", "image", "document", "search_result", "thinking", "redacted_thinking", "tool_use", "tool_result",
		"server_tool_use", "web_search_tool_result", "container_upload",
	}
	callID   = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	toolName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`) }) // long to make
)

// wrongForAnthropic says what Anthropic would say; "": nothing.
func (x *exchange) wrongForAnthropic() string {
	if x.header.Get("Anthropic-Version") == "" {
		return "anthropic-version: header is required"
	}
	for _, check := range []func() string{x.fields, x.bounds, x.system, x.toolNames, x.breakpoints} {
		if problem := check(); problem != "" {
			return problem
		}
	}
	c := conversation{seed: x.s.Seed, open: map[string]bool{}, used: map[string]bool{}}
	return c.wrong(x.q.json.Get("messages").Array())
}

func (x *exchange) fields() (problem string) {
	x.q.json.ForEach(func(key, _ gjson.Result) bool {
		k := key.String()
		editing := k == "context_management" && strings.Contains(x.header.Get("Anthropic-Beta"), "context-management-")
		if !editing && !slices.Contains(anthropicTakes, k) {
			problem = k + ": Extra inputs are not permitted"
		}
		return problem == ""
	})
	return problem
}

// bounds checks the numbers. A request that only counts needs no max_tokens.
func (x *exchange) bounds() string {
	limit, budget := x.q.json.Get("max_tokens"), x.q.json.Get("thinking.budget_tokens")
	t, kind := x.q.json.Get("temperature").Num, x.q.json.Get("thinking.type").String()
	switch {
	case x.counts:
		return ""
	case !limit.Exists():
		return "max_tokens: Field required"
	case limit.Int() < 1:
		return "max_tokens: Input should be greater than or equal to 1"
	case t < 0 || t > 1:
		return "temperature: range: 0..1"
	case kind != "enabled":
		return ""
	case budget.Int() < 1024:
		return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
	case budget.Int() >= limit.Int():
		return "`max_tokens` must be greater than `thinking.budget_tokens`."
	}
	return ""
}

func (x *exchange) system() string {
	for _, b := range blocks(x.q.json.Get("system")) {
		if b.Get("text").String() == "" {
			return "system: text content blocks must be non-empty"
		}
	}
	return ""
}

func (x *exchange) toolNames() string {
	names := map[string]bool{}
	for i, name := range x.q.tools {
		switch {
		case !toolName().MatchString(name):
			return fmt.Sprintf("tools.%d.custom.name: String should match pattern '%s'", i, toolName())
		case names[name]:
			return "tools: Tool names must be unique."
		}
		names[name] = true
	}
	if x.q.json.Get("tool_choice").Exists() && len(x.q.tools) == 0 {
		return "tool_choice: can only be specified when tools are provided"
	}
	return ""
}

// breakpoints counts cache_control: four may be set.
func (x *exchange) breakpoints() string {
	n := 0
	for _, path := range []string{"system", "tools", "messages.#.content|@flatten", "messages.#.content|@flatten|#.content|@flatten"} {
		for _, b := range x.q.json.Get(path).Array() {
			if b.Get("cache_control").IsObject() {
				n++
			}
		}
	}
	if n > 4 {
		return fmt.Sprintf("A maximum of 4 blocks with cache_control may be provided. Found %d.", n)
	}
	return ""
}

// conversation is what must hold together across messages.
type conversation struct {
	seed  uint64
	open  map[string]bool // calls of the assistant's message before that have no result
	used  map[string]bool // ids of calls
	last  string          // role of the message before, system ones too
	found string          // the problem
}

func (c *conversation) wrong(all []gjson.Result) string {
	if len(all) == 0 {
		return "messages: at least one message is required"
	}
	for i, m := range all {
		if c.message(i, m); c.found != "" {
			return c.found
		}
	}
	return c.unanswered(len(all) - 1)
}

func (c *conversation) message(i int, m gjson.Result) {
	role, all := m.Get("role").String(), blocks(m.Get("content"))
	c.found = cmp.Or(c.role(i, role), extra(i, m))
	if text := m.Get("content"); text.Type == gjson.String && text.Str != "" {
		c.answers(i, role, "text")
	} else if len(all) == 0 {
		c.found = cmp.Or(c.found, fmt.Sprintf("messages.%d: all messages must have non-empty content", i))
	}
	for j, b := range all {
		c.answers(i, role, b.Get("type").String())
		if c.found == "" {
			c.block(fmt.Sprintf("messages.%d.content.%d", i, j), role, b)
		}
	}
	c.last = role
}

// role checks whose message may stand at a place.
func (c *conversation) role(i int, role string) string {
	switch {
	case role == "system" && i == 0:
		return `messages: Unexpected role "system". The Messages API accepts a top-level ` +
			"`system` parameter, not \"system\" as an input message role."
	case !slices.Contains([]string{"user", "assistant", "system"}, role):
		return fmt.Sprintf("messages.%d.role: Input should be 'user' or 'assistant'", i)
	case role != "user" && role != c.last:
		return c.unanswered(i - 1)
	}
	return ""
}

// answers complains of a user's block that comes before the results of the
// assistant's calls (docs.claude.com, tool use, 2026).
func (c *conversation) answers(i int, role, kind string) {
	if c.found == "" && role == "user" && kind != "tool_result" {
		c.found = c.unanswered(i - 1)
	}
}

// extra finds a member of a message that is none of Anthropic's.
func extra(i int, m gjson.Result) (problem string) {
	m.ForEach(func(key, _ gjson.Result) bool {
		if k := key.String(); k != "role" && k != "content" {
			problem = fmt.Sprintf("messages.%d.%s: Extra inputs are not permitted", i, k)
		}
		return problem == ""
	})
	return problem
}

// unanswered complains of calls that the message after them did not answer.
func (c *conversation) unanswered(i int) string {
	var ids []string
	for id := range c.open {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return fmt.Sprintf("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. "+
		"Each `tool_use` block must have a corresponding `tool_result` block in the next message.", i, strings.Join(ids, ", "))
}

func (c *conversation) block(at, role string, b gjson.Result) {
	switch kind := b.Get("type").String(); kind {
	case "text":
		if b.Get("text").String() == "" {
			c.found = "messages: text content blocks must be non-empty"
		}
	case "thinking", "redacted_thinking":
		c.thinking(at, kind, b)
	case "tool_use":
		c.call(at, role, b)
	case "tool_result":
		c.result(at, role, b)
	default:
		if !slices.Contains(anthropicBlocks, kind) {
			c.found = fmt.Sprintf("%s: Input tag '%s' found using 'type' does not match any of the expected tags: '%s'",
				at, kind, strings.Join(anthropicBlocks, "', '"))
		}
	}
}

func (c *conversation) thinking(at, kind string, b gjson.Result) {
	mark := b.Get("signature").String()
	switch {
	case kind == "redacted_thinking" && !redactedHere(c.seed, b.Get("data").String()):
		c.found = at + ": Invalid `data` in `redacted_thinking` block"
	case kind == "redacted_thinking":
	case mark == "":
		c.found = at + ".thinking.signature: Field required"
	case mark != signature(c.seed, b.Get("thinking").String()):
		c.found = at + ": Invalid `signature` in `thinking` block"
	}
}

func (c *conversation) call(at, role string, b gjson.Result) {
	id := b.Get("id").String()
	switch {
	case role != "assistant":
		c.found = at + ": `tool_use` blocks can only be in `assistant` messages"
	case !callID.MatchString(id):
		c.found = fmt.Sprintf("%s.tool_use.id: String should match pattern '%s'", at, callID)
	case c.used[id]:
		c.found = "messages: `tool_use` ids must be unique"
	case !b.Get("input").IsObject():
		c.found = at + ".tool_use.input: Input should be a valid dictionary"
	}
	c.open[id], c.used[id] = true, true
}

func (c *conversation) result(at, role string, b gjson.Result) {
	id := b.Get("tool_use_id").String()
	switch {
	case role != "user":
		c.found = at + ": `tool_result` blocks can only be in `user` messages"
	case !c.open[id]:
		c.found = fmt.Sprintf("%s: unexpected `tool_use_id` found in `tool_result` blocks: %s. "+
			"Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", at, id)
	}
	delete(c.open, id)
	for _, inner := range blocks(b.Get("content")) {
		if inner.Get("type").String() == "text" && inner.Get("text").String() == "" && c.found == "" {
			c.found = "messages: text content blocks must be non-empty"
		}
	}
}
