package route

import (
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/roster"
)

func TestTheFamilyThatWasAskedForComesFirstIfWished(t *testing.T) {
	w := world{
		facts:  chat.Facts{Model: "glm-4.6", TextBytes: 100, Tokens: 25},
		listed: map[string][]roster.Listed{"zai": {{ID: "glm-4.6"}, {ID: "glm-5.3"}}},
		gone:   []string{"cerebras/glm-4.6"},
	}
	in := w.input()
	d := Decide(in)
	if got := d.Chain[0].Target.Provider; got != "cerebras" {
		t.Errorf("unwished, %s comes first", got)
	}
	if want := "cerebras has no glm for glm-4.6: qwen-3.8-27b answers"; d.Astray != want {
		t.Errorf("said %q, want %q", d.Astray, want)
	}
	in.Settings.SameFamilyFirst = true
	d = Decide(in)
	if d.Chain[0].Target.Provider != "zai" || d.Chain[1].Target.Provider != "cerebras" || d.Astray != "" {
		t.Errorf("wished, the chain is %+v, and it says %q", d.Chain, d.Astray)
	}
}

func TestNobodyIsToldOfAnotherFamilyWhereNoneWasAskedFor(t *testing.T) {
	for _, model := range []string{"claude-opus-4-8", "gpt-5", "", "qwen-3.8-27b"} {
		d := Decide(world{facts: chat.Facts{Model: model, TextBytes: 100, Tokens: 25}}.input())
		if d.Astray != "" {
			t.Errorf("%q: %q", model, d.Astray)
		}
	}
}
