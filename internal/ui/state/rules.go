package state

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rule is one row of the routing table as it is edited.
type Rule struct {
	Was        string // its name in the settings file; "" for one that is not there yet
	Name       string
	Images     bool
	TokensOver int    // 0: any size
	Model      string // patterns separated by |; "" for any
	Use        []string
	Canary     string // "5 % to zai/glm-5.3 first"; "" without one. It is told, not edited: the file keeps it
}

// CatchAll reports whether the rule holds for every request.
func (r *Rule) CatchAll() bool { return !r.Images && r.TokensOver == 0 && r.Model == "" }

// Equal reports whether two rules are the same.
func (r Rule) Equal(o Rule) bool {
	return r.Was == o.Was && r.Name == o.Name && r.Images == o.Images && r.TokensOver == o.TokensOver && r.Model == o.Model &&
		slices.Equal(r.Use, o.Use)
}

// When says in words for which requests the rule is meant.
func (r *Rule) When() string {
	var parts []string
	if r.Images {
		parts = append(parts, Tr("pictures"))
	}
	if r.TokensOver > 0 {
		parts = append(parts, TrN(r.TokensOver, "over {{.Count}} token", "over {{.Count}} tokens"))
	}
	if r.Model != "" {
		parts = append(parts, Tr("model {{.Name}}", "Name", strings.ReplaceAll(r.Model, "|", " "+Tr("or")+" ")))
	}
	if len(parts) == 0 {
		return Tr("every other request")
	}
	return strings.Join(parts, " "+Tr("and")+" ")
}

// Rules is the routing table.
type Rules struct {
	List    []Rule
	Origin  string   // for people: "default", "settings.toml:12"
	Default bool     // nothing of it stands in the settings file yet
	Targets []string // that a rule may name: "cerebras/large"
}

// Where names the part of a rule that something is wrong with.
type Where string

// The parts of a rule.
const (
	WhereName   Where = "name"
	WhereTokens Where = "tokens"
	WhereUse    Where = "use"
	WhereOrder  Where = "order"
)

// Trouble is what is wrong with a rule, while it is typed.
type Trouble struct {
	Where Where
	Text  string
}

// Troubles say what is wrong with rule i among all. The settings say the last
// word when it is written; this is what can be told at once.
func Troubles(list []Rule, i int, targets []string) []Trouble {
	var out []Trouble
	add := func(where Where, text string) { out = append(out, Trouble{where, text}) }
	r := &list[i]
	if text := nameTrouble(list, i); text != "" {
		add(WhereName, text)
	}
	if r.TokensOver < 0 {
		add(WhereTokens, Tr("must be a whole number of tokens, or nothing"))
	}
	if len(r.Use) == 0 {
		add(WhereUse, Tr("name at least one target, such as {{.Target}}", "Target", first(targets, "cerebras/large")))
	}
	for _, u := range r.Use {
		if text := targetTrouble(u, targets); text != "" {
			add(WhereUse, text)
			break
		}
	}
	switch last := i == len(list)-1; {
	case last && !r.CatchAll():
		add(WhereOrder, Tr("the last rule must hold for every request: it may have no condition"))
	case !last && r.CatchAll():
		add(WhereOrder, Tr("it holds for every request, so no rule after it is ever reached: move it to the end"))
	}
	return out
}

func nameTrouble(list []Rule, i int) string {
	name := list[i].Name
	if strings.TrimSpace(name) == "" {
		return Tr("give it a name")
	}
	for j := range list {
		if j != i && list[j].Name == name {
			return Tr("another rule has this name")
		}
	}
	return ""
}

func targetTrouble(target string, targets []string) string {
	provider, model, _ := strings.Cut(target, "/")
	if provider == "" || strings.HasSuffix(target, "/") || strings.ContainsAny(target, " \t\"") {
		return Tr("{{.Target}} is no target: write provider/role or provider/model", "Target", strconv.Quote(target))
	}
	known := slices.ContainsFunc(targets, func(t string) bool { return strings.HasPrefix(t, provider+"/") })
	if !known && len(targets) > 0 {
		return Tr("there is no provider {{.Name}}", "Name", provider)
	}
	if (model == "large" || model == "small" || model == "vision") && len(targets) > 0 && !slices.Contains(targets, target) {
		return Tr("{{.Name}} has no model for the role {{.Role}}", "Name", provider, "Role", model)
	}
	return ""
}

func first(list []string, other string) string {
	if len(list) > 0 {
		return list[0]
	}
	return other
}

// ParseTokens reads a number of tokens as people write it: "120000", "120,000",
// "120k"; "" is 0. What is none is -1.
func ParseTokens(text string) int {
	text = strings.ToLower(strings.NewReplacer(",", "", "_", "", " ", "").Replace(text))
	if text == "" {
		return 0
	}
	factor := 1
	if rest, ok := strings.CutSuffix(text, "k"); ok {
		text, factor = rest, 1000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<30/factor {
		return -1
	}
	return n * factor
}

// ParseUse reads a chain of targets: separated by commas, blanks or arrows.
func ParseUse(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '→' || r == '>' || r == '\n' })
}

// TargetState is how a target of a rule stands: that of its provider's best key.
type TargetState struct {
	Target string
	Mark   Mark
	Word   string // "ready", "back in 0:11", "no key"
}

// Target tells how a target stands.
func (s *State) Target(target string, now time.Time) TargetState {
	provider, _, _ := strings.Cut(target, "/")
	t := TargetState{Target: target, Mark: Off, Word: Tr("no key")}
	var soonest time.Duration
	for i := range s.keys {
		k := &s.keys[i]
		if k.Provider != provider {
			continue
		}
		row := k.row(now, fine)
		switch left := k.left(now); {
		case row.State == Ready:
			return TargetState{Target: target, Mark: Good, Word: row.Word}
		case row.State == Busy:
			t.Mark, t.Word, soonest = Waiting, row.Word, 1
		case left > 0 && (soonest == 0 || left < soonest):
			t.Mark, t.Word, soonest = Waiting, row.Word, left
		case soonest == 0 && row.State != Disabled:
			t.Mark, t.Word = row.Mark, row.Word
		}
	}
	return t
}
