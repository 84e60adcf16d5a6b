package route

import "github.com/glmtray/glmtray/internal/config"

// sameFamily puts the steps whose model is of the family that the client asked
// for first, if the settings wish it. Otherwise their order stays.
func (d *decider) sameFamily(chain []Step) []Step {
	family := config.Family(d.asked)
	if !d.Settings.SameFamilyFirst || family == "" {
		return chain
	}
	sorted := make([]Step, 0, len(chain))
	for _, own := range [...]bool{true, false} {
		for _, step := range chain {
			if (config.Family(step.Model) == family) == own {
				sorted = append(sorted, step)
			}
		}
	}
	return sorted
}

// astray tells in words that the first step answers with a model of another
// family than the client asked for; "" if it does not, or nobody can tell.
func (d *decider) astray(chain []Step) string {
	asked := config.Family(d.asked)
	if asked == "" || len(chain) == 0 {
		return ""
	}
	first := chain[0]
	if family := config.Family(first.Model); family == "" || family == asked {
		return ""
	}
	return first.Target.Provider + " has no " + asked + " for " + clip(d.asked) + ": " + first.Model + " answers"
}
