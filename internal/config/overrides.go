package config

// override replaces what the catalogue says of one model, because a vendor's
// own page or a later source knows better.
type override struct {
	provider, id string
	info         ModelInfo
	source       string // where the figures were read
	date         string // when they were true, as far as the source says
}

// Where the overrides were read. The figures of Z.ai are those that models.dev
// gathered: up to glm-5.2 in its snapshot of 2026-07-02, held against catwalk's
// of 2026-08-21; those of glm-5.3 are less sure.
const (
	cerebrasDocs  = "https://inference-docs.cerebras.ai"
	syntheticDocs = "https://dev.synthetic.new/docs"
	qwenReport    = "https://github.com/anomalyco/models.dev/issues/6199"
	zaiReport     = "https://github.com/anomalyco/models.dev/issues/5410"
	glm53Report   = "https://github.com/anomalyco/models.dev/issues/7331"
)

// priced writes a row as the vendors' lists have it: context and output limit
// in tokens, USD per million tokens in, out and cached.
func priced(context, maxOutput int, in, out, cached float64) ModelInfo {
	return ModelInfo{Context: context, MaxOutput: maxOutput, In: in, Out: out, CachedIn: cached, Priced: true}
}

func seeing(m ModelInfo) ModelInfo { m.Vision = true; return m }

// trying adds the reasoning efforts that a model takes, least first. A model
// without any answers one with 400 at Cerebras (inference-docs.cerebras.ai,
// 2026-11-20), so nothing is guessed.
func trying(efforts string, m ModelInfo) ModelInfo { m.Efforts = efforts; return m }

// overrides are newer or fuller than catalog.json. Contexts of Cerebras are
// those of a paid account (a free one has about half).
var overrides = []override{
	{"cerebras", "gpt-oss-120b", trying("low medium high", priced(131072, 40960, 0.35, 0.75, 0)), cerebrasDocs, "2026-08"},
	// 65536 in Cerebras' public catalogue, 128k in its documentation: the
	// smaller figure, since a prompt that is too long is refused.
	{"cerebras", "qwen-3.8-27b", trying("none low medium high", seeing(priced(65536, 32768, 0.99, 1.49, 0))), qwenReport, "2026-09"},
	{"cerebras", "gemma-4-31b", seeing(priced(131072, 40960, 0.99, 1.49, 0)), qwenReport, "2026-09-03: dedicated endpoints only"},

	// The aliases change what stands behind them. A :text alias is never given
	// an image, whatever model is behind it this month.
	{"synthetic", "syn:large:text", trying("none high max", priced(524288, 65536, 1, 3, 0.16)), syntheticDocs, "2026-10"},
	{"synthetic", "syn:small:text", priced(196608, 65536, 0.1, 0.5, 0.02), syntheticDocs, "2026-10"},
	{"synthetic", "hf:zai-org/GLM-5.2", trying("none high max", priced(524288, 65536, 1, 3, 0.16)), syntheticDocs, "2026-10"},
	{"synthetic", "hf:zai-org/GLM-5.3-Flash", trying("low high max", seeing(priced(524288, 65536, 0.15, 0.50, 0.04))), syntheticDocs, "2026-10"},
	// It answers "max" and "off" with an error: these are the model's own three.
	{"synthetic", "hf:openai/gpt-oss-120b", trying("low medium high", priced(131072, 0, 0.1, 0.1, 0.02)), syntheticDocs, "2026-10"},
	{"synthetic", "hf:zai-org/GLM-4.7-Flash", priced(196608, 65536, 0.1, 0.5, 0.02), syntheticDocs, "2026-10"},

	{"zai", "glm-5.3", trying("low high max", priced(1_000_000, 131072, 1.4, 4.4, 0.26)), glm53Report, "2026-08-14"},
	{"zai", "glm-5.3-flash", trying("low high max", seeing(priced(1_000_000, 131072, 0.15, 0.50, 0.03))), glm53Report, "2026-09"},
	{"zai", "glm-5.2", trying("none minimal high max", priced(1_000_000, 131072, 1.4, 4.4, 0.26)), zaiReport, "2026-08-21"},
	{"zai", "glm-5-turbo", priced(200_000, 131072, 1.2, 4.0, 0.24), zaiReport, "2026-08-21"},
	{"zai", "glm-5v-turbo", seeing(priced(200_000, 0, 1.2, 4.0, 0.24)), zaiReport, "2026-08-21"},
	{"zai", "glm-4.7", priced(204_800, 131072, 0.6, 2.2, 0.11), zaiReport, "2026-08-21"},
	{"zai", "glm-4.7-flashx", priced(200_000, 0, 0.07, 0.40, 0.01), zaiReport, "2026-08-21"},
	{"zai", "glm-4.7-flash", priced(200_000, 0, 0, 0, 0), zaiReport, "2026-08-21"}, // free
	{"zai", "glm-4.6", priced(204_800, 131072, 0.6, 2.2, 0.11), zaiReport, "2026-08-21"},
	{"zai", "glm-4.6v", seeing(priced(131072, 32768, 0.3, 0.9, 0)), zaiReport, "2026-08-21"},
	{"zai", "glm-4.6v-flash", seeing(priced(131072, 32768, 0, 0, 0)), zaiReport, "2026-08-21"}, // free
	{"zai", "glm-4.5", priced(131072, 98304, 0.6, 2.2, 0.11), zaiReport, "2026-08-21"},
	{"zai", "glm-4.5-x", priced(131072, 98304, 2.2, 8.9, 0.45), zaiReport, "2026-08-21"},
	{"zai", "glm-4.5-airx", priced(131072, 98304, 1.1, 4.5, 0.22), zaiReport, "2026-08-21"},
	{"zai", "glm-4.5-air", priced(131072, 98304, 0.2, 1.1, 0.03), zaiReport, "2026-08-21"},
	{"zai", "glm-4.5-flash", priced(131072, 98304, 0, 0, 0), zaiReport, "2026-08-21"}, // free
	{"zai", "glm-4.5v", seeing(priced(65536, 16384, 0.6, 1.8, 0.11)), zaiReport, "2026-08-21"},
}
