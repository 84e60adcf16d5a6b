package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad gives foreign bytes as settings.toml: whatever they are, the outcome
// is settings that hold together, or problems that each have a line.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", sample, twoKeys, "cooldown = 1", "[provider.x]\nurl=\"https://x.example\"\nroles.large=[\"a\"]\n[[rule]]\nname=\"a\"\nuse=\"x\"",
		"a.b.c = {d = [1, {e = 2}]}\n[a.b.f]\n[[a.b.g]]\n[[a.b.g.h]]", "provider = 3", "key = [[]]", "[[provider]]\n[[provider.zai]]", "provider.zai = {url = 1}",
		"[provider.zai.also.anthropic]\nurl=\"\"\n[provider.cerebras]\nurl=\"https://x.example\"\ndialect=\"anthropic\"\n[provider.cerebras.also.openai]\nurl=\"https://x.example/v1\"",
		"[provider.zai.endpoint.x]", "[[rule]]\n[rule.when]\n[[rule]]\nuse=[\"/\"]", "\ufeffx", "cooldown = 0x7fffffffffffffff", "cooldown=+1_0.5e3", "max_body=99999999999999999999",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := defaults("/d")
		problems := readSettings(s, data, "/d/settings.toml", "/h")
		for _, p := range problems {
			if p.Line < 1 || p.Line > strings.Count(string(data), "\n")+1 || p.File != "settings.toml" || p.Text == "" {
				t.Errorf("%q: %+v", data, p)
			}
		}
		if len(problems) > 0 {
			return
		}
		for i := range s.Providers {
			p := &s.Providers[i]
			if len(p.Endpoints) == 0 || Host(p.Endpoints[0].URL) == "" || p.ID == DemoProvider {
				t.Errorf("%q: %+v", data, p)
			}
			for _, e := range p.Endpoints {
				for _, a := range e.Also {
					if a.Dialect == e.Dialect || a.URL == "" || Host(a.URL) != Host(e.URL) {
						t.Errorf("%q: %+v of %+v", data, a, e)
					}
				}
			}
		}
		for i, r := range s.Rules {
			if r.CatchAll() != (i == len(s.Rules)-1) || len(r.Use) == 0 {
				t.Errorf("%q: rule %+v", data, r)
			}
			for _, target := range r.Use {
				if s.Provider(target.Provider) == nil {
					t.Errorf("%q: rule %+v", data, r)
				}
			}
		}
	})
}

// FuzzEnvironment gives a foreign text as each variable and as an env file.
func FuzzEnvironment(f *testing.F) {
	for _, seed := range []string{`{"a":"b"}`, `{"a":"b","a":"c"}`, "A='x\ny'", `{"a":{}}`, `{"`, "https://x.example", "60s", "CEREBRAS_API_KEYS={}\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const mark = "zqcanaryqz"
		dir := t.TempDir()
		file := filepath.Join(dir, "my.env")
		if err := os.WriteFile(file, []byte(text+mark), 0o600); err != nil {
			t.Fatal(err)
		}
		o := Options{DataDir: dir, EnvFile: file}
		for _, v := range variables {
			o.Environ = append(o.Environ, v.Name+"="+text+mark)
		}
		s, err := Load(t.Context(), o)
		if err == nil {
			t.Fatalf("%q: MAX_RETRIES is no number, but: %+v", text, s)
		}
		if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), mark) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
