package route

import (
	"strings"

	"github.com/glmtray/glmtray/internal/config"
)

// holds reports whether every condition of a rule that is set holds, and says
// so with figures; of one that does not, it says the first that fails. A new
// kind of condition is one line here.
func (d *decider) holds(when config.When) (reason string, ok bool) {
	var held words
	if when.Images {
		if !d.Facts.Images {
			return "no images", false
		}
		held.add(pictures(d.Facts.Pictures))
	}
	if when.TokensOver > 0 {
		if d.Facts.Tokens <= when.TokensOver {
			return comma(d.Facts.Tokens) + " tokens, not over " + comma(when.TokensOver), false
		}
		held.add(comma(d.Facts.Tokens) + " tokens > " + comma(when.TokensOver))
	}
	if when.Model != "" {
		if d.asked == "" {
			return "no model was named", false
		}
		pattern, matches := matching(when.Model, d.asked)
		if !matches {
			return "model " + clip(d.asked) + " does not match " + when.Model, false
		}
		held.add("model " + clip(d.asked) + " matches " + pattern)
	}
	if held == "" {
		return "no other rule matched", true
	}
	return string(held), true
}

// matching gives the pattern of a rule that a model matches, for the reason:
// the first of them, or all if they only say what is excluded.
func matching(patterns, model string) (pattern string, ok bool) {
	list := config.Patterns(patterns)
	if !config.MatchAny(list, model) {
		return "", false
	}
	for i, p := range list {
		if !strings.HasPrefix(p, "!") && config.MatchAny(list[i:i+1], model) {
			return p, true
		}
	}
	return patterns, true
}
