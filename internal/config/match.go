package config

import (
	"path"
	"strings"
	"sync"
)

// Patterns splits a rule's pattern list: "*haiku*|*air*".
func Patterns(text string) []string {
	var out []string
	for p := range strings.SplitSeq(text, "|") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// MatchAny reports whether name fits one of the shell patterns, in any case. A
// pattern with a leading ! excludes what it fits, wherever it stands in the
// list; a list of exclusions alone fits everything else. A star also stands for
// slashes, since model ids have them ("hf:zai-org/GLM-5.2"). An empty list fits
// nothing, and a malformed pattern neither.
func MatchAny(patterns []string, name string) bool {
	n := Folded(name)
	v := verdict{}
	for _, p := range patterns {
		v.take(globsOf(p), n)
	}
	return v.fits()
}

// Name is a model's name made ready to be held against patterns: one name is held
// against those of every rule.
type Name struct{ folded string }

// Folded makes a name ready.
func Folded(name string) Name { return Name{fold(name)} }

// Fits reports whether the name fits a rule's pattern list, as MatchAny has it.
func (n Name) Fits(patterns string) bool {
	v := verdict{}
	v.take(globsOf(patterns), n)
	return v.fits()
}

// verdict is what a list of patterns says of a name.
type verdict struct{ found, wanted, excluded, any bool }

func (v *verdict) take(list []glob, n Name) {
	for i := range list {
		g := &list[i]
		v.any = true
		v.wanted = v.wanted || !g.excludes
		switch fits := g.fits(n.folded); {
		case fits && g.excludes:
			v.excluded = true
		case fits:
			v.found = true
		}
	}
}

func (v *verdict) fits() bool { return !v.excluded && (v.found || (!v.wanted && v.any)) }

// glob is one pattern made ready.
type glob struct {
	pattern  string // folded
	excludes bool
	parts    []string // between its stars; nil if there is more to it than stars
}

// globs keeps the pattern lists that were made ready, by their text. They come
// from settings only, so there are few.
var globs sync.Map

// globsOf makes a pattern list ready, once.
func globsOf(text string) []glob {
	if known, ok := globs.Load(text); ok {
		return known.([]glob)
	}
	var list []glob
	for _, p := range Patterns(text) {
		g := glob{}
		g.pattern, g.excludes = strings.CutPrefix(p, "!")
		g.pattern = fold(g.pattern)
		if !strings.ContainsAny(g.pattern, `?[\`) {
			g.parts = strings.Split(g.pattern, "*")
		}
		list = append(list, g)
	}
	globs.Store(text, list)
	return list
}

func (g *glob) fits(name string) bool {
	if g.parts == nil {
		ok, err := path.Match(g.pattern, name)
		return ok && err == nil
	}
	first, rest := g.parts[0], g.parts[1:]
	if len(rest) == 0 {
		return name == first
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	last := rest[len(rest)-1]
	for _, part := range rest[:len(rest)-1] {
		if _, name, ok = strings.Cut(name, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(name, last)
}

// badPattern gives the first pattern that is malformed.
func badPattern(patterns []string) (string, bool) {
	for _, p := range patterns {
		p, _ := strings.CutPrefix(strings.TrimSpace(p), "!")
		if p == "" {
			return p, true
		}
		if _, err := path.Match(fold(p), ""); err != nil {
			return p, true
		}
	}
	return "", false
}

// fold makes patterns and names comparable: lower case, and a slash is a
// letter like any other.
func fold(text string) string {
	return strings.ReplaceAll(strings.ToLower(text), "/", "\x01")
}

// DefaultAliases are the model names that stand for a role: those of other
// vendors that clients have built in, and those that connected clients are
// given ("glmtray-large"). gpt-oss models are served under their own name.
func DefaultAliases() []string {
	return []string{
		"glmtray-*",
		"claude-*", "*opus*", "*sonnet*", "*haiku*", "*fable*",
		"gpt-*", "!gpt-oss*", "chatgpt-*", "codex*", "o1*", "o3*", "o4*",
	}
}
