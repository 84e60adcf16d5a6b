package connect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
)

func TestWhatSpeaksAgainstTheFilesIsNamed(t *testing.T) {
	r := newRig(t)
	r.put(".bashrc", "# export ANTHROPIC_API_KEY=old\nalias ll='ls -l'\nexport ANTHROPIC_API_KEY=\"sk-ant-canary\" # work\nexport ANTHROPIC_BASE_URL="+base+"\n")
	r.put(".zshrc", "if true; then OPENAI_BASE_URL='https://canary.example/v1'; fi\nexport MY_OPENAI_API_KEY=x\n")
	r.put(".config/fish/config.fish", "set -gx OPENAI_API_KEY sk-canary\nset -e ANTHROPIC_API_KEY\n")
	r.put("work/.claude/settings.local.json", `{"env": {"ANTHROPIC_BASE_URL": "https://canary.example"}} // team`)
	e := r.env
	e.Dir = filepath.Join(r.home, "work")
	e.Vars = []string{"ANTHROPIC_AUTH_TOKEN=canary-token", "OPENAI_BASE_URL=" + base + "/v1", "OPENAI_API_KEY="}
	managed := filepath.Join(e.Root, "etc", "claude-code", "managed-settings.json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(managed), 0o700), os.WriteFile(managed, []byte(`{"apiKeyHelper": "/bin/canary"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range Overrides(e, base) {
		if strings.Contains(o.String(), "canary") {
			t.Errorf("a value is shown: %s", o)
		}
		got = append(got, o.Name+" "+strings.ReplaceAll(strings.ReplaceAll(o.Where, r.home, "~"), e.Root, ""))
	}
	want := []string{
		"ANTHROPIC_AUTH_TOKEN the environment", "ANTHROPIC_API_KEY ~/.bashrc:3", "OPENAI_BASE_URL ~/.zshrc:1", "OPENAI_API_KEY ~/.config/fish/config.fish:1",
		"ANTHROPIC_BASE_URL ~/work/.claude/settings.local.json", "apiKeyHelper /etc/claude-code/managed-settings.json",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhereLocalhostIsAnotherOneIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, file, text, want string
		vars                   []string
	}{
		{name: "at home"},
		{"WSL", "proc/version", "Linux version 6.6.87.2-microsoft-standard-WSL2", "WSL", nil},
		{"Docker", ".dockerenv", "", "container", nil},
		{"Podman", "run/.containerenv", "", "container", nil},
		{"a dev container", "", "", "container", []string{"REMOTE_CONTAINERS=true"}},
		{"SSH", "", "", "SSH", []string{"SSH_CONNECTION=192.0.2.1 2 192.0.2.3 22"}},
		{"a remote window", "", "", "VS Code", []string{"VSCODE_IPC_HOOK_CLI=/tmp/x.sock"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := Env{Root: t.TempDir(), Vars: c.vars}
			if c.file != "" {
				path := filepath.Join(e.Root, filepath.FromSlash(c.file))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(c.text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			got := Elsewhere(e)
			if (c.want == "") != (len(got) == 0) || len(got) > 0 && !strings.Contains(got[0], c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestPathsFollowTheSystemAndTheVariables(t *testing.T) {
	for _, c := range []struct {
		name string
		env  Env
		id   string
		want []string
	}{
		{"Claude Code", Env{Home: "/h", GOOS: "linux"}, "claude-code", []string{"/h/.claude/settings.json", "/h/.claude.json"}},
		{"Claude Code elsewhere", Env{Home: "/h", GOOS: "linux", Vars: []string{"CLAUDE_CONFIG_DIR=/c"}}, "claude-code", []string{"/c/settings.json", "/c/.claude.json"}},
		{"Codex elsewhere", Env{Home: "/h", GOOS: "linux", Vars: []string{"CODEX_HOME=/c"}}, "codex", []string{"/c/glmtray.config.toml"}},
		{"OpenCode elsewhere", Env{Home: "/h", GOOS: "linux", Vars: []string{"XDG_CONFIG_HOME=/c"}}, "opencode", []string{"/c/opencode/opencode.json"}},
		{"OpenCode with a relative folder", Env{Home: "/h", GOOS: "linux", Vars: []string{"XDG_CONFIG_HOME=c"}}, "opencode", []string{"/h/.config/opencode/opencode.json"}},
		{"VS Code on Linux", Env{Home: "/h", GOOS: "linux"}, "claude-code-vscode", []string{"/h/.config/Code/User/settings.json"}},
		{"VS Code on macOS", Env{Home: "/h", GOOS: "darwin"}, "claude-code-vscode", []string{"/h/Library/Application Support/Code/User/settings.json"}},
		{"VS Code on Windows", Env{Home: "/h", GOOS: "windows", Vars: []string{"AppData=/h/AppData/Roaming"}}, "claude-code-vscode", []string{"/h/AppData/Roaming/Code/User/settings.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, ok := Find(c.id)
			if !ok {
				t.Fatal("there is no such client")
			}
			var got []string
			for _, x := range client.targets(c.env, testWish()) {
				got = append(got, filepath.ToSlash(x.path))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestEveryClientHasARecipeOrSaysWhyNot(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Clients() {
		if seen[c.ID] {
			t.Errorf("two clients are called %s", c.ID)
		}
		seen[c.ID] = true
		text := c.Recipe(Env{Home: "/h", GOOS: "linux"}, testWish())
		switch {
		case c.Unreachable != "":
			if !strings.Contains(c.Unreachable, "cannot reach localhost") {
				t.Errorf("%s: %s", c.ID, c.Unreachable)
			}
		case !strings.Contains(text, base) || !strings.Contains(text, testKey) || strings.ContainsAny(strings.NewReplacer("{\n", "", "{ \"", "").Replace(text), "\x00"):
			t.Errorf("%s: the recipe lacks an address or a key:\n%s", c.ID, text)
		}
		for _, mark := range []string{"{base}", "{key}", "{model}", "{context}", "{output}"} {
			if strings.Contains(text, mark) {
				t.Errorf("%s: %s is not filled in", c.ID, mark)
			}
		}
	}
	for _, id := range []string{"claude-code", "claude-code-vscode", "codex", "opencode", "zed", "continue", "kilo", "crush", "aider", "cline", "cursor", "openai-sdk", "anthropic-sdk"} {
		if !seen[id] {
			t.Errorf("there is no %s", id)
		}
	}
}

func TestTheOfferedModelsAreThoseOfTheRoutes(t *testing.T) {
	load := func(text string) *config.Settings {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "settings.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := config.Load(t.Context(), config.Options{File: filepath.Join(dir, "settings.toml"), DataDir: dir, Keychain: noItems{}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const zaiKey, cerebrasKey = "[[key]]\nprovider = \"zai\"\nname = \"a\"\n", "[[key]]\nprovider = \"cerebras\"\nname = \"a\"\n"
	for _, c := range []struct {
		name, settings, primary string
		want                    Models
	}{
		{"without a key nothing is known", "", "", Models{Large: Model{ID: largeName}, Small: Model{ID: smallName}}},
		{"the first step that has a key", zaiKey, "", Models{Large: Model{ID: largeName, Context: 1_000_000, MaxOutput: 131072}, Small: Model{ID: smallName, Context: 1_000_000, MaxOutput: 131072}}},
		{"the first step of all", zaiKey + cerebrasKey, "", Models{Large: Model{ID: largeName, Context: 131072, MaxOutput: 40960}, Small: Model{ID: smallName, Context: 1_000_000, MaxOutput: 131072}}},
		{"the one that answers now", "", "zai", Models{Large: Model{ID: largeName, Context: 1_000_000, MaxOutput: 131072}, Small: Model{ID: smallName}}},
		{"the demo", cerebrasKey, "demo", Models{Large: Model{ID: largeName}, Small: Model{ID: smallName}}},
		{"aliases of one's own", "aliases = [\"claude-*\"]\n" + zaiKey, "", Models{Large: Model{ID: "glm-5.3", Context: 1_000_000, MaxOutput: 131072}}},
		{"a rule that names an id", zaiKey + "[[rule]]\nname = \"all\"\nuse = [\"zai/glm-4.6\"]\n", "", Models{Large: Model{ID: largeName, Context: 204_800, MaxOutput: 131072}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ModelsOf(load(c.settings), c.primary)
			got.Large.Name, got.Small.Name = "", ""
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestWhatIsOfferedResolvesThroughTheRoutes(t *testing.T) {
	rules := config.DefaultRules(1)
	for _, r := range rules {
		if r.When.Model == "" {
			continue
		}
		if !config.MatchAny(config.Patterns(r.When.Model), smallName) || config.MatchAny(config.Patterns(r.When.Model), largeName) {
			t.Errorf("%s: %s", r.Name, r.When.Model)
		}
	}
	for _, name := range []string{smallName, largeName} {
		if !config.MatchAny(config.DefaultAliases(), name) {
			t.Errorf("%s is no alias", name)
		}
	}
}

func TestAClientIsStartedWithTheRightEnvironment(t *testing.T) {
	r := newRig(t)
	for _, name := range Runnable() {
		path := r.put("bin/"+name, "#!/bin/sh\n")
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	e := r.env
	e.Vars = []string{"PATH=" + filepath.Join(r.home, "bin"), "ANTHROPIC_API_KEY=sk-ant", "ANTHROPIC_BASE_URL=https://else.example"}
	before := r.tree()
	for program, want := range map[string][]string{
		"claude":   {"ANTHROPIC_BASE_URL=" + base, "ANTHROPIC_AUTH_TOKEN=" + testKey, "CLAUDE_CODE_MAX_CONTEXT_TOKENS=131072"},
		"codex":    {"GLMTRAY_RUN_KEY=" + testKey},
		"opencode": {`"baseURL": "` + base + `/v1"`, `"model": "glmtray/glmtray-large"`},
	} {
		run, err := RunWith(program, e, testWish())
		if err != nil || run.Program != filepath.Join(r.home, "bin", program) {
			t.Errorf("%s: %v, %s", program, err, run.Program)
		}
		vars, args := strings.Join(run.Vars, "\n"), strings.Join(run.Args, "\n")
		for _, text := range want {
			if !strings.Contains(vars, text) {
				t.Errorf("%s: there is no %s in\n%s", program, text, vars)
			}
		}
		if strings.Contains(args, testKey) || program == "claude" && strings.Contains(vars, "ANTHROPIC_API_KEY") {
			t.Errorf("%s: %s\n%s", program, args, vars)
		}
		if program == "codex" && !strings.Contains(args, `model_providers.glmtray.env_key="GLMTRAY_RUN_KEY"`) {
			t.Errorf("codex: %s", args)
		}
	}
	same(t, r.tree(), before)
	if _, err := RunWith("claude", Env{Home: r.home}, testWish()); err == nil || !strings.Contains(err.Error(), "not installed") {
		t.Errorf("got %v", err)
	}
	r.put(".claude/settings.json", `{"env": {"ANTHROPIC_BASE_URL": "https://else.example"}}`)
	if run, err := RunWith("claude", e, testWish()); err != nil || len(run.Notes) != 1 {
		t.Errorf("%v, %q", err, run.Notes)
	}
}

func TestADiffShowsNoKeys(t *testing.T) {
	for line, want := range map[string]string{
		`+    "ANTHROPIC_AUTH_TOKEN": "sk-0123",`:                         `+    "ANTHROPIC_AUTH_TOKEN": "sk-0123",`, // too short to be one
		`+    "ANTHROPIC_AUTH_TOKEN": "sk-0123456",`:                      `+    "ANTHROPIC_AUTH_TOKEN": "…",`,
		`-experimental_bearer_token = 'abcdefgh'`:                         `-experimental_bearer_token = "…"`,
		`     { "name": "MY_SECRET", "value": "correct horse battery" },`: `     { "name": "MY_SECRET", "value": "…" },`,
		`       "value": "a1b2c3d4e5f6a7b8c9d0"`:                          `       "value": "…"`,
		`+    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072"`:                 `+    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072"`,
		`+    "apiKey": "` + KeyToCome + `"`:                              `+    "apiKey": "` + KeyToCome + `"`,
		`     "proxy": "http://me:canary@proxy.example"`:                  `     "proxy": "http://…@proxy.example"`,
		`     "model": "claude-haiku-4-5-20251001"`:                       `     "model": "claude-haiku-4-5-20251001"`,
	} {
		if got := mask(line); got != want {
			t.Errorf("%s became %s", line, got)
		}
	}
}

// noItems is a keychain with nothing in it.
type noItems struct{}

func (noItems) Get(context.Context, string, string) (config.KeychainItem, error) {
	return config.KeychainItem{}, config.ErrNoItem
}
