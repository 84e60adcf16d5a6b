package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// prose is a text of about so many tokens, no two lines of which are alike.
func prose(tokens int) string {
	var b strings.Builder
	for i := 0; b.Len() < 4*tokens; i++ {
		fmt.Fprintf(&b, "Line %d of the report: the river rose by %d centimetres, and the town watched it.\n", i, i*7919%101)
	}
	return b.String()
}

// reads is the call with which Claude Code reads files of the project.
func reads(a *agent, names ...string) (calls []simulator.ToolCall) {
	for _, name := range names {
		calls = append(calls, simulator.ToolCall{Name: "Read", Arguments: `{"file_path":"` + filepath.Join(a.project, name) + `","limit":100000}`})
	}
	return calls
}

func TestAgentsReadLongTexts(t *testing.T) {
	inFrontOf(t, func(t *testing.T, f fleet, how way) {
		a := newAgent(t, how.name)
		files := []string{"one.txt", "two.txt", "three.txt"}
		answer := task("").Answer
		answer.Turns = append(answer.Turns,
			simulator.Turn{User: "READ:", ToolCalls: reads(a, files...)},
			simulator.Turn{User: "READ:", Text: taskSaid + " enough"},
		)
		s := f.launch(t, answer, launch{})
		how.setup(a, s.program)
		a.stdin = prose(140_000)
		a.says(firstResult, how.ask(firstPrompt)...)
		a.stdin = ""
		a.says(secondResult, how.goOn(secondPrompt)...)
		if how.name == "claude" {
			// The others cut what a tool brings long before it is long here.
			a.environ = append(a.environ, "CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS=300000")
			for _, name := range files {
				write(t, filepath.Join(a.project, name), prose(50_000))
			}
			a.says("enough", how.ask("READ: the files.")...)
		}
		a.holdsNoKey()
		s.spoken(t, f, how)
		calls := s.calls()
		records := s.history()
		tellsTheTruth(t, records, calls)
		long := 0
		for _, r := range records {
			if r.Rule == "long context" && r.Provider == "synthetic" && r.Model == "syn:large:text" {
				long++
			} else if r.Rule != "everything" {
				t.Errorf("%s/%s by rule %q", r.Provider, r.Model, r.Rule)
			}
		}
		for _, list := range calls {
			for _, c := range list {
				if c.Turn > 0 && c.Turn != len(answer.Turns)-1 && (c.BodyBytes < 480_000 || strings.Count(c.Body, "Line 2000 of") == 0) {
					t.Errorf("turn %d came with %d bytes", c.Turn, c.BodyBytes)
				}
			}
		}
		if want := map[string]int{"claude": 5, "codex": 4, "opencode": 4}[how.name]; long < want {
			t.Errorf("%d requests went by the rule for long ones, not %d", long, want)
		}
	})
}

// A session grows beyond what the only model holds. The program's words have
// Claude Code and OpenCode shorten it and go on; Codex says what is wrong.
func TestAgentsMeetAContextThatIsTooSmall(t *testing.T) {
	full(t)
	for _, how := range agents {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			cerebras := provider(t, task(simulator.Cerebras))
			p := start(t, launch{environ: cerebrasAt(cerebras.URL)})
			a := newAgent(t, how.name)
			how.setup(a, p)
			a.stdin = prose(100_000)
			a.says(firstResult, how.ask(firstPrompt)...)
			a.stdin = prose(30_000)
			next := how.goOn(secondPrompt)
			if how.name == "codex" { // which takes no text from a pipe here
				next, a.stdin = how.ask(secondPrompt), prose(160_000)
			}
			stdout, stderr, err := a.try(next...)
			healed := strings.Contains(stdout, taskSaid+" "+secondResult)
			told := err != nil && strings.Contains(stderr, "ran out of room in the model's context window")
			if healed != (how.name != "codex") || told != (how.name == "codex") {
				t.Errorf("%v: %s\n%s", err, last(stdout), last(stderr))
			}
			exceeded := 0
			records := p.history()
			for _, r := range records {
				if r.Outcome == "context exceeded" && r.Status == 400 {
					exceeded++
				} else if r.Outcome != "ok" {
					t.Errorf("%s: %s", r.Outcome, r.Error)
				}
			}
			if exceeded != 1 || healed && records[len(records)-1].Outcome != "ok" {
				t.Errorf("told %d times that it is too long: %+v", exceeded, records)
			}
		})
	}
}
