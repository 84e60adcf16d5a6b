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
	Name   string
	When   When
	Use    []Target
	Canary Canary
}

// Canary is the part of a rule's requests that tries other targets before those
// of the rule. The zero Canary is none.
type Canary struct {
	Share float64 // percent of the conversations, 0 to 100
	Use   []Target
}

// Variants: what the two sides of a rule with a canary are called in records,
// metrics and the header of an answer. The other side's name is
// [Settings.Variant].
const (
	DefaultVariant = "production"
	CanaryVariant  = "canary"
)

// CatchAll reports whether the rule holds for every request.
func (r Rule) CatchAll() bool { return r.When == When{} }

// DefaultRules are the routing table a new installation has. tokenThreshold
// comes from TOKEN_THRESHOLD or the settings.
func DefaultRules(tokenThreshold int) []Rule {
	return []Rule{
		{Name: "vision", When: When{Images: true}, Use: targets("synthetic/vision", "zai/vision")},
		{Name: "long context", When: When{TokensOver: tokenThreshold}, Use: targets("synthetic/large", "zai/large")},
		{Name: "small model", When: When{Model: "*haiku*|*air*"}, Use: targets("zai/small")},
		{Name: "everything", Use: targets("cerebras/large", "synthetic/large", "zai/large")},
	}
}

func targets(texts ...string) []Target {
	out := make([]Target, len(texts))
	for i, text := range texts {
		out[i], _ = ParseTarget(text)
	}
	return out
}
