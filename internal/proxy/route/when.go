package route

import (
	"strings"

	"github.com/glmtray/glmtray/internal/config"
)

// holds reports whether every condition of a rule that is set holds. A new kind of
// condition is one line here and one in why.
func (d *decider) holds(when *config.When) bool {
	return (!when.Images || d.Facts.Images) &&
		(when.TokensOver <= 0 || d.Facts.Tokens > when.TokensOver) &&
		(when.Model == "" || d.asked != "" && d.name.Fits(when.Model))
}

// why says with figures that every condition of a rule holds, or which is the
// first that does not.
func (d *decider) why(when *config.When) string {
	var held words
	if when.Images {
		if !d.Facts.Images {
			return "no images"
		}
		held.add(pictures(d.Facts.Pictures))
	}
	if when.TokensOver > 0 {
		if d.Facts.Tokens <= when.TokensOver {
			return comma(d.Facts.Tokens) + " tokens, not over " + comma(when.TokensOver)
		}
		held.add(comma(d.Facts.Tokens) + " tokens > " + comma(when.TokensOver))
	}
	if when.Model != "" {
		if d.asked == "" {
			return "no model was named"
		}
		if !d.name.Fits(when.Model) {
			return "model " + clip(d.asked) + " does not match " + when.Model
		}
		held.add("model " + clip(d.asked) + " matches " + matched(when.Model, d.name))
	}
	if held == "" {
		return "no other rule matched"
	}
	return string(held)
}

// matched gives the pattern of a rule that a model matches, for the reason: the
// first of them, or all if they only say what is excluded.
func matched(patterns string, model config.Name) string {
	for _, p := range config.Patterns(patterns) {
		if !strings.HasPrefix(p, "!") && model.Fits(p) {
			return p
		}
	}
	return patterns
}
