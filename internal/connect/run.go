package connect

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Run is how to start a client that uses the proxy, with no file written.
type Run struct {
	Client  Client
	Program string   // its path
	Args    []string // before those of the user
	Vars    []string // the whole environment
	Notes   []string // what a person should know: settings that count more
}

// Runnable are the clients that can be started so, by their program's name.
func Runnable() []string { return []string{"claude", "codex", "opencode"} }

// RunWith prepares a client's start. Keys go by the environment, which other
// users cannot see, never by arguments, which they can.
func RunWith(program string, e Env, w Wish) (Run, error) {
	r := Run{Program: e.LookPath(program), Vars: slices.Clone(e.Vars)}
	switch program {
	case "claude":
		r.Client = claudeCode()
		for _, v := range claudeVars(w) {
			if v.present {
				r.set(e, v.path[0], "")
				continue
			}
			r.set(e, v.path[0], fmt.Sprint(v.value))
		}
		r.claudeNotes(e, w)
	case "codex":
		r.Client = codex()
		r.set(e, runKey, w.key())
		r.codexArgs(w)
	case "opencode":
		r.Client = openCode()
		content, err := runConfig(w)
		if err != nil {
			return r, err
		}
		r.set(e, "OPENCODE_CONFIG_CONTENT", content)
	default:
		return r, fmt.Errorf("it is none of %s", strings.Join(Runnable(), ", "))
	}
	if r.Program == "" {
		return r, fmt.Errorf("%s is not installed, or not in PATH", program)
	}
	return r, nil
}

// runKey is the variable in which Codex finds its key.
const runKey = "GLMTRAY_RUN_KEY"

// set puts a variable into the environment; an empty one is taken out.
func (r *Run) set(e Env, name, value string) {
	r.Vars = slices.DeleteFunc(r.Vars, func(pair string) bool {
		n, _, _ := strings.Cut(pair, "=")
		return n == name || e.GOOS == windows && strings.EqualFold(n, name)
	})
	if value != "" {
		r.Vars = append(r.Vars, name+"="+value)
	}
}

// claudeNotes names settings that count more than the environment.
func (r *Run) claudeNotes(e Env, w Wish) {
	for _, path := range append([]string{claudeSettings(e)}, claudeScopes(e)...) {
		for _, o := range inScope(path, w.BaseURL) {
			if o.Name == "ANTHROPIC_BASE_URL" || o.Name == "ANTHROPIC_API_KEY" || o.Name == "apiKeyHelper" {
				r.Notes = append(r.Notes, o.Name+" in "+filepath.Clean(path)+" counts more than what this command sets")
			}
		}
	}
}

// codexArgs are the lines of a profile as options.
func (r *Run) codexArgs(w Wish) {
	d, err := newTOML(nil)
	if err != nil {
		return // an empty document always can be read
	}
	for _, x := range codexWants(w) {
		name, value := strings.Join(x.path, "."), d.write(x.value)
		if x.secret {
			name, value = strings.TrimSuffix(name, x.path[len(x.path)-1])+"env_key", d.write(runKey)
		}
		r.Args = append(r.Args, "-c", name+"="+value)
	}
}

// runConfig is OpenCode's file as a text.
func runConfig(w Wish) (string, error) {
	d, err := newJSON(nil)
	if err == nil {
		_, err = change(d, nil, openCodeWants(w), func(want, string) bool { return false })
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(d.bytes())), nil
}
