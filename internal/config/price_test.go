package config

import "testing"

func TestAPriceComesFromTheSettingsAndElseFromTheTable(t *testing.T) {
	s := mustLoad(t, "[provider.zai.models.\"glm-4.6\"]\nin = 1\n[provider.acme]\nurl = \"https://a.example/v1\"\nplan = true\n"+
		"[provider.acme.models.free]\nin = 0\n[provider.anthropic]\nurl = \"https://api.anthropic.com\"\ndialect = \"anthropic\"\n", Options{})
	for _, c := range []struct {
		name, provider, model string
		want                  Price
		ok                    bool
	}{
		{"the table", "synthetic", "hf:zai-org/GLM-5.2", Price{In: 1, Out: 3, CachedIn: 0.16, CacheWrite: 1}, true},
		{"changed in part by the settings", "zai", "glm-4.6", Price{In: 1, Out: 2.2, CachedIn: 0.11, CacheWrite: 1}, true},
		{"no discount for a cache is known", "cerebras", "gpt-oss-120b", Price{In: 0.35, Out: 0.75, CachedIn: 0.35, CacheWrite: 0.35}, true},
		{"free", "zai", "glm-4.7-flash", Price{}, true},
		{"free by the settings", "acme", "free", Price{}, true},
		{"a vendor whose row a person wrote", "anthropic", "claude-haiku-4-5-20251001", Price{In: 1, Out: 5, CachedIn: 0.1, CacheWrite: 1.25}, true},
		{"unknown", "cerebras", "nobody-9", Price{}, false},
		{"unknown at a vendor that is not known", "acme", "gpt-oss-120b", Price{}, false},
	} {
		got, ok := s.Provider(c.provider).Price(c.model)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %+v %v, want %+v %v", c.name, got, ok, c.want, c.ok)
		}
	}
	for provider, want := range map[string]bool{"cerebras": false, "synthetic": true, "zai": true, "acme": true} {
		if got := s.Provider(provider).Endpoints[0].Plan; got != want {
			t.Errorf("%s: a plan is %v", provider, got)
		}
	}
	if e := s.Provider("zai").Endpoint(zaiPayg); e.Plan {
		t.Error("pay as you go is no plan")
	}
}

func TestOnlyFalseAndZeroSwitchThePredecessorsCountingOff(t *testing.T) {
	for text, want := range map[string]bool{"false": false, "0": false, "true": true, "1": true, "no": true, "off": true, "maybe": true} {
		if s := mustLoad(t, "", Options{Environ: []string{"TOKEN_COUNTING_ENABLED=" + text, "TOKENIZER_MODEL=glm-5"}}); s.TokenCounting != want || s.TokenizerModel != "glm-5" {
			t.Errorf("%q: counting %v as %s", text, s.TokenCounting, s.TokenizerModel)
		}
	}
	if s := mustLoad(t, "token_counting = false", Options{}); s.TokenCounting {
		t.Error("the file did not switch it off")
	}
}
