package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestAddressIsTheFirstOfTheWantedDialects(t *testing.T) {
	both := Endpoint{Dialect: OpenAI, URL: "https://a.example/v1", Also: []Address{{Anthropic, "https://a.example/anthropic", AuthAPIKey}}}
	own := Address{OpenAI, "https://a.example/v1", AuthBearer}
	one := Endpoint{Dialect: Anthropic, URL: "https://b.example", Auth: AuthAPIKey}
	for _, c := range []struct {
		name string
		e    Endpoint
		want []Dialect
		got  Address
	}{
		{"nothing wanted", both, nil, own},
		{"the own one", both, []Dialect{OpenAI, Anthropic}, own},
		{"the other one", both, []Dialect{Anthropic, OpenAI}, both.Also[0]},
		{"one that is not spoken", both, []Dialect{"responses"}, own},
		{"one that is not spoken, then the other", both, []Dialect{"responses", Anthropic}, both.Also[0]},
		{"nothing but Anthropic", one, []Dialect{OpenAI}, Address{Anthropic, "https://b.example", AuthAPIKey}},
	} {
		if got := c.e.Address(c.want...); got != c.got {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.got)
		}
	}
}

// addresses writes where a provider's endpoints are.
func addresses(p *Provider) string {
	var b strings.Builder
	for _, e := range p.Endpoints {
		fmt.Fprintf(&b, "%s:%s@%s", e.ID, e.Dialect, e.URL)
		for _, a := range e.Also {
			fmt.Fprintf(&b, "+%s@%s", a.Dialect, a.URL)
		}
		b.WriteString(" ")
	}
	return strings.TrimSpace(b.String())
}

const (
	planBoth = "plan:openai@" + zaiPlanURL + "+anthropic@" + zaiAnthropicURL
	paygOnly = "payg:openai@" + zaiPaygURL
)

func TestAddressesOfTheSettings(t *testing.T) {
	for _, c := range []struct{ name, toml, provider, want, note string }{
		{"a preset's", "", "synthetic", ":openai@" + syntheticURL + "+anthropic@" + syntheticAnthropicURL, ""},
		{"the plan's alone", "", "zai", planBoth + " " + paygOnly, ""},
		{"none", "", "cerebras", ":openai@" + cerebrasURL, ""},
		{
			"a further one", "[provider.zai.endpoint.payg.also.anthropic]\nurl=\"https://api.z.ai/other/v1/\"", "zai",
			planBoth + " " + paygOnly + "+anthropic@https://api.z.ai/other", "",
		},
		{"one that is taken away", "[provider.zai.also.anthropic]\nurl=\"\"", "zai", "plan:openai@" + zaiPlanURL + " " + paygOnly, ""},
		{
			"a URL at another host leaves the preset's behind", "[provider.synthetic]\nurl=\"https://gateway.example/v1\"", "synthetic",
			":openai@https://gateway.example/v1", "Synthetic: https://api.synthetic.new/anthropic is not used",
		},
		{
			"one at the same host does not", "[provider.synthetic]\nurl=\"https://API.synthetic.new/v1\"", "synthetic",
			":openai@https://api.synthetic.new/v1+anthropic@" + syntheticAnthropicURL, "",
		},
		{
			"both at another host", "[provider.synthetic]\nurl=\"https://gateway.example/v1\"\nalso.anthropic.url=\"https://gateway.example\"", "synthetic",
			":openai@https://gateway.example/v1+anthropic@https://gateway.example", "",
		},
		{
			"in whatever order", "[provider.zai.also.anthropic]\nurl=\"https://gateway.example\"\n[provider.zai.endpoint.plan]\nurl=\"https://gateway.example/v1\"", "zai",
			"plan:openai@https://gateway.example/v1+anthropic@https://gateway.example " + paygOnly, "",
		},
		{
			"a preset in another dialect", "[provider.zai]\ndialect=\"anthropic\"\nurl=\"https://api.z.ai/api/anthropic/v1\"", "zai",
			"plan:anthropic@" + zaiAnthropicURL + " " + paygOnly, "",
		},
		{
			"a vendor of one's own", "[provider.claude]\nname=\"Claude\"\ndialect=\"anthropic\"\nurl=\"https://api.anthropic.com/v1\"\nauth=\"x-api-key\"", "claude",
			":anthropic@https://api.anthropic.com", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, c.toml, Options{})
			if got := addresses(s.Provider(c.provider)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if c.note != "" != (len(s.Notes) > 0) || !hasNote(s, c.note) && c.note != "" {
				t.Errorf("notes: %v", s.Notes)
			}
		})
	}
	s := mustLoad(t, "[provider.zai.also.anthropic]\nauth=\"x-api-key\"", Options{})
	if a := s.Provider("zai").Endpoint("plan").Address(Anthropic); a != (Address{Anthropic, zaiAnthropicURL, AuthAPIKey}) {
		t.Errorf("got %+v", a)
	}
}

func TestAddressesOfTheEnvironmentAreForItsKeysAlone(t *testing.T) {
	const key, far = "ZAI_API_KEY=z1", "ZAI_TARGET_URL=https://gateway.example/anthropic/v1"
	for _, c := range []struct {
		name string
		env  []string
		want string
		note string
	}{
		{"a key alone", []string{key}, planBoth + " " + paygOnly, ""},
		{
			"Anthropic's at the vendor",
			[]string{key, "ZAI_TARGET_URL=https://api.z.ai/api/anthropic2/"},
			"plan:openai@" + zaiPlanURL + "+anthropic@https://api.z.ai/api/anthropic2 " + paygOnly, "",
		},
		{
			"elsewhere: the key goes nowhere else",
			[]string{key, far},
			"plan:anthropic@https://gateway.example/anthropic " + paygOnly, "ZAI_TARGET_URL: the keys go to gateway.example alone",
		},
		{
			"both elsewhere",
			[]string{key, far, "ZAI_BASE_URL=https://gateway.example/coding/v4"},
			"plan:openai@https://gateway.example/coding/v4+anthropic@https://gateway.example/anthropic " + paygOnly, "",
		},
		{
			"each at its own host",
			[]string{key, "ZAI_ANTHROPIC_BASE_URL=http://127.0.0.1:5", "ZAI_BASE_URL=http://127.0.0.1:4/coding/v4"},
			"plan:openai@http://127.0.0.1:4/coding/v4+anthropic@http://127.0.0.1:5 " + paygOnly, "",
		},
		{
			"chat completions alone elsewhere",
			[]string{key, "ZAI_BASE_URL=https://open.bigmodel.cn/api/coding/paas/v4"},
			"plan:openai@https://open.bigmodel.cn/api/coding/paas/v4 " + paygOnly, "",
		},
		{
			"the pay-as-you-go key's",
			[]string{key, "ZAI_BASE_URL=" + zaiPaygURL, "ZAI_ANTHROPIC_BASE_URL=https://api.z.ai/payg"},
			planBoth + " " + paygOnly + "+anthropic@https://api.z.ai/payg", "",
		},
		{
			"two that differ",
			[]string{key, far, "ZAI_ANTHROPIC_BASE_URL=" + zaiAnthropicURL},
			planBoth + " " + paygOnly, "ZAI_TARGET_URL is not used: ZAI_ANTHROPIC_BASE_URL is set",
		},
		{"without a key", []string{far}, planBoth + " " + paygOnly, "ZAI_TARGET_URL is not applied: it is for a key from the environment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, "", Options{Environ: c.env})
			if got := addresses(s.Provider("zai")); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if c.note != "" && !hasNote(s, c.note) {
				t.Errorf("notes: %v", s.Notes)
			}
		})
	}
	anthropic := "[provider.zai]\ndialect=\"anthropic\"\nurl=\"https://api.z.ai/api/anthropic\"\nauth=\"x-api-key\""
	s := mustLoad(t, anthropic, Options{Environ: []string{key, far}})
	if a := s.Provider("zai").Endpoint("plan").Address(OpenAI); a != (Address{Anthropic, "https://gateway.example/anthropic", AuthAPIKey}) {
		t.Errorf("an endpoint that speaks nothing else: %+v", a)
	}
	s = mustLoad(t, twoKeys, Options{Environ: []string{far}, Keychain: ring{"cerebras/work": item("c", ""), "zai/own": item("z", "")}})
	if got := addresses(s.Provider("zai")); got != planBoth+" "+paygOnly || names(s.Provider("zai")) != "own=z@payg" {
		t.Errorf("keys of the keychain: %s", got)
	}
	s = mustLoad(t, "", Options{Environ: []string{"SYNTHETIC_API_KEY=s1", "SYNTHETIC_BASE_URL=https://gateway.example/v1"}})
	if got := addresses(s.Provider("synthetic")); got != ":openai@https://gateway.example/v1" {
		t.Errorf("synthetic: %s", got)
	}
}

func TestKeychainKeyGoesToNoAddressOfAnotherHost(t *testing.T) {
	const moved = "[provider.synthetic]\nurl=\"https://gateway.example/v1\"\n[[key]]\nprovider=\"synthetic\"\nname=\"a\"\n"
	s := mustLoad(t, moved, Options{Keychain: ring{"synthetic/a": item("syn_1", "gateway.example")}})
	p := s.Provider("synthetic")
	if a := p.Endpoint(p.Keys[0].Endpoint).Address(Anthropic); Host(a.URL) != "gateway.example" || p.Keys[0].Secret.Empty() {
		t.Errorf("a key of gateway.example goes to %s", a.URL)
	}
}
