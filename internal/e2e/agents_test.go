package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// The task of every agent has two turns of the user. In each the provider asks
// for a shell command, and what the command printed must come back to the
// provider, which quotes it. The commands' texts do not hold their output.
const (
	firstPrompt  = "FIRST: run the task's command and tell me what it printed."
	secondPrompt = "SECOND: now the other command, please."
	firstResult  = "glmtray-42"
	secondResult = "glmtray-97"
	taskSaid     = "The tool said"
)

// task is what the provider does with it.
func task(vendor string) simulator.Script {
	s := script(vendor)
	s.KeepBodies = true
	s.Answer = simulator.Answer{
		Text: "Just an answer.",
		Turns: []simulator.Turn{
			{User: "FIRST:", Reasoning: "I should run the command.", Text: "I run it.", ToolCalls: []simulator.ToolCall{simulator.Shell("echo glmtray-$((6*7))")}},
			{User: "FIRST:", Reasoning: "It has run.", Text: taskSaid + " {{result}}"},
			{User: "SECOND:", Reasoning: "There is another one.", ToolCalls: []simulator.ToolCall{simulator.Shell("echo glmtray-$((90+7))")}},
			{User: "SECOND:", Reasoning: "It has run as well.", Text: taskSaid + " {{result}}"},
		},
	}
	return s
}

// says runs the client and wants an answer that quotes the tool's result.
func (a *agent) says(result string, args ...string) {
	a.t.Helper()
	out := a.run(args...)
	if _, quoted, said := strings.Cut(out, taskSaid); !said || !strings.Contains(quoted, result) {
		a.t.Errorf("it says %q", last(out))
	}
}

// talk has the client do the task, each turn in a process of its own.
func (a *agent) talk(how way) {
	a.t.Helper()
	a.says(firstResult, how.ask(firstPrompt)...)
	a.says(secondResult, how.goOn(secondPrompt)...)
}

// way is how a client is pointed at a proxy and given a prompt.
type way struct {
	name  string
	asks  string // for this model
	setup func(a *agent, p *program)
	ask   func(prompt string) []string // in a new session
	goOn  func(prompt string) []string // in the latest one
}

var agents = []way{
	{
		"claude", "claude-opus-4-8",
		func(a *agent, p *program) {
			a.environ = append(a.environ, "ANTHROPIC_BASE_URL="+p.url, "ANTHROPIC_AUTH_TOKEN=sk-any-key-does-here")
		},
		func(prompt string) []string { return []string{"-p", prompt, "--allowedTools", "Bash"} },
		func(prompt string) []string { return []string{"--continue", "-p", prompt, "--allowedTools", "Bash"} },
	},
	{
		"codex", "gpt-oss-120b",
		func(a *agent, p *program) {
			write(a.t, filepath.Join(a.home, ".codex", "config.toml"), `model = "gpt-oss-120b"
model_provider = "glmtray"
sandbox_mode = "danger-full-access"
[model_providers.glmtray]
name = "glmtray"
base_url = "`+p.url+`/v1"
wire_api = "responses"
experimental_bearer_token = "sk-any-key-does-here"
`)
		},
		func(prompt string) []string { return []string{"exec", "--skip-git-repo-check", prompt} },
		func(prompt string) []string {
			return []string{"exec", "resume", "--last", "--skip-git-repo-check", prompt}
		},
	},
	{
		"opencode", "gpt-oss-120b",
		func(a *agent, p *program) {
			write(a.t, filepath.Join(a.home, ".config", "opencode", "opencode.json"), `{
  "provider": {"glmtray": {"npm": "@ai-sdk/openai-compatible", "name": "glmtray",
    "options": {"baseURL": "`+p.url+`/v1", "apiKey": "sk-any-key-does-here"},
    "models": {"gpt-oss-120b": {"name": "gpt-oss-120b", "attachment": true, "modalities": {"input": ["text", "image"], "output": ["text"]}}}}},
  "model": "glmtray/gpt-oss-120b", "permission": {"bash": "allow"}}`)
		},
		func(prompt string) []string { return []string{"run", prompt} },
		func(prompt string) []string { return []string{"run", "--continue", prompt} },
	},
}

// onlyAnthropic are settings under which Synthetic, and nobody else, is asked,
// in Anthropic's dialect.
func onlyAnthropic(url string) string {
	return `[[rule]]
name = "everything"
use = ["synthetic/large"]
` + anthropicSynthetic(url)
}

// anthropicSynthetic are settings under which Synthetic has Anthropic's dialect
// alone.
func anthropicSynthetic(url string) string {
	return `[provider.synthetic]
dialect = "anthropic"
url = "` + url + `/anthropic"
`
}

func TestAgentsFinishATaskThroughAProviderThatSpeaksOnlyOpenAI(t *testing.T) {
	t.Parallel()
	for _, how := range agents {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			first := task(simulator.Cerebras)
			// The first key is refused at once, and the provider breaks down when the
			// tool's result comes: another key, and then another provider, go on.
			first.Faults = []simulator.Fault{
				{When: simulator.When{Key: "a", Times: 1}, What: "cerebras/tpm", Wait: simulator.Duration(10 * time.Minute)},
				{When: simulator.When{Nth: 2}, What: "cerebras/503"},
			}
			second := task(simulator.Synthetic)
			second.Dialects = []string{simulator.Chat}
			cerebras, synthetic := provider(t, first), provider(t, second)
			p := start(t, launch{environ: append(cerebrasAt(cerebras.URL), syntheticAt(synthetic.URL)...)})
			a := newAgent(t, how.name)
			how.setup(a, p)
			a.talk(how)
			a.holdsNoKey()
			checkMishaps(t, cerebras.Calls())
			records := p.history()
			tellsTheTruth(t, records, map[string][]simulator.Call{"cerebras": cerebras.Calls(), "synthetic": synthetic.Calls()})
			checkDetour(t, records, how.asks)
		})
	}
}

// checkMishaps wants the refusal and the outage to have been met, and the key
// that cools to have been left alone.
func checkMishaps(t *testing.T, calls []simulator.Call) {
	t.Helper()
	met := map[string]int{}
	for _, call := range calls {
		met[call.Fault]++
		if call.Cooling && call.Dialect != "" {
			t.Errorf("a key was asked while it cools: %+v", call)
		}
	}
	if met["cerebras/tpm"] != 1 || met["cerebras/503"] != 1 {
		t.Errorf("the refusal and the outage were met so often: %v", met)
	}
}

// checkDetour wants the records to tell of the refused key, of the provider that
// answered instead, and of the rule.
func checkDetour(t *testing.T, records []kept, asked string) {
	t.Helper()
	var refused, detour bool
	for _, r := range records {
		for _, try := range r.Tries {
			refused = refused || try.Class == "rate limited" && try.Key == "a"
		}
		detour = detour || r.Provider == "synthetic"
		if !strings.HasPrefix(r.Asked, asked) || r.Rule != "everything" || r.Outcome != "ok" {
			t.Errorf("asked for %q by rule %q: %s", r.Asked, r.Rule, r.Outcome)
		}
	}
	if !refused || !detour {
		t.Errorf("the refused key was told: %v; the second provider: %v: %+v", refused, detour, records)
	}
}

func TestAgentsFinishATaskThroughAProviderThatSpeaksOnlyAnthropic(t *testing.T) {
	t.Parallel()
	for _, how := range agents {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			s := task(simulator.Synthetic)
			s.Dialects = []string{simulator.Messages}
			synthetic := provider(t, s)
			p := start(t, launch{
				settings: onlyAnthropic(synthetic.URL), environ: []string{"SYNTHETIC_API_KEY=" + keyS},
			})
			a := newAgent(t, how.name)
			how.setup(a, p)
			a.talk(how)
			a.holdsNoKey()
			for _, call := range synthetic.Calls() {
				if call.Dialect == simulator.Chat {
					t.Errorf("it was spoken to in another dialect: %+v", call)
				}
			}
			tellsTheTruth(t, p.history(), map[string][]simulator.Call{"synthetic": synthetic.Calls()})
		})
	}
}
