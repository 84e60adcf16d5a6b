package dialect

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

var fittingName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// offering gives a request with tools of these names, and calls of the others.
func offering(tools []string, called ...string) *chat.Request {
	q := &chat.Request{}
	for _, name := range tools {
		q.Tools = append(q.Tools, chat.Tool{Name: name})
	}
	for _, name := range called {
		q.Messages = append(q.Messages, chat.Message{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "c", Name: name}}})
	}
	return q
}

func TestToolNamesThatFitStay(t *testing.T) {
	n := toolNames{q: offering([]string{"Bash", "mcp__a__b-c", strings.Repeat("x", 64)}, "Read")}
	for i := range n.q.Tools {
		if name := n.q.Tools[i].Name; n.fit(name) != name {
			t.Errorf("%s became %s", name, n.fit(name))
		}
	}
	if n.fit("Read") != "Read" || n.back != nil {
		t.Errorf("names: %v", n.back)
	}
}

func TestToolNamesThatDoNotFitAreShortenedAndMappedBack(t *testing.T) {
	long := "mcp__a-server-with-a-very-long-name__" + strings.Repeat("y", 60)
	for name, want := range map[string]string{
		"a.b":      "a_b_108bf50c",
		"":         "_811c9dc5",
		"größe":    "gr__e_cd38f49a",
		"a b/c:d":  "a_b_c_d_",
		long:       "mcp__a-server-with-a-very-long-name__yyyyyyyyyyyyyyyyyy_",
		long + "z": "mcp__a-server-with-a-very-long-name__yyyyyyyyyyyyyyyyyy_",
	} {
		n := toolNames{q: offering([]string{name, "Bash"})}
		got := n.fit(name)
		if !strings.HasPrefix(got, want) || !fittingName.MatchString(got) {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
		if n.back[got] != name || len(n.back) != 1 {
			t.Errorf("%q: names %v", name, n.back)
		}
		other := toolNames{q: offering([]string{"Read", "x y"}, name)}
		if again := other.fit(name); again != got {
			t.Errorf("%q became %q in another request, and %q here", name, again, got)
		}
	}
}

func TestToolNamesStayUniqueInARequest(t *testing.T) {
	taken := shortened("a.b", "")
	n := toolNames{q: offering([]string{"a.b", taken}, "a b", "a.b")}
	seen := map[string]bool{}
	for _, name := range []string{"a.b", taken, "a b"} {
		sent := n.fit(name)
		if seen[sent] || !fittingName.MatchString(sent) {
			t.Errorf("%q became %q, which is taken or does not fit", name, sent)
		}
		seen[sent] = true
	}
	if n.fit(taken) != taken || n.fit("a.b") != shortened("a.b", "2") {
		t.Errorf("got %q and %q", n.fit(taken), n.fit("a.b"))
	}
}
