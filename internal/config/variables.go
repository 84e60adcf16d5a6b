package config

import "strings"

// Variable is one variable of the environment that glmtray, or one of the
// programs it replaces, knows.
type Variable struct {
	Name     string
	Use      string // what it sets
	Honoured bool   // glmtray reads it
	Provider bool   // it names a provider's key or address: where it is set there is no demo
	Why      string // why it is not used (yet); "" if it is
}

const (
	whyClaude      = "it is a setting of Claude Code, not of the proxy"
	whyNoStep      = "the pace rises towards where refusals came, not by a fixed step; zai-proxy had dropped it, too"
	whyNoRateFile  = "a learned pace is kept in the database"
	whyNoStale     = "what was told of a quota counts until its window ends"
	whyNoDashboard = "there is no dashboard process: the figures are the proxy's own"
	whyBuild       = "version and build are part of the program"
)

// variables is every variable of the predecessors (glm_awsomify_proxy, the
// LiteLLM set-up, zai-proxy and its dashboard), in their order.
var variables = []Variable{
	{Name: "CEREBRAS_API_KEYS", Use: "Cerebras keys: a JSON object of names and keys, used in its order", Honoured: true, Provider: true},
	{Name: "CEREBRAS_API_KEY", Use: "one Cerebras key", Honoured: true, Provider: true},
	{Name: "SYNTHETIC_API_KEY", Use: "one Synthetic key", Honoured: true, Provider: true},
	{Name: "ZAI_API_KEY", Use: "one Z.ai key", Honoured: true, Provider: true},
	{Name: "CEREBRAS_BASE_URL", Use: "base URL for the Cerebras keys of the environment", Honoured: true, Provider: true},
	{Name: "SYNTHETIC_BASE_URL", Use: "base URL for the Synthetic key of the environment", Honoured: true, Provider: true},
	{Name: "ZAI_BASE_URL", Use: "base URL for the Z.ai key of the environment", Honoured: true, Provider: true},
	{Name: "ZAI_ANTHROPIC_BASE_URL", Use: "base URL in Anthropic's format for the Z.ai key of the environment", Honoured: true, Provider: true},
	{Name: "ZAI_TARGET_URL", Use: "the same, as zai-proxy calls it", Honoured: true, Provider: true},

	{Name: "CEREBRAS_COOLDOWN", Use: "cooldown", Honoured: true},
	{Name: "TOKEN_THRESHOLD", Use: "token_threshold", Honoured: true},
	{Name: "FALLBACK_ON_COOLDOWN", Use: "fallback_on_cooldown", Honoured: true},
	{Name: "ENABLE_INCOMING_AUTH", Use: "require_client_key", Honoured: true},
	{Name: "INCOMING_KEY_DB", Use: "incoming_key_db", Honoured: true},
	{Name: "LOG_REQUESTS", Use: "log_requests", Honoured: true},
	{Name: "LOG_DIR", Use: "log_dir", Honoured: true},
	{Name: "MAX_RETRIES", Use: "max_retries", Honoured: true},
	{Name: "MAX_WORKERS", Use: "max_workers", Honoured: true},

	{Name: "LITELLM_MASTER_KEY", Use: "a key that clients may show", Honoured: true},
	{Name: "LITELLM_LOG", Use: "LiteLLM's log level", Why: "set log_level or GLMTRAY_LOG_LEVEL"},
	{Name: "ANTHROPIC_AUTH_TOKEN", Use: "Claude Code's key", Why: whyClaude},
	{Name: "ANTHROPIC_BASE_URL", Use: "Claude Code's server", Why: whyClaude},
	{Name: "ANTHROPIC_DEFAULT_OPUS_MODEL", Use: "Claude Code's model", Why: whyClaude},
	{Name: "ANTHROPIC_DEFAULT_SONNET_MODEL", Use: "Claude Code's model", Why: whyClaude},
	{Name: "ANTHROPIC_DEFAULT_HAIKU_MODEL", Use: "Claude Code's model", Why: whyClaude},
	{Name: "API_TIMEOUT_MS", Use: "Claude Code's patience", Why: whyClaude},
	{Name: "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", Use: "Claude Code's traffic", Why: whyClaude},

	{Name: "DEPLOYMENT_VARIANT", Use: "variant", Honoured: true},
	{Name: "TOKEN_COUNTING_ENABLED", Use: "token_counting", Honoured: true},
	{Name: "TOKENIZER_MODEL", Use: "tokenizer_model, a label of the token counts", Honoured: true},
	{Name: "RATE_LIMIT_INITIAL", Use: "rate_initial", Honoured: true},
	{Name: "RATE_LIMIT_MIN", Use: "rate_min", Honoured: true},
	{Name: "RATE_LIMIT_MAX", Use: "rate_max", Honoured: true},
	{Name: "RATE_LIMIT_CEILING_ALPHA", Use: "rate_ceiling_alpha", Honoured: true},
	{Name: "RATE_LIMIT_HOLD_MARGIN", Use: "rate_hold_margin", Honoured: true},
	{Name: "RATE_LIMIT_PROBE_INTERVAL", Use: "rate_probe_interval", Honoured: true},
	{Name: "RATE_LIMIT_ADDITIVE_INCREASE", Use: "request rate", Why: whyNoStep},
	{Name: "RATE_LIMIT_STATE_FILE", Use: "request rate kept over a restart", Why: whyNoRateFile},
	{Name: "RATE_LIMIT_STATE_MAX_AGE", Use: "rate_max_age", Honoured: true},
	{Name: "ZAI_PROXY_VERSION", Use: "build", Why: whyBuild},
	{Name: "ZAI_PROXY_COMMIT", Use: "build", Why: whyBuild},
	{Name: "ZAI_PROXY_BUILD_TIME", Use: "build", Why: whyBuild},
	{Name: "QUOTA_POLL_ENABLED", Use: "quota_poll", Honoured: true},
	{Name: "QUOTA_POLL_INTERVAL", Use: "quota_every", Honoured: true},
	{Name: "QUOTA_POLL_TIMEOUT", Use: "quota_timeout", Honoured: true},
	{Name: "QUOTA_STALE_AFTER", Use: "polling of plan quotas", Why: whyNoStale},
	{Name: "ZAI_QUOTA_BASE_URL", Use: "zai_quota_url", Honoured: true},

	{Name: "LISTEN_ADDR", Use: "the dashboard's address", Why: "set addr, GLMTRAY_ADDR or --addr for the proxy's"},
	{Name: "SCRAPE_TARGETS", Use: "the dashboard's sources", Why: whyNoDashboard},
	{Name: "SCRAPE_INTERVAL", Use: "the dashboard's sources", Why: whyNoDashboard},
	{Name: "SCRAPE_TIMEOUT", Use: "the dashboard's sources", Why: whyNoDashboard},
	{Name: "DB_PATH", Use: "the dashboard's database", Why: whyNoDashboard},
	{Name: "RETENTION_5S", Use: "the dashboard's history", Why: whyNoDashboard},
	{Name: "RETENTION_1M", Use: "the dashboard's history", Why: whyNoDashboard},
}

// Variables lists every variable of the predecessors and then glmtray's own.
func Variables() []Variable {
	all := append([]Variable(nil), variables...)
	all = append(all,
		Variable{Name: "GLMTRAY_CONFIG", Use: "the settings file", Honoured: true},
		Variable{Name: "GLMTRAY_DATA_DIR", Use: "the data folder", Honoured: true},
		Variable{Name: "GLMTRAY_ENV_FILE", Use: "a file of further variables", Honoured: true},
		Variable{Name: "GLMTRAY_CLIENT_KEY", Use: "a key that clients may show", Honoured: true},
	)
	for i := range scalars {
		if c := &scalars[i]; !c.file {
			all = append(all, Variable{Name: c.variable(), Use: c.name + ": " + c.allowed, Honoured: true})
		}
	}
	return all
}

// unusedVariables tells of the variables that somebody set in vain, and why.
func (l *loader) unusedVariables() {
	for _, v := range variables {
		if v.Honoured {
			continue
		}
		if set, ok := l.env(v.Name); ok && strings.TrimSpace(set.text) != "" {
			l.note(v.Why != whyClaude, "%s is not used: %s", set.origin, v.Why)
		}
	}
}
