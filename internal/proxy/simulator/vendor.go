package simulator

// vendor is what differs between the vendors that are played.
type vendor struct {
	dialects   []string // that it speaks unless the script says otherwise
	models     []Model
	owner      string
	reasoning  string // the field reasoning text comes in
	roleChunk  bool   // a stream opens with a chunk that carries the role only; else every chunk carries it
	extraUsage bool   // usage comes in a chunk of its own, if asked for; else with the finish
	wholeCalls bool   // a tool call comes in one chunk
	lateUsage  bool   // Messages: a stream's message_start tells no usage
	apiKey     bool   // Messages: a key may come as x-api-key
	occasions
	messages *occasions // for requests in Anthropic's dialect; nil: the same, in that dialect's envelope
}

// occasions are the fixtures by what is wrong.
type occasions struct {
	key, stopped, model, entitlement, context, image, param, concurrency, overload string

	rate func(Rate) string
}

var anthropicOccasions = occasions{
	key: "anthropic/wrong-key", model: "anthropic/model", entitlement: "anthropic/not-entitled", stopped: "anthropic/payment",
	context: "anthropic/context", image: "anthropic/param", param: "anthropic/param",
	concurrency: "anthropic/concurrency", overload: "anthropic/overloaded",
	rate: func(Rate) string { return "anthropic/rate-limit" },
}

// The models are those of November 2026 (vendors' documentation, models.dev,
// catwalk); contexts are the paid tiers'.
var vendors = map[string]*vendor{
	Cerebras: {
		dialects: []string{Chat},
		owner:    "Cerebras", reasoning: "reasoning", roleChunk: true, apiKey: true,
		models: []Model{
			{ID: "gpt-oss-120b", Context: 131072, MaxOutput: 40960},
			{ID: "qwen-3.8-27b", Context: 65536, MaxOutput: 32768, Vision: true},
		},
		occasions: occasions{
			key: "cerebras/wrong-key", model: "cerebras/model", entitlement: "cerebras/not-entitled",
			stopped: "cerebras/wrong-key", context: "cerebras/context", image: "cerebras/image", param: "cerebras/param",
			concurrency: "cerebras/queue", overload: "cerebras/queue",
			rate: func(r Rate) string {
				switch {
				case r.Of == "tokens":
					return "cerebras/tpm"
				case r.Per == "second":
					return "cerebras/rps"
				}
				return "cerebras/rpm"
			},
		},
	},
	ZAI: {
		dialects: []string{Chat, Messages},
		owner:    "z-ai", reasoning: "reasoning_content", wholeCalls: true, lateUsage: true, apiKey: true,
		models: []Model{
			{ID: "glm-5.3", Context: 1000000, MaxOutput: 131072},
			{ID: "glm-5.3-flash", Context: 1000000, MaxOutput: 131072, Vision: true},
			{ID: "glm-4.6", Context: 204800, MaxOutput: 131072},
			{ID: "glm-4.6v", Context: 128000, MaxOutput: 32768, Vision: true},
			{ID: "glm-4.5-air", Context: 131072, MaxOutput: 98304},
		},
		occasions: occasions{
			key: "zai/1002", model: "zai/1211", entitlement: "zai/1311", stopped: "zai/1113", context: "zai/1261",
			image: "zai/1210", param: "zai/1214", concurrency: "zai/1302", overload: "zai/1305",
			rate: func(r Rate) string {
				switch r.Per {
				case "5 hour":
					return "zai/1308"
				case "week":
					return "zai/1310"
				case "day":
					return "zai/1304"
				}
				return "zai/1303"
			},
		},
	},
	Synthetic: {
		dialects: []string{Chat, Messages},
		owner:    "synthetic", reasoning: "reasoning_content", roleChunk: true, extraUsage: true,
		models: []Model{
			{ID: "syn:large:text", Context: 524288, MaxOutput: 65536},
			{ID: "hf:zai-org/GLM-5.2", Context: 524288, MaxOutput: 65536},
			{ID: "syn:small:text", Context: 196608, MaxOutput: 65536},
			{ID: "hf:zai-org/GLM-4.7-Flash", Context: 196608, MaxOutput: 65536},
			{ID: "syn:large:vision", Context: 524288, MaxOutput: 65536, Vision: true},
			{ID: "syn:small:vision", Context: 262144, MaxOutput: 65536, Vision: true},
		},
		occasions: occasions{
			key: "synthetic/wrong-key", model: "synthetic/model", entitlement: "synthetic/payment",
			stopped: "synthetic/wrong-key", context: "synthetic/context", image: "synthetic/image", param: "synthetic/param",
			concurrency: "synthetic/parallel", overload: "synthetic/503",
			rate: func(Rate) string { return "synthetic/quota" },
		},
	},
	DemoShape: {
		dialects: []string{Chat, Messages},
		owner:    "glmtray-demo", reasoning: "reasoning_content", roleChunk: true, extraUsage: true, apiKey: true,
		models: demoModels,
		occasions: occasions{
			key: "openai/wrong-key", model: "openai/model", entitlement: "openai/model", stopped: "openai/payment",
			context: "openai/context", image: "openai/image", param: "openai/param",
			concurrency: "openai/concurrency", overload: "openai/500",
			rate: func(Rate) string { return "openai/rate-limit" },
		},
		messages: &anthropicOccasions,
	},
	Anthropic: {
		dialects: []string{Messages}, owner: "anthropic", reasoning: "reasoning_content", apiKey: true,
		models: []Model{
			{ID: "claude-opus-4-8", Context: 200000, MaxOutput: 64000, Vision: true},
			{ID: "claude-sonnet-5", Context: 200000, MaxOutput: 64000, Vision: true},
			{ID: "claude-haiku-4-5-20251001", Context: 200000, MaxOutput: 64000, Vision: true},
		},
		occasions: anthropicOccasions,
	},
}
