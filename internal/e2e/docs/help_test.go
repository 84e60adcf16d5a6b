package docs

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/e2e/process"
)

var binary = process.Binary{Root: root, Name: "glmtray", Flags: []string{"-tags=headless"}, Variable: "GLMTRAY_BIN"}

// help is what the program says of its own commands.
type help struct {
	path     string
	commands []string // "keys add"

	mu    sync.Mutex
	flags map[string][]string // by command
}

var (
	listed = regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?)  `)
	flag   = regexp.MustCompile(`(?m)^  (?:(-\w), |    )(--[a-z-]+)`)
)

var theHelp = sync.OnceValues(func() (*help, error) {
	path, err := binary.Build()
	if err != nil {
		return nil, err
	}
	h := &help{path: path, flags: map[string][]string{}}
	text, err := h.say("--help")
	if err != nil {
		return nil, err
	}
	_, list, _ := strings.Cut(text, "\nCommands:\n")
	for _, m := range listed.FindAllStringSubmatch(list, -1) {
		h.commands = append(h.commands, m[1])
	}
	return h, nil
})

func helpOf(t *testing.T) *help {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the keychain cannot be replaced by one of our own")
	}
	h, err := theHelp()
	if err != nil {
		t.Fatal(err)
	}
	if len(h.commands) < 30 || !slices.Contains(h.commands, "keys add") {
		t.Fatalf("--help is not read any more: %q", h.commands)
	}
	return h
}

func (h *help) say(args ...string) (string, error) {
	out, err := exec.Command(h.path, args...).CombinedOutput() //nolint:gosec,noctx // the program under test, and it only prints
	return string(out), err
}

// flagsOf lists a command's flags.
func (h *help) flagsOf(command string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	list, known := h.flags[command]
	if !known {
		text, _ := h.say(append(strings.Fields(command), "--help")...) // without flags it says nothing
		for _, m := range flag.FindAllStringSubmatch(text, -1) {
			list = append(list, m[1], m[2])
		}
		h.flags[command] = list
	}
	return list
}

// find finds the command that words begin with; rest is what follows.
func (h *help) find(words []string) (command string, rest []string, ok bool) {
	for n := min(2, len(words)); n > 0; n-- {
		if name := strings.Join(words[:n], " "); slices.Contains(h.commands, name) {
			return name, words[n:], true
		}
	}
	alone := len(words) == 1 || len(words) > 1 && strings.HasPrefix(words[1], "-")
	if alone && words[0] == "logs" { // its help: "this is also what logs alone means"
		return words[0] + " list", words[1:], true
	}
	return "", words, false
}

// check says what is wrong with the words behind "glmtray".
func (h *help) check(words []string) string {
	command, rest, ok := h.find(words)
	if !ok && len(words) > 0 && !strings.HasPrefix(words[0], "-") {
		return "there is no command " + strings.Join(words[:min(2, len(words))], " ")
	}
	if command == "run" {
		rest = rest[:min(1, len(rest))] // what follows is the agent's
	}
	for _, w := range rest {
		if !strings.HasPrefix(w, "-") || w == "-" {
			continue
		}
		name, _, _ := strings.Cut(w, "=")
		if !slices.Contains(h.flagsOf(command), name) {
			return "glmtray " + command + " has no flag " + name
		}
	}
	return ""
}

func TestEveryCommandAndFlagThatStandsThereExists(t *testing.T) {
	t.Parallel()
	h := helpOf(t)
	texts := said(t)
	checked := 0
	for _, p := range pages(t) {
		for _, c := range p.commands(t) {
			for _, words := range c.called("glmtray") {
				checked++
				if wrong := h.check(words); wrong != "" {
					t.Errorf("%s: %s", &c, wrong)
				}
			}
		}
		for _, words := range p.spoken() {
			checked++
			if wrong := h.check(words); wrong != "" && !texts.has("glmtray "+strings.Join(words, " ")) {
				t.Errorf("%s: `glmtray %s`: %s", p.name, strings.Join(words, " "), wrong)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d commands were found", checked)
	}
}

func TestACommandThatIsNoneIsSeen(t *testing.T) {
	t.Parallel()
	h := helpOf(t)
	tests := []struct{ text, want string }{
		{"keys add cerebras desk --account work", ""},
		{"logs --status=error -n 5", ""},
		{"run claude --whatever", ""},
		{"keys make cerebras", "no command keys make"},
		{"keys add cerebras --yess", "no flag --yess"},
		{"status --since 1h", "no flag --since"},
	}
	for _, tt := range tests {
		if got := h.check(strings.Fields(tt.text)); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}

var code = regexp.MustCompile("`glmtray ([^`]+)`")

// spoken are the commands within the text. Of alternatives ("list|test") each is
// one, and what is no word (…) ends it.
func (p *page) spoken() (list [][]string) {
	for _, m := range code.FindAllStringSubmatch(p.withoutBlocks(), -1) {
		all := [][]string{nil}
		for _, w := range strings.Fields(m[1]) {
			if w == "…" {
				break
			}
			var more [][]string
			for alternative := range strings.SplitSeq(w, "|") {
				for _, words := range all {
					more = append(more, append(slices.Clone(words), alternative))
				}
			}
			all = more
		}
		list = append(list, all...)
	}
	return list
}

func TestEveryTargetOfMakeExists(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join(root, "Makefile"))
	target := regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
	var targets []string
	for _, m := range target.FindAllStringSubmatch(text, -1) {
		targets = append(targets, m[1])
	}
	spoken := regexp.MustCompile("`(?:[A-Z]+=\\S+ )*make ([a-z0-9-]+)")
	seen := 0
	for _, p := range pages(t) {
		var wanted []string
		for _, c := range p.commands(t) {
			for _, words := range c.called("make") {
				wanted = append(wanted, words[0])
			}
		}
		for _, m := range spoken.FindAllStringSubmatch(p.text, -1) {
			wanted = append(wanted, m[1])
		}
		for _, w := range wanted {
			seen++
			if !slices.Contains(targets, w) {
				t.Errorf("%s: there is no make %s", p.name, w)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d were found", seen)
	}
}
