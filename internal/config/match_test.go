package config

import (
	"strings"
	"testing"
)

// Patterns are globs: a star is never tried again once what follows it has been
// found. Were it, as in regular expressions that backtrack, the tries here would
// have more than a hundred digits, and this test would not end.
func TestNoPatternBlowsUp(t *testing.T) {
	name := strings.Repeat("a", 512)
	for _, unit := range []string{"*a", "*?", "*[a-b]", "a*", "**", "*a*"} {
		for _, end := range []string{"b", "*b", "[^a]", "?b", ""} {
			pattern := strings.Repeat(unit, 200) + end
			if got, want := MatchAny([]string{pattern, "!" + strings.Repeat(unit, 200) + "c"}, name), end == ""; got != want {
				t.Errorf("200 × %q and %q: %v", unit, end, got)
			}
			if badPattern([]string{pattern}); len(Patterns(strings.Repeat(pattern+"|", 100))) != 100 {
				t.Error("patterns are lost")
			}
		}
	}
}

func FuzzMatchAny(f *testing.F) {
	for _, c := range [][2]string{{"*haiku*|!x", "claude-haiku"}, {"[a-", "a"}, {"!", ""}, {"a/b*", "A/b/c"}, {"\\", "x"}, {"[^]a]*?", "\xff"}, {"|", "|"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, patterns, name string) {
		list := Patterns(patterns)
		_, bad := badPattern(list)
		got := MatchAny(list, name)
		if len(list) == 0 && got {
			t.Errorf("nothing fits %q", name)
		}
		if bad {
			return
		}
		if MatchAny(append(list, "!*"), name) {
			t.Errorf("%q and !* fits %q", patterns, name)
		}
		if !MatchAny([]string{"*"}, name) {
			t.Errorf("* does not fit %q", name)
		}
	})
}
