package connect

import (
	"path/filepath"
)

// claudeCode is the command-line tool. Sources: code.claude.com/docs/en/env-vars
// and /llm-gateway (2026-11), and what 2.1.197 was seen to do.
func claudeCode() Client {
	return Client{
		ID: "claude-code", Name: "Claude Code", With: "claude-code-vscode",
		Restart: "New Claude Code sessions use it; running ones after a restart.",
		find: func(e Env) string {
			return e.found("claude", claudeDir(e), claudeState(e))
		},
		targets: func(e Env, w Wish) []target {
			settings := target{path: claudeSettings(e), format: "json"}
			for _, v := range claudeVars(w) {
				v.path = append([]string{"env"}, v.path...)
				settings.wants = append(settings.wants, v)
			}
			// A fresh Claude Code shows its login, whatever its settings say
			// (anthropics/claude-code#13827). false is left alone: that is a first
			// run under way.
			onboarding := target{path: claudeState(e), format: "json", wants: []want{
				{path: []string{"hasCompletedOnboarding"}, value: true, missing: true},
			}}
			return []target{settings, onboarding}
		},
		recipe: func(e Env, w Wish) string {
			return w.fill(`In ` + claudeSettings(e) + `, in the object "env":
  "ANTHROPIC_BASE_URL": "{base}",
  "ANTHROPIC_AUTH_TOKEN": "{key}",
  "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
  "API_TIMEOUT_MS": "3000000"
and no "ANTHROPIC_API_KEY" beside them.
`)
		},
	}
}

// claudeVars are the variables that Claude Code is given; the path of each is its
// name.
func claudeVars(w Wish) []want {
	vars := []want{
		w.addressed("", "ANTHROPIC_BASE_URL"), // "/v1" is its own to add
		w.secret("ANTHROPIC_AUTH_TOKEN"),
		// With both, which of them counts has changed between versions, and the
		// user is asked about a key that is not meant. A removed variable is
		// noticed only at the next start, an empty one at once.
		{path: []string{"ANTHROPIC_API_KEY"}, value: "", present: true},
		// The header that it puts into the prompt differs for each session and so
		// spoils the providers' prompt caches.
		at("0", "CLAUDE_CODE_ATTRIBUTION_HEADER"),
		// A long wait for a key and a long answer in one piece fit in; the default
		// is ten minutes.
		at("3000000", "API_TIMEOUT_MS"),
	}
	// It takes models that it does not know for ones of 200,000 tokens.
	if m := w.Models.Large; m.Context > 0 {
		vars = append(vars, at(tokens(m.Context), "CLAUDE_CODE_MAX_CONTEXT_TOKENS"))
	}
	if m := w.Models.Large; m.MaxOutput > 0 {
		vars = append(vars, at(tokens(m.MaxOutput), "CLAUDE_CODE_MAX_OUTPUT_TOKENS"))
	}
	return vars
}

// claudeDir is where Claude Code keeps its settings.
func claudeDir(e Env) string {
	if dir := e.Var("CLAUDE_CONFIG_DIR"); dir != "" {
		return dir
	}
	return e.home(".claude")
}

func claudeSettings(e Env) string { return filepath.Join(claudeDir(e), "settings.json") }

// claudeState is the file in which it remembers what it has shown.
func claudeState(e Env) string {
	if dir := e.Var("CLAUDE_CONFIG_DIR"); dir != "" {
		return filepath.Join(dir, ".claude.json")
	}
	return e.home(".claude.json")
}
