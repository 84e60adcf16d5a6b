package config

import "time"

// DefaultLimits are the times of a provider that says nothing of its own.
var DefaultLimits = Limits{
	FirstEvent:  30 * time.Second,
	Idle:        120 * time.Second,
	WholeAnswer: 10 * time.Minute,
	Connect:     10 * time.Second,
}

// The base URLs of the vendors. Sources: Cerebras' and Synthetic's API
// references (inference-docs.cerebras.ai, dev.synthetic.new/docs) and the quick
// start and coding plan pages of docs.z.ai, all 2026-11-20.
const (
	cerebrasURL  = "https://api.cerebras.ai/v1"
	syntheticURL = "https://api.synthetic.new/openai/v1"
	zaiPlanURL   = "https://api.z.ai/api/coding/paas/v4"
	zaiPaygURL   = "https://api.z.ai/api/paas/v4"

	syntheticAnthropicURL = "https://api.synthetic.new/anthropic"
	zaiAnthropicURL       = "https://api.z.ai/api/anthropic"
)

// The ids of Z.ai's endpoints.
const (
	zaiPlan = "plan"
	zaiPayg = "payg"
)

// zaiPolicy is what Z.ai's usage policy says of coding plan keys
// (https://docs.z.ai/devpack/usage-policy, 2026-11-20).
var zaiPolicy = Policy{
	Text: "Z.ai's coding plan is for one person, inside the coding tools that Z.ai lists. Sharing, reselling, " +
		"pooling and proxying it are prohibited; Z.ai throttles, then freezes, and at the third violation bans " +
		"the account by itself. Do not put several people's plan keys together.",
	Link: "https://docs.z.ai/devpack/usage-policy",
}

// Presets gives the vendors that are known from the start, without keys, in the
// order in which they are shown. The caller owns the result.
//
// Model ids change monthly: a role is a list of preferences of which the first
// that the vendor lists today is taken.
func Presets() []Provider {
	return []Provider{cerebras(), synthetic(), zai()}
}

// cerebras serves no GLM any more (zai-glm-4.6 retired 2026-01-20, zai-glm-4.7
// 2026-08-17: inference-docs.cerebras.ai/support/deprecation), so none is named.
func cerebras() Provider {
	return Provider{
		ID: "cerebras", Name: "Cerebras",
		Endpoints: []Endpoint{{Dialect: OpenAI, URL: cerebrasURL}},
		Roles: map[Role][]string{
			Large:  {"gpt-oss-120b", "qwen-3.8-27b"},
			Small:  {"gpt-oss-120b", "qwen-3.8-27b"},
			Vision: {"qwen-3.8-27b"},
		},
		Models:    Catalog("cerebras"),
		KeyShapes: []string{"csk-"},
		Refuses: Refuses{
			// 400 wrong_api_format "property '…' is unsupported": reasoning,
			// thinking, enable_thinking, maxTokens and reasoning_content were
			// measured by clients (2026-09-19); the rest other gateways strip for
			// the same answer (Bifrost, 2026). The accepted fields are those of the
			// vendor's SDK 1.67.0 (2026-01-06).
			Fields: []string{
				"reasoning", "thinking", "enable_thinking", "maxTokens", "cache_control",
				"prompt_cache_key", "verbosity", "store", "metadata",
			},
			Message: []string{"reasoning_content", "cache_control"},
			// "Tools with mixed values for 'strict' are not allowed", and some
			// models refuse it altogether (RooCodeInc/Roo-Code#10334, 2025-12;
			// mpfaffenberger/code_puppy#368, 2026-05).
			Tool: []string{"strict"},
			// Only gpt-oss-120b takes the developer role; "system" means the same
			// to all of them (inference-docs.cerebras.ai, 2026-11-20).
			Roles: map[string]string{"developer": "system"},
		},
		Traits: Traits{
			// Its answers have "reasoning", and so may its history, while
			// reasoning_content is refused (one client's measurement, 2026-09-19).
			Reasoning: "reasoning",
			// Its catalogue says so of gpt-oss-120b (api.cerebras.ai/public/v1/models,
			// 2026-09), which is what nearly all requests go to.
			NoParallel: true,
			MaxStop:    4, // inference-docs.cerebras.ai, 2026-11-20
		},
		Limits: Limits{
			// Chosen, not documented: it is the fastest of the vendors, so that a
			// silence which is normal elsewhere is a failure here.
			FirstEvent: 10 * time.Second, Idle: 25 * time.Second,
			WholeAnswer: DefaultLimits.WholeAnswer, Connect: DefaultLimits.Connect,
			// Admission charges the output limit before a word is written, and
			// assumes a large one if there is none; 16384 is the vendor's advice
			// (cline/cline#7881, anomalyco/opencode#5036, 2025).
			MaxOutput: 16384,
		},
	}
}

func synthetic() Provider {
	return Provider{
		ID: "synthetic", Name: "Synthetic",
		// Its keys belong to subscriptions; an account without one says plan = false.
		Endpoints: []Endpoint{{Dialect: OpenAI, URL: syntheticURL, Plan: true, Also: []Address{
			{Dialect: Anthropic, URL: syntheticAnthropicURL, Auth: AuthBearer},
		}}},
		Roles: map[Role][]string{
			// The aliases are the vendor's own promise of stability
			// (dev.synthetic.new/docs, 2026-10); the ids behind them follow in case
			// the model list does not name aliases.
			Large:  {"syn:large:text", "hf:zai-org/GLM-5.3", "hf:zai-org/GLM-5.2", "hf:zai-org/GLM-5.3-Flash"},
			Small:  {"syn:small:text", "hf:zai-org/GLM-4.7-Flash", "hf:zai-org/GLM-5.3-Flash"},
			Vision: {"syn:large:vision", "hf:moonshotai/Kimi-K3", "syn:small:vision", "hf:Qwen/Qwen3.8-27B", "hf:zai-org/GLM-5.3-Flash"},
		},
		Models:    Catalog("synthetic"),
		KeyShapes: []string{"syn_", "sk-"},                // the second is older
		Traits:    Traits{Reasoning: "reasoning_content"}, // in its answers (clients, 2026-10)
		Limits:    DefaultLimits,
	}
}

// zai has two endpoints, and a key belongs to one of them: a plan key at the
// pay-as-you-go one answers 429 code 1113 (docs.z.ai/api-reference/api-code,
// 2026-11-20). The plan's concurrency is unpublished and was measured as low as
// 1 (anomalyco/opencode#8618).
func zai() Provider {
	policy := zaiPolicy
	return Provider{
		ID: "zai", Name: "Z.ai",
		Endpoints: []Endpoint{
			{
				ID: zaiPlan, Dialect: OpenAI, URL: zaiPlanURL, Concurrency: 1, Plan: true, Policy: &policy,
				// What is asked there counts against the plan, so it is not the other
				// endpoint's (docs.z.ai/devpack, 2026-11-20).
				Also: []Address{{Dialect: Anthropic, URL: zaiAnthropicURL, Auth: AuthBearer}},
			},
			{ID: zaiPayg, Dialect: OpenAI, URL: zaiPaygURL},
		},
		Roles: map[Role][]string{
			// The plan serves glm-5.3 and glm-5.3-flash, and maps older ids to
			// them (earendil-works/pi#9616, 2026-09).
			Large:  {"glm-5.3", "glm-5.2", "glm-4.7", "glm-4.6"},
			Small:  {"glm-5.3-flash", "glm-4.7-flash", "glm-4.7-flashx", "glm-4.5-air"},
			Vision: {"glm-5.3-flash", "glm-5v-turbo", "glm-4.6v"},
		},
		Models: Catalog("zai"),
		// Its keys are 32 hex digits, a dot and 16 letters: no prefix.
		Refuses: Refuses{
			// Its output limit has one name only (docs.z.ai, 2026-11-20). Of the
			// other fields that it does not know none is documented to be answered
			// with an error, so they stay.
			Rename: map[string]string{"max_completion_tokens": "max_tokens"},
		},
		Traits: Traits{ // docs.z.ai/api-reference, 2026-11-20
			// Its own models want their earlier thinking back as it was.
			Reasoning: "reasoning_content", Thinking: "thinking",
			ToolChoice: []string{"auto"}, NoSchema: true, NoParallel: true, ToolStream: true,
			// Open intervals and one stop sequence stood in its older references;
			// its SDK still keeps to 0.01 and 0.99.
			InsideOne: true, MaxStop: 1,
		},
		Limits: DefaultLimits,
	}
}

// presetHost is the host that a key without a noted host may be sent to: the
// preset's own. "" for a provider that is no preset.
func presetHost(provider, endpoint string) string {
	for _, p := range Presets() {
		if p.ID == provider {
			return Host(p.Endpoint(endpoint).URL)
		}
	}
	return ""
}

// DemoProvider is the id of the built-in simulator. Settings cannot name it.
const DemoProvider = "demo"

// WithDemo gives a copy of s in which the simulator at url, and nothing else,
// answers. The app starts it, so it knows the URL and the keys.
func WithDemo(s *Settings, url string, keys []Key) *Settings {
	c := *s
	c.Demo = true
	c.Providers = append(append([]Provider(nil), s.Providers...), Provider{
		ID: DemoProvider, Name: "Demo", Demo: true,
		Endpoints: []Endpoint{{Dialect: OpenAI, URL: url}},
		Roles: map[Role][]string{
			Large: {"demo-large"}, Small: {"demo-small"}, Vision: {"demo-vision"},
		},
		Models: map[string]ModelInfo{"demo-large": {}, "demo-small": {}, "demo-vision": {Vision: true}},
		Limits: DefaultLimits,
		Keys:   append([]Key(nil), keys...),
	})
	// Whatever is asked for stands for a role: a first request is not to begin with a
	// refusal, nor to leave a model behind that is said to be gone.
	c.Aliases = []string{"*", "!" + DemoProvider + "-*"}
	c.Rules = DefaultRules(s.TokenThreshold)
	for i := range c.Rules {
		role := Large
		switch {
		case c.Rules[i].When.Images:
			role = Vision
		case c.Rules[i].When.Model != "":
			role = Small
		}
		c.Rules[i].Use = []Target{{Provider: DemoProvider, Model: string(role)}}
	}
	return &c
}
