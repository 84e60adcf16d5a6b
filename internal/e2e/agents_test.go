package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// The task of every agent: it asks for a shell command, and what the command
// printed must come back to the provider, which quotes it. The command's text
// does not hold its output.
const (
	taskPrompt  = "Run the task's command and tell me what it printed."
	taskCommand = "echo glmtray-$((6*7))"
	taskSaid    = "The tool said"
	taskResult  = "glmtray-42"
)

// finishes runs the client and wants the answer that quotes the tool's result.
func (a *agent) finishes(args ...string) {
	a.t.Helper()
	out := a.run(args...)
	if _, quoted, said := strings.Cut(out, taskSaid); !said || !strings.Contains(quoted, taskResult) {
		a.t.Errorf("it says %q", last(out))
	}
}

// task is what the provider does with it.
func task(vendor string) simulator.Script {
	s := script(vendor)
	s.KeepBodies = true
	s.Answer = simulator.Answer{
		Text: "Just an answer.",
		Turns: []simulator.Turn{
			{Reasoning: "I should run the command.", Text: "I run it.", ToolCalls: []simulator.ToolCall{simulator.Shell(taskCommand)}},
			{Reasoning: "It has run.", Text: taskSaid + " {{result}}"},
		},
	}
	return s
}

// agents are the ways in which each client is pointed at a proxy and given a
// task.
var agents = []struct {
	name  string
	setup func(a *agent, p *program)
	args  []string
}{
	{
		"claude",
		func(a *agent, p *program) {
			a.environ = append(a.environ, "ANTHROPIC_BASE_URL="+p.url, "ANTHROPIC_AUTH_TOKEN=sk-any-key-does-here")
		},
		[]string{"-p", taskPrompt, "--allowedTools", "Bash"},
	},
	{
		"codex",
		func(a *agent, p *program) {
			write(a.t, filepath.Join(a.home, ".codex", "config.toml"), `model = "gpt-oss-120b"
model_provider = "glmtray"
[model_providers.glmtray]
name = "glmtray"
base_url = "`+p.url+`/v1"
wire_api = "responses"
experimental_bearer_token = "sk-any-key-does-here"
`)
		},
		[]string{"exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", taskPrompt},
	},
	{
		"opencode",
		func(a *agent, p *program) {
			write(a.t, filepath.Join(a.home, ".config", "opencode", "opencode.json"), `{
  "provider": {"glmtray": {"npm": "@ai-sdk/openai-compatible", "name": "glmtray",
    "options": {"baseURL": "`+p.url+`/v1", "apiKey": "sk-any-key-does-here"},
    "models": {"gpt-oss-120b": {"name": "gpt-oss-120b"}}}},
  "model": "glmtray/gpt-oss-120b", "permission": {"bash": "allow"}}`)
		},
		[]string{"run", taskPrompt},
	},
}

// onlyAnthropic are settings under which Synthetic, and nobody else, is asked,
// in Anthropic's dialect.
func onlyAnthropic(url string) string {
	return `[[rule]]
name = "everything"
use = ["synthetic/large"]
[provider.synthetic]
dialect = "anthropic"
url = "` + url + `/anthropic"
`
}

func TestAgentsFinishATaskThroughAProviderThatSpeaksOnlyOpenAI(t *testing.T) {
	t.Parallel()
	for _, c := range agents {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			first := task(simulator.Cerebras)
			// The first key is refused at once, and the provider breaks down when the
			// tool's result comes: another key, and then another provider, go on.
			first.Faults = []simulator.Fault{
				{When: simulator.When{Key: "a"}, What: "cerebras/tpm"},
				{When: simulator.When{Nth: 2}, What: "cerebras/503"},
			}
			second := task(simulator.Synthetic)
			second.Dialects = []string{simulator.Chat}
			cerebras, synthetic := provider(t, first), provider(t, second)
			p := start(t, launch{environ: append(cerebrasAt(cerebras.URL), syntheticAt(synthetic.URL)...)})
			a := newAgent(t, c.name)
			c.setup(a, p)
			a.finishes(c.args...)
			met := map[string]int{}
			for _, call := range cerebras.Calls() {
				met[call.Fault]++
			}
			if met["cerebras/tpm"] != 1 || met["cerebras/503"] != 1 {
				t.Errorf("the refusal and the outage were met so often: %v", met)
			}
			if len(synthetic.Calls()) == 0 {
				t.Error("the second provider was never asked")
			}
		})
	}
}

func TestAgentsFinishATaskThroughAProviderThatSpeaksOnlyAnthropic(t *testing.T) {
	t.Parallel()
	for _, c := range agents {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := task(simulator.Synthetic)
			s.Dialects = []string{simulator.Messages}
			synthetic := provider(t, s)
			p := start(t, launch{
				settings: onlyAnthropic(synthetic.URL), environ: []string{"SYNTHETIC_API_KEY=" + keyS},
			})
			a := newAgent(t, c.name)
			c.setup(a, p)
			a.finishes(c.args...)
			for _, call := range synthetic.Calls() {
				if call.Dialect == simulator.Chat {
					t.Errorf("it was spoken to in another dialect: %+v", call)
				}
			}
		})
	}
}
