package connect

import (
	"path/filepath"
)

// vscode is the extension of Claude Code. It starts the command-line tool, which
// reads its own settings, too; but whether to show a login it decides by itself.
func vscode() Client {
	return Client{
		ID: "claude-code-vscode", Name: "Claude Code in VS Code",
		Restart: "Reload the window of VS Code (Developer: Reload Window).",
		find: func(e Env) string {
			for _, ed := range editors {
				if path := ed.extension(e); path != "" {
					return path
				}
			}
			return ""
		},
		targets: func(e Env, w Wish) []target {
			var list []target
			for _, ed := range editors {
				if ed.extension(e) != "" {
					list = append(list, ed.target(e, w))
				}
			}
			if len(list) == 0 { // it will be installed into the usual one
				list = append(list, editors[0].target(e, w))
			}
			return list
		},
		recipe: func(e Env, w Wish) string {
			return w.fill(`In the user settings of VS Code (` + editors[0].settings(e) + `):
  "claudeCode.environmentVariables": [
    { "name": "ANTHROPIC_BASE_URL", "value": "{base}" },
    { "name": "ANTHROPIC_AUTH_TOKEN", "value": "{key}" },
    { "name": "CLAUDE_CODE_ATTRIBUTION_HEADER", "value": "0" },
    { "name": "API_TIMEOUT_MS", "value": "3000000" }
  ],
  "claudeCode.disableLoginPrompt": true
`)
		},
	}
}

// editor is a build of VS Code.
type editor struct {
	folder     string // of its settings
	extensions string // in the home folder
}

var editors = []editor{
	{"Code", ".vscode"},
	{"Code - Insiders", ".vscode-insiders"},
	{"VSCodium", ".vscode-oss"},
	{"Cursor", ".cursor"},
	{"Windsurf", ".windsurf"},
}

func (ed editor) settings(e Env) string {
	return filepath.Join(e.appData(), ed.folder, "User", "settings.json")
}

// extension is where the extension is installed; "" if it is not.
func (ed editor) extension(e Env) string {
	list := entries(e.home(ed.extensions, "extensions"), "anthropic.claude-code-", "")
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

func (ed editor) target(e Env, w Wish) target {
	t := target{path: ed.settings(e), format: "json"}
	for _, v := range claudeVars(w) {
		v.path = []string{"claudeCode.environmentVariables", byName + v.path[0], "value"}
		t.wants = append(t.wants, v)
	}
	t.wants = append(t.wants, at(true, "claudeCode.disableLoginPrompt"))
	return t
}
