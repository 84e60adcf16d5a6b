package config

import "testing"

func TestARuleMayTryAnotherTargetWithAShareOfItsRequests(t *testing.T) {
	s := mustLoad(t, `
variant = "blue"
[[rule]]
name = "everything"
use = ["zai/glm-4.6", "cerebras/large"]
canary = { share = "2.5 %", use = ["zai/glm-5.3"] }
`, Options{Keychain: ring{}})
	want := Canary{Share: 2.5, Use: targets("zai/glm-5.3")}
	got := s.Rules[0].Canary
	if got.Share != want.Share || len(got.Use) != 1 || got.Use[0] != want.Use[0] || s.Variant != "blue" {
		t.Errorf("read %+v, variant %q", got, s.Variant)
	}
	if row := RuleRows(s.Rules)[0].Use; row != "zai/glm-4.6 → cerebras/large; 2.5 % to zai/glm-5.3 first" {
		t.Errorf("in words: %q", row)
	}
}

func TestAShareOfNothingIsACanaryThatIsSwitchedOff(t *testing.T) {
	s := mustLoad(t, `
[[rule]]
name = "everything"
use = ["zai/glm-4.6"]
canary = { share = "0%", use = ["zai/glm-5.3"] }
`, Options{Keychain: ring{}, Environ: []string{"DEPLOYMENT_VARIANT=canary"}})
	if s.Variant != "canary" || s.Origins["variant"] != "DEPLOYMENT_VARIANT" {
		t.Errorf("variant %q from %s", s.Variant, s.Origins["variant"])
	}
	if row := RuleRows(s.Rules)[0].Use; row != "zai/glm-4.6" {
		t.Errorf("in words: %q", row)
	}
}
