package connect

import (
	"path/filepath"
)

// openCode is OpenCode (opencode.ai/docs/config and /providers, 2026-11; seen
// with 1.18.33).
func openCode() Client {
	return Client{
		ID: "opencode", Name: "OpenCode",
		Restart: "Start OpenCode again; its models stand under glmtray in /models.",
		find: func(e Env) string {
			return e.found("opencode", openCodeDir(e))
		},
		targets: func(e Env, w Wish) []target {
			return []target{{path: openCodeFile(e), format: "json", wants: openCodeWants(w)}}
		},
		recipe: func(e Env, w Wish) string { return openCodeRecipe(openCodeFile(e), w) },
	}
}

func openCodeRecipe(file string, w Wish) string {
	return w.fill(`In ` + file + `:
  "provider": {
    "` + providerID + `": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "glmtray",
      "options": { "baseURL": "{base}/v1", "apiKey": "{key}" },
      "models": { "{model}": {
        "attachment": true, "modalities": { "input": ["text", "image"], "output": ["text"] },
        "limit": { "context": {context}, "output": {output} }
      } }
    }
  },
  "model": "` + providerID + `/{model}"
`)
}

func openCodeWants(w Wish) []want {
	ours := func(names ...string) []string { return append([]string{"provider", providerID}, names...) }
	wants := []want{
		// OpenCode adds this line by itself to a file without it, which would then
		// look like one of the user's.
		{path: []string{"$schema"}, value: "https://opencode.ai/config.json", missing: true},
		at("@ai-sdk/openai-compatible", ours("npm")...),
		at("glmtray", ours("name")...),
		w.addressed("/v1", ours("options", "baseURL")...),
		w.secret(ours("options", "apiKey")...),
		openCodeModel(w.Models.Large, ours),
	}
	if w.Models.Small.ID != "" {
		wants = append(wants, openCodeModel(w.Models.Small, ours))
	}
	// Whoever has chosen a model keeps it.
	return append(wants, want{path: []string{"model"}, value: providerID + "/" + w.Models.Large.ID, missing: true})
}

func openCodeModel(m Model, ours func(...string) []string) want {
	// Pictures are routed to a model that sees them. OpenCode takes a model that it
	// does not know for one that reads text only, and sends words in their place
	// (1.18.33, measured 2026-11-28).
	value := object{{"name", m.Name}, {"attachment", true}, {"modalities", object{{"input", []string{"text", "image"}}, {"output", []string{"text"}}}}}
	if m.Context > 0 && m.MaxOutput > 0 { // it wants both or none
		value = append(value, member{"limit", object{{"context", m.Context}, {"output", m.MaxOutput}}})
	}
	return at(value, ours("models", m.ID)...)
}

func openCodeDir(e Env) string { return filepath.Join(e.configHome(), "opencode") }

// openCodeFile is the file that is there; of both the one that is read last, and
// wins.
func openCodeFile(e Env) string {
	for _, name := range []string{"opencode.jsonc", "opencode.json"} {
		if path := filepath.Join(openCodeDir(e), name); exists(path) {
			return path
		}
	}
	return filepath.Join(openCodeDir(e), "opencode.json")
}
