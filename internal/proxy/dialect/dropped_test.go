package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestNamesFromOutsideAreToldBriefly(t *testing.T) {
	const longest = maxDroppedName + len("…")
	long := strings.Repeat("n", 10_000)
	var odd, servers strings.Builder
	for i := range 3 * maxDropped {
		fmt.Fprintf(&odd, `"%d%s":1,`, i, long)
		fmt.Fprintf(&servers, `{"type":"web_search_20250305","name":"%d%s"},`, i, long)
	}
	for front, say := range map[Name]string{
		OpenAI: `"messages":[{"role":"user","content":"a"}]`, Anthropic: `"messages":[{"role":"user","content":"a"}]`, Responses: `"input":"a"`,
	} {
		r, err := Read(front, []byte(`{`+odd.String()+say+`}`))
		if err != nil {
			t.Fatal(err)
		}
		q, e := r.Hub()
		if e != nil {
			t.Fatal(e)
		}
		if len(q.Dropped) != maxDropped {
			t.Errorf("%s: %d names are told", front, len(q.Dropped))
		}
		for _, name := range q.Dropped {
			if len(name) > longest {
				t.Errorf("%s: a name of %d bytes is told", front, len(name))
			}
		}
	}
	r, err := Read(Anthropic, []byte(`{"messages":[{"role":"user","content":"a"}],"tools":[`+strings.TrimSuffix(servers.String(), ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	sent, e := r.For(Fit{Dialect: Anthropic, Model: "m", MaxOutput: 9}, nil)
	if e != nil {
		t.Fatal(e)
	}
	for _, word := range sent.Changed {
		if len(word) > longest+len("removed tools[] ") {
			t.Errorf("told in %d bytes: %.80s", len(word), word)
		}
	}
	for front, body := range map[Name]string{
		OpenAI:    `{"messages":[{"role":"` + long + `","content":"a"}]}`,
		Responses: `{"previous_response_id":"` + long + `","input":"a"}`,
	} {
		r, err := Read(front, []byte(body))
		e := new(chat.Error)
		if err != nil {
			e = asError(err)
		} else if _, e = r.Hub(); e == nil {
			t.Fatalf("%s: it was taken", front)
		}
		if len(e.Message) > 300 {
			t.Errorf("%s: an error of %d bytes", front, len(e.Message))
		}
	}
}
