package lazy

import (
	"regexp"
	"sync"
)

// Regexp gives a regular expression that is compiled when it is asked for first.
// One that is none panics there, as regexp.MustCompile does. It is safe for
// concurrent use.
func Regexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
