package route

import (
	"strings"

	"github.com/glmtray/glmtray/internal/config"
)

// unfit says why a step cannot serve the request; the zero unfit: it can.
type unfit struct {
	why     string
	context int // set if all that is wrong is that the model holds only so many tokens
}

// longContext is what Claude Code appends to a model's name to ask for its
// long-context variant ("glm-5.3[1m]" in Z.ai's documentation, 2026-10). No
// provider's model list has it.
const longContext = "[1m]"

// askedModel is the model as the client meant it.
func askedModel(name string) string {
	name = strings.TrimSpace(name)
	if cut := len(name) - len(longContext); cut >= 0 && strings.EqualFold(name[cut:], longContext) {
		return name[:cut]
	}
	return name
}

// model chooses the id to send to a provider. The questions, in order:
//
//  1. Does the target name an id? Then that.
//  2. Is the id the client asked for at home here, and can it serve this
//     request? Then that, unchanged.
//  3. Otherwise the id that fills the target's role.
func (d *decider) model(p *config.Provider, t config.Target) (Step, unfit) {
	role, isRole := t.Role()
	if !isRole {
		step := Step{Target: t, Model: t.Model, Why: "the rule names it"}
		return step, d.fits(p, step.Model, byRule)
	}
	own, why, home := d.asIs(p, t, role)
	if !home {
		return d.standIn(p, t, role, why)
	}
	bad := d.fits(p, own.Model, byClient)
	if bad.why == "" {
		return own, bad
	}
	// Of two that cannot serve, the asked one stays unless the other holds more.
	stand, standBad := d.standIn(p, t, role, bad.why)
	if standBad.why != "" && bad.context >= standBad.context {
		return own, bad
	}
	return stand, standBad
}

// standIn is the step that sends the id which fills the target's role. why is
// what was wrong with the id that the client asked for.
func (d *decider) standIn(p *config.Provider, t config.Target, role config.Role, why string) (Step, unfit) {
	id, ok := d.Roster.Role(p, role)
	if !ok {
		return Step{}, unfit{why: noModel(p, role)}
	}
	step := Step{Target: t, Model: id, Why: why + "; its " + string(role) + " model stands in"}
	if id == d.asked {
		step.Why = "as asked"
	}
	by := byRole
	if role == config.Vision {
		by = byVision
	}
	return step, d.fits(p, id, by)
}

// asIs gives the step that sends the id which the client asked for. If that id
// is not at home at this provider, it says why.
func (d *decider) asIs(p *config.Provider, t config.Target, role config.Role) (_ Step, why string, ok bool) {
	if d.asked == "" {
		return Step{}, "no model was named", false
	}
	if d.Roster.IsGone(p.ID, d.asked) {
		return Step{}, clip(d.asked) + " is gone from " + p.ID, false
	}
	listed, known := d.Roster.Lists(p.ID, d.asked)
	if !listed && d.isAlias() {
		return Step{}, clip(d.asked) + " is an alias", false
	}
	if !listed && !d.isPrimary(p.ID) {
		if !known {
			return Step{}, "whether " + p.ID + " has " + clip(d.asked) + " is not known", false
		}
		return Step{}, clip(d.asked) + " is not listed by " + p.ID, false
	}
	if role == config.Vision && !d.Roster.Info(p, d.asked).Vision {
		return Step{}, clip(d.asked) + " is not known to take images", false
	}
	return Step{Target: t, Model: d.asked, Why: "as asked"}, "", true
}

// choice is how an id came to be chosen, which decides whose word counts when
// it comes to images.
type choice int8

const (
	byClient choice = iota // the client named it: anything known of it counts
	byRole                 // it fills a text role: the same
	byRule                 // a person wrote it into a rule: only the catalogue and the settings count
	byVision               // it fills the vision role: never doubted
)

// fits says what keeps a model from serving this request.
func (d *decider) fits(p *config.Provider, id string, by choice) unfit {
	info := d.Roster.Info(p, id)
	if d.Facts.Images && !info.Vision && by != byVision {
		known := info != (config.ModelInfo{})
		if by == byRule {
			// A model list that tells a context often says nothing of images.
			_, known = p.Models[id]
		}
		if known {
			return unfit{why: clip(id) + " takes no images"}
		}
	}
	if info.Context > 0 && d.Facts.Tokens > info.Context {
		return unfit{why: clip(id) + " holds only " + comma(info.Context) + " tokens", context: info.Context}
	}
	return unfit{}
}

// isAlias reports whether the name that the client asked for stands for a role.
func (d *decider) isAlias() bool {
	if d.alias == unasked {
		d.alias = no
		if config.MatchAny(d.Settings.Aliases, d.asked) {
			d.alias = yes
		}
	}
	return d.alias == yes
}

// isPrimary reports whether a provider is the first of the last catch-all rule
// that has a usable key: the one that gets an id unchanged, listed or not. It
// is asked of the keys as they are now, not as [config.Settings.Primary] has
// them from the file.
func (d *decider) isPrimary(provider string) bool {
	if !d.primaryKnown {
		d.primaryKnown = true
		d.primary = d.findPrimary()
	}
	return d.primary == provider
}

func (d *decider) findPrimary() string {
	rules := d.Settings.Rules
	for i := len(rules) - 1; i >= 0; i-- {
		if !rules[i].CatchAll() {
			continue
		}
		for _, t := range rules[i].Use {
			if p := d.Settings.Provider(t.Provider); p != nil && d.usable(p) > 0 {
				return p.ID
			}
		}
		return ""
	}
	return ""
}

// noModel says why a role cannot be filled.
func noModel(p *config.Provider, role config.Role) string {
	if len(p.Roles[role]) == 0 {
		return p.ID + " has no " + string(role) + " model"
	}
	return "every " + string(role) + " model of " + p.ID + " is gone"
}
