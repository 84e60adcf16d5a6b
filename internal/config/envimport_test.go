package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// imported reads an env file and says in short what it means.
func imported(t *testing.T, settings, env string) (*EnvImport, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"settings.toml": settings, "my.env": env} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := ReadEnvImport(Options{DataDir: dir, EnvFile: filepath.Join(dir, "my.env")})
	if err != nil {
		return nil, "error: " + err.Error()
	}
	var b strings.Builder
	for _, k := range m.Keys {
		fmt.Fprintf(&b, "key %s/%s@%s %s; ", k.Provider, k.Key.Name, k.Key.Endpoint, k.From)
	}
	for _, k := range m.Clients {
		fmt.Fprintf(&b, "client %s %s; ", k.Key.Name, k.From)
	}
	for _, s := range m.Settings {
		fmt.Fprintf(&b, "%s %s; ", s.TOML, s.From)
	}
	for _, l := range m.Left {
		fmt.Fprintf(&b, "left %s %s; ", l.From, l.Why)
	}
	return m, strings.ReplaceAll(strings.TrimSuffix(b.String(), "; "), dir, "DIR")
}

func TestWhatAnEnvFileMeans(t *testing.T) {
	tests := []struct{ name, settings, env, want string }{
		{"nothing", "", "", ""},
		{"CRLF, a BOM, export and comments", "", "\ufeffexport MAX_WORKERS=3\r\n# x\r\n\r\nMAX_RETRIES = 4 # four\r\n", "max_retries = 4 MAX_RETRIES (my.env:4); max_workers = 3 MAX_WORKERS (my.env:1)"},
		{
			"a list of keys over several lines", "", "A_B=1\nCEREBRAS_API_KEYS='{\n\"a\":\"k1\",\r\n\"b\":\"k2\"}'\n",
			"key cerebras/a@ CEREBRAS_API_KEYS (my.env:2); key cerebras/b@ CEREBRAS_API_KEYS (my.env:2); left A_B (my.env:1) glmtray knows no such variable",
		},
		{"a list in double quotes", "", `CEREBRAS_API_KEYS="{\"a\":\"k1\"}"`, "key cerebras/a@ CEREBRAS_API_KEYS (my.env:1)"},
		{
			"a single key has no name", "", "CEREBRAS_API_KEYS={\"env\":\"k1\"}\nCEREBRAS_API_KEY=k2\nSYNTHETIC_API_KEY=\"k3\"",
			"key cerebras/env@ CEREBRAS_API_KEYS (my.env:1); key cerebras/@ CEREBRAS_API_KEY (my.env:2); key synthetic/@ SYNTHETIC_API_KEY (my.env:3)",
		},
		{"a broken list", "", `CEREBRAS_API_KEYS={"a":"csk-1"`, "left CEREBRAS_API_KEYS (my.env:1) it is broken JSON at its end"},
		{"Z.ai's two endpoints", "", "ZAI_API_KEY=k\nZAI_BASE_URL=https://api.z.ai/api/paas/v4/", "key zai/@payg ZAI_API_KEY (my.env:1)"},
		{"zai-proxy's own target is no other address", "", "ZAI_API_KEY=k\nZAI_TARGET_URL=https://api.z.ai/api/anthropic", "key zai/@plan ZAI_API_KEY (my.env:1)"},
		{
			"another host", "", "CEREBRAS_API_KEY=k\nCEREBRAS_BASE_URL=https://gate.example/v1",
			"left CEREBRAS_API_KEY (my.env:1) key \"env\" was used at another address than the settings have: write this into settings.toml, then import again:\n[provider.cerebras]\nurl = \"https://gate.example/v1\"",
		},
		{
			"that the settings have as well", "[provider.cerebras]\nurl = \"https://gate.example/v1\"", "CEREBRAS_API_KEY=k\nCEREBRAS_BASE_URL=https://gate.example/v1",
			"key cerebras/@ CEREBRAS_API_KEY (my.env:1)",
		},
		{"glmtray's own name counts", "", "GLMTRAY_COOLDOWN=2\nCEREBRAS_COOLDOWN=3", "cooldown = 2 GLMTRAY_COOLDOWN (my.env:1); left CEREBRAS_COOLDOWN (my.env:2) GLMTRAY_COOLDOWN says so as well, and counts"},
		{"zai-proxy's loose booleans", "", "TOKEN_COUNTING_ENABLED=no", "token_counting = true TOKEN_COUNTING_ENABLED (my.env:1)"},
		{"a client key closes the door", "", "LITELLM_MASTER_KEY=sk-1", "client litellm LITELLM_MASTER_KEY (my.env:1); require_client_key = true LITELLM_MASTER_KEY (my.env:1)"},
		{"unless it is to be open", "", "LITELLM_MASTER_KEY=sk-1\nENABLE_INCOMING_AUTH=false", "client litellm LITELLM_MASTER_KEY (my.env:1); require_client_key = false ENABLE_INCOMING_AUTH (my.env:2)"},
		{"a path is the file's", "", "LOG_DIR=./logs", "log_dir = \"DIR/logs\" LOG_DIR (my.env:1)"},
		{"a password is not shown", "", "GLMTRAY_PROXY=http://me:canary@proxy.example:3128", "proxy = \"http://…@proxy.example:3128\" GLMTRAY_PROXY (my.env:1)"},
		{"rules of one's own", "[[rule]]\nname = \"all\"\nuse = \"zai\"", "TOKEN_THRESHOLD=5", "left TOKEN_THRESHOLD (my.env:1) the rules in settings.toml have their own tokens_over"},
		{"where glmtray looks", "", "GLMTRAY_DATA_DIR=/x", "left GLMTRAY_DATA_DIR (my.env:1) it says where glmtray looks, so it cannot stand in the settings"},
		{"quotes that are open", "", "A=1\nCEREBRAS_API_KEY='canary", "error: my.env:2: CEREBRAS_API_KEY: the quotes are not closed"},
		{"settings that are broken", "cooldown = []", "A=1", "error: settings.toml:1: cooldown: must be a time such as \"60s\", \"10m\" or \"14d\", or a number of seconds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := imported(t, tt.settings, tt.env); got != tt.want {
				t.Errorf("it means\n%s\nnot\n%s", got, tt.want)
			}
		})
	}
}

// FuzzEnvImport gives foreign bytes as an env file: whatever is taken from it can
// be written into the settings, and nothing that is said repeats a value.
func FuzzEnvImport(f *testing.F) {
	for _, seed := range []string{
		"", "A=b", "CEREBRAS_API_KEYS='{\"a\":\"k\"}'", "export MAX_WORKERS=3 # x\r\n", "ZAI_API_KEY=k\nZAI_TARGET_URL=https://x.example", "LOG_DIR=\"a\nb\"",
		"GLMTRAY_ALLOWED_HOSTS=a,b", "LITELLM_MASTER_KEY='x", "=", "A='\\'", "GLMTRAY_PROXY=http://u:p@h", "\ufeff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const mark = "zqcanaryqz"
		for _, env := range []string{text, text + "\nMY_KEY=" + mark, "CEREBRAS_API_KEYS=" + text + mark} {
			m, said := imported(t, "", env)
			if m == nil {
				continue
			}
			if strings.HasSuffix(env, mark) && !strings.Contains(text, "\x00") {
				for _, l := range m.Left {
					if strings.Contains(l.Why, mark) && !strings.Contains(l.Why, "on this machine") && !strings.Contains(l.Why, "url = ") {
						t.Errorf("%q: %s", env, said)
					}
				}
			}
			d := newDoc(nil)
			for _, s := range m.Settings {
				if err := d.SetScalar(s.Name, s.Text); err != nil {
					t.Errorf("%q: %v", env, err)
				}
			}
			for _, k := range m.Keys {
				if k.Key.Secret.Empty() {
					t.Errorf("%q: an empty key", env)
				}
			}
			if problems := readSettings(defaults("/d"), d.text(), "/d/settings.toml", "/h"); len(problems) > 0 {
				t.Errorf("%q: %v\n%s", env, problems, d.text())
			}
		}
	})
}
