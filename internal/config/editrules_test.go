package config

import (
	"errors"
	"strings"
	"testing"
)

const ruled = `addr = "127.0.0.1:9000" # mine

# pictures go to who can see
[[rule]]
name = "vision" # eyes
when = { images = true }
use = ["synthetic/vision", "zai/vision"] # in this order

# what is long
[[rule]]
name = "long"
use = "synthetic/large"
[rule.when]
tokens_over = 120000 # the primary's limit is 131,072

[[key]]
provider = "zai"
name = "own"

[[rule]]
name = "small"
when.model = "*haiku*" # Claude Code's small one
use = ["zai/small"]

# all else
[[rule]]
name = "everything"
use = ["cerebras/large", "zai/large"]
`

func ruleEdits(t *testing.T, text string) []RuleEdit {
	t.Helper()
	s := defaults("")
	if p := readSettings(s, []byte(text), "settings.toml", ""); p.err() != nil {
		t.Fatal(p.err())
	}
	out := make([]RuleEdit, len(s.Rules))
	for i, r := range s.Rules {
		out[i] = RuleEdit{Was: r.Name, Rule: r}
	}
	return out
}

func TestRulesAreEditedAndTheirCommentsStay(t *testing.T) {
	tests := []struct {
		name   string
		change func(l []RuleEdit) []RuleEdit
		old    string
		now    string // in ruled, old stands in its place
	}{
		{"nothing changed", func(l []RuleEdit) []RuleEdit { return l }, "", ""},
		{
			"a threshold in a table of its own",
			func(l []RuleEdit) []RuleEdit { l[1].When.TokensOver = 100_000; return l },
			"tokens_over = 120000 #", "tokens_over = 100000 #",
		},
		{
			"a dotted pattern",
			func(l []RuleEdit) []RuleEdit { l[2].When.Model = "*haiku*|*air*"; return l },
			`when.model = "*haiku*" #`, `when.model = "*haiku*|*air*" #`,
		},
		{
			"a condition more in one line",
			func(l []RuleEdit) []RuleEdit { l[0].When.TokensOver = 5; return l },
			"when = { images = true }", "when = { images = true, tokens_over = 5 }",
		},
		{
			"a chain",
			func(l []RuleEdit) []RuleEdit { l[0].Use = targets("zai/vision", "synthetic/vision"); return l },
			`use = ["synthetic/vision", "zai/vision"] #`, `use = ["zai/vision", "synthetic/vision"] #`,
		},
		{
			"a name",
			func(l []RuleEdit) []RuleEdit { l[0].Name = "eyes"; return l },
			`name = "vision" #`, `name = "eyes" #`,
		},
		{
			"a rule less",
			func(l []RuleEdit) []RuleEdit { return append(l[:1:1], l[2:]...) },
			"# what is long\n[[rule]]\nname = \"long\"\nuse = \"synthetic/large\"\n[rule.when]\ntokens_over = 120000 # the primary's limit is 131,072\n\n", "",
		},
		{
			"a rule more before the last",
			func(l []RuleEdit) []RuleEdit {
				fresh := RuleEdit{Rule: Rule{Name: "opus", When: When{Model: "*opus*"}, Use: targets("zai/large")}}
				return append(l[:3:3], fresh, l[3])
			},
			"# all else\n", "[[rule]]\nname = \"opus\"\nwhen = { model = \"*opus*\" }\nuse = [\"zai/large\"]\n\n# all else\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := tt.change(ruleEdits(t, ruled))
			got, err := edit(t, ruled, func(d *Doc) error { return d.SetRules(list) })
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(ruled, tt.old, tt.now, 1)
			if tt.name == "a rule less" { // the ones behind it move up into its place
				if c := comments(got); c != comments(want) {
					t.Errorf("comments %q\nwant %q", c, comments(want))
				}
			} else if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			after := ruleEdits(t, got)
			if len(after) != len(list) {
				t.Fatalf("%d rules, want %d", len(after), len(list))
			}
			for i := range list {
				if !equalRule(&after[i].Rule, &list[i].Rule) {
					t.Errorf("rule %d is %+v, want %+v", i, after[i].Rule, list[i].Rule)
				}
			}
		})
	}
}

func equalRule(a, b *Rule) bool {
	return a.Name == b.Name && a.When == b.When && tomlList(a.Use) == tomlList(b.Use)
}

// comments are what stands behind # signs, in a row.
func comments(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if _, c, ok := strings.Cut(line, "#"); ok {
			out = append(out, strings.TrimSpace(c))
		}
	}
	return strings.Join(out, "|")
}

func TestRulesMoveWithTheirComments(t *testing.T) {
	list := ruleEdits(t, ruled)
	list[0], list[2] = list[2], list[0]
	got, err := edit(t, ruled, func(d *Doc) error { return d.SetRules(list) })
	if err != nil {
		t.Fatal(err)
	}
	if want := "mine|Claude Code's small one|what is long|the primary's limit is 131,072|pictures go to who can see|eyes|in this order|all else"; comments(got) != want {
		t.Errorf("comments %q\nwant %q\n%s", comments(got), want, got)
	}
	if after := ruleEdits(t, got); after[0].Name != "small" || after[2].Name != "vision" || after[2].When != (When{Images: true}) {
		t.Errorf("%+v", after)
	}
}

func TestACanaryStaysWithItsRule(t *testing.T) {
	text := strings.Replace(ruled, "use = [\"zai/small\"]\n", "use = [\"zai/small\"]\ncanary = { share = \"5%\", use = [\"zai/glm-5.3\"] } # a trial\n", 1)
	list := ruleEdits(t, text)
	list[2].Canary = Canary{} // whoever edits may not know of it
	list[2].Use = targets("zai/large")
	list[1], list[2] = list[2], list[1]
	got, err := edit(t, text, func(d *Doc) error { return d.SetRules(list) })
	if err != nil {
		t.Fatal(err)
	}
	if after := ruleEdits(t, got); after[1].Name != "small" || after[1].Canary.Share != 5 || !strings.Contains(got, "# a trial") {
		t.Errorf("%+v\n%s", after[1], got)
	}
}

func TestTheDefaultRulesAreWrittenOutOnceTheyAreEdited(t *testing.T) {
	list := make([]RuleEdit, 0, 4)
	for _, r := range DefaultRules(120_000) {
		list = append(list, RuleEdit{Was: r.Name, Rule: r})
	}
	list[0], list[1] = list[1], list[0]
	got, err := edit(t, "# mine\naddr = \"127.0.0.1:9000\"\n", func(d *Doc) error { return d.SetRules(list) })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got, "# mine\naddr = \"127.0.0.1:9000\"\n\n[[rule]]\nname = \"long context\"\n") {
		t.Errorf("got\n%s", got)
	}
	if after := ruleEdits(t, got); len(after) != 4 || !equalRule(&after[3].Rule, &list[3].Rule) {
		t.Errorf("%+v", after)
	}
}

func TestRulesThatDoNotHoldAreNotWritten(t *testing.T) {
	list := ruleEdits(t, ruled)
	for _, bad := range [][]RuleEdit{list[:3], {}, append([]RuleEdit{list[3]}, list...)} {
		_, err := edit(t, ruled, func(d *Doc) error { return d.SetRules(bad) })
		if len(bad) == 0 {
			if err != nil {
				t.Errorf("no rules at all, which means the default ones: %v", err)
			}
			continue
		}
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "rule ") {
			t.Errorf("%d rules: %v", len(bad), err)
		}
	}
}
