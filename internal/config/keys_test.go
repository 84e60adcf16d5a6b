package config

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/secret"
)

const twoKeys = `
[[key]]
provider = "cerebras"
name = "work"
account = "acme"
[[key]]
provider = "cerebras"
name = "home"
disabled = true
[[key]]
provider = "zai"
name = "own"
endpoint = "payg"
`

// names writes a provider's keys as name=secret.
func names(p *Provider) string {
	var b strings.Builder
	for _, k := range p.Keys {
		fmt.Fprintf(&b, "%s=%s@%s ", k.Name, k.Secret.Reveal(), k.Endpoint)
	}
	return strings.TrimSpace(b.String())
}

func TestKeysOfTheSettingsGetTheirSecretsFromTheKeychain(t *testing.T) {
	s := mustLoad(t, twoKeys, Options{Keychain: ring{
		"cerebras/work": item("csk-work", ""),
		"zai/own":       item("z-own", "api.z.ai"),
	}})
	if got := names(s.Provider("cerebras")); got != "work=csk-work@ home=@" {
		t.Errorf("cerebras: %s", got)
	}
	work, home := s.Provider("cerebras").Keys[0], s.Provider("cerebras").Keys[1]
	if work.Account != "acme" || work.Origin != FromKeychain || work.Problem != "" {
		t.Errorf("work: %+v", work)
	}
	if !home.Disabled || home.Problem != "not in the keychain" || home.Origin != "" {
		t.Errorf("home: %+v", home)
	}
	if got := names(s.Provider("zai")); got != "own=z-own@payg" {
		t.Errorf("zai: %s", got)
	}
	if s.Demo || !s.KeysNamed {
		t.Errorf("demo %v, keys named %v", s.Demo, s.KeysNamed)
	}
}

func TestKeychainThatCannotBeReadIsAnErrorOnlyIfKeysAreNamed(t *testing.T) {
	_, err := load(t, twoKeys, Options{Keychain: lockedRing{}})
	if !errors.Is(err, ErrKeychain) || !strings.Contains(err.Error(), "reading key cerebras/work: the keychain cannot be read: the login keyring is locked") {
		t.Errorf("locked: %v", err)
	}
	if _, err := load(t, twoKeys, Options{}); !errors.Is(err, ErrKeychain) {
		t.Errorf("none: %v", err)
	}
	if s := mustLoad(t, "", Options{Keychain: lockedRing{}}); !s.Demo {
		t.Error("nothing is named, nothing is read: this is a demo")
	}
	env := []string{"CEREBRAS_API_KEY=csk-1", "ZAI_API_KEY=z1"}
	if s := mustLoad(t, twoKeys, Options{Keychain: lockedRing{}, Environ: env}); names(s.Provider("zai")) != "env=z1@plan" {
		t.Errorf("all keys come from the environment: %+v", s.Providers)
	}
}

func TestKeychainKeyIsBoundToTheHostItWasStoredFor(t *testing.T) {
	const evil = "[provider.cerebras]\nurl = \"https://evil.example/v1\"\n[[key]]\nprovider=\"cerebras\"\nname=\"a\"\n"
	const own = "[provider.mine]\nurl=\"https://llm.mine.example:8443/v1\"\nroles={large=\"m\"}\n[[key]]\nprovider=\"mine\"\nname=\"a\"\n"
	const plain = "[[key]]\nprovider=\"cerebras\"\nname=\"a\"\n"
	for _, c := range []struct{ name, toml, host, problem string }{
		{"no host, the vendor's own", plain, "", ""},
		{"the vendor's own", plain, "api.cerebras.ai", ""},
		{"in capitals", plain, "API.Cerebras.AI", ""},
		{"another one", plain, "evil.example", "stored for host evil.example, not for api.cerebras.ai"},
		{"no host, changed URL", evil, "", "stored for host api.cerebras.ai, not for evil.example"},
		{"the vendor's, changed URL", evil, "api.cerebras.ai", "stored for host api.cerebras.ai, not for evil.example"},
		{"stored for the changed URL", evil, "evil.example", ""},
		{"no host, own vendor", own, "", "stored without a host: add it again to send it to llm.mine.example:8443"},
		{"own vendor", own, "llm.mine.example:8443", ""},
		{"own vendor, another port", own, "llm.mine.example", "stored for host llm.mine.example, not for llm.mine.example:8443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, c.toml, Options{Keychain: ring{"cerebras/a": item("k-1", c.host), "mine/a": item("k-1", c.host)}})
			p := s.Provider("cerebras")
			if len(p.Keys) == 0 {
				p = s.Provider("mine")
			}
			k := p.Keys[0]
			if k.Problem != c.problem || k.Secret.Empty() != (c.problem != "") {
				t.Errorf("got problem %q, secret there: %v", k.Problem, !k.Secret.Empty())
			}
		})
	}
}

func TestKeysOfTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		name, provider string
		env            []string
		keys, note     string
	}{
		{"the order of the object is kept", "cerebras", []string{`CEREBRAS_API_KEYS={"z":"k1","a":"k2","m":"k3"}`}, "z=k1@ a=k2@ m=k3@", ""},
		{"both variables", "cerebras", []string{`CEREBRAS_API_KEYS={"a":"k1"}`, "CEREBRAS_API_KEY='k2'"}, "a=k1@ env=k2@", ""},
		{"a name that is taken", "cerebras", []string{`CEREBRAS_API_KEYS={"env":"k1"}`, "CEREBRAS_API_KEY=k2"}, "env=k1@ env-2=k2@", ""},
		{"one key under two names", "cerebras", []string{`CEREBRAS_API_KEYS={"a":"k1","b":"k2","c":"k1"}`}, "a=k1@ b=k2@", `the key "c" of CEREBRAS_API_KEYS is the same as "a"`},
		{"the same key in both", "cerebras", []string{`CEREBRAS_API_KEYS={"a":"k1"}`, "CEREBRAS_API_KEY=k1"}, "a=k1@", `is the same as "a"`},
		{"one name twice", "cerebras", []string{`CEREBRAS_API_KEYS={"a":"k1","b":"k2","a":"k3"}`}, "a=k3@ b=k2@", `two entries named "a"`},
		{"pasted with bearer", "synthetic", []string{`SYNTHETIC_API_KEY= "Bearer syn_1" `}, "env=syn_1@", ""},
		{"another vendor's shape", "synthetic", []string{"SYNTHETIC_API_KEY=csk-1234"}, "env=csk-1234@", "looks like one of Cerebras"},
		{"empty object", "cerebras", []string{`CEREBRAS_API_KEYS={}`}, "", "CEREBRAS_API_KEYS is set but holds no key"},
		{"empty variable", "cerebras", []string{`CEREBRAS_API_KEY=`}, "", ""},
		{"a plan key", "zai", []string{"ZAI_API_KEY=z1"}, "env=z1@plan", "is taken for a key of the coding plan"},
		{"a pay-as-you-go key", "zai", []string{"ZAI_API_KEY=z1", "ZAI_BASE_URL=https://api.z.ai/api/paas/v4/"}, "env=z1@payg", ""},
		{"a plan key in China", "zai", []string{"ZAI_API_KEY=z1", "ZAI_BASE_URL=https://open.bigmodel.cn/api/coding/paas/v4"}, "env=z1@plan", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, "", Options{Environ: c.env})
			if got := names(s.Provider(c.provider)); got != c.keys {
				t.Errorf("got %q, want %q", got, c.keys)
			}
			if !hasNote(s, c.note) && c.note != "" {
				t.Errorf("notes: %v", s.Notes)
			}
			if s.Demo {
				t.Error("a provider variable is set: no demo")
			}
		})
	}
}

func TestBrokenKeyVariablesNameThemselvesAndNothingElse(t *testing.T) {
	const key = "csk-canary0123456789abcdef"
	for _, c := range []struct{ name, pair, want string }{
		{"not an object", `CEREBRAS_API_KEYS=["` + key + `"]`, "must be a JSON object"},
		{"a bare key", "CEREBRAS_API_KEYS=" + key, "must be a JSON object"},
		{"cut off", `CEREBRAS_API_KEYS={"a":"` + key, "broken JSON in entry 1"},
		{"unclosed", `CEREBRAS_API_KEYS={"a":"` + key + `"`, "broken JSON at its end"},
		{"more behind it", `CEREBRAS_API_KEYS={"a":"` + key + `"} "` + key + `"`, "broken JSON at its end"},
		{"a comma too many", `CEREBRAS_API_KEYS={"a":"` + key + `",}`, "broken JSON"},
		{"a list as key", `CEREBRAS_API_KEYS={"a":["` + key + `"]}`, "the value of entry 1 must be a key"},
		{"an empty key", `CEREBRAS_API_KEYS={"a":"` + key + `","b":""}`, "the value of entry 2 must be a key"},
		{"name and key swapped", `CEREBRAS_API_KEYS={"` + key + `":"work"}`, "the name of entry 1 looks like a key"},
		{"a blank inside", "ZAI_API_KEY=" + key + " " + key, "must be a key"},
		{"a client key with a blank", "LITELLM_MASTER_KEY=" + key + " x", "must be a key"},
		{"a key for a URL", "ZAI_BASE_URL=" + key, "must be an https URL"},
		{"plain http", "ZAI_BASE_URL=http://api.z.ai/" + key, "must be an https URL"},
		{"a key for another dialect's URL", "ZAI_TARGET_URL=" + key, "must be an https URL"},
		{"a key for a time", "CEREBRAS_COOLDOWN=" + key, "must be a time"},
		{"a key for a folder flag", "LOG_REQUESTS=" + key, "must be true or false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, "", Options{Environ: []string{c.pair}})
			if err == nil {
				t.Fatal("no error")
			}
			name, _, _ := strings.Cut(c.pair, "=")
			if !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want %s: …%s", err, name, c.want)
			}
		})
	}
}

func TestEnvironmentKeysReplaceTheKeychainsAndOnlyTheyTakeTheURL(t *testing.T) {
	chain := ring{"cerebras/work": item("csk-work", ""), "zai/own": item("z-own", "")}
	s := mustLoad(t, twoKeys, Options{Keychain: chain, Environ: []string{
		"CEREBRAS_API_KEY=csk-env", "CEREBRAS_BASE_URL=http://127.0.0.1:9/v1/", "ZAI_BASE_URL=https://evil.example/v4",
	}})
	c, z := s.Provider("cerebras"), s.Provider("zai")
	if names(c) != "env=csk-env@" || c.Endpoints[0].URL != "http://127.0.0.1:9/v1" || c.Keys[0].Origin != "CEREBRAS_API_KEY" {
		t.Errorf("cerebras: %+v", c)
	}
	if !hasNote(s, "the keys of CEREBRAS_API_KEY stand in for the 2 in the settings") {
		t.Errorf("notes: %v", s.Notes)
	}
	if names(z) != "own=z-own@payg" || z.Endpoint("payg").URL != zaiPaygURL || z.Endpoint("plan").URL != zaiPlanURL {
		t.Errorf("zai: %+v", z)
	}
	if !hasNote(s, "ZAI_BASE_URL is not applied") {
		t.Errorf("notes: %v", s.Notes)
	}
}

func TestDemoOnlyWhereNothingWasEverConfigured(t *testing.T) {
	for _, c := range []struct {
		name, toml string
		env        []string
		flags      map[string]string
		want       bool
	}{
		{"nothing at all", "", nil, nil, true},
		{"other settings", "cooldown = 3", []string{"MAX_WORKERS=3"}, nil, true},
		{"an empty object of keys", "", []string{"CEREBRAS_API_KEYS={}"}, nil, false},
		{"an empty key", "", []string{"ZAI_API_KEY="}, nil, false},
		{"a base URL", "", []string{"SYNTHETIC_BASE_URL=https://x.example"}, nil, false},
		{"an address of another dialect", "", []string{"ZAI_TARGET_URL=https://x.example"}, nil, false},
		{"keys were there once", "keys_named = true", nil, nil, false},
		{"a key is there", "[[key]]\nprovider=\"zai\"\nname=\"a\"", nil, nil, false},
		{"forbidden by flag", "", nil, map[string]string{"demo": "false"}, false},
		{"forbidden by file", "demo = false", nil, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, c.toml, Options{Environ: c.env, Flags: c.flags, Keychain: ring{}})
			if s.Demo != c.want {
				t.Errorf("demo: %v", s.Demo)
			}
		})
	}
}

func TestEveryVariableOfThePredecessorsIsHonouredOrNamed(t *testing.T) {
	f, err := os.Open("testdata/variables.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known := map[string]Variable{}
	for _, v := range Variables() {
		if _, twice := known[v.Name]; twice {
			t.Errorf("%s is listed twice", v.Name)
		}
		known[v.Name] = v
	}
	valid := map[string]string{
		"CEREBRAS_API_KEYS": `{"a":"csk-canary"}`, "CEREBRAS_COOLDOWN": "5", "TOKEN_THRESHOLD": "5", "MAX_RETRIES": "5", "MAX_WORKERS": "5",
		"FALLBACK_ON_COOLDOWN": "True", "ENABLE_INCOMING_AUTH": "false", "LOG_REQUESTS": "FALSE",
		"CEREBRAS_BASE_URL": "https://a.example", "SYNTHETIC_BASE_URL": "https://a.example", "ZAI_BASE_URL": "https://a.example",
		"ZAI_ANTHROPIC_BASE_URL": "https://a.example", "ZAI_TARGET_URL": "https://a.example",
		"RATE_LIMIT_INITIAL": "10", "RATE_LIMIT_MIN": "1", "RATE_LIMIT_MAX": "50", "RATE_LIMIT_CEILING_ALPHA": "0.3",
		"RATE_LIMIT_HOLD_MARGIN": "0.02", "RATE_LIMIT_PROBE_INTERVAL": "10", "RATE_LIMIT_STATE_MAX_AGE": "6h",
		"QUOTA_POLL_ENABLED": "true", "QUOTA_POLL_INTERVAL": "1m", "QUOTA_POLL_TIMEOUT": "5s", "ZAI_QUOTA_BASE_URL": "https://api.z.ai",
	}
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name := lines.Text()
		if name == "" || name[0] == '#' {
			continue
		}
		n++
		v, ok := known[name]
		if !ok {
			t.Errorf("%s is neither honoured nor named", name)
			continue
		}
		text := valid[name]
		if text == "" {
			text = "canary"
		}
		before := mustLoad(t, "", Options{DataDir: "/nowhere"})
		after := mustLoad(t, "", Options{DataDir: "/nowhere", Environ: []string{name + "=" + text}})
		named := hasNote(after, name+" is not used: ")
		switch {
		case v.Honoured && named, !v.Honoured && (!named || v.Why == "" || !hasNote(after, v.Why)):
			t.Errorf("%s: honoured %v, why %q, notes %v", name, v.Honoured, v.Why, after.Notes)
		case v.Honoured && len(after.Notes) == len(before.Notes) && sameOrigins(before, after) && sameKeys(before, after):
			t.Errorf("%s is said to be honoured and changes nothing", name)
		}
	}
	if n < 50 {
		t.Errorf("only %d variables in the list", n)
	}
}

func sameOrigins(a, b *Settings) bool { return fmt.Sprint(a.Origins) == fmt.Sprint(b.Origins) }

func sameKeys(a, b *Settings) bool {
	for i := range a.Providers {
		if len(a.Providers[i].Keys) != len(b.Providers[i].Keys) {
			return false
		}
	}
	return true
}

func TestNothingThatIsPrintedHoldsAKey(t *testing.T) {
	const canary = "canary0123456789abcdef0123456789"
	env := []string{
		`CEREBRAS_API_KEYS={"a":"csk-1` + canary + `","b":"csk-1` + canary + `"}`, "CEREBRAS_API_KEY=csk-2" + canary,
		"SYNTHETIC_API_KEY=csk-3" + canary, "LITELLM_MASTER_KEY=sk-4" + canary,
	}
	s := mustLoad(t, "[[key]]\nprovider=\"zai\"\nname=\"a\"\n[[key]]\nprovider=\"cerebras\"\nname=\"b\"", Options{
		Environ: env, Keychain: ring{"zai/a": item("5"+canary, "")},
	})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "s", s, "v", *s, "keys", s.Provider("zai").Keys)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	demo := WithDemo(s, "http://127.0.0.1:1", []Key{{Name: "d", Secret: secret.New(canary)}})
	all := fmt.Sprintf("%v %+v %#v %v", *s, s, s, s.Notes) + fmt.Sprintf("%x", s.ClientKey) + fmt.Sprintf("%+v", demo) + fmt.Sprint(s.Origins) + log.String() + string(text)
	if strings.Contains(all, "canary") || strings.Contains(all, fmt.Sprintf("%x", "canary")) {
		t.Error("a key is printed")
	}
	// A key in every wrong place of the file.
	for _, toml := range []string{
		`cooldown = "KEY"`, `"KEY" = 1`, `addr = "KEY"`, `proxy = "KEY"`, `aliases = ["[KEY"]`, `x = "KEY`, `["KEY"]`,
		"[[key]]\nprovider=\"KEY\"\nname=\"a\"", "[[key]]\nprovider=\"zai\"\nname=\"KEY\"", "[[key]]\nprovider=\"zai\"\nname=\"a\"\nendpoint=\"KEY\"",
		"[[key]]\nprovider=\"zai\"\nname=\"a\"\naccount=\"KEY\"", "[[key]]\nprovider=\"zai\"\nname=\"a\"\nsecret=\"KEY\"", "[provider.\"KEY\"]\nurl=\"https://x.example\"",
		"[provider.zai]\nurl=\"https://x.example/?k=KEY\"", "[provider.zai]\n\"KEY\"=1", "[[rule]]\nname=\"KEY\"\nuse=\"KEY\"", "[[rule]]\nname=\"a\"\nuse=\"KEY/x\"",
		"[[rule]]\nname=\"a\"\nwhen.model=\"[KEY\"\nuse=\"zai\"", "[provider.zai.models.\"KEY\"]\nx=1", "[provider.zai.refuses.rename]\n\"KEY\"=1",
		"[provider.zai.also.\"KEY\"]\nurl=\"https://api.z.ai\"", "[provider.zai.also.anthropic]\nurl=\"https://evil.example/KEY\"", "[provider.zai.also.anthropic]\nurl=\"KEY\"", "[provider.zai]\nauth=\"KEY\"", "[provider.zai]\ndialect=\"KEY\"",
		"[provider.zai.traits]\nreasoning=\"KEY-\"", "[provider.zai.traits]\nthinking=\"KEY\"", "[provider.zai.traits]\ntool_choice=[\"KEY\"]", "[provider.zai.models.a]\nefforts=[\"KEY\"]", "a = KEY", "a.\"KEY\" = 1\na.\"KEY\" = 2",
	} {
		for _, key := range []string{"csk-" + canary, "0123456789abcdef0123456789abcdef.canarycanary0123", "canary" + strings.Repeat("x", 40)} {
			_, err := load(t, strings.ReplaceAll(toml, "KEY", key), Options{Keychain: ring{}})
			if err == nil {
				t.Errorf("%s: no error", toml)
			} else if strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", toml, err)
			}
		}
	}
	_, err = load(t, twoKeys, Options{Keychain: echoRing("csk-" + canary)})
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// echoRing is a keychain whose errors repeat the key.
type echoRing string

func (r echoRing) Get(context.Context, string, string) (KeychainItem, error) {
	return KeychainItem{}, errors.New("cannot read " + string(r))
}

func TestEnvFileUnderstandsQuotesCommentsAndSeveralLines(t *testing.T) {
	lines, problems := parseEnvFile("x.env", "# c\n\nA=1\nexport B = 'two # words'\nC=\"a\\nb\\\"\\$\\x\" # c\nD={\"n\": \"k\"}\nE='{\n \"a\": 1\n}'\nF= x # y\nG=\nbroken line\n1X=3\nH=last")
	l := layerOf(lines)
	want := map[string]string{
		"A": "1", "B": "two # words", "C": "a\nb\"$\\x", "D": `{"n": "k"}`, "E": "{\n \"a\": 1\n}", "F": "x", "G": "", "H": "last",
	}
	for name, text := range want {
		if l[name].text != text {
			t.Errorf("%s: got %q, want %q", name, l[name].text, text)
		}
	}
	if len(l) != len(want) || len(problems) != 2 || problems[0].Line != 12 || problems[1].Line != 13 || l["H"].origin != "H (x.env:14)" {
		t.Errorf("got %v, %v", l, problems)
	}
	if _, problems = parseEnvFile("x.env", "A=1\nB='secret\n"); len(problems) != 1 || problems[0].Error() != "x.env:2: B: the quotes are not closed" {
		t.Errorf("got %v", problems)
	}
	if _, err := load(t, "", Options{EnvFile: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a missing env file: %v", err)
	}
}
