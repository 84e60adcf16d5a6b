package dialect

import (
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicWhole writes an answer as one Messages body.
func anthropicWhole(ask Ask, a *chat.Answer) []byte {
	ids, calls := newCallIDs(ask), 0
	out := append(appendAnthropicHead(nil, &ask, a.ID), `,"content":[`...)
	for i := range a.Parts {
		p := &a.Parts[i]
		if (p.Kind == chat.Text || p.Kind == chat.Thought) && p.Text == "" && p.Signature == "" {
			continue // Claude Code sends it back, and Anthropic refuses it
		}
		id := ""
		if p.Kind == chat.Call {
			id = ids.use(p.ID, calls)
			calls++
		}
		out = appendAnthropicPart(out, p, ask.Provider, id)
	}
	out = append(out, `],`...)
	out = appendAnthropicStop(out, a.Stop, a.Match, calls > 0)
	out = appendAnthropicUsage(append(out, `,"usage":`...), a.Used, ask.Tokens)
	return append(out, '}')
}

func appendAnthropicPart(out []byte, p *chat.Part, provider, id string) []byte {
	switch p.Kind {
	case chat.Thought:
		return appendThinking(out, p.Text, Sign(provider, p.Signature))
	case chat.Redacted:
		return appendRedacted(out, Sign(provider, p.Signature))
	case chat.Call:
		out, _ = appendToolUse(out, id, p.Name, p.Args)
		return out
	}
	return appendText(out, p.Text)
}

// appendAnthropicHead begins a message: who answers is always the model that was
// asked for, since Claude Code strips the signed thinking of any other one from
// its history (2.1.197, measured 2026-11-20). An id of Anthropic's form stays.
func appendAnthropicHead(out []byte, ask *Ask, id string) []byte {
	if !strings.HasPrefix(id, "msg_") {
		id = "msg_" + ask.ID
	}
	model := ask.Request.Facts.Model
	if model == "" {
		model = ask.Model
	}
	out = appendQuoted(append(out, `{"id":`...), id)
	out = append(out, `,"type":"message","role":"assistant","model":`...)
	return appendQuoted(out, model)
}

// appendAnthropicStop writes why an answer ends.
func appendAnthropicStop(out []byte, stop chat.Finish, match string, calls bool) []byte {
	word := stopWord(stop, calls)
	out = append(append(append(out, `"stop_reason":"`...), word...), `","stop_sequence":`...)
	if word == "stop_sequence" && match != "" {
		return appendQuoted(out, match)
	}
	return append(out, "null"...)
}

// appendAnthropicUsage writes a usage object: its input is what did not come
// from the cache nor goes into it. estimate stands for a prompt of which the
// provider has said nothing.
func appendAnthropicUsage(out []byte, u chat.Usage, estimate int) []byte {
	cached, written := max(0, u.Cached), max(0, u.CacheWrite)
	if u.Prompt <= 0 {
		u.Prompt = estimate
	}
	out = strconv.AppendInt(append(out, `{"input_tokens":`...), int64(max(0, u.Prompt-cached-written)), 10)
	out = strconv.AppendInt(append(out, `,"cache_creation_input_tokens":`...), int64(written), 10)
	out = strconv.AppendInt(append(out, `,"cache_read_input_tokens":`...), int64(cached), 10)
	out = strconv.AppendInt(append(out, `,"output_tokens":`...), int64(max(0, u.Completion)), 10)
	return append(out, '}')
}
