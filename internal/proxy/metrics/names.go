package metrics

import "github.com/prometheus/client_golang/prometheus"

// What is exported. docs/metrics.md has the same names, in this order.
var (
	zaiRequests    = zai("requests_total", "Requests that are over, by what the client got.", "method", "path", "status_code", "variant")
	zaiDuration    = zai("request_duration_seconds", "From the request's arrival to the answer's last byte.", "method", "path", "status_code", "variant")
	zaiRequestSize = zai("request_size_bytes", "Bodies as clients sent them.", "method", "path", "variant")
	zaiAnswerSize  = zai("response_size_bytes", "Bodies as clients got them.", "method", "path", "status_code", "variant")
	zaiConcurrent  = zai("concurrent_requests", "Requests under way, the waiting ones included.", "variant")
	zaiWorkers     = zai("max_workers", "Requests that may run at once.", "variant")
	zaiUtilization = zai("worker_utilization_ratio", "Requests under way over max_workers.", "variant")
	zaiFaults      = zai("upstream_errors_total", "Tries that failed, by status or kind.", "error_type", "variant")
	zaiWaits       = zai("rate_limit_wait_seconds", "How long requests waited for a worker and for keys.", "variant")
	zaiRejections  = zai("rate_limit_rejections_total", "Requests that this proxy itself answered 429, because no key could serve them.", "variant")
	zaiRetries     = zai("retry_attempts_total", "Further tries, by what the one before met.", "reason", "variant")
	zaiTokens      = zai("tokens_total", "Tokens as providers told them; input is what was neither read from a cache nor written into one.", "direction", "model", "variant", "pricing_tier")
	zaiTokenRate   = zai("token_rate", "Tokens per second of streams, from the first byte to the last.", "direction", "model", "variant")
	zaiCost        = zai("estimated_cost_usd_total", "Price of the tokens, where it is known.", "model", "variant", "pricing_tier")
	zaiBuild       = zai("build_info", "This program.", "version", "variant", "commit", "build_time")

	ownRequests  = own("requests_total", "Chat requests that are over, by who answered and how it went.", "provider", "model", "outcome", "variant")
	ownAttempts  = own("attempts_total", "Tries at providers, by what came back.", "provider", "class", "variant")
	ownFailovers = own("failovers_total", "Tries at another provider than the one before.", "from", "to", "reason")
	ownSpeed     = own("output_tokens_per_second", "Tokens per second of streams, from the first byte to the last.", "provider", "model", "variant")
	ownReasoning = own("reasoning_tokens_total", "Output tokens that were thought, not said.", "provider", "model", "variant")
	ownCost      = own("cost_usd_total", "Price of the tokens, where it is known; of a plan's key, what it would have been without the plan.", "provider", "model", "variant", "billing")
	ownUnpriced  = own("unpriced_requests_total", "Requests with tokens whose price is not known: they are missing from the cost.", "provider", "model", "variant")
	ownWait      = own("queue_wait_seconds", "How long requests waited for a worker and for keys.", "variant")
	ownInFlight  = own("requests_in_flight", "Requests under way, the waiting ones included.")
	ownWaiting   = own("requests_waiting", "Requests that wait for a worker.")
	ownPaused    = own("paused", "1 while a person has paused the proxy.")
	ownKeyState  = own("key_state", "1 for the state that a key is in.", "provider", "key", "state")
	ownKeyCool   = own("key_cooldown_seconds", "How long until a key returns; 0 if it does not cool.", "provider", "key")
	ownKeyFlight = own("key_in_flight", "Requests that use a key now.", "provider", "key")
	ownKeyUses   = own("key_uses_total", "How often a key was taken.", "provider", "key")
	ownKeyRate   = own("key_rate_limit_requests_per_second", "The pace that was learned for a key's account; none where there is none.", "provider", "key")
	ownKeyErrors = own("key_errors", "Failures of a key since its last success.", "provider", "key")
	ownLimit     = own("upstream_ratelimit_limit", "What a provider allows an account, as it last told.", "provider", "account", "kind", "window")
	ownRemaining = own("upstream_ratelimit_remaining", "What a provider has left for an account, as it last told.", "provider", "account", "kind", "window")
	ownReset     = own("upstream_ratelimit_reset_seconds", "How long until that is full again, or grows next.", "provider", "account", "kind", "window")

	genTokenUsage = gen("token_usage", "Tokens per request; input includes cached ones, output reasoning.", "gen_ai_token_type")
	genDuration   = gen("operation_duration_seconds", "From a chat request's arrival to the answer's last byte.", "error_type")
	genFirst      = gen("operation_time_to_first_chunk_seconds", "From a streamed chat request's arrival to the first byte to the client.")
)

func zai(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("zai_proxy_"+name, help, labels, nil)
}

func own(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("glmtray_"+name, help, labels, nil)
}

func gen(name, help string, further ...string) *prometheus.Desc {
	labels := append([]string{"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model"}, further...)
	return prometheus.NewDesc("gen_ai_client_"+name, help, labels, nil)
}

var everything = []*prometheus.Desc{
	zaiRequests, zaiDuration, zaiRequestSize, zaiAnswerSize, zaiConcurrent, zaiWorkers, zaiUtilization, zaiFaults, zaiWaits,
	zaiRejections, zaiRetries, zaiTokens, zaiTokenRate, zaiCost, zaiBuild,
	ownRequests, ownAttempts, ownFailovers, ownSpeed, ownReasoning, ownCost, ownUnpriced, ownWait, ownInFlight, ownWaiting, ownPaused,
	ownKeyState, ownKeyCool, ownKeyFlight, ownKeyUses, ownKeyRate, ownKeyErrors, ownLimit, ownRemaining, ownReset,
	genTokenUsage, genDuration, genFirst,
}
