package manual

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Section is a part of the page that the command line does not know of.
type Section struct {
	Title string // in capitals, as man pages have it
	Items []Item
}

// Item is a term and what is to be said of it. Without a term it is a paragraph.
type Item struct{ Term, Text string }

// Page writes the manual page (man(7), section 1) of a program. version stands
// in its foot; sections follow the commands.
func Page(w io.Writer, app *kong.Application, version string, sections []Section) error {
	p := &page{Writer: bufio.NewWriter(w)}
	name, summary, rest := app.Name, app.Help, ""
	if first, after, ok := strings.Cut(app.Help, "\n"); ok {
		summary, rest = first, after
	}
	p.macro(`.TH %s 1 "" "%s %s" "User Commands"`, strings.ToUpper(roff(name)), roff(name), roff(version))
	p.macro(".SH NAME")
	p.text(name + " - " + strings.TrimSuffix(summary, "."))
	p.macro(".SH SYNOPSIS")
	p.macro(`.B %s`, roff(name))
	p.text("[flags] [command] [flags of the command]")
	p.macro(".SH DESCRIPTION")
	p.paragraphs(rest)
	all := commands(app)
	p.macro(".SH OPTIONS")
	p.flags(app.Flags)
	p.macro(".SH COMMANDS")
	for _, c := range all[1:] {
		p.command(name, c)
	}
	for _, s := range sections {
		p.macro(".SH %s", roff(s.Title))
		for _, item := range s.Items {
			if item.Term == "" {
				p.paragraphs(item.Text)
				continue
			}
			p.macro(".TP\n.B %s", roff(item.Term))
			p.text(item.Text)
		}
	}
	return p.Flush()
}

// page writes roff. Its writer keeps the first error and Flush tells it.
type page struct{ *bufio.Writer }

func (p *page) macro(format string, args ...any) { _, _ = fmt.Fprintf(p, format+"\n", args...) }

// text writes plain words.
func (p *page) text(s string) { p.macro("%s", roff(strings.TrimSpace(s))) }

func (p *page) paragraphs(s string) {
	for part := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			p.macro(".PP")
			p.text(part)
		}
	}
}

func (p *page) command(program string, c command) {
	p.macro(`.SS "%s"`, roff(program+" "+c.node.Summary()))
	p.text(c.node.Help)
	p.paragraphs(c.node.Detail)
	for _, arg := range c.node.Positional {
		p.macro(".TP\n.I %s", roff(arg.Name))
		p.text(arg.Help)
	}
	p.flags(c.node.Flags)
}

func (p *page) flags(flags []*kong.Flag) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		line := `\fB` + roff(strings.Join(names(f), ", ")) + `\fR`
		if wantsValue(f) {
			line += `=\fI` + roff(f.FormatPlaceHolder()) + `\fR`
		}
		p.macro(".TP\n%s", line)
		p.text(f.Help)
	}
}

// roff writes text so that nothing in it is taken for a command.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "'", `\(aq`, "`", `\(ga`, "~", `\(ti`, "^", `\(ha`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
