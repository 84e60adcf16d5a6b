package route

import "github.com/glmtray/glmtray/internal/config"

// pinned sends the request to the one provider that a person has pinned. The
// rules still say which of its models is meant.
func (d *decider) pinned() {
	rule := d.pinnedRule()
	t := d.pinnedTarget(rule)
	step, bad := d.step(t)
	if rule != nil {
		d.out.Rule = rule.Name
	}
	d.out.Reason = "pinned to " + d.Pin
	switch {
	case bad.why == "":
	case bad.context > 0:
		d.out.Reason += "; it has " + comma(d.Facts.Tokens) + " tokens, and " + bad.why
	default:
		d.out.Rule = ""
		d.refusePinned(Left{Target: t.String(), Why: bad.why})
		return
	}
	d.out.Chain = []Step{step}
}

// pinnedRule is the first rule whose conditions hold, whatever its targets; nil
// if there is none.
func (d *decider) pinnedRule() (found *config.Rule) {
	rules := d.Settings.Rules
	for i := range rules {
		if found != nil {
			d.tried(rules[i].Name, false, "not reached: pinned to "+d.Pin, nil)
			continue
		}
		if !d.holds(&rules[i].When) {
			d.tried(rules[i].Name, false, "", nil)
			continue
		}
		found = &rules[i]
		d.tried(found.Name, true, d.why(&found.When)+"; pinned to "+d.Pin, nil)
	}
	return found
}

// pinnedTarget is the rule's own target at the pinned provider, or that
// provider's model for the role that the rule asks for first.
func (d *decider) pinnedTarget(rule *config.Rule) config.Target {
	target := config.Target{Provider: d.Pin, Model: string(config.Large)}
	if rule != nil {
		for _, t := range rule.Use {
			role, isRole := t.Role()
			if t.Provider == d.Pin && (!d.Facts.Images || !isRole || role == config.Vision) {
				return t
			}
		}
		if len(rule.Use) > 0 {
			if role, ok := rule.Use[0].Role(); ok {
				target.Model = string(role)
			}
		}
	}
	if d.Facts.Images {
		target.Model = string(config.Vision)
		return target
	}
	p := d.Settings.Provider(d.Pin)
	if p != nil && len(p.Roles[config.Role(target.Model)]) == 0 {
		target.Model = string(config.Large)
	}
	return target
}
