package lazy

import "testing"

func TestARegularExpressionIsCompiledOnceAndNotBeforeItIsAskedFor(t *testing.T) {
	word := Regexp(`^\w+$`)
	if first := word(); !first.MatchString("word") || first.MatchString("two words") || first != word() {
		t.Error("it is another one")
	}
	broken := Regexp(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a broken one was taken")
		}
	}()
	broken()
}
