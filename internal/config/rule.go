package config

// When says for which requests a rule is meant. Every field that is set must
// hold; the zero When holds for every request.
type When struct {
	Images     bool   // the request has pictures
	TokensOver int    // its estimated prompt is larger than this; 0: any
	Model      string // shell patterns separated by |, any case: "*haiku*|*air*"
}

// Rule sends requests to a chain of targets. The first rule that matches wins.
type Rule struct {
	Name string
	When When
	Use  []Target
}

// CatchAll reports whether the rule holds for every request.
func (r Rule) CatchAll() bool { return r.When == When{} }

// DefaultRules are the routing table a new installation has. tokenThreshold
// comes from TOKEN_THRESHOLD or the settings.
func DefaultRules(tokenThreshold int) []Rule {
	return []Rule{
		{"vision", When{Images: true}, targets("synthetic/vision", "zai/vision")},
		{"long context", When{TokensOver: tokenThreshold}, targets("synthetic/large", "zai/large")},
		{"small model", When{Model: "*haiku*|*air*"}, targets("zai/small")},
		{"everything", When{}, targets("cerebras/large", "synthetic/large", "zai/large")},
	}
}

func targets(texts ...string) []Target {
	out := make([]Target, len(texts))
	for i, text := range texts {
		out[i], _ = ParseTarget(text)
	}
	return out
}
