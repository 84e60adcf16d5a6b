package proxy

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// openAIModel is a model as OpenAI's list has it.
type openAIModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// anthropicModel is a model as Anthropic's list has it.
type anthropicModel struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
	MaxInput    int    `json:"max_input_tokens,omitempty"`
	MaxOutput   int    `json:"max_tokens,omitempty"`
}

// listedModel is a model and a provider that has it.
type listedModel struct {
	id       string
	provider *config.Provider
}

// models answers GET /v1/models and /v1/models/ID in the client's shape.
func (s *Server) models(w http.ResponseWriter, world *world, to aim) {
	all := s.allModels(world)
	one := strings.TrimPrefix(strings.TrimPrefix(to.path, "/models"), "/")
	if one == "" {
		s.modelList(w, to.front, all)
		return
	}
	if plain, err := url.PathUnescape(one); err == nil {
		one = plain
	}
	for _, m := range all {
		if m.id == one {
			writeJSON(w, http.StatusOK, s.modelEntry(to.front, m))
			return
		}
	}
	writeError(w, to.front, "", &chat.Error{
		Status: http.StatusNotFound, Type: "invalid_request_error", Code: "model_not_found", Param: "model",
		Message: "no provider lists a model " + one,
		Hint:    "GET /v1/models tells those there are; names of other vendors' models are served all the same",
	})
}

// allModels lists what every provider with a key has, the primary's first.
func (s *Server) allModels(world *world) []listedModel {
	var all []listedModel
	seen := map[string]bool{}
	add := func(p *config.Provider) {
		if p == nil || p.Usable() == 0 {
			return
		}
		for _, id := range s.modelIDs(p) {
			if !seen[id] {
				seen[id] = true
				all = append(all, listedModel{id, p})
			}
		}
	}
	add(world.primary)
	for i := range world.settings.Providers {
		add(&world.settings.Providers[i])
	}
	return all
}

func (s *Server) modelList(w http.ResponseWriter, front dialect.Name, all []listedModel) {
	data := make([]any, len(all))
	for i, m := range all {
		data[i] = s.modelEntry(front, m)
	}
	if front != dialect.Anthropic {
		writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": data})
		return
	}
	page := map[string]any{"data": data, "has_more": false, "first_id": nil, "last_id": nil}
	if len(all) > 0 {
		page["first_id"], page["last_id"] = all[0].id, all[len(all)-1].id
	}
	writeJSON(w, http.StatusOK, page)
}

func (s *Server) modelEntry(front dialect.Name, m listedModel) any {
	if front != dialect.Anthropic {
		return openAIModel{ID: m.id, Object: "model", OwnedBy: m.provider.ID}
	}
	info := s.opt.Roster.Info(m.provider, m.id)
	return anthropicModel{
		Type: "model", ID: m.id, DisplayName: m.id + " (" + m.provider.Name + ")",
		CreatedAt: time.Unix(0, 0).UTC().Format(time.RFC3339), // providers do not tell
		MaxInput:  info.Context, MaxOutput: info.MaxOutput,
	}
}

// modelIDs are the ids a provider lists, or those of its roles while it has
// not told.
func (s *Server) modelIDs(p *config.Provider) []string {
	if ids, known := s.opt.Roster.IDs(p.ID); known {
		return ids
	}
	var ids []string
	for _, role := range config.Roles {
		ids = append(ids, p.Roles[role]...)
	}
	return ids
}
