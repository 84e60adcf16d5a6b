package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// ring is a keychain for tests.
type ring map[string]KeychainItem

func (r ring) Get(_ context.Context, provider, name string) (KeychainItem, error) {
	item, ok := r[provider+"/"+name]
	if !ok {
		return KeychainItem{}, fmt.Errorf("getting: %w", ErrNoItem)
	}
	return item, nil
}

// lockedRing is a keychain that cannot be read.
type lockedRing struct{}

func (lockedRing) Get(context.Context, string, string) (KeychainItem, error) {
	return KeychainItem{}, errors.New("the login keyring is locked")
}

func item(key, host string) KeychainItem { return KeychainItem{Secret: secret.New(key), Host: host} }

// load loads a settings.toml of this text.
func load(t *testing.T, toml string, o Options) (*Settings, error) {
	t.Helper()
	if o.DataDir == "" {
		o.DataDir = t.TempDir()
	}
	if toml != "" {
		write(t, filepath.Join(o.DataDir, "settings.toml"), toml)
	}
	return Load(t.Context(), o)
}

func mustLoad(t *testing.T, toml string, o Options) *Settings {
	t.Helper()
	s, err := load(t, toml, o)
	if err != nil {
		t.Fatalf("loading: %v", err)
	}
	return s
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNewInstallationHasTheDefaults(t *testing.T) {
	s := mustLoad(t, "", Options{DataDir: "/nowhere/data"})
	got := fmt.Sprintln(s.Addr, s.AddrGiven, s.FallbackOnCooldown, s.Cooldown, s.MaxWait, s.ShortWait, s.LastPatience,
		s.TokenThreshold, s.MaxRetries, s.MaxWorkers, s.MaxQueue, s.QueueWait, s.MaxBody, s.Shutdown, s.LogRequests,
		s.LogMaxBytes, s.LogMaxAge, s.RecordsMaxAge, s.RecordsMaxRows, s.TokenCounting, s.TokenizerModel, s.LogLevel, s.Demo, s.KeysNamed, s.AllowRemote, s.RequireClientKey)
	want := "127.0.0.1:18080 false true 1m0s 1m30s 3s 2m0s 120000 0 256 256 30s 33554432 30s true 536870912 336h0m0s 2160h0m0s 1000000 true glm-4 info true false false false\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if s.LogDir != filepath.Join("/nowhere/data", "logs") || s.ConfigFile != filepath.Join("/nowhere/data", "settings.toml") {
		t.Errorf("log_dir %s, file %s", s.LogDir, s.ConfigFile)
	}
	if s.Origins["addr"] != FromDefault || s.Origins["rules"] != FromDefault {
		t.Errorf("origins: %v", s.Origins)
	}
	if len(s.Rules) != 4 || !s.Rules[3].CatchAll() {
		t.Errorf("rules: %+v", s.Rules)
	}
}

func TestStrongerSourcesWinAndEachValueKnowsItsOrigin(t *testing.T) {
	dir := t.TempDir()
	envFile := filepath.Join(dir, "my.env")
	write(t, envFile, "# a comment\nexport CEREBRAS_COOLDOWN=20\nMAX_WORKERS=30 # few\nGLMTRAY_MAX_WAIT='40s'\n")
	o := Options{
		DataDir: dir, EnvFile: envFile,
		Environ: []string{"MAX_WORKERS=31", "GLMTRAY_QUEUE_WAIT=50", "GLMTRAY_TOKEN_THRESHOLD=7", "TOKEN_THRESHOLD=6", "LOG_DIR="},
		Flags:   map[string]string{"queue-wait": "60s", "addr": "127.0.0.1:0"},
	}
	s := mustLoad(t, "cooldown = \"10s\"\nmax_workers = 10\nmax_wait = 10\nqueue_wait = 10\nshort_wait = 0.5\n", o)
	for _, c := range []struct {
		name      string
		got, want any
		origin    Origin
	}{
		{"cooldown", s.Cooldown, 20 * time.Second, "CEREBRAS_COOLDOWN (my.env:2)"},
		{"max_workers", s.MaxWorkers, 31, "MAX_WORKERS"},
		{"max_queue", s.MaxQueue, 31, FromDefault},
		{"max_wait", s.MaxWait, 40 * time.Second, "GLMTRAY_MAX_WAIT (my.env:4)"},
		{"queue_wait", s.QueueWait, 60 * time.Second, "--queue-wait"},
		{"short_wait", s.ShortWait, 500 * time.Millisecond, "settings.toml:5"},
		{"token_threshold", s.TokenThreshold, 7, "GLMTRAY_TOKEN_THRESHOLD"},
		{"addr", s.Addr, "127.0.0.1:0", "--addr"},
		{"log_dir", s.LogDir, filepath.Join(dir, "logs"), FromDefault},
	} {
		if c.got != c.want || s.Origins[c.name] != c.origin {
			t.Errorf("%s: got %v from %q, want %v from %q", c.name, c.got, s.Origins[c.name], c.want, c.origin)
		}
	}
	if !s.AddrGiven {
		t.Error("an address from a flag counts as given")
	}
	if s.Rules[1].When.TokensOver != 7 {
		t.Errorf("the default rule is over %d tokens", s.Rules[1].When.TokensOver)
	}
}

func TestEveryScalarCanBeSetByVariableAndFlag(t *testing.T) {
	values := map[string]string{
		allowTime: "7s", allowBool: "false", allowSize: "5MiB",
		"a whole number of at least 0": "7", "a whole number of at least 1": "7",
		"an address such as 127.0.0.1:18080": "127.0.0.1:7", "a path": "/x", "debug, info, warn or error": "debug", "a name": "glm-5",
		allowRate: "0.133", allowShare: "0.3", allowPoll: "synthetic, zai", "a URL such as https://api.z.ai": "https://quota.example",
	}
	for i := range scalars {
		c := &scalars[i]
		if c.file {
			continue
		}
		text, ok := values[c.allowed]
		switch c.name {
		case "allowed_hosts":
			text = "a.example, b.example"
		case "allowed_origins":
			text = "http://localhost:3000"
		case "aliases":
			text = "claude-*,!gpt-oss*"
		case "variant":
			text = "blue"
		case "proxy":
			text = "http://proxy.example:3128"
		default:
			if !ok {
				t.Fatalf("no value for %s (%s)", c.name, c.allowed)
			}
		}
		s := mustLoad(t, "", Options{Environ: []string{c.variable() + "=" + text}})
		if s.Origins[c.name] != Origin(c.variable()) {
			t.Errorf("%s: origin %q", c.variable(), s.Origins[c.name])
		}
		s = mustLoad(t, "", Options{Flags: map[string]string{c.name: text}})
		if !strings.HasPrefix(string(s.Origins[c.name]), "--") {
			t.Errorf("%s: origin %q", c.name, s.Origins[c.name])
		}
		_, err := load(t, "", Options{Environ: []string{c.variable() + "=\x00[x"}})
		if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), c.variable()+": must be ") || strings.Contains(err.Error(), "[x") {
			t.Errorf("%s: a bad value gives %v", c.variable(), err)
		}
	}
}

func TestBadFilesSayFileLineFieldAndWhatIsAllowed(t *testing.T) {
	for _, c := range []struct{ name, toml, want string }{
		{"setting written badly", "cool_down = 1", `settings.toml:1: "cool_down": unknown setting; did you mean cooldown?`},
		{"unknown setting", "colour = 1", `settings.toml:1: "colour": unknown setting; the table in the README, `},
		{"bad time", "# hi\ncooldown = \"soon\"", `settings.toml:2: cooldown: must be a time such as "60s"`},
		{"time of the wrong kind", "cooldown = [1]", `settings.toml:1: cooldown: must be a time`},
		{"negative time", "cooldown = -1", `settings.toml:1: cooldown: must be a time`},
		{"bad bool", "log_requests = \"maybe\"", `settings.toml:1: log_requests: must be true or false`},
		{"threshold of nothing", "token_threshold = 0", `settings.toml:1: token_threshold: must be a whole number of at least 1`},
		{"bad address", "addr = \"18080\"", `settings.toml:1: addr: must be an address`},
		{"bad alias", "aliases = [\"[\"]", `settings.toml:1: aliases: must be a list of shell patterns`},
		{"no TOML", "cooldown = 1\nmax_wait 3", `settings.toml:2: not TOML: `},
		{"a date", "cooldown = 2020-01-01", `settings.toml:1: cooldown: must be a time`},
		{"twice", "cooldown = 1\ncooldown = 2", `settings.toml:2: not TOML: `},
		{"unknown provider in a rule", "\n[[rule]]\nname = \"x\"\nuse = [\"zia\"]", `settings.toml:4: rule "x": use: unknown provider "zia"; known: cerebras, synthetic, zai`},
		{"no catch-all", "[[rule]]\nname = \"x\"\nwhen = {images = true}\nuse = [\"zai/vision\"]", `settings.toml:1: rule "x": the last rule must hold for every request`},
		{"rule behind a catch-all", "[[rule]]\nname=\"a\"\nuse=\"zai\"\n[[rule]]\nname=\"b\"\nuse=\"zai\"", `settings.toml:4: rule "b": is never reached: rule "a" before it holds for every request`},
		{"bad pattern", "[[rule]]\nname=\"a\"\nwhen.model=\"[\"\nuse=\"zai\"\n[[rule]]\nname=\"b\"\nuse=\"zai\"", `settings.toml:3: rule "a": when: model: "[" is a malformed pattern`},
		{"no targets", "[[rule]]\nname=\"a\"\nuse=[]", `settings.toml:3: rule "a": use: must be a list of targets`},
		{"a role without a model", "[provider.groq]\nurl=\"https://api.groq.com/openai/v1\"\n[[rule]]\nname=\"a\"\nuse=\"groq\"", `settings.toml:5: rule "a": use: groq names no model for "large"`},
		{"unknown condition", "[[rule]]\nname=\"a\"\nwhen={size=3}\nuse=\"zai\"", `settings.toml:3: rule "a": when: "size": unknown setting; known: images, tokens_over, model`},
		{"two rules of a name", "[[rule]]\nname=\"a\"\nwhen.images=true\nuse=\"zai/vision\"\n[[rule]]\nname=\"a\"\nuse=\"zai\"", `settings.toml:6: rule "a": name: another rule has this name`},
		{"key of nobody", "[[key]]\nprovider=\"zia\"\nname=\"x\"", `settings.toml:2: key "x": provider: unknown provider "zia"; known: cerebras, synthetic, zai`},
		{"key of an unknown endpoint", "[[key]]\nprovider=\"zai\"\nname=\"x\"\nendpoint=\"p\"", `settings.toml:4: key "x": endpoint: unknown endpoint "p"; known: plan, payg`},
		{"key without a name", "[[key]]\nprovider=\"zai\"", `settings.toml:1: key: name: is missing`},
		{"two keys of a name", "[[key]]\nprovider=\"zai\"\nname=\"x\"\n[[key]]\nprovider=\"zai\"\nname=\"x\"", `settings.toml:6: key "x": name: Z.ai has a key of this name already`},
		{"key table alone", "[key]\nprovider=\"zai\"", `settings.toml:1: key: must be written [[key]]`},
		{"a secret in the file", "[[key]]\nprovider=\"zai\"\nname=\"x\"\napi_key=\"abc\"", `settings.toml:4: key "x": "api_key": keys do not stand in this file`},
		{"plain http", "[provider.zai]\nurl = \"http://api.z.ai/v4\"", `settings.toml:2: provider "zai": url: must be an https URL`},
		{"URL with a user", "[provider.zai]\nurl = \"https://me:pw@api.z.ai/v4\"", `settings.toml:2: provider "zai": url: must be an https URL`},
		{"provider without URL", "[provider.groq]\nname=\"Groq\"", `settings.toml:1: provider "groq": url is missing`},
		{"the demo's name", "[provider.demo]\nurl=\"https://x.example\"", `settings.toml:1: provider "demo": this name belongs to the built-in simulator`},
		{"unknown role", "[provider.zai.roles]\nbig=\"x\"", `settings.toml:2: provider "zai": roles: "big": unknown setting; known: large, small, vision`},
		{"unknown limit", "[provider.zai.limits]\nfirst=\"x\"", `settings.toml:2: provider "zai": limits: "first": unknown setting; known: max_output, first_event`},
		{"dialect", "[provider.zai]\ndialect=\"cohere\"", `settings.toml:2: provider "zai": dialect: must be "openai" or "anthropic"`},
		{"dialect without its URL", "[provider.zai]\ndialect=\"anthropic\"", `settings.toml:2: provider "zai": dialect: needs a url beside it: the one there is speaks "openai"`},
		{"auth", "[provider.zai]\nauth=\"basic\"", `settings.toml:2: provider "zai": auth: must be "bearer" or "x-api-key"`},
		{"another dialect's name", "[provider.zai.also.cohere]\nurl=\"https://api.z.ai\"", `settings.toml:1: provider "zai": also "cohere": must be one of "openai" or "anthropic"`},
		{"another dialect's form", "[provider.zai.also]\nanthropic=\"https://api.z.ai\"", `settings.toml:2: provider "zai": also "anthropic": must be a table with a url`},
		{"the own dialect again", "[provider.zai.also.openai]\nurl=\"https://api.z.ai\"", `settings.toml:1: provider "zai": also "openai": is the endpoint's own dialect`},
		{"another dialect without URL", "[provider.cerebras.also.anthropic]\nauth=\"bearer\"", `settings.toml:1: provider "cerebras": also "anthropic": url is missing`},
		{"another dialect's bad URL", "[provider.zai.also.anthropic]\nurl=\"z.ai\"", `settings.toml:2: provider "zai": also "anthropic": url: must be an https URL`},
		{"another dialect's setting", "[provider.zai.also.anthropic]\nconcurrency=1", `settings.toml:2: provider "zai": also "anthropic": "concurrency": unknown setting; known: url, auth`},
		{"another dialect elsewhere", "[provider.zai.also.anthropic]\nurl=\"https://evil.example/v1\"", `settings.toml:1: provider "zai": also "anthropic": url: must be at api.z.ai, as the endpoint's own url: a key belongs to one host`},
		{"trait", "[provider.zai.traits]\nfast=true", `settings.toml:2: provider "zai": traits: "fast": unknown setting; known: reasoning, thinking`},
		{"field of reasoning", "[provider.zai.traits]\nreasoning=\"a b\"", `settings.toml:2: provider "zai": traits: reasoning: must be the name of a field`},
		{"switch of thinking", "[provider.zai.traits]\nthinking=\"enable_thinking\"", `settings.toml:2: provider "zai": traits: thinking: must be "thinking"`},
		{"words of tool_choice", "[provider.zai.traits]\ntool_choice=[\"any\"]", `settings.toml:2: provider "zai": traits: tool_choice: must be a list of these words: auto, none, required, function`},
		{"number of stop sequences", "[provider.zai.traits]\nmax_stop=-1", `settings.toml:2: provider "zai": traits: max_stop: must be a whole number`},
		{"flag of a trait", "[provider.zai.traits]\nno_schema=1", `settings.toml:2: provider "zai": traits: no_schema: must be true or false`},
		{"effort", "[provider.zai.models.\"glm-9\"]\nefforts=[\"low\",\"turbo\"]", `settings.toml:2: provider "zai": models "glm-9": efforts: must be a list of these words: none, minimal, low`},
		{"canary without a share", "[[rule]]\nname=\"all\"\nuse=[\"zai\"]\ncanary={use=[\"cerebras\"]}", `settings.toml:4: rule "all": canary: share: must be a share from "0%" to "100%", such as "5%"`},
		{"canary with a number", "[[rule]]\nname=\"all\"\nuse=[\"zai\"]\ncanary={share=5,use=[\"cerebras\"]}", `settings.toml:4: rule "all": canary: share: must be`},
		{"canary with too large a share", "[[rule]]\nname=\"all\"\nuse=[\"zai\"]\ncanary={share=\"101%\",use=[\"cerebras\"]}", `settings.toml:4: rule "all": canary: share: must be a share`},
		{"canary without targets", "[[rule]]\nname=\"all\"\nuse=[\"zai\"]\ncanary={share=\"5%\"}", `settings.toml:4: rule "all": canary: use: must be a list of targets`},
		{"canary to nobody", "[[rule]]\nname=\"all\"\nuse=[\"zai\"]\n[rule.canary]\nshare=\"5%\"\nuse=[\"acme\"]", `settings.toml:6: rule "all": canary: use: unknown provider "acme"; known: `},
		{"canary with something else", "[[rule]]\nname=\"all\"\nuse=[\"zai\"]\ncanary={percent=5}", `settings.toml:4: rule "all": canary: "percent": unknown setting; known: share, use`},
		{"a main variant named as the canary's", "variant=\"canary\"\n[[rule]]\nname=\"all\"\nuse=[\"zai\"]\ncanary={share=\"5%\",use=[\"cerebras\"]}", `settings.toml:1: the variant must not be "canary" while a rule has a canary`},
		{"variant", "variant=\"a b\"", `settings.toml:1: variant: must be a label of letters, digits, - and _`},
		{"price", "[provider.zai.models.\"glm-9\"]\nin = \"a\"", `settings.toml:2: provider "zai": models "glm-9": in: must be USD per million tokens`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.toml, Options{Keychain: ring{}})
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestSeveralProblemsAreToldAtOnce(t *testing.T) {
	_, err := load(t, "cooldown = \"x\"\nmax_wait = \"y\"\n", Options{Environ: []string{"MAX_RETRIES=z"}})
	var all Problems
	if !errors.As(err, &all) || len(all) != 3 {
		t.Fatalf("got %v", err)
	}
	if all[1].Line != 2 || all[2].Field != "MAX_RETRIES" {
		t.Errorf("got %+v", all)
	}
}

func TestOneMistakeIsToldOnce(t *testing.T) {
	const all = "[[rule]]\nname = \"all\"\nuse = \"zai\"\n"
	for _, text := range []string{
		"[[rule]]\nname = \"all\"\nuse = 5", "[[rule]]\nname = \"all\"\nuse = [\"\"]", "[[rule]]\nname = \"all\"\nuse = []", "[[rule]]\nname = \"all\"",
		"[[rule]]\nname = 5\nuse = \"zai\"", "[[rule]]\nuse = \"zai\"", "[[rule]]\nname = \"all\"\nuse = [\"zia\"]",
		all + "canary = {share = 5, use = \"zai\"}", all + "canary = {share = \"5%\", use = 5}", all + "canary = {share = \"5%\"}",
		"[[rule]]\nname = \"a\"\nwhen = {model = 5, images = true}\nuse = \"zai\"\n" + all,
		"[[key]]\nname = 5\nprovider = \"zai\"", "[[key]]\nname = \"a\"\nprovider = 5", "[[key]]\nname = \"a\"", "[[key]]\nname = \"a\"\nprovider = \"zai\"\naccount = 5",
	} {
		_, err := load(t, text, Options{})
		var told Problems
		if !errors.As(err, &told) || len(told) != 1 {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

func TestRulesOfTheFileReplaceTheDefaults(t *testing.T) {
	s := mustLoad(t, `
[[rule]]
name = "quick"
when = { model = "*haiku*|!*x*", tokens_over = 5 }
use = ["synthetic/small", "zai/glm-4.7"]
[[rule]]
name = "rest"
use = "synthetic/hf:zai-org/GLM-5.2"
`, Options{Environ: []string{"TOKEN_THRESHOLD=9"}})
	if len(s.Rules) != 2 || s.Rules[0].When != (When{TokensOver: 5, Model: "*haiku*|!*x*"}) ||
		s.Rules[0].Use[1] != (Target{"zai", "glm-4.7"}) || s.Rules[1].Use[0].Model != "hf:zai-org/GLM-5.2" {
		t.Errorf("got %+v", s.Rules)
	}
	if s.Origins["rules"] != "settings.toml:2" || !hasNote(s, "TOKEN_THRESHOLD is not applied") {
		t.Errorf("origin %q, notes %v", s.Origins["rules"], s.Notes)
	}
}

func hasNote(s *Settings, part string) bool {
	return slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, part) })
}

func TestProvidersCanBeChangedAndAdded(t *testing.T) {
	s := mustLoad(t, `
[provider.cerebras]
url = "https://gateway.example:8443/v1/"
[provider.cerebras.limits]
max_output = 0
first_event = 5
[provider.cerebras.roles]
large = "qwen-3.8-27b"
[provider.cerebras.models."gpt-oss-120b"]
context = 65000

[provider.zai.endpoint.payg]
url = "https://open.bigmodel.cn/api/paas/v4"

[provider.groq]
name = "Groq"
url = "https://api.groq.com/openai/v1"
concurrency = 3
key_shapes = ["gsk_"]
roles = { large = ["kimi", "llama"] }
models = { kimi = { context = 131072, vision = true, in = 1, out = 3.5 } }
refuses = { fields = ["store"], rename = { max_completion_tokens = "max_tokens" }, roles = { developer = "system" } }
`, Options{})
	c := s.Provider("cerebras")
	if c.Endpoints[0].URL != "https://gateway.example:8443/v1" || c.Limits.MaxOutput != 0 || c.Limits.FirstEvent != 5*time.Second ||
		c.Limits.Idle != 25*time.Second || c.Roles[Large][0] != "qwen-3.8-27b" || c.Models["gpt-oss-120b"].Context != 65000 ||
		c.Models["gpt-oss-120b"].MaxOutput != 40960 {
		t.Errorf("cerebras: %+v", c)
	}
	z := s.Provider("zai")
	if z.Endpoint("payg").URL != "https://open.bigmodel.cn/api/paas/v4" || z.Endpoint("plan").URL != zaiPlanURL {
		t.Errorf("zai: %+v", z.Endpoints)
	}
	g := s.Provider("groq")
	if g == nil || g.Name != "Groq" || g.Endpoints[0].Concurrency != 3 || g.Limits != DefaultLimits || !g.Models["kimi"].Priced ||
		g.Refuses.Rename["max_completion_tokens"] != "max_tokens" || g.Endpoints[0].Dialect != OpenAI {
		t.Errorf("groq: %+v", g)
	}
	if s.Origins["provider.cerebras.url"] != "settings.toml:3" {
		t.Errorf("origin %q", s.Origins["provider.cerebras.url"])
	}
	if Presets()[0].Models["gpt-oss-120b"].Context != 131072 {
		t.Error("a setting changed the preset")
	}
}

func TestAProvidersWaysCanBeSet(t *testing.T) {
	s := mustLoad(t, `
[provider.zai]
traits = { no_schema = false, max_stop = 4 }
[provider.mine]
url = "https://llm.example/v1"
[provider.mine.traits]
reasoning = "reasoning"
thinking = "thinking"
tool_choice = ["required", "auto"]
no_parallel = true
tool_stream = true
inside_one = true
[provider.mine.models.big]
efforts = ["max", "low", "low"]
[provider.mine.models.small]
efforts = []
[provider.other]
url = "https://llm.example/v1"
traits.tool_choice = []
`, Options{})
	z, m := s.Provider("zai"), s.Provider("mine")
	if z.Traits.NoSchema || z.Traits.MaxStop != 4 || !z.Traits.ToolStream || z.Traits.Thinking != "thinking" {
		t.Errorf("zai: %+v", z.Traits)
	}
	want := Traits{Reasoning: "reasoning", Thinking: "thinking", ToolChoice: []string{"auto", "required"}, NoParallel: true, ToolStream: true, InsideOne: true}
	if !reflect.DeepEqual(m.Traits, want) {
		t.Errorf("mine: %+v", m.Traits)
	}
	if m.Models["big"].Efforts != "low max" || m.Models["small"].Efforts != "" {
		t.Errorf("efforts: %+v", m.Models)
	}
	if o := s.Provider("other").Traits.ToolChoice; o == nil || len(o) != 0 {
		t.Errorf("an empty list means that no word is understood, not all: %#v", o)
	}
}

func TestRelativePathsOfTheFileAreRelativeToTheFile(t *testing.T) {
	dir := t.TempDir()
	s := mustLoad(t, "log_dir = \"mine\"\nca_file = \"~/ca.pem\"\n", Options{DataDir: dir, Environ: []string{"HOME=/home/me"}})
	if s.LogDir != filepath.Join(dir, "mine") || s.CAFile != filepath.Join("/home/me", "ca.pem") {
		t.Errorf("log_dir %s, ca_file %s", s.LogDir, s.CAFile)
	}
}

func TestListeningBeyondThisMachineNeedsLeaveAndKeys(t *testing.T) {
	for _, c := range []struct {
		name, toml string
		env        []string
		want       string // "" for fine
	}{
		{"every interface", `addr = ":8080"`, nil, "settings.toml:1: an address beyond this machine needs allow_remote"},
		{"another address", "", []string{"GLMTRAY_ADDR=192.168.0.2:80"}, "GLMTRAY_ADDR: an address beyond this machine"},
		{"leave without keys", "addr = \"0.0.0.0:80\"\nallow_remote = true", nil, "settings.toml:2: listening beyond this machine needs client keys"},
		{"keys of the database", "allow_remote = true\nrequire_client_key = true", nil, ""},
		{"key and leave", `allow_remote = true`, []string{"LITELLM_MASTER_KEY=sk-of-the-house"}, ""},
		{"key switched off", `allow_remote = true`, []string{"LITELLM_MASTER_KEY=sk-of-the-house", "ENABLE_INCOMING_AUTH=false"}, "needs client keys"},
		{"loopback names", `addr = "localhost:80"`, nil, ""},
		{"IPv6 loopback", `addr = "[::1]:80"`, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(t, c.toml, Options{Environ: c.env})
			if c.want == "" && err == nil {
				if len(c.env) > 0 && (!s.RequireClientKey || s.ClientKey.Reveal() != "sk-of-the-house") {
					t.Errorf("the client key is not required: %+v", s)
				}
				return
			}
			if err == nil || c.want == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDefaultPathsFollowTheEnvironmentGiven(t *testing.T) {
	env := []string{"HOME=/home/me", "XDG_CONFIG_HOME=relative", "XDG_DATA_HOME=/data", "AppData=/home/me/.config", "LocalAppData=/data"}
	file, err := Options{Environ: env}.SettingsFile()
	if err != nil || !strings.HasSuffix(file, filepath.Join("glmtray", "settings.toml")) {
		t.Errorf("got %s, %v", file, err)
	}
	dir, err := DefaultDataDir(env)
	if err != nil || filepath.Base(dir) != "glmtray" {
		t.Errorf("got %s, %v", dir, err)
	}
	if _, err := Load(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("without a home: %v", err)
	}
}
