package upstream

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/secret"
)

// Model is one entry of a provider's model list. Cerebras and Z.ai tell the id
// alone; Synthetic tells more (their answers as of 2026-11-20).
type Model struct {
	ID        string
	Context   int // tokens; 0: not told
	MaxOutput int // tokens; 0: not told
	Vision    bool
}

// Models asks for the model list (GET /models), which costs nothing and so also
// shows whether a key is good. The models are nil unless the reply's class is
// OK. The reply is never nil and holds nothing open.
func (s *Sender) Models(ctx context.Context, p *config.Provider, e *config.Endpoint, key secret.Value) ([]Model, *Reply) {
	c := Call{Provider: p, Address: e.Address(config.OpenAI), Method: http.MethodGet, Path: "/models", Secret: key, Patience: modelsPatience}
	if c.dialect() == dialect.Anthropic {
		c.Path = "/v1/models" // its base URLs end before the version
	}
	r := s.Send(ctx, &c)
	if r.Class != OK {
		return nil, r
	}
	models := readModels(r.Head)
	if models == nil {
		r.Class, r.Reason = Malformed, "a list without models"
	}
	return models, r
}

const modelsPatience = defaultFirstEvent

// readModels reads {"data":[…]}, {"models":[…]} or a bare list; nil if there is
// no list or nothing in it.
func readModels(body []byte) []Model {
	list := gjson.ParseBytes(body)
	if !list.IsArray() {
		list = gjson.GetBytes(body, "data")
	}
	if !list.IsArray() {
		list = gjson.GetBytes(body, "models")
	}
	var out []Model
	list.ForEach(func(_, m gjson.Result) bool {
		id := m.Get("id").Str
		if id == "" {
			id = m.Get("name").Str
		}
		if id != "" && list.IsArray() {
			out = append(out, Model{
				ID:        id,
				Context:   tokens(m, "context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens", "limits.max_context_length"),
				MaxOutput: tokens(m, "max_output_length", "max_output_tokens", "max_completion_tokens", "max_tokens", "limits.max_completion_tokens", "top_provider.max_completion_tokens"),
				Vision:    seesImages(m),
			})
		}
		return true
	})
	return out
}

// tokens reads the first of the fields that holds a sensible count.
func tokens(m gjson.Result, names ...string) int {
	for _, name := range names {
		if v := m.Get(name); v.Type == gjson.Number && v.Num >= 1 && v.Num < 1<<31 {
			return int(v.Num)
		}
	}
	return 0
}

func seesImages(m gjson.Result) bool {
	for _, name := range [...]string{"input_modalities", "architecture.input_modalities", "modalities.input"} {
		for _, v := range m.Get(name).Array() {
			if v.Str == "image" {
				return true
			}
		}
	}
	return m.Get("capabilities.vision").Type == gjson.True
}
