package dialect

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// respCheck is a strict reader of a stream: the order and the numbers of events,
// what belongs together and what must be the same twice. It gives the last event.
func respCheck(t testing.TB, stream []byte) gjson.Result {
	t.Helper()
	c := respChecker{t: t}
	for {
		ev, n, ok := NextEvent(stream)
		if !ok {
			break
		}
		c.event(ev)
		stream = stream[n:]
	}
	if len(stream) > 0 || !c.over {
		t.Fatalf("the stream ends with %q after %s", stream, c.last.Raw)
	}
	return c.last
}

type respChecker struct {
	t     testing.TB
	last  gjson.Result
	n     int64
	item  gjson.Result // that is open
	part  string       // the event that opened a part, as long as that is open
	text  string       // raw, of the open item
	whole string       // text, as the done event has it
	done  []string     // items
	over  bool
}

func (c *respChecker) must(ok bool, what string) {
	c.t.Helper()
	if !ok {
		c.t.Fatalf("%s: %s", what, c.last.Raw)
	}
}

func (c *respChecker) event(ev Event) {
	c.t.Helper()
	c.must(!c.over && gjson.ValidBytes(ev.Data), "after the end, or no JSON: "+string(ev.Data))
	e := gjson.ParseBytes(ev.Data)
	c.last = e
	kind := e.Get("type").Str
	c.must(kind == string(ev.Name), "the names differ")
	c.must(e.Get("sequence_number").Int() == c.n && e.Get("sequence_number").Exists(), "a number is wrong")
	c.n++
	switch {
	case c.n == 1:
		c.must(kind == "response.created" && e.Get("response.status").Str == "in_progress", "not created")
	case c.n == 2:
		c.must(kind == "response.in_progress", "not in progress")
	case kind == "response.output_item.added":
		c.must(!c.item.Exists() && e.Get("output_index").Int() == int64(len(c.done)), "opened over another one")
		for _, f := range []string{"content.0", "summary.0", "encrypted_content"} {
			c.must(!e.Get("item."+f).Exists(), "opened with something in it")
		}
		c.must(e.Get("item.arguments").Str+e.Get("item.input").Str == "", "opened with something in it")
		c.item, c.text, c.part, c.whole = e.Get("item"), "", "", "(none)"
	case kind == "response.output_item.done":
		c.itemDone(e)
	case e.Get("response").Exists():
		c.end(e, kind)
	default:
		c.must(e.Get("item_id").Str == c.item.Get("id").Str && e.Get("output_index").Int() == int64(len(c.done)), "of another item")
		c.inside(e, kind)
	}
}

func (c *respChecker) inside(e gjson.Result, kind string) {
	c.t.Helper()
	switch {
	case strings.HasSuffix(kind, "part.added"):
		c.must(c.part == "", "a second part")
		c.part = kind
	case strings.HasSuffix(kind, "part.done"):
		c.must(strings.TrimSuffix(c.part, "added") == strings.TrimSuffix(kind, "done"), "another part")
		c.must(e.Get("part.text").Str == c.whole, "the part differs")
		c.part = ""
	case strings.HasSuffix(kind, ".delta"):
		raw := e.Get("delta").Raw
		c.must(c.part != "" || strings.Contains(kind, "call"), "no part is open")
		c.text += raw[1 : len(raw)-1]
	case strings.HasSuffix(kind, ".done"):
		field := map[bool]string{true: "text"}[e.Get("text").Exists()]
		for _, f := range []string{"arguments", "input"} {
			if e.Get(f).Exists() {
				field = f
			}
		}
		c.whole = e.Get(field).Str
		c.must(string(decoded([]byte(c.text))) == c.whole, "the deltas make "+c.text)
	default:
		c.must(false, "unknown")
	}
}

func (c *respChecker) itemDone(e gjson.Result) {
	c.t.Helper()
	item := e.Get("item")
	c.must(c.part == "", "a part is open")
	for _, f := range []string{"id", "type", "call_id", "name", "namespace", "role"} {
		c.must(item.Get(f).Raw == c.item.Get(f).Raw, f+" differs")
	}
	want := map[string]string{"message": "content.0.text", "reasoning": "summary.0.text", "function_call": "arguments", "custom_tool_call": "input"}
	if v := item.Get(want[item.Get("type").Str]); v.Exists() {
		c.must(v.Str == c.whole, "the item has another text")
	} else {
		c.must(c.whole == "(none)" && item.Get("encrypted_content").Exists(), "the item has no text")
	}
	c.done = append(c.done, item.Raw)
	c.item = gjson.Result{}
}

func (c *respChecker) end(e gjson.Result, kind string) {
	c.t.Helper()
	c.over = true
	status := e.Get("response.status").Str
	c.must(kind == "response."+status && (status == "failed" || !c.item.Exists()), "ends too soon")
	c.must(e.Get("response.output").Raw == "["+strings.Join(c.done, ",")+"]", "the items differ from those that are done")
	c.must(e.Get("response.incomplete_details").IsObject() == (status == "incomplete"), "incomplete_details")
	c.must(e.Get("response.error").IsObject() == (status == "failed"), "error")
	c.must(e.Get("response.id").Str != "" && e.Get("response.object").Str == "response", "no response")
	ids := map[string]bool{}
	for _, id := range e.Get("response.output.#.id").Array() {
		c.must(id.Str != "" && !ids[id.Str], "an id comes twice")
		ids[id.Str] = true
	}
}
