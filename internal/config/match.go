package config

import (
	"path"
	"strings"
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
	name = fold(name)
	found, wanted := false, false
	for _, p := range patterns {
		p, excludes := strings.CutPrefix(strings.TrimSpace(p), "!")
		if !excludes {
			wanted = true
		}
		ok, err := path.Match(fold(p), name)
		if err != nil || !ok {
			continue
		}
		if excludes {
			return false
		}
		found = true
	}
	return found || (!wanted && len(patterns) > 0)
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
