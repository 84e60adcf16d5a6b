package e2e

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// settled is a client with settings of its user's, and how it is asked for a task
// without any environment.
type settled struct {
	name   string            // as glmtray calls it
	files  map[string]string // in its home
	loads  []string          // a run that reads the settings, and needs no provider
	asks   [][]string        // each does the task
	ours   []string          // files that exist while it is connected only
	writes *regexp.Regexp    // what the client itself writes
}

var clientSettings = map[string]settled{
	"claude": {
		name: "claude-code",
		files: map[string]string{
			".claude/settings.json": "{\n   \"permissions\": {\"allow\": [\"Bash\"],   \"deny\": []},\n\n   \"env\": {\n      \"MY_OWN\": \"kept\"\n   }, \"cleanupPeriodDays\": 99\n}",
		},
		loads:  []string{"mcp", "list"},
		asks:   [][]string{{"-p", firstPrompt}},
		writes: regexp.MustCompile(`^\.claude\.json$|^\.claude/(projects|backups|sessions)/`),
	},
	"codex": {
		name: "codex",
		files: map[string]string{
			".codex/config.toml": "# what I like\nsandbox_mode = 'danger-full-access' # I know\n\n\n[shell_environment_policy]\ninherit = \"all\"\nignore_default_excludes = true\n\n[tui]   # quiet\nnotifications = false\n",
		},
		loads: []string{"features", "list"},
		asks: [][]string{
			{"exec", "--skip-git-repo-check", firstPrompt},
			{"exec", "--profile", "glmtray", "--skip-git-repo-check", firstPrompt},
		},
		ours:   []string{".codex/glmtray.config.toml"},
		writes: regexp.MustCompile(`^\.codex/([^/]+\.sqlite|sessions/|skills/\.system/|installation_id$|\.tmp/|\.sandbox_migration$|thread-writer-locks/)`),
	},
	"opencode": {
		name: "opencode",
		files: map[string]string{
			".config/opencode/opencode.jsonc": "{\n\t// mine\n\t\"permission\": { \"bash\": \"allow\" }, /* all of it */\n\t\"instructions\": [\n\t\t\"README.md\",\n\t],\n\t\"provider\": {\n\t\t\"other\": { \"npm\": \"@ai-sdk/openai-compatible\", \"options\": { \"baseURL\": \"https://other.example/v1\" }, \"models\": { \"m\": {} } },\n\t},\n}\n",
		},
		loads:  []string{"models"},
		asks:   [][]string{{"run", firstPrompt}},
		writes: regexp.MustCompile(`^\.cache/|^\.local/`),
	},
}

// snapshot reads every file of the home but those of the project.
func (a *agent) snapshot() map[string]string {
	a.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(a.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == a.project {
			if path == a.project {
				return fs.SkipDir
			}
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(a.home, path)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return all
}

var clientKey = regexp.MustCompile(`sk-[A-Za-z0-9_-]{24,}`)

// connected is a program in front of one provider that lets nobody in without a
// key, and a client with settings of its own.
type connected struct {
	*program
	a       *agent
	s       settled
	vendor  *simulator.Running
	environ []string // of the commands; the providers' keys are the proxy's alone
	before  map[string]string
}

func settle(t *testing.T, client string, shell simulator.ToolCall) *connected {
	t.Helper()
	c := &connected{a: newAgent(t, client), s: clientSettings[client]}
	played := task(simulator.Cerebras)
	played.Answer.Turns[0].ToolCalls = []simulator.ToolCall{shell}
	c.vendor = provider(t, played)
	c.environ = []string{"HOME=" + c.a.home, "ENABLE_INCOMING_AUTH=true", "LITELLM_MASTER_KEY=sk-master-0123456789abcdef"}
	c.serve("")
	for name, text := range c.s.files {
		write(t, filepath.Join(c.a.home, name), text)
	}
	c.a.run(c.s.loads...)
	c.before = c.a.snapshot()
	return c
}

// serve starts the proxy; dir is "" for a new data folder.
func (c *connected) serve(dir string) {
	c.a.t.Helper()
	c.program = start(c.a.t, launch{dir: dir, environ: append(cerebrasAt(c.vendor.URL), c.environ...)})
}

// glmtray runs one of the program's commands.
func (c *connected) glmtray(args ...string) string {
	c.t.Helper()
	p := run(c.t, launch{dir: c.dir, environ: c.environ, args: args})
	p.wait(0)
	return p.stdout.String()
}

func (c *connected) connect() (key string) {
	c.t.Helper()
	c.glmtray("connect", c.s.name, "--default", "--yes")
	after := c.a.snapshot()
	for name := range c.s.files {
		if after[name] == c.before[name] {
			c.t.Errorf("connecting did not change %s", name)
		}
		if key = clientKey.FindString(after[name]); key == "" {
			c.t.Fatalf("no key in %s", name)
		}
	}
	return key
}

// works has the client do its task, in each of its ways.
func (c *connected) works() {
	c.t.Helper()
	for _, ask := range c.s.asks {
		c.a.says(firstResult, ask...)
	}
}

// asBefore wants the files of the settings to be what they were, byte for byte,
// and those made for the connection to be gone.
func (c *connected) asBefore() {
	c.t.Helper()
	after := c.a.snapshot()
	for name := range c.s.files {
		if after[name] != c.before[name] {
			c.t.Errorf("%s is not as before:\n%s\nwas:\n%s", name, after[name], c.before[name])
		}
	}
	for _, name := range c.s.ours {
		if _, there := after[name]; there {
			c.t.Errorf("%s is still there", name)
		}
	}
	// Claude Code itself writes into this one at every start.
	const own = ".claude.json"
	gjson.Parse(c.before[own]).ForEach(func(name, _ gjson.Result) bool {
		if !gjson.Get(after[own], name.String()).Exists() {
			c.t.Errorf("%s has lost %s", own, name)
		}
		return true
	})
	if gjson.Get(after[own], "hasCompletedOnboarding").Exists() {
		c.t.Errorf("%s still says that the first run is over: %s", own, after[own])
	}
}

// dead wants a key to be accepted no longer.
func (c *connected) dead(key string) {
	c.t.Helper()
	eventually(c.t, "the key is accepted no longer", func() bool {
		return c.do(http.MethodGet, "/v1/models", nil, "Authorization", "Bearer "+key).status == http.StatusUnauthorized
	})
}

func TestAgentsAreConnectedWorkAndLeaveNoTrace(t *testing.T) {
	full(t)
	for _, how := range agents {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			c := settle(t, how.name, simulator.Shell("echo glmtray-$((6*7))"))
			first := c.connect()
			c.works()

			// The proxy moves, and the client follows.
			c.stop()
			c.serve(c.dir)
			eventually(t, "the client is pointed at the new address", func() bool {
				for name := range c.s.files {
					if strings.Contains(c.a.snapshot()[name], c.url) {
						return true
					}
				}
				return false
			})
			c.works()
			c.glmtray("disconnect", "--all")
			c.asBefore()
			for _, where := range c.a.keeps(append(slices.Clone(providerKeys), first)...) {
				t.Errorf("a key is left: %s", where)
			}
			c.dead(first)

			// Once more, and the database is lost.
			second := c.connect()
			c.works()
			for _, r := range c.history() {
				if r.Client != c.s.name && r.Status != http.StatusUnauthorized {
					t.Errorf("a request of %q", r.Client)
				}
			}
			lost, err := filepath.Glob(filepath.Join(c.dir, "*.db*"))
			if err != nil || len(lost) == 0 {
				t.Fatalf("no database in %s: %v", c.dir, err)
			}
			for _, file := range lost {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			c.glmtray("restore")
			c.asBefore()
			for _, where := range c.a.keeps(second) {
				t.Errorf("a key is left: %s", where)
			}
		})
	}
}

func TestAgentsAreRunAndNoFileIsTouched(t *testing.T) {
	full(t)
	for _, how := range agents {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			c := settle(t, how.name, simulator.Shell("env | tr ' ' '\\n' | grep -o 'sk-[A-Za-z0-9_-]\\{24,\\}' | grep -v master > key; echo glmtray-$((6*7))"))
			client := run(t, launch{
				dir: c.dir, args: append([]string{"run", how.name}, c.s.asks[0]...),
				environ: slices.Concat(c.environ, c.a.environ, []string{"PATH=" + filepath.Dir(c.a.path) + ":" + os.Getenv("PATH")}),
			})
			client.wait(0)
			if out := client.stdout.String(); !strings.Contains(out, firstResult) {
				t.Errorf("it says %q, %s", out, last(client.stderr.String()))
			}
			c.asBefore()
			for name, text := range c.a.snapshot() {
				if c.before[name] != text && !c.s.writes.MatchString(name) {
					t.Errorf("%s is not as before", name)
				}
			}
			key, err := os.ReadFile(filepath.Join(c.dir, "key"))
			if err != nil || !clientKey.Match(key) {
				t.Fatalf("it had no key: %q, %v", key, err)
			}
			c.dead(strings.TrimSpace(string(key)))
			if list := c.glmtray("clients", "list"); strings.Contains(list, "run ") {
				t.Errorf("its key is still there: %s", list)
			}
			for _, r := range c.history() {
				if !strings.HasPrefix(r.Client, "run "+how.name+" ") && r.Status != http.StatusUnauthorized {
					t.Errorf("a request of %q", r.Client)
				}
			}
		})
	}
}
