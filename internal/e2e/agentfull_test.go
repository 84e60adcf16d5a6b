package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// full says in one line that a test is left out, unless it was asked for.
func full(t *testing.T) {
	t.Helper()
	if !everything() {
		t.Skip("left to: make e2e-full")
	}
	t.Parallel()
}

// fleet is a way in which providers stand behind the program.
type fleet struct {
	name     string
	dialects map[string][]string // by vendor: what it speaks; who is not here has no key
	settings func(url map[string]string) string
	environ  func(url map[string]string) []string
}

var fleets = []fleet{
	{
		"OpenAI",
		map[string][]string{
			simulator.Cerebras: {simulator.Chat}, simulator.Synthetic: {simulator.Chat}, simulator.ZAI: {simulator.Chat},
		},
		func(map[string]string) string { return "" },
		func(url map[string]string) []string {
			return slices.Concat(cerebrasAt(url["cerebras"]), syntheticAt(url["synthetic"]), zaiAt(url["zai"]))
		},
	},
	{
		"Anthropic",
		map[string][]string{simulator.Synthetic: {simulator.Messages}, simulator.ZAI: {simulator.Messages}},
		func(url map[string]string) string { return anthropicSynthetic(url["synthetic"]) },
		func(url map[string]string) []string {
			return []string{"SYNTHETIC_API_KEY=" + keyS, "ZAI_API_KEY=" + keyZ, "ZAI_ANTHROPIC_BASE_URL=" + url["zai"] + "/api/anthropic"}
		},
	},
	{
		"mixed",
		map[string][]string{
			simulator.Cerebras: {simulator.Chat}, simulator.Synthetic: {simulator.Messages}, simulator.ZAI: {simulator.Chat, simulator.Messages},
		},
		func(url map[string]string) string { return anthropicSynthetic(url["synthetic"]) },
		func(url map[string]string) []string {
			return slices.Concat(cerebrasAt(url["cerebras"]), zaiAt(url["zai"]),
				[]string{"SYNTHETIC_API_KEY=" + keyS, "ZAI_ANTHROPIC_BASE_URL=" + url["zai"] + "/api/anthropic"})
		},
	},
}

// stage is a program in front of a fleet.
type stage struct {
	*program
	vendors map[string]*simulator.Running
}

// launch starts the providers, all of which answer alike, and the program.
func (f fleet) launch(t *testing.T, answer simulator.Answer, more launch) *stage {
	t.Helper()
	s := &stage{vendors: map[string]*simulator.Running{}}
	url := map[string]string{}
	for vendor, dialects := range f.dialects {
		played := script(vendor)
		played.KeepBodies, played.Answer, played.Dialects = true, answer, dialects
		s.vendors[vendor] = provider(t, played)
		url[vendor] = s.vendors[vendor].URL
	}
	more.settings += f.settings(url)
	more.environ = append(f.environ(url), more.environ...)
	s.program = start(t, more)
	return s
}

// calls are what the providers were asked for answers.
func (s *stage) calls() map[string][]simulator.Call {
	all := map[string][]simulator.Call{}
	for vendor, p := range s.vendors {
		for _, c := range p.Calls() {
			if c.Dialect != "" {
				all[vendor] = append(all[vendor], c)
			}
		}
	}
	return all
}

// inFrontOf runs a test for every fleet and every client that has a turn for it.
func inFrontOf(t *testing.T, fn func(t *testing.T, f fleet, how way)) {
	full(t)
	for _, f := range fleets {
		for _, how := range agents {
			t.Run(f.name+"/"+how.name, func(t *testing.T) {
				t.Parallel()
				fn(t, f, how)
			})
		}
	}
}

// spoken wants every provider to have been asked in its own dialects, and in
// the client's where it has it.
func (s *stage) spoken(t *testing.T, f fleet, how way) {
	t.Helper()
	own := simulator.Chat
	if how.name == "claude" {
		own = simulator.Messages
	}
	for vendor, calls := range s.calls() {
		for _, c := range calls {
			if !slices.Contains(f.dialects[vendor], c.Dialect) || slices.Contains(f.dialects[vendor], own) && c.Dialect != own {
				t.Errorf("%s was asked in %s", vendor, c.Dialect)
			}
			if len(c.Forbidden) > 0 {
				t.Errorf("%s was shown %v", vendor, c.Forbidden)
			}
		}
	}
}

func TestAgentsRunToolsInParallel(t *testing.T) {
	inFrontOf(t, func(t *testing.T, f fleet, how way) {
		s := f.launch(t, simulator.Answer{
			Text: "Just an answer.", Interleave: f.name != "Anthropic",
			Turns: []simulator.Turn{
				{User: "FIRST:", Reasoning: "Three at once.", ToolCalls: []simulator.ToolCall{
					simulator.Shell("echo one-$((10+1))"), simulator.Shell("echo two-$((20+2))"), simulator.Shell("echo three-$((30+3))"),
				}},
				{User: "FIRST:", Text: taskSaid + ": {{results}}"},
			},
		}, launch{})
		a := newAgent(t, how.name)
		how.setup(a, s.program)
		out := a.run(how.ask(firstPrompt)...)
		for _, want := range []string{"one-11", "two-22", "three-33"} {
			if _, quoted, _ := strings.Cut(out, taskSaid); !strings.Contains(quoted, want) {
				t.Errorf("%s is not in %q", want, last(out))
			}
		}
		a.holdsNoKey()
		s.spoken(t, f, how)
		tellsTheTruth(t, s.history(), s.calls())
	})
}
