package dialect

import "testing"

func TestAConversationIsKnownByItsBeginning(t *testing.T) {
	name := func(front Name, body string) string {
		t.Helper()
		r, err := Read(front, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return r.Beginning()
	}
	for _, c := range []struct {
		front               Name
		first, later, other string
	}{
		{
			OpenAI,
			`{"messages":[{"role":"system","content":"S"},{"role":"user","content":"hello"}]}`,
			`{"model":"x","messages":[{"role":"system","content":"S"},{"role":"user","content":"hello"},{"role":"assistant","content":"hi"},{"role":"user","content":"more"}]}`,
			`{"messages":[{"role":"system","content":"T"},{"role":"user","content":"hello"}]}`,
		},
		{
			Anthropic,
			`{"system":[{"type":"text","text":"S"}],"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]},{"role":"assistant","content":"hi"},{"role":"user","content":"more"}],"system":[{"type":"text","text":"S"}]}`,
			`{"system":[{"type":"text","text":"S"}],"messages":[{"role":"user","content":[{"type":"text","text":"hullo"}]}]}`,
		},
		{
			Responses,
			`{"instructions":"S","input":[{"role":"user","content":"hello"}]}`,
			`{"instructions":"S","input":[{"role":"user","content":"hello"},{"type":"function_call","call_id":"1","name":"f","arguments":"{}"}]}`,
			`{"instructions":"S","input":"hello"}`,
		},
	} {
		first, later, another := name(c.front, c.first), name(c.front, c.later), name(c.front, c.other)
		if first == "" || first != later {
			t.Errorf("%s: the first turn is %q and a later one %q", c.front, first, later)
		}
		if c.front != Responses && another == first {
			t.Errorf("%s: two conversations are %q", c.front, first)
		}
	}
	for _, silent := range []string{`{}`, `{"messages":[]}`, `{"messages":[{"role":"system","content":"S"}]}`} {
		if got := name(OpenAI, silent); got != "" {
			t.Errorf("%s is %q", silent, got)
		}
	}
}
