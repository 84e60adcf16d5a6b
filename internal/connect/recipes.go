package connect

import (
	"path/filepath"
)

// recipes are the clients whose settings are not written: because their key
// stands in a keychain of theirs, because their file is YAML, whose comments no
// editor keeps for sure, or because there is no file at all.
func recipes() []Client {
	return []Client{zed(), continueDev(), kilo(), crush(), aider(), cline(), cursor(), openAISDK(), anthropicSDK()}
}

func zed() Client {
	return Client{
		ID: "zed", Name: "Zed", Restart: "Zed takes it up at once.",
		find: func(e Env) string { return e.found("zed", zedSettings(e)) },
		recipe: func(e Env, w Wish) string {
			return w.fill(`In ` + zedSettings(e) + `:
  "language_models": {
    "openai_compatible": {
      "glmtray": {
        "api_url": "{base}/v1",
        "available_models": [
          { "name": "{model}", "display_name": "glmtray", "max_tokens": {context}, "max_output_tokens": {output},
            "capabilities": { "tools": true, "images": true, "parallel_tool_calls": true, "prompt_cache_key": false } }
        ]
      }
    }
  }
Then, in the agent panel's settings, paste the key for glmtray (Zed keeps it in the keychain):
  {key}
`)
		},
	}
}

func zedSettings(e Env) string {
	if e.GOOS == windows {
		return filepath.Join(e.appData(), "Zed", "settings.json")
	}
	return filepath.Join(e.configHome(), "zed", "settings.json")
}

func continueDev() Client {
	return Client{
		ID: "continue", Name: "Continue", Restart: "Continue takes it up when the file is saved.",
		find: func(e Env) string { return e.found("cn", e.home(".continue")) },
		recipe: func(e Env, w Wish) string {
			return w.fill(`In ` + e.home(".continue", "config.yaml") + `:
  models:
    - name: glmtray
      provider: openai
      model: {model}
      apiBase: {base}/v1
      apiKey: {key}
      roles: [chat, edit, apply]
`)
		},
	}
}

// kilo takes settings of OpenCode's form.
func kilo() Client {
	return Client{
		ID: "kilo", Name: "Kilo Code", Restart: "Start Kilo Code again.",
		find: func(e Env) string { return e.found("kilo", filepath.Join(e.configHome(), "kilo")) },
		recipe: func(e Env, w Wish) string {
			return openCodeRecipe(filepath.Join(e.configHome(), "kilo", "kilo.jsonc"), w)
		},
	}
}

func crush() Client {
	return Client{
		ID: "crush", Name: "Crush", Restart: "Start Crush again.",
		find: func(e Env) string { return e.found("crush", filepath.Join(e.configHome(), "crush")) },
		recipe: func(e Env, w Wish) string {
			return w.fill(`In ` + filepath.Join(e.configHome(), "crush", "crush.json") + `:
  "providers": {
    "glmtray": {
      "type": "openai-compat",
      "base_url": "{base}/v1",
      "api_key": "{key}",
      "models": [ { "id": "{model}", "name": "glmtray", "context_window": {context}, "default_max_tokens": {output} } ]
    }
  }
`)
		},
	}
}

func aider() Client {
	return Client{
		ID: "aider", Name: "aider", Restart: "Start aider again.",
		find: func(e Env) string { return e.found("aider", e.home(".aider.conf.yml")) },
		recipe: func(e Env, w Wish) string {
			return w.fill(`In ` + e.home(".aider.conf.yml") + `:
  openai-api-base: {base}/v1
  openai-api-key: {key}
  model: openai/{model}
And, so that it knows the limits, in ` + e.home(".aider.model.metadata.json") + `:
  { "openai/{model}": { "max_input_tokens": {context}, "max_output_tokens": {output}, "litellm_provider": "openai", "mode": "chat" } }
`)
		},
	}
}

// cline keeps its key in the editor's secret store, which nobody else can write.
func cline() Client {
	return Client{
		ID: "cline", Name: "Cline", Restart: "Cline takes it up at once.",
		find: func(e Env) string {
			list := entries(e.home(".vscode", "extensions"), "saoudrizwan.claude-dev-", "")
			return e.found("cline", append(list, e.home(".cline"))...)
		},
		recipe: func(_ Env, w Wish) string {
			return w.fill(`In Cline's settings, choose the API provider "OpenAI Compatible":
  Base URL   {base}/v1
  API Key    {key}
  Model ID   {model}
  Context    {context}
The command line asks for the same with: cline auth
`)
		},
	}
}

// cursor calls such an address from its own servers (cursor.com/docs, 2026-11).
func cursor() Client {
	return Client{
		ID: "cursor", Name: "Cursor",
		Unreachable: "Cursor calls an own base URL from its servers, not from this machine, so it cannot reach localhost. " +
			"A public tunnel would show your proxy to everybody; use Claude Code or Codex in Cursor's terminal instead.",
		find:   func(e Env) string { return e.found("cursor", filepath.Join(e.appData(), "Cursor")) },
		recipe: func(Env, Wish) string { return "" },
	}
}

func openAISDK() Client {
	return Client{
		ID: "openai-sdk", Name: "any program with an OpenAI SDK", Restart: "Programs read it when they start.",
		find: func(Env) string { return "" },
		recipe: func(_ Env, w Wish) string {
			return w.fill(`In the program's environment:
  OPENAI_BASE_URL={base}/v1
  OPENAI_API_KEY={key}
and the model {model}
`)
		},
	}
}

func anthropicSDK() Client {
	return Client{
		ID: "anthropic-sdk", Name: "any program with an Anthropic SDK", Restart: "Programs read it when they start.",
		find: func(Env) string { return "" },
		recipe: func(_ Env, w Wish) string {
			return w.fill(`In the program's environment (no /v1: the SDK adds it):
  ANTHROPIC_BASE_URL={base}
  ANTHROPIC_AUTH_TOKEN={key}
and no ANTHROPIC_API_KEY beside them; any claude-… model, or {model}
`)
		},
	}
}
