package e2e

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

const subSaid = "The sub-agent found"

// delegate is the call of the tool with which a client starts a sub-agent.
// Codex' tool returns at once. OpenCode takes three calls alike for a loop.
func delegate(kind, what string) simulator.ToolCall {
	prompt := "SUB: find out about " + what + "."
	return simulator.ToolCall{
		Name: "Agent", Arguments: `{"description":"look around","prompt":"` + prompt + `","subagent_type":"` + kind + `"}`,
		Or: []simulator.ToolCall{
			{Name: "multi_agent_v1__spawn_agent", Arguments: `{"message":"` + prompt + `"}`},
			{Name: "task", Arguments: `{"description":"look around","prompt":"` + prompt + `","subagent_type":"general"}`},
		},
	}
}

func TestAgentsHaveSubAgents(t *testing.T) {
	inFrontOf(t, func(t *testing.T, f fleet, how way) {
		s := f.launch(t, simulator.Answer{
			Text: "Just an answer.",
			Turns: []simulator.Turn{
				{User: "FIRST:", ToolCalls: []simulator.ToolCall{
					delegate("Explore", "the purpose"), delegate("Explore", "the tests"), delegate("general-purpose", "the rest"),
				}},
				{User: "FIRST:", ToolCalls: []simulator.ToolCall{simulator.Shell("until [ -e found ]; do sleep 0.1; done; cat found")}},
				{User: "FIRST:", Text: taskSaid + " {{result}}"},
				{User: "SUB:", ToolCalls: []simulator.ToolCall{simulator.Shell("echo sub-$((50+5)) | tee found")}},
				{User: "SUB:", Text: subSaid + " {{result}}"},
			},
		}, launch{})
		a := newAgent(t, how.name)
		how.setup(a, s.program)
		// What Codex says last is its answer to the news that a sub-agent has ended.
		if out := a.run(how.ask(firstPrompt)...); how.name != "codex" && !strings.Contains(out, taskSaid+" sub-55") {
			t.Errorf("it says %q", last(out))
		}
		a.holdsNoKey()
		s.spoken(t, f, how)
		calls := s.calls()
		checkSubAgents(t, how, calls)
		records := s.history()
		tellsTheTruth(t, records, calls)
		if how.name == "claude" {
			checkExplorers(t, records)
		}
	})
}

// checkSubAgents wants the tools of agent and sub-agents to have run, and what
// the sub-agents found to have come back to the agent.
func checkSubAgents(t *testing.T, how way, calls map[string][]simulator.Call) {
	t.Helper()
	turns := map[int]int{}
	var back bool
	for vendor, list := range calls {
		for _, c := range list {
			turns[c.Turn]++
			back = back || c.Turn == 2 && strings.Contains(c.Body, subSaid+" sub-55") || c.Turn == 3 && how.name == "codex" && strings.Contains(c.Body, "sub-55")
			if vendor == simulator.ZAI && c.InFlight > 0 {
				t.Errorf("Z.ai's plan, which takes one request at a time, was asked beside %d others", c.InFlight)
			}
		}
	}
	if turns[1] != 1 || turns[2] != 1 || turns[3] != 1 || turns[4] != 3 || turns[5] == 0 && how.name != "codex" || !back {
		t.Errorf("the turns came so often: %v; the result came back: %v", turns, back)
	}
}

// checkExplorers wants Claude Code's Explore sub-agents, which ask for a Haiku by
// its id, to have got the small model, and nobody else.
func checkExplorers(t *testing.T, records []kept) {
	t.Helper()
	n := 0
	for _, r := range records {
		small := strings.HasPrefix(r.Asked, "claude-haiku-")
		if small {
			n++
		}
		if small != (r.Rule == "small model") || small != (r.Provider == "zai" && r.Model == "glm-5.3-flash") {
			t.Errorf("%s went to %s/%s by rule %q", r.Asked, r.Provider, r.Model, r.Rule)
		}
	}
	if n != 4 {
		t.Errorf("two explorers have made %d requests, not 4", n)
	}
}
