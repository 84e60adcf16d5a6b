package config

import (
	"os"
	"path/filepath"
	"strings"
)

// readEnvFile reads NAME=value lines: "export" in front, comments, and values
// in single quotes (as they are) or double quotes (with \n, \", \\, \$), both
// over several lines. Nothing is expanded.
func readEnvFile(file string) (layer, Problems) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, Problems{{Field: "env file", Text: scrub(err)}}
	}
	lines, problems := parseEnvFile(filepath.Base(file), string(data))
	return layerOf(lines), problems
}

// layerOf gives what counts: of several variables of one name the last.
func layerOf(lines []envLine) layer {
	l := layer{}
	for _, e := range lines {
		l[envName(e.name)] = e.variable
	}
	return l
}

// envLine is one variable of an env file.
type envLine struct {
	variable
	name string
	line int
}

// envScanner goes through an env file line by line.
type envScanner struct {
	base string
	rest string
	line int
}

// parseEnvFile gives the variables in their order.
func parseEnvFile(base, text string) (lines []envLine, problems Problems) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	s := envScanner{base: base, rest: text}
	for s.rest != "" {
		row, after, _ := strings.Cut(s.rest, "\n")
		s.line++
		if trimmed := strings.TrimSpace(row); trimmed == "" || trimmed[0] == '#' {
			s.rest = after
			continue
		}
		name, value, ok := strings.Cut(row, "=")
		name = envFileName(name)
		if !ok || !validName(name) {
			problems = append(problems, Problem{File: base, Line: s.line, Text: "must be NAME=value"})
			s.rest = after
			continue
		}
		at := s.line
		if value, ok = s.value(strings.TrimLeft(value, " \t"), after); !ok {
			return lines, append(problems, Problem{File: base, Line: at, Field: name, Text: "the quotes are not closed"})
		}
		lines = append(lines, envLine{variable{value, envOrigin(name, base, at)}, name, at})
	}
	return lines, problems
}

// envOrigin names a variable of an env file.
func envOrigin(name, base string, line int) Origin {
	return Origin(name + " (" + string(at(base, line)) + ")")
}

// value reads the value that begins in this line and moves on behind it.
func (s *envScanner) value(value, after string) (string, bool) {
	if value == "" || (value[0] != '"' && value[0] != '\'') {
		if i := strings.Index(value, " #"); i >= 0 {
			value = value[:i]
		}
		s.rest = after
		return strings.TrimSpace(value), true
	}
	from := strings.TrimLeft(s.rest[strings.IndexByte(s.rest, '=')+1:], " \t")
	body, n, closed := unquote(from)
	if !closed {
		return "", false
	}
	s.line += strings.Count(from[:n], "\n")
	_, s.rest, _ = strings.Cut(from[n:], "\n")
	return body, true
}

func envFileName(text string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "export "); ok {
		text = strings.TrimSpace(rest)
	}
	return text
}

func validName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// unquote reads a quoted value from the front of text; n is its length with
// both quotes.
func unquote(text string) (body string, n int, closed bool) {
	mark := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case c == mark:
			return b.String(), i + 1, true
		case c == '\\' && mark == '"' && i+1 < len(text):
			i++
			switch text[i] {
			case 'n':
				b.WriteByte('\n')
			case '"', '\\', '$':
				b.WriteByte(text[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}
