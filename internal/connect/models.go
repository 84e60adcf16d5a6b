package connect

import (
	"github.com/glmtray/glmtray/internal/config"
)

// The names that clients are given for the roles. They are aliases of ours: the
// rules decide at each request what stands behind them. An id of today's primary
// would not do. Ids change every month, and one that the primary does not know
// goes there unchanged and fails; a name of another vendor ("claude-…", "gpt-…")
// resolves as well, but clients have such names built in and behave differently
// for them (OpenCode offers "gpt-" models another tool for patches, and Codex
// takes its limits from a list of its own). The small one is called by the word
// that the default rule for small models looks for.
const (
	largeName = "glmtray-large"
	smallName = "glmtray-haiku"
)

// ModelsOf says what clients are offered under these settings. primary is the
// provider that answers now, as the running proxy tells it; "" where none runs.
//
// The limits are those of the first step of the rule for every request, so that
// a client shortens its history before the provider that it mostly meets refuses
// it. Where nothing is known they are 0.
func ModelsOf(set *config.Settings, primary string) Models {
	m := Models{Large: Model{ID: largeName, Name: "glmtray: the large model of the routes"}}
	if rule := catchAll(set); rule != nil {
		limits(set, rule, primary, &m.Large)
	}
	// Settings with aliases of their own may not have ours.
	if !config.MatchAny(set.Aliases, largeName) {
		if id := firstLarge(set, primary); id != "" {
			m.Large.ID = id
		}
		return m
	}
	for i := range set.Rules {
		r := &set.Rules[i]
		if r.When.Model != "" && !r.When.Images && r.When.TokensOver == 0 && config.MatchAny(config.Patterns(r.When.Model), smallName) {
			m.Small = Model{ID: smallName, Name: "glmtray: the small model of the routes"}
			limits(set, r, "", &m.Small)
			break
		}
	}
	return m
}

// catchAll is the last rule for every request; nil if there is none.
func catchAll(set *config.Settings) *config.Rule {
	for i := len(set.Rules) - 1; i >= 0; i-- {
		if set.Rules[i].CatchAll() {
			return &set.Rules[i]
		}
	}
	return nil
}

// first is the first step of a rule that has a key, and the model's id there.
func first(set *config.Settings, r *config.Rule, primary string) (*config.Provider, string) {
	for _, t := range r.Use {
		p := set.Provider(t.Provider)
		if p == nil || primary != "" && p.ID != primary || primary == "" && !hasKey(p) {
			continue
		}
		role, isRole := t.Role()
		if !isRole {
			return p, t.Model
		}
		if ids := p.Roles[role]; len(ids) > 0 {
			return p, ids[0]
		}
	}
	return nil, ""
}

// hasKey reports whether a provider has a key that is switched on. Whether its
// text can be had is not asked: that may want a password.
func hasKey(p *config.Provider) bool {
	for i := range p.Keys {
		if !p.Keys[i].Disabled {
			return true
		}
	}
	return false
}

func limits(set *config.Settings, r *config.Rule, primary string, m *Model) {
	if p, id := first(set, r, primary); p != nil {
		m.Context, m.MaxOutput = p.Models[id].Context, p.Models[id].MaxOutput
	}
}

// firstLarge is the id that today's primary has for the role.
func firstLarge(set *config.Settings, primary string) string {
	if rule := catchAll(set); rule != nil {
		if _, id := first(set, rule, primary); id != "" {
			return id
		}
	}
	if p := set.Primary(); p != nil && len(p.Roles[config.Large]) > 0 {
		return p.Roles[config.Large][0]
	}
	return ""
}
