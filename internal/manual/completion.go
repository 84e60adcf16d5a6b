package manual

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Shells are those that [Completion] knows.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Completion writes the completions of a program for one of [Shells].
func Completion(w io.Writer, app *kong.Application, shell string) error {
	write := map[string]func(*script){"bash": (*script).bash, "zsh": (*script).zsh, "fish": (*script).fish}[shell]
	if write == nil {
		return fmt.Errorf("completing in %q: known are %s", shell, strings.Join(Shells(), ", "))
	}
	s := &script{name: app.Name, commands: commands(app)}
	write(s)
	_, err := io.WriteString(w, s.String())
	return err
}

// script is a completion script as it is written.
type script struct {
	strings.Builder
	name     string
	commands []command
}

func (s *script) line(format string, args ...any) { _, _ = fmt.Fprintf(s, format+"\n", args...) }

// flagsAt lists, as patterns of a case, the flags of every command that ok
// accepts, each behind its command.
func (s *script) flagsAt(ok func(*kong.Flag) bool) string {
	var out []string
	for _, c := range s.commands {
		for _, f := range c.flags {
			if ok(f) {
				for _, name := range names(f) {
					out = append(out, quoted(c.at+" "+name))
				}
			}
		}
	}
	return strings.Join(out, " | ")
}

// paths lists every command as patterns of a case.
func (s *script) paths() []string {
	var out []string
	for _, c := range s.commands[1:] {
		out = append(out, quoted(c.at))
	}
	return out
}

// valued calls fn with each kind of flag that wants a value, as the patterns of
// a case, and the words that it may be: files, a choice of words, or nothing
// that is known here.
func (s *script) valued(fn func(patterns string, files bool, words []string)) {
	if at := s.flagsAt(func(f *kong.Flag) bool { return wantsValue(f) && isFile(f.Value) }); at != "" {
		fn(at, true, nil)
	}
	for _, c := range s.commands {
		for _, f := range c.flags {
			if words := choices(f.Value); wantsValue(f) && words != nil {
				var at []string
				for _, name := range names(f) {
					at = append(at, quoted(c.at+" "+name))
				}
				fn(strings.Join(at, " | "), false, words)
			}
		}
	}
	if at := s.flagsAt(func(f *kong.Flag) bool { return wantsValue(f) && !isFile(f.Value) && choices(f.Value) == nil }); at != "" {
		fn(at, false, nil)
	}
}

// arguments are the words that a command's argument may be, as far as known.
func (c *command) arguments() (out []string) {
	for _, p := range c.node.Positional {
		out = append(out, choices(p)...)
	}
	return out
}

// bash writes for bash 3.2 (macOS) and later.
func (s *script) bash() {
	s.line("# bash completion for %s; made by: %s completion bash", s.name, s.name)
	s.line("_%s() {", s.name)
	s.line("\tlocal at= before= word words= flags= i")
	s.line("\tlocal cur=${COMP_WORDS[COMP_CWORD]}")
	s.line("\tCOMPREPLY=()")
	s.line("\tfor ((i = 1; i < COMP_CWORD; i++)); do")
	s.walk("${COMP_WORDS[i]}")
	s.line("\tdone")
	s.line("\tcase \"$at $before\" in")
	s.valued(func(patterns string, files bool, words []string) {
		switch {
		case files:
			s.line("\t%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;", patterns)
		case words != nil:
			s.line("\t%s) COMPREPLY=($(compgen -W %s -- \"$cur\")); return ;;", patterns, quoted(strings.Join(words, " ")))
		default:
			s.line("\t%s) return ;;", patterns)
		}
	})
	s.line("\tesac")
	s.line("\tcase $at in")
	for _, c := range s.commands {
		words, flags := c.arguments(), []string{}
		for _, sub := range c.subs {
			words = append(words, sub.Name)
		}
		for _, f := range c.flags {
			flags = append(flags, "--"+f.Name)
		}
		files := ""
		if c.files {
			files = "; COMPREPLY=($(compgen -f -- \"$cur\"))"
		}
		s.line("\t%s) words=%s; flags=%s%s ;;", quoted(c.at), quoted(strings.Join(words, " ")), quoted(strings.Join(flags, " ")), files)
	}
	s.line("\tesac")
	s.line("\tcase $cur in -*) words=$flags ;; esac")
	s.line("\tCOMPREPLY+=($(compgen -W \"$words\" -- \"$cur\"))")
	s.line("}")
	s.line("complete -o filenames -F _%s %s", s.name, s.name)
}

// walk writes the body of a loop over the words so far, for bash and zsh: at
// becomes the command, before the word in front of the cursor.
func (s *script) walk(word string) {
	s.line("\t\tword=%s", word)
	s.line("\t\tcase \"$at $before\" in")
	s.line("\t\t%s) before=; continue ;; # the value of a flag", s.flagsAt(wantsValue))
	s.line("\t\tesac")
	s.line("\t\tcase \"$at $word\" in")
	s.line("\t\t%s) at=\"$at $word\" ;;", strings.Join(s.paths(), " | "))
	s.line("\t\tesac")
	s.line("\t\tbefore=$word")
}

func (s *script) zsh() {
	s.line("#compdef %s", s.name)
	s.line("# made by: %s completion zsh", s.name)
	s.line("_%s() {", s.name)
	s.line("\tlocal at= before= word i")
	s.line("\tlocal -a subs flags args")
	s.line("\tfor ((i = 2; i < CURRENT; i++)); do")
	s.walk("${words[i]}")
	s.line("\tdone")
	s.line("\tcase \"$at $before\" in")
	s.valued(func(patterns string, files bool, words []string) {
		switch {
		case files:
			s.line("\t%s) _files; return ;;", patterns)
		case words != nil:
			s.line("\t%s) compadd -- %s; return ;;", patterns, strings.Join(words, " "))
		default:
			s.line("\t%s) return ;;", patterns)
		}
	})
	s.line("\tesac")
	s.line("\tcase $at in")
	for _, c := range s.commands {
		s.line("\t%s)", quoted(c.at))
		for _, sub := range c.subs {
			s.line("\t\tsubs+=(%s)", quoted(sub.Name+":"+sub.Help))
		}
		for _, f := range c.flags {
			s.line("\t\tflags+=(%s)", quoted("--"+f.Name+":"+f.Help))
		}
		if args := c.arguments(); args != nil {
			s.line("\t\targs+=(%s)", strings.Join(args, " "))
		}
		if c.files {
			s.line("\t\t_files")
		}
		s.line("\t\t;;")
	}
	s.line("\tesac")
	s.line("\tif [[ ${words[CURRENT]} == -* ]]; then _describe -t options option flags; return; fi")
	s.line("\t((${#subs} == 0)) || _describe -t commands command subs")
	s.line("\t((${#args} == 0)) || compadd -- $args")
	s.line("}")
	// Loaded from $fpath the file is the function; by `source` it has to be told.
	s.line("if [ \"$funcstack[1]\" = _%s ]; then _%s \"$@\"; else compdef _%s %s; fi", s.name, s.name, s.name, s.name)
}

func (s *script) fish() {
	s.line("# fish completion for %s; made by: %s completion fish", s.name, s.name)
	s.line("function __%s_at", s.name)
	s.line("    set -l at ''")
	s.line("    set -l before ''")
	s.line("    for word in (commandline -opc)[2..-1]")
	s.line("        switch \"$at $before\"")
	s.line("            case %s", strings.ReplaceAll(s.flagsAt(wantsValue), " | ", " "))
	s.line("                set before ''")
	s.line("                continue")
	s.line("        end")
	s.line("        switch \"$at $word\"")
	s.line("            case %s", strings.Join(s.paths(), " "))
	s.line("                set at \"$at $word\"")
	s.line("        end")
	s.line("        set before $word")
	s.line("    end")
	s.line("    test \"$at\" = \"$argv[1]\"")
	s.line("end")
	s.line("complete -c %s -f", s.name)
	for _, c := range s.commands {
		at := fmt.Sprintf("complete -c %s -n %s", s.name, fishQuoted("__"+s.name+"_at '"+c.at+"'"))
		for _, sub := range c.subs {
			s.line("%s -a %s -d %s", at, sub.Name, fishQuoted(sub.Help))
		}
		if args := c.arguments(); args != nil {
			s.line("%s -a %s", at, fishQuoted(strings.Join(args, " ")))
		}
		if c.files {
			s.line("%s -F", at)
		}
		for _, f := range c.flags {
			s.line("%s%s", at, fishFlag(f))
		}
	}
}

func fishFlag(f *kong.Flag) string {
	out := " -l " + f.Name
	if f.Short != 0 {
		out = " -s " + string(f.Short) + out
	}
	switch words := choices(f.Value); {
	case !wantsValue(f):
	case isFile(f.Value):
		out += " -r -F"
	case words != nil:
		out += " -x -a " + fishQuoted(strings.Join(words, " "))
	default:
		out += " -x"
	}
	return out + " -d " + fishQuoted(f.Help)
}

// quoted writes a text for bash and zsh as it is.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// fishQuoted writes a text for fish as it is.
func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
