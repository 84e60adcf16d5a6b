package manual

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// grammar has one of everything that a page or a completion treats in its own way.
type grammar struct {
	Config string `name:"config" type:"path" placeholder:"FILE" help:"The user's file."`
	Serve  struct {
		Addr   string `name:"addr" help:"Where."`
		Secret bool   `name:"secret" hidden:"" help:"Not for the public."`
	} `cmd:"" default:"withargs" help:"Serve."`
	Keys struct {
		Add struct {
			Name string `arg:"" help:"Its name."`
			Yes  bool   `name:"yes" short:"y" help:"Don't ask."`
		} `cmd:"" help:"Add one: at once."`
		List struct {
			By string `name:"by" enum:"name,age" default:"name" help:"Order."`
		} `cmd:"" help:"List them."`
	} `cmd:"" help:"Keys."`
	Shell struct {
		Shell string `arg:"" enum:"bash,zsh" help:"Which."`
	} `cmd:"" help:".dotted: it's \\ and \"so\"."`
	Read struct {
		File string `arg:"" type:"path" help:"What."`
	} `cmd:"" help:"Read a file."`
	Hidden struct{} `cmd:"" hidden:"" help:"Nobody sees it."`
}

func model(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&grammar{}, kong.Name("prog"), kong.Description("Does it.\n\nAt length."))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func TestThePageSaysWhatTheHelpSays(t *testing.T) {
	var b bytes.Buffer
	sections := []Section{{"FILES", []Item{{"a.toml", "Where it is."}, {"", ".A paragraph."}}}}
	if err := Page(&b, model(t), "1.2-3", sections); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		`.TH PROG 1 "" "prog 1.2\-3" "User Commands"`, "prog \\- Does it\n", "\nAt length.\n",
		".SS \"prog keys add <name> [flags]\"\nAdd one: at once.\n.TP\n.I name\nIts name.\n.TP\n" + `\fB\-y, \-\-yes\fR` + "\nDon\\(aqt ask.\n",
		`\fB\-\-config\fR=\fIFILE\fR` + "\nThe user\\(aqs file.", "\n\\&.dotted: it\\(aqs \\e and \\(dqso\\(dq.\n",
		".SH FILES\n.TP\n.B a.toml\nWhere it is.\n.PP\n\\&.A paragraph.\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	for _, hidden := range []string{"Nobody", "secret"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the page shows what is hidden: %s", hidden)
		}
	}
	troff, err := exec.LookPath("groff")
	if err != nil {
		return // the rest of this test reads the page as man does
	}
	cmd := exec.CommandContext(t.Context(), troff, "-man", "-ww", "-Tutf8", "-z")
	cmd.Stdin = &b
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%s", err, out)
	}
}

// Each shell is asked itself what it would offer.
func TestShellsOfferWhatMayFollow(t *testing.T) {
	const config, help = "--config", "--help"
	tests := []struct {
		typed string // the word at the cursor comes last
		want  []string
	}{
		{"prog k", []string{"keys"}},
		{"prog z", nil},
		{"prog --", []string{help, config, "--addr"}},
		{"prog --config keys s", []string{"serve", "shell"}},
		{"prog keys ", []string{"add", "list"}},
		{"prog keys add --y", []string{"--yes"}},
		{"prog keys list --by ", []string{"name", "age"}},
		{"prog keys list --by name --b", []string{"--by"}},
		{"prog serve --s", nil},
		{"prog serve --addr x", nil},
		{"prog shell z", []string{"zsh"}},
		{"prog --config testda", []string{"testdata"}},
		{"prog read testda", []string{"testdata"}},
	}
	for shell, ask := range map[string]string{
		"bash": `source /dev/stdin; eval "COMP_WORDS=($TYPED)"; case $TYPED in *' ') COMP_WORDS+=('') ;; esac
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _prog; printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `source -; complete -C "$TYPED" | string replace -r '\t.*' ''; true`,
		// zsh completes in its line editor only: what the script hands to it is printed instead.
		"zsh": `compdef() { :; }; _files() { print -l -- ${words[CURRENT]}*; }; compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*}; }
			_describe() { local -a all=(${(P)4}); print -l -- ${(M)${all%%:*}:#${words[CURRENT]}*}; }
			eval "$(</dev/stdin)"; words=(${=TYPED}); [[ $TYPED == *' ' ]] && words+=(''); CURRENT=${#words}; _prog`,
	} {
		program, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("SKIPPED, NOT TESTED: there is no %s here", shell)
			continue
		}
		var script bytes.Buffer
		if err := Completion(&script, model(t), shell); err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			cmd := exec.CommandContext(t.Context(), program, "-c", ask)
			cmd.Env = append(cmd.Environ(), "TYPED="+tt.typed, "HOME="+t.TempDir())
			cmd.Stdin = bytes.NewReader(script.Bytes())
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %q: %v", shell, tt.typed, err)
			}
			got := strings.Fields(strings.ReplaceAll(string(out), "/\n", "\n"))
			got = slices.DeleteFunc(got, func(word string) bool { return word == "-h" && shell == "fish" })
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q: %v, want %v", shell, tt.typed, got, want)
			}
		}
	}
}

func TestAnUnknownShellIsSaid(t *testing.T) {
	err := Completion(new(bytes.Buffer), model(t), "tcsh")
	if err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
		t.Errorf("%v", err)
	}
}
