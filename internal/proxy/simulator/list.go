package simulator

import (
	"net/http"
	"strings"
	"time"
)

// other answers what asks for no answer of a model: model lists, quotas, and an
// echo of anything else, so that a proxy's pass-through can be tested.
func (x *exchange) other(r *http.Request, body []byte) *reply {
	path := r.URL.Path
	rep := &reply{status: http.StatusOK, header: http.Header{}}
	rep.contentType()
	_, id, one := strings.Cut(path, "/models/")
	switch {
	case r.Method == http.MethodGet && strings.HasSuffix(path, "/models"):
		rep.body = x.s.list(r)
	case r.Method == http.MethodGet && one:
		m, ok := x.s.model(id)
		if !ok {
			x.q.model = id
			x.p.mu.Lock()
			defer x.p.mu.Unlock()
			return x.refuse(x.occasions().model, words{}, time.Now())
		}
		rep.body = encode(x.s.listed(r, m))
	case x.s.vendor() == Synthetic && strings.HasSuffix(path, "/v2/quotas"):
		rep.body = x.quotas()
	default:
		rep.body = encode(map[string]any{
			"object": "simulator.echo", "method": r.Method, "path": path, "query": r.URL.RawQuery, "body": string(body),
		})
	}
	return rep
}

// quotas is {} where nothing is known, as the vendor has answered since
// 2026-09-14 (slkiser/opencode-quota#276).
func (x *exchange) quotas() []byte {
	x.p.mu.Lock()
	defer x.p.mu.Unlock()
	now := time.Now()
	for _, b := range x.account.buckets {
		if b.Of == "requests" {
			b.refill(now)
			return encode(quotas(b, now.Add(time.Duration(x.s.Headers.ClockSkew)), now))
		}
	}
	return []byte("{}")
}

// list is the list of models. Anthropic's clients get Anthropic's form of it
// (docs.claude.com/en/api, 2026): all on one page, whatever limit is asked for.
func (s *Script) list(r *http.Request) []byte {
	all := []any{}
	for _, m := range s.models() {
		all = append(all, s.listed(r, m))
	}
	if !s.pages(r) {
		return encode(map[string]any{"object": "list", "data": all})
	}
	page := map[string]any{"data": all, "has_more": false, "first_id": nil, "last_id": nil}
	if list := s.models(); len(list) > 0 {
		page["first_id"], page["last_id"] = list[0].ID, list[len(list)-1].ID
	}
	return encode(page)
}

// pages reports whether lists come in Anthropic's form.
func (s *Script) pages(r *http.Request) bool {
	return s.vendor() == Anthropic || s.speaks(Messages) && r.Header.Get("Anthropic-Version") != ""
}

// listed is a model as the vendor tells it, alone or in a list. Cerebras tells no
// limits but in its public catalogue (dcdpr/jp's recordings, 2026), Z.ai none at all.
func (s *Script) listed(r *http.Request, m Model) map[string]any {
	if s.pages(r) {
		return paged(m)
	}
	play := vendors[s.vendor()]
	e := map[string]any{"id": m.ID, "object": "model", "created": 0, "owned_by": play.owner}
	inputs := []string{"text"}
	if m.Vision {
		inputs = append(inputs, "image")
	}
	switch {
	case s.vendor() == Cerebras && strings.HasPrefix(r.URL.Path, "/public/"):
		e["capabilities"] = map[string]bool{"streaming": true, "tools": true, "vision": m.Vision}
		e["limits"] = map[string]any{
			"max_context_length": m.Context, "max_completion_tokens": m.MaxOutput,
			"requests_per_minute": nil, "tokens_per_minute": nil,
		}
	case s.vendor() == Synthetic, s.vendor() == DemoShape:
		e["context_length"], e["max_output_length"] = m.Context, m.MaxOutput
		e["input_modalities"], e["output_modalities"] = inputs, []string{"text"}
	}
	return e
}

func paged(m Model) map[string]any {
	return map[string]any{
		"type": "model", "id": m.ID, "display_name": m.ID, "created_at": "2026-01-01T00:00:00Z",
		"max_input_tokens": m.Context, "max_tokens": m.MaxOutput,
	}
}
