package route

import (
	"slices"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/roster"
)

// Input is everything a decision depends on.
type Input struct {
	Facts    chat.Facts
	Settings *config.Settings
	Roster   *roster.Roster
	Usable   func(provider string) int // keys that have a secret and are not switched off; nil: as the settings say
	Pin      string                    // provider that a person has pinned; "" for none
	Dice     float64                   // in [0, 1), the same for all of a conversation: who below a canary's share is its
}

// Step is one place to try.
type Step struct {
	Target config.Target `json:"target"` // as the rule names it
	Model  string        `json:"model"`  // id to send
	Why    string        `json:"why"`    // why this id
}

// Tried is what became of one rule.
type Tried struct {
	Rule    string `json:"rule"`
	Matched bool   `json:"matched"`
	Reason  string `json:"reason"`
	Left    []Left `json:"left,omitempty"` // its targets that were left out
}

// Left is a target that was left out, and why.
type Left struct {
	Target string `json:"target"` // "provider/model", as the rule names it
	Why    string `json:"why"`
}

// Decision is where a request goes. Either Chain has a step or Refused is set.
type Decision struct {
	Rule    string // name of the rule that matched; "" if none did
	Variant string // Main or Canary where the rule has a canary; "" otherwise
	Reason  string // why, in words with figures
	Chain   []Step
	Astray  string      // that another family of models answers than was asked for, in words; "" otherwise
	Refused *chat.Error // what the client is told if there is nowhere to go

	trace []Tried // every rule, in order; of those whose conditions do not hold the reason is not put in words yet
	by    *decider
}

// Trace is what became of every rule, in order. It is put in words only where
// somebody wants to read it.
func (d *Decision) Trace() []Tried {
	trace := slices.Clone(d.trace)
	for i := range trace {
		if trace[i].Reason == "" {
			trace[i].Reason = d.by.why(&d.by.Settings.Rules[i].When)
		}
	}
	return trace
}

// Decide finds the chain for a request: the first rule that matches wins.
func Decide(in Input) Decision {
	d := &decider{Input: in, asked: askedModel(in.Facts.Model)}
	d.name = config.Folded(d.asked)
	d.decide()
	d.out.by = d
	return d.out
}

func (d *decider) decide() {
	rules := d.Settings.Rules
	d.out.trace = make([]Tried, 0, len(rules))
	if d.Pin != "" {
		d.pinned()
		return
	}
	for i := range rules {
		rule := &rules[i]
		if !d.holds(&rule.When) {
			d.tried(rule.Name, false, "", nil)
			continue
		}
		reason := d.why(&rule.When)
		chain, left := d.chain(i, rule.Use)
		chain = d.sameFamily(chain)
		if len(chain) > 0 {
			chain, reason, left = d.canary(i, chain, reason, left)
			d.match(i, reason, chain, left)
			return
		}
		d.tried(rule.Name, false, reason+", but no target is left", left)
		if rule.When.Images {
			d.notReached(rules[i+1:], "vision never falls through to a text model")
			if !d.rescue() {
				d.refuseImages(left)
			}
			return
		}
	}
	if !d.rescue() {
		d.refuse()
	}
}

// decider is one run of Decide.
type decider struct {
	Input
	asked string // the client's model, "[1m]" cut off
	name  config.Name
	spare spare
	out   Decision

	primary      string // see isPrimary
	primaryKnown bool
	alias        verdict // whether asked is an alias
}

// spare is the step with the largest context among those passed over because
// the request is larger.
type spare struct {
	rule    int
	step    Step
	context int // tokens; 0: there is no spare
}

// verdict is a question that is answered at most once.
type verdict int8

const (
	unasked verdict = iota
	yes
	no
)

// chain lists the steps of a rule's targets, and what was left out.
func (d *decider) chain(rule int, use []config.Target) (chain []Step, left []Left) {
	for _, t := range use {
		step, un := d.step(t)
		if un.why == "" {
			un.why = twice(chain, step)
		}
		if un.why == "" {
			if chain == nil {
				chain = make([]Step, 0, len(use))
			}
			chain = append(chain, step)
			continue
		}
		left = append(left, Left{Target: t.String(), Why: un.why})
		if un.context > d.spare.context {
			d.spare = spare{rule: rule, step: step, context: un.context}
		}
	}
	return chain, left
}

// twice says which earlier step would send the same request already.
func twice(chain []Step, step Step) string {
	for i := range chain {
		if chain[i].Model == step.Model && chain[i].Target.Provider == step.Target.Provider {
			return "the same as " + chain[i].Target.String()
		}
	}
	return ""
}

// step turns a target into a step, or says what is wrong with it.
func (d *decider) step(t config.Target) (Step, unfit) {
	p := d.Settings.Provider(t.Provider)
	if p == nil {
		return Step{}, unfit{why: "the settings have no provider " + t.Provider}
	}
	if d.usable(p) == 0 {
		return Step{}, unfit{why: p.ID + noKey}
	}
	return d.model(p, t)
}

func (d *decider) usable(p *config.Provider) int {
	if d.Usable == nil {
		return p.Usable()
	}
	return d.Usable(p.ID)
}

// noKey follows a provider's id.
const noKey = " has no usable key"

func (d *decider) tried(rule string, matched bool, reason string, left []Left) {
	d.out.trace = append(d.out.trace, Tried{Rule: rule, Matched: matched, Reason: reason, Left: left})
}

func (d *decider) notReached(rules []config.Rule, why string) {
	for i := range rules {
		d.tried(rules[i].Name, false, "not reached: "+why, nil)
	}
}

func (d *decider) match(rule int, reason string, chain []Step, left []Left) {
	rules := d.Settings.Rules
	d.tried(rules[rule].Name, true, reason, left)
	if rest := rules[rule+1:]; len(rest) > 0 {
		why := "not reached: " + rules[rule].Name + " matched"
		for i := range rest {
			d.tried(rest[i].Name, false, why, nil)
		}
	}
	d.out.Rule, d.out.Reason, d.out.Chain, d.out.Astray = rules[rule].Name, reason, chain, d.astray(chain)
}

// rescue takes the target that holds most, if size is all that is wrong.
func (d *decider) rescue() bool {
	if d.spare.context == 0 {
		return false
	}
	step := d.spare.step
	rule := &d.Settings.Rules[d.spare.rule]
	reason := d.why(&rule.When) + "; no target holds " + comma(d.Facts.Tokens) + " tokens, " +
		step.Target.String() + " holds most (" + comma(d.spare.context) + ")"
	d.out.Rule, d.out.Reason, d.out.Chain = rule.Name, reason, []Step{step}
	tried := &d.out.trace[d.spare.rule]
	tried.Matched, tried.Reason = true, reason
	return true
}
