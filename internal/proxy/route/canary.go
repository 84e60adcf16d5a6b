package route

// What [Decision.Variant] says.
const (
	Main   = "main"
	Canary = "canary"
)

// canary puts the targets of a rule's canary before those of the rule, for the
// conversations whose dice says so. The rule's own targets stay behind them: a
// canary that fails costs nobody an answer, and its failures are counted.
func (d *decider) canary(rule int, chain []Step, reason string, left []Left) ([]Step, string, []Left) {
	c := &d.Settings.Rules[rule].Canary
	if c.Share <= 0 {
		return chain, reason, left
	}
	d.out.Variant = Main
	if d.Dice*100 >= c.Share {
		return chain, reason + "; not of the " + c.Percent() + " that try the canary", left
	}
	first, out := d.chain(rule, c.Use)
	left = append(left, out...)
	if len(first) == 0 {
		return chain, reason + "; the canary has no target left", left
	}
	d.out.Variant = Canary
	for _, step := range chain {
		if twice(first, step) == "" {
			first = append(first, step)
		}
	}
	return first, reason + "; one of the " + c.Percent() + " that try the canary", left
}
