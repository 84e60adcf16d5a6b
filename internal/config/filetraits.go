package config

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/lazy"
)

// fieldShape is what the name of a field of JSON may look like.
var fieldShape = lazy.Regexp(`^[a-z][a-z0-9_]{0,63}$`)

// traits reads [provider.x.traits].
func (r *reader) traits(p *Provider, within string, t *table) {
	r.only(t, within, "reasoning", "thinking", "tool_choice", "no_schema", "no_parallel", "tool_stream", "max_stop", "inside_one")
	x := &p.Traits
	r.oneOf(t, within, "reasoning", &x.Reasoning, "the name of a field, or \"\" for none", func(text string) bool {
		return text == "" || fieldShape().MatchString(text)
	})
	r.oneOf(t, within, "thinking", &x.Thinking, `"thinking", or "" for none`, func(text string) bool {
		return text == "" || text == "thinking"
	})
	if words, ok := r.words(t, within, "tool_choice", toolChoiceWords); ok {
		x.ToolChoice = words
	}
	r.flag(t, within, "no_schema", &x.NoSchema)
	r.flag(t, within, "no_parallel", &x.NoParallel)
	r.flag(t, within, "tool_stream", &x.ToolStream)
	r.whole(t, within, "max_stop", &x.MaxStop)
	r.flag(t, within, "inside_one", &x.InsideOne)
}

// efforts reads a model's reasoning efforts, in whatever order they are given.
func (r *reader) efforts(m *ModelInfo, within string, t *table) {
	if words, ok := r.words(t, within, "efforts", effortWords); ok {
		m.Efforts = strings.Join(words, " ")
	}
}

// oneOf reads an optional text that must be one of some.
func (r *reader) oneOf(t *table, within, name string, into *string, allowed string, ok func(string) bool) {
	f := t.fields[name]
	if f == nil {
		return
	}
	text, isText := f.val.(string)
	if !isText || !ok(text) {
		r.bad(f.line, within+": "+name, "must be %s", allowed)
		return
	}
	*into = text
}

// words reads an optional list of words of which each must be known, and gives
// them in the order of known. An empty list is one, too.
func (r *reader) words(t *table, within, name string, known []string) (words []string, ok bool) {
	f := t.fields[name]
	if f == nil {
		return nil, false
	}
	list, isList := asTexts(f)
	if !isList || slices.ContainsFunc(list, func(word string) bool { return !slices.Contains(known, word) }) {
		r.bad(f.line, within+": "+name, "must be a list of these words: %s", strings.Join(known, ", "))
		return nil, false
	}
	words = []string{}
	for _, word := range known {
		if slices.Contains(list, word) {
			words = append(words, word)
		}
	}
	return words, true
}
