package docs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// command is one line that a reader types.
type command struct {
	page string
	line int
	text string   // for a shell, without its comment
	runs []simple // its parts: between |, && and ;
}

// simple is a program with its words.
type simple struct {
	vars    []string // NAME=value in front of it
	program string
	args    []string
}

func (c *command) String() string { return fmt.Sprintf("%s:%d: %s", c.page, c.line, c.text) }

// commands reads the sh blocks of a page.
func (p *page) commands(t *testing.T) (list []command) {
	t.Helper()
	for _, b := range p.blocks {
		if b.lang != "sh" {
			continue
		}
		text, from := "", b.line
		for n, line := range strings.Split(b.text, "\n") {
			if text == "" {
				from = b.line + n
			}
			text += line
			if rest, more := strings.CutSuffix(text, `\`); more {
				text = rest
				continue
			}
			c := command{page: p.name, line: from, text: text}
			text = ""
			if err := c.read(); err != nil {
				t.Errorf("%s: %v", &c, err)
			} else if len(c.runs) > 0 {
				list = append(list, c)
			}
		}
	}
	return list
}

// read takes a line apart: as much of a shell's language as the pages use.
func (c *command) read() error {
	var words []string
	word, quote, begun := "", byte(0), false
	end := func() {
		if begun {
			words = append(words, word)
		}
		word, begun = "", false
	}
	part := func() {
		end()
		if len(words) > 0 {
			c.runs = append(c.runs, simpleOf(words))
		}
		words = nil
	}
	text := c.text
	i := 0
scan:
	for ; i < len(text); i++ {
		b := text[i]
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			} else {
				word += string(b)
			}
		case b == '\'' || b == '"':
			quote, begun = b, true
		case b == '#' && !begun:
			break scan
		case b == ' ' || b == '\t':
			end()
		case b == '|' || b == ';' || b == '&':
			part()
		default:
			word, begun = word+string(b), true
		}
	}
	if quote != 0 {
		return errors.New("its quotes are not closed")
	}
	part()
	c.text = strings.TrimSpace(text[:i])
	return nil
}

func simpleOf(words []string) (s simple) {
	for len(words) > 0 && s.program == "" {
		name, _, isVar := strings.Cut(words[0], "=")
		if isVar && name != "" && strings.ToUpper(name) == name {
			s.vars = append(s.vars, words[0])
		} else {
			s.program = words[0]
		}
		words = words[1:]
	}
	s.args = words
	return s
}

// called gives the words behind each call of a program in a command: behind its
// name, behind sudo, or behind "/glmtray" as containers have it.
func (c *command) called(program string) (list [][]string) {
	for _, s := range c.runs {
		at := slices.Index(s.args, "/"+program)
		if s.program == "sudo" {
			at = slices.Index(s.args, program)
		}
		switch {
		case s.program == program:
			list = append(list, s.args)
		case at >= 0:
			list = append(list, s.args[at+1:])
		}
	}
	return list
}

func TestALineIsReadAsAShellReadsIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		parts []string // program and arguments, with / between
	}{
		{"glmtray keys list", []string{"glmtray/keys/list"}},
		{"glmtray serve   # until it ends", []string{"glmtray/serve"}},
		{`A='{"a":"b c"}' B=1 glmtray serve`, []string{"glmtray/serve"}},
		{"a && b -x|c; d", []string{"a", "b/-x", "c", "d"}},
		{`curl -d '{"x": "#|;"}' "http://h/?a=1&b=2"`, []string{`curl/-d/{"x": "#|;"}/http://h/?a=1&b=2`}},
		{"# nothing", nil},
	}
	for _, tt := range tests {
		c := command{text: tt.text}
		if err := c.read(); err != nil {
			t.Error(err)
		}
		var got []string
		for _, s := range c.runs {
			got = append(got, strings.Join(append([]string{s.program}, s.args...), "/"))
		}
		if strings.Join(got, "\n") != strings.Join(tt.parts, "\n") {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.parts)
		}
	}
	if (&command{text: "echo 'open"}).read() == nil {
		t.Error("quotes that are not closed are taken")
	}
}
