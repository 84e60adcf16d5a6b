package dialect

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// responsesAnswer is what a Response object tells.
type responsesAnswer struct {
	ask    Ask
	ids    *callIDs
	output []byte // the items that are complete, with commas between
	items  int    // their number
	used   chat.Usage
	stop   chat.Finish
}

func (a *responsesAnswer) note(u chat.Usage) {
	if u.Known() {
		a.used = u
	}
}

// keep adds an item that is complete.
func (a *responsesAnswer) keep(item *responsesItem, status string) {
	a.output = item.append(sep(a.output), status)
	a.items++
}

// asked gives the request; an empty one if it could not be read.
func (a *responsesAnswer) asked() *chat.Request {
	if a.ask.Request != nil {
		if q, e := a.ask.Request.Hub(); e == nil {
			return q
		}
	}
	return new(chat.Request)
}

// called gives the item of a call that begins: with a name as the client knows
// it. Codex finds a tool by its group and its name within that, each in a field
// of its own (openai/codex, router.rs, 2026-08).
func (a *responsesAnswer) called(id, name string, call int) responsesItem {
	t := responsesTool(a.asked().Tools, name)
	item := responsesItem{kind: itemFunction, call: call, callID: quote(a.ids.use(id, call)), tool: quote(t.Name)}
	if t.Freeform {
		item.kind = itemCustom
	}
	if t.Local != "" {
		item.tool = quote(t.Local)
	}
	if t.Namespace != "" {
		item.group = quote(t.Namespace)
	}
	return item
}

// outcome says how the answer ended. What was cut off or refused is incomplete;
// that a tool was called, the items show.
func (a *responsesAnswer) outcome() (status, reason string) {
	switch a.stop {
	case chat.MaxOutput, chat.ContextWindow:
		return statusIncomplete, "max_output_tokens"
	case chat.Refusal:
		return statusIncomplete, "content_filter"
	}
	return statusCompleted, ""
}

// response writes the Response object. It repeats of the request what SDKs
// require, without the tools: nobody reads those, and they are long.
func (a *responsesAnswer) response(out []byte, status string, e *chat.Error) []byte {
	q := a.asked()
	model := ""
	if a.ask.Request != nil {
		model = a.ask.Request.Facts.Model
	}
	out = append(append(append(out, `{"id":"resp_`...), a.ask.ID...), `","object":"response","created_at":`...)
	out = strconv.AppendInt(out, a.ask.Created, 10)
	out = append(append(append(out, `,"status":"`...), status...), `","background":false,"model":`...)
	out = append(appendQuoted(out, model), `,"output":[`...)
	out = append(append(out, a.output...), `],"usage":`...)
	if status == statusInProgress || status == statusFailed && !a.used.Known() {
		out = append(out, "null"...)
	} else {
		out = a.usage(out)
	}
	out = append(out, `,"error":`...)
	out = appendFailure(out, e)
	out = append(out, `,"incomplete_details":`...)
	if _, reason := a.outcome(); status == statusIncomplete {
		out = append(append(append(out, `{"reason":"`...), reason...), `"}`...)
	} else {
		out = append(out, "null"...)
	}
	out = append(out, `,"instructions":null,"previous_response_id":null,"store":false,"metadata":{},"max_output_tokens":`...)
	out = append(out, responsesOr(q.MaxOutput > 0, strconv.Itoa(q.MaxOutput), "null")...)
	out = append(out, `,"parallel_tool_calls":`...)
	out = strconv.AppendBool(out, !q.Choice.Single)
	out = append(append(out, `,"tool_choice":`...), responsesChoice(q)...)
	out = append(append(out, `,"tools":[],"temperature":`...), responsesOr(q.Temperature != "", q.Temperature, "1")...)
	out = append(append(out, `,"top_p":`...), responsesOr(q.TopP != "", q.TopP, "1")...)
	return append(out, '}')
}

func responsesOr(has bool, text, other string) string {
	if has {
		return text
	}
	return other
}

func responsesChoice(q *chat.Request) string {
	switch q.Choice.Mode {
	case chat.ChooseAny:
		return `"required"`
	case chat.ChooseNone:
		return `"none"`
	case chat.ChooseOne:
		t := responsesTool(q.Tools, q.Choice.Name)
		kind := responsesOr(t.Freeform, "custom", "function")
		return `{"type":"` + kind + `","name":` + quote(responsesOr(t.Local != "", t.Local, t.Name)) + `}`
	}
	return `"auto"`
}

// usage writes what the answer has cost. A provider that says nothing leaves the
// estimate of the prompt: the AI SDK cannot read an answer without figures, and
// Codex fills its display of the context from them.
func (a *responsesAnswer) usage(out []byte) []byte {
	u := a.used
	if !u.Known() {
		u.Prompt = a.ask.Tokens
	}
	for _, f := range [...]struct {
		name string
		n    int
	}{
		{`{"input_tokens":`, u.Prompt},
		{`,"input_tokens_details":{"cached_tokens":`, u.Cached},
		{`,"cache_write_tokens":`, u.CacheWrite},
		{`},"output_tokens":`, u.Completion},
		{`,"output_tokens_details":{"reasoning_tokens":`, u.Reasoning},
		{`},"total_tokens":`, u.Prompt + u.Completion},
	} {
		out = strconv.AppendInt(append(out, f.name...), int64(f.n), 10)
	}
	return append(out, '}')
}

// appendFailure writes why a response failed, null if it did not. Codex knows
// four codes, and takes how long to wait from the words "try again in 11s"
// (openai/codex, sse/responses.rs, 2026).
func appendFailure(out []byte, e *chat.Error) []byte {
	if e == nil {
		return append(out, "null"...)
	}
	code, message := "server_error", e.Error()
	switch {
	case e.Code == "context_length_exceeded", e.Code == "insufficient_quota", e.Code == "usage_not_included":
		code = e.Code
	case e.Status == http.StatusTooManyRequests, e.Type == "rate_limit_error", e.Code == "rate_limit_exceeded":
		code = "rate_limit_exceeded"
		if after := e.Header.Get("Retry-After"); positive([]byte(after)) > 0 && !strings.Contains(message, "try again in") {
			message += ". Please try again in " + after + "s."
		}
	}
	out = append(append(append(out, `{"code":"`...), code...), `","message":`...)
	return append(appendQuoted(out, message), '}')
}

// responsesWhole writes an answer as one Response object.
func responsesWhole(ask Ask, answer *chat.Answer) []byte {
	a := responsesAnswer{ask: ask, ids: newCallIDs(ask), used: answer.Used, stop: answer.Stop}
	status, _ := a.outcome()
	last := len(answer.Parts) - 1
	for i := range answer.Parts {
		p := &answer.Parts[i]
		item, ok := a.item(p, i)
		if !ok {
			continue
		}
		item.name(ask.ID, a.items)
		item.provider = ask.Provider
		a.keep(&item, responsesOr(i == last, status, statusCompleted))
	}
	return a.response(nil, status, nil)
}

// item gives a part of an answer as an item; false if there is nothing in it.
func (a *responsesAnswer) item(p *chat.Part, i int) (item responsesItem, ok bool) {
	switch p.Kind {
	case chat.Text:
		return responsesItem{kind: itemMessage, text: inner(p.Text)}, p.Text != ""
	case chat.Thought:
		return responsesItem{kind: itemReasoning, text: inner(p.Text), seal: inner(p.Signature)}, p.Text != "" || p.Signature != ""
	case chat.Redacted:
		return responsesItem{kind: itemReasoning, redacted: true, seal: inner(p.Signature)}, true
	case chat.Call:
		item = a.called(p.ID, p.Name, i)
		item.text = inner(p.Args)
		return item, true
	}
	return item, false
}

// responsesErrorEvent writes an error as the event that ends a stream which has
// begun. How many events came before nobody knows here; whoever orders them by
// their numbers finds it behind all of them.
func responsesErrorEvent(e *chat.Error, id string) []byte {
	const behindAll = 1<<31 - 1
	w := responsesStream{responsesAnswer: responsesAnswer{ask: Ask{ID: id}}, seq: behindAll}
	return w.fail(nil, e)
}
