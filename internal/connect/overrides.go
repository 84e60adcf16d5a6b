package connect

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/glmtray/glmtray/internal/lazy"
)

// Override is something outside of a client's file that has a say in which
// provider it uses. What it says is never shown.
type Override struct {
	Name  string `json:"name"`  // ANTHROPIC_API_KEY
	Where string `json:"where"` // "the environment", "/home/you/.bashrc:12"
	Why   string `json:"why"`   // what comes of it
}

// String puts it into words.
func (o Override) String() string { return o.Name + " in " + o.Where + ": " + o.Why }

// overriding are the variables, and what comes of each. The first three may stand
// in settings of Claude Code as well.
var overriding = []struct{ name, why string }{
	{"ANTHROPIC_API_KEY", "Claude Code asks about it, or uses it instead of our token; programs with an Anthropic SDK send it"},
	{"ANTHROPIC_AUTH_TOKEN", "programs with an Anthropic SDK send it; the settings of Claude Code count more"},
	{"ANTHROPIC_BASE_URL", "programs with an Anthropic SDK go there; the settings of Claude Code count more"},
	{"OPENAI_API_KEY", "programs with an OpenAI SDK send it, and clients may take it for their provider"},
	{"OPENAI_BASE_URL", "programs with an OpenAI SDK go there, not to glmtray"},
}

// rcFiles are what shells read, in the home folder.
var rcFiles = []string{
	".bashrc", ".bash_profile", ".profile", ".zshenv", ".zprofile", ".zshrc", ".config/fish/config.fish",
}

// Overrides finds what speaks against the clients' files: variables, in this
// environment and in what shells read at start, and settings of Claude Code that
// count more than the user's. base is the proxy's address; what leads there is
// no override.
func Overrides(e Env, base string) []Override {
	var list []Override
	for _, v := range overriding {
		if text := e.Var(v.name); text != "" && !leads(text, base) {
			list = append(list, Override{v.name, "the environment", v.why})
		}
	}
	for _, name := range rcFiles {
		list = append(list, inShell(e.home(filepath.FromSlash(name)), base)...)
	}
	for _, path := range claudeScopes(e) {
		list = append(list, inScope(path, base)...)
	}
	return list
}

// leads reports whether an address is the proxy's.
func leads(text, base string) bool {
	return base != "" && strings.TrimSuffix(strings.TrimSuffix(text, "/"), "/v1") == base
}

// inShell finds lines that set a variable.
func inShell(path, base string) []Override {
	f, err := os.Open(path) //nolint:gosec // what the user's own shell reads
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	var list []Override
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, v := range overriding {
			if value, ok := assigned(line, v.name); ok && value != "" && !leads(value, base) {
				list = append(list, Override{v.name, fmt.Sprintf("%s:%d", path, n), v.why})
			}
		}
	}
	return list // a line that is too long ends the search: nobody writes such
}

var (
	posixSet = lazy.Regexp(`(?:^|[\s;&])([A-Z_]+)=("[^"]*"|'[^']*'|[^\s;#]*)`)
	fishSet  = lazy.Regexp(`(?:^|[\s;])set\s+(?:-\S+\s+)+([A-Z_]+)\s+("[^"]*"|'[^']*'|[^\s;#]+)`)
)

// assigned gives what a line of a shell sets a variable to.
func assigned(line, name string) (string, bool) {
	for _, form := range []*regexp.Regexp{posixSet(), fishSet()} {
		for _, m := range form.FindAllStringSubmatch(line, -1) {
			if m[1] == name {
				return strings.Trim(m[2], `"'`), true
			}
		}
	}
	return "", false
}

// claudeScopes are the settings of Claude Code that count more than the user's:
// the project's, and those of whoever manages the machine (code.claude.com/docs/
// en/settings, 2026-11).
func claudeScopes(e Env) []string {
	var list []string
	if e.Dir != "" && filepath.Clean(e.Dir) != filepath.Clean(e.Home) {
		list = append(list, filepath.Join(e.Dir, ".claude", "settings.json"), filepath.Join(e.Dir, ".claude", "settings.local.json"))
	}
	switch e.GOOS {
	case darwin:
		return append(list, e.system("/Library/Application Support/ClaudeCode/managed-settings.json"))
	case windows:
		return append(list, filepath.Join(e.Var("ProgramFiles"), "ClaudeCode", "managed-settings.json"))
	}
	return append(list, e.system("/etc/claude-code/managed-settings.json"))
}

// inScope finds what such settings set.
func inScope(path, base string) []Override {
	f, err := look(path)
	if err != nil || f.absent {
		return nil
	}
	d, err := parse("json", f.data)
	if err != nil {
		return nil
	}
	var list []Override
	for _, v := range overriding[:3] {
		text, ok := d.value([]string{"env", v.name})
		if ok && text != `""` && !leads(strings.Trim(text, `"`), base) {
			list = append(list, Override{v.name, path, "these settings count more than yours for Claude Code"})
		}
	}
	if _, ok := d.value([]string{"apiKeyHelper"}); ok {
		list = append(list, Override{"apiKeyHelper", path, "it gives Claude Code a key that is not ours"})
	}
	return list
}

// Elsewhere says in which way localhost is another machine than a person may
// think; nothing where it is not.
func Elsewhere(e Env) []string {
	var list []string
	if raw, err := os.ReadFile(e.system("/proc/version")); err == nil && bytes.Contains(bytes.ToLower(raw), []byte("microsoft")) {
		list = append(list, "this is WSL: programs of Windows have another localhost, and settings of their own in the Windows home folder; "+
			"connect those with a glmtray for Windows")
	}
	if exists(e.system("/.dockerenv")) || exists(e.system("/run/.containerenv")) || e.Var("REMOTE_CONTAINERS") != "" || e.Var("CODESPACES") != "" {
		list = append(list, "this is a container: its localhost is its own. A client outside does not reach a glmtray in here, nor the other way round; "+
			"run both on one side")
	}
	if e.Var("SSH_CONNECTION") != "" {
		list = append(list, "this is a remote session (SSH): clients of the machine before you have another localhost; "+
			"forward the port (ssh -L), or run glmtray where the client runs")
	}
	if e.Var("VSCODE_IPC_HOOK_CLI") != "" {
		list = append(list, "this is a remote window of VS Code: its extensions run here, its user settings lie on the machine before you")
	}
	return list
}
