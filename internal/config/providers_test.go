package config

import (
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPresetsAreComplete(t *testing.T) {
	for _, p := range Presets() {
		if !idShape().MatchString(p.ID) || p.Name == "" {
			t.Errorf("%q, %q", p.ID, p.Name)
		}
		for _, e := range p.Endpoints {
			if base, ok := parseURL(e.URL); !ok || base != e.URL || !strings.HasPrefix(base, "https://") || e.Dialect != OpenAI {
				t.Errorf("%s: endpoint %+v", p.ID, e)
			}
			for _, a := range e.Also {
				if base, ok := parseBase(a.Dialect, a.URL); !ok || base != a.URL || e.elsewhere(a) || a.Dialect == e.Dialect || a.Auth == "" {
					t.Errorf("%s: address %+v", p.ID, a)
				}
			}
		}
		if p.Limits.FirstEvent == 0 || p.Limits.Idle == 0 || p.Limits.WholeAnswer == 0 || p.Limits.Connect == 0 {
			t.Errorf("%s: limits %+v", p.ID, p.Limits)
		}
		for _, role := range Roles {
			if len(p.Roles[role]) == 0 {
				t.Errorf("%s has no %s model", p.ID, role)
			}
			if _, known := p.Models[p.Roles[role][0]]; !known {
				t.Errorf("%s: nothing is known of %s, its first %s model", p.ID, p.Roles[role][0], role)
			}
		}
		for _, id := range p.Roles[Vision] {
			if m, known := p.Models[id]; !known || !m.Vision {
				t.Errorf("%s: %s is a vision model that takes no images", p.ID, id)
			}
		}
	}
}

func TestPresetsOfTheVendors(t *testing.T) {
	s := defaults("")
	c, z := s.Provider("cerebras"), s.Provider("zai")
	if c.Limits.FirstEvent != 10*time.Second || c.Limits.Idle != 25*time.Second || c.Limits.MaxOutput != 16384 || c.Refuses.Roles["developer"] != "system" {
		t.Errorf("cerebras: %+v", c.Limits)
	}
	for _, f := range []string{"reasoning", "thinking", "enable_thinking", "maxTokens", "cache_control", "prompt_cache_key", "verbosity", "store", "metadata"} {
		if !slices.Contains(c.Refuses.Fields, f) {
			t.Errorf("cerebras is sent %s", f)
		}
	}
	plan, payg := z.Endpoint("plan"), z.Endpoint("payg")
	if plan.Concurrency != 1 || plan.Policy == nil || plan.Policy.Link == "" || payg.Policy != nil || payg.Concurrency != 0 || z.Endpoint("") != plan {
		t.Errorf("zai: %+v", z.Endpoints)
	}
	if z.Refuses.Rename["max_completion_tokens"] != "max_tokens" {
		t.Errorf("zai: %+v", z.Refuses)
	}
	if c.Traits.Reasoning != "reasoning" || !c.Traits.NoParallel || c.Traits.MaxStop != 4 || c.Traits.ToolChoice != nil || slices.Contains(c.Refuses.Message, c.Traits.Reasoning) {
		t.Errorf("cerebras: %+v", c.Traits)
	}
	want := Traits{"reasoning_content", "thinking", []string{"auto"}, true, true, true, 1, true}
	if !reflect.DeepEqual(z.Traits, want) {
		t.Errorf("zai: %+v", z.Traits)
	}
}

func TestPresetsAreTheCallersOwn(t *testing.T) {
	a := Presets()
	a[0].Roles[Large][0], a[2].Endpoints[0].Policy.Text = "x", "x"
	a[0].Models["gpt-oss-120b"] = ModelInfo{}
	a[2].Endpoints[0].Also[0].URL, a[2].Traits.ToolChoice[0] = "x", "x"
	b := Presets()
	if b[0].Roles[Large][0] == "x" || b[2].Endpoints[0].Policy.Text == "x" || b[0].Models["gpt-oss-120b"].Context == 0 ||
		b[2].Endpoints[0].Also[0].URL == "x" || b[2].Traits.ToolChoice[0] == "x" {
		t.Error("a change to one list of presets shows in the next")
	}
}

func TestCatalogueKnowsContextsAndPrices(t *testing.T) {
	for _, c := range []struct {
		vendor, id string
		want       ModelInfo
	}{
		{"cerebras", "gpt-oss-120b", ModelInfo{131072, 40960, false, 0.35, 0.75, 0, true, "low medium high"}},
		{"cerebras", "qwen-3.8-27b", ModelInfo{65536, 32768, true, 0.99, 1.49, 0, true, "none low medium high"}},
		{"zai", "glm-5.3", ModelInfo{1_000_000, 131072, false, 1.4, 4.4, 0.26, true, "low high max"}},
		{"zai", "glm-5.3-flash", ModelInfo{1_000_000, 131072, true, 0.15, 0.5, 0.03, true, "low high max"}},
		{"zai", "glm-5.1", ModelInfo{204800, 0, false, 1.4, 4.4, 0.26, true, ""}},
		{"synthetic", "hf:openai/gpt-oss-120b", ModelInfo{131072, 0, false, 0.1, 0.1, 0.02, true, "low medium high"}},
		{"anthropic", "claude-opus-5", ModelInfo{1_000_000, 0, true, 5, 25, 0.5, true, ""}},
	} {
		if got := Catalog(c.vendor)[c.id]; got != c.want {
			t.Errorf("%s/%s: got %+v, want %+v", c.vendor, c.id, got, c.want)
		}
	}
	if len(Catalog("nobody")) != 0 || CatalogSource() != "charm.land/catwalk v0.52.18, 2026-08-31" {
		t.Errorf("source %q", CatalogSource())
	}
}

func TestEveryOverrideHasASourceAndADate(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range overrides {
		name := o.provider + "/" + o.id
		if !strings.HasPrefix(o.source, "https://") || !strings.HasPrefix(o.date, "2026-") || seen[name] {
			t.Errorf("%s: source %q, date %q, twice %v", name, o.source, o.date, seen[name])
		}
		seen[name] = true
	}
}

func TestEffortsAreWordsThatAreKnownLeastFirst(t *testing.T) {
	some := 0
	for _, p := range Presets() {
		for id, m := range p.Models {
			at := -1
			for _, word := range m.EffortList() {
				i := slices.Index(effortWords, word)
				if i <= at {
					t.Errorf("%s/%s: efforts %q", p.ID, id, m.Efforts)
				}
				at = i
				some++
			}
		}
	}
	if m := Catalog("zai")["glm-5.2"]; some == 0 || !slices.Equal(m.EffortList(), []string{"none", "minimal", "high", "max"}) || (ModelInfo{}).EffortList() != nil {
		t.Errorf("got %q", m.Efforts)
	}
}

func TestDemoAnswersEveryRuleWithTheSimulator(t *testing.T) {
	s := mustLoad(t, "", Options{})
	d := WithDemo(s, "http://127.0.0.1:5", []Key{{Name: "one"}})
	if !d.Demo || s.Provider(DemoProvider) != nil || len(s.Providers)+1 != len(d.Providers) {
		t.Errorf("providers: %d and %d", len(s.Providers), len(d.Providers))
	}
	want := "vision: demo/vision\nlong context: demo/large\nsmall model: demo/small\neverything: demo/large\n"
	got := ""
	for _, r := range RuleRows(d.Rules) {
		got += r.Name + ": " + r.Use + "\n"
	}
	if got != want || s.Rules[3].Use[0].Provider != "cerebras" {
		t.Errorf("got %s", got)
	}
	p := d.Provider(DemoProvider)
	if !p.Demo || p.Endpoints[0].URL != "http://127.0.0.1:5" || !p.Models[p.Roles[Vision][0]].Vision || len(p.Keys) != 1 {
		t.Errorf("got %+v", p)
	}
}

func TestMatchAny(t *testing.T) {
	for _, c := range []struct {
		patterns, name string
		want           bool
	}{
		{"*haiku*|*air*", "claude-3-5-Haiku", true},
		{"*haiku*|*air*", "glm-4.5-air", true},
		{"*haiku*|*air*", "glm-4.6", false},
		{"*GLM*", "hf:zai-org/glm-5.2", true},
		{"hf:zai-org/*", "hf:zai-org/GLM-5.2", true},
		{"gpt-?", "gpt-5", true},
		{"gpt-[4-6]", "gpt-7", false},
		{"gpt-*|!gpt-oss*", "gpt-oss-120b", false},
		{"!gpt-oss*|gpt-*", "gpt-oss-120b", false},
		{"gpt-*|!gpt-oss*", "gpt-5.1", true},
		{"!*haiku*", "claude-opus", true},
		{"!*haiku*", "claude-haiku", false},
		{"", "anything", false},
		{"*", "", true},
		{"[", "[", false},
	} {
		if got := MatchAny(Patterns(c.patterns), c.name); got != c.want {
			t.Errorf("%q fits %q: %v", c.name, c.patterns, got)
		}
	}
}

func TestDefaultAliasesStandForOtherVendorsModels(t *testing.T) {
	for name, want := range map[string]bool{
		"claude-opus-5": true, "opus": true, "sonnet": true, "haiku": true, "fable": true, "gpt-5.1-codex": true, "codex-mini": true,
		"glmtray-large": true, "o3-pro": true, "o1": true, "o4-mini": true, "chatgpt-4o-latest": true,
		"gpt-oss-120b": false, "gpt-oss:20b": false, "glm-5.3": false, "qwen-3.8-27b": false, "syn:large:text": false, "zai-glm-4.6": false,
	} {
		if MatchAny(DefaultAliases(), name) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}

func TestRuleTable(t *testing.T) {
	rules := append(DefaultRules(120_000), Rule{Name: "both", When: When{Images: true, TokensOver: 1_000_000, Model: "a|b"}, Use: targets("zai")})
	want := `| rule | when | goes to |
|---|---|---|
| vision | the request has pictures | synthetic/vision → zai/vision |
| long context | the prompt is over 120,000 tokens | synthetic/large → zai/large |
| small model | the model is *haiku* or *air* | zai/small |
| everything | every other request | cerebras/large → synthetic/large → zai/large |
| both | the request has pictures and the prompt is over 1,000,000 tokens and the model is a or b | zai/large |
`
	if got := RuleTable(rules); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestTimesAndSizes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"60": time.Minute, "60s": time.Minute, "1.5": 1500 * time.Millisecond, "2d": 48 * time.Hour, " 3m ": 3 * time.Minute, "0": 0,
		"-1": -1, "": -1, "soon": -1, "1e99": -1, "NaN": -1, "Inf": -1, "9999d": -1, "-5s": -1, "10000h": -1,
	} {
		if d, ok := parseTime(text); ok != (want >= 0) || (ok && d != want) {
			t.Errorf("%q: %v, %v", text, d, ok)
		}
	}
	for text, want := range map[string]int64{
		"1": 1, "32MiB": 32 << 20, "1.5 GiB": 3 << 29, "2MB": 2e6, "3k": 3072, "5 b": 5, "-1": -1, "MiB": -1, "": -1, "1e40": -1, "2000000GiB": -1,
	} {
		if n, ok := parseSize(text); ok != (want >= 0) || (ok && n != want) {
			t.Errorf("%q: %v, %v", text, n, ok)
		}
	}
}

func TestBaseURLs(t *testing.T) {
	for text, want := range map[string]string{
		"https://API.Z.ai/v4/": "https://api.z.ai/v4", "http://127.0.0.1:80/v1": "http://127.0.0.1:80/v1", "http://localhost": "http://localhost",
		"http://[::1]:9": "http://[::1]:9", "http://127.8.9.1/": "http://127.8.9.1",
		"http://z.ai": "", "http://127.0.0.1.evil.example": "", "http://localhost.evil.example": "", "ftp://z.ai": "", "z.ai": "", "": "", "https://": "",
		"https://u@z.ai": "", "https://z.ai/?a=b": "", "https://z.ai/#a": "", "https://z.ai?": "", "https://z.ai:99999": "", "http://0.0.0.0:1": "", "//z.ai": "",
	} {
		if got, ok := parseURL(text); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", text, got, ok)
		}
	}
	for base, want := range map[string]string{"https://A.example:443/x": "a.example", "https://a.example:8443": "a.example:8443", "http://127.0.0.1:443": "127.0.0.1:443", "%": ""} {
		if got := Host(base); got != want {
			t.Errorf("%q: got %q", base, got)
		}
	}
}

func TestPrimaryIsTheFirstOfTheCatchAllRuleThatHasAKey(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want string
	}{
		{nil, "cerebras"},
		{[]string{"ZAI_API_KEY=z1"}, "zai"},
		{[]string{"ZAI_API_KEY=z1", "SYNTHETIC_API_KEY=s1"}, "synthetic"},
	} {
		s := mustLoad(t, "", Options{Environ: c.env})
		if p := s.Primary(); p == nil || p.ID != c.want {
			t.Errorf("%v: got %v, want %s", c.env, p, c.want)
		}
	}
	if p := (&Settings{}).Primary(); p != nil {
		t.Errorf("without rules: %v", p)
	}
}

// FuzzGlobs holds the quick way of patterns that have only stars against the
// standard library's.
func FuzzGlobs(f *testing.F) {
	for _, s := range [][2]string{{"*haiku*", "claude-3-haiku"}, {"a*b*c", "abc"}, {"ab*ba", "aba"}, {"**", ""}, {"a*a", "a"}, {"glm-?.*", "GLM-5.2"}, {"*/x", "hf:a/x"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		list := Patterns(pattern)
		if len(list) != 1 || strings.HasPrefix(list[0], "!") {
			return
		}
		ok, err := path.Match(fold(list[0]), fold(name))
		want := ok && err == nil
		if got := Folded(name).Fits(pattern); got != want {
			t.Errorf("%q fits %q: %v, not %v", name, pattern, got, want)
		}
	})
}
