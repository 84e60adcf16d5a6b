package connect

import (
	"path/filepath"
)

// providerID is the name that clients know us by in their own tables.
const providerID = "glmtray"

// codex is OpenAI's Codex CLI. Since 0.16x a profile is a file of its own beside
// config.toml, so that the main one need not be touched (developers.openai.com/
// codex/config-advanced, 2026-10; read at start only).
func codex() Client {
	return Client{
		ID: "codex", Name: "Codex CLI",
		Restart: "Start it with: codex --profile " + providerID + " (with --default, plain codex).",
		find: func(e Env) string {
			return e.found("codex", codexDir(e))
		},
		targets: func(e Env, w Wish) []target {
			list := []target{{path: filepath.Join(codexDir(e), providerID+".config.toml"), format: "toml", wants: codexWants(w)}}
			if w.Default {
				list = append(list, target{path: filepath.Join(codexDir(e), "config.toml"), format: "toml", wants: codexWants(w)})
			}
			return list
		},
		recipe: func(e Env, w Wish) string {
			return w.fill(`In ` + filepath.Join(codexDir(e), "config.toml") + ` (the first two lines above all tables):
  model = "{model}"
  model_provider = "` + providerID + `"

  [model_providers.` + providerID + `]
  name = "glmtray"
  base_url = "{base}/v1"
  wire_api = "responses"
  experimental_bearer_token = "{key}"
`)
		},
	}
}

func codexWants(w Wish) []want {
	m := w.Models.Large
	wants := []want{at(m.ID, "model"), at(providerID, "model_provider")}
	if m.Context > 0 {
		wants = append(wants, at(m.Context, "model_context_window"))
	}
	table := func(name string) []string { return []string{"model_providers", providerID, name} }
	return append(wants,
		at("glmtray", table("name")...),
		w.addressed("/v1", table("base_url")...),
		at("responses", table("wire_api")...), // "chat" is an error at start
		w.secret(table("experimental_bearer_token")...),
		// The proxy may wait for a key and try several providers before the first
		// byte; the default is five minutes.
		at(codexIdle, table("stream_idle_timeout_ms")...),
	)
}

// codexIdle is how long Codex bears silence, in milliseconds.
const codexIdle = 600_000

func codexDir(e Env) string {
	if dir := e.Var("CODEX_HOME"); dir != "" {
		return dir
	}
	return e.home(".codex")
}
