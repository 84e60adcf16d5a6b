package dialect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// antFit makes a request fit.
func antFit(t testing.TB, body string, fit Fit) (Sent, *chat.Error) {
	t.Helper()
	r, err := Read(Anthropic, []byte(body))
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	fit.Dialect = Anthropic
	return r.For(fit, nil)
}

// antChange is a body, and what it becomes.
type antChange struct {
	name     string
	fit      Fit
	in, want string // want "": as it was
	changed  []string
}

func (c antChange) run(t *testing.T) {
	t.Helper()
	before := strings.Clone(c.in)
	sent, e := antFit(t, c.in, c.fit)
	if e != nil {
		t.Fatal(e)
	}
	want := c.want
	if want == "" {
		want = c.in
	}
	if string(sent.Body) != want || !slices.Equal(sent.Changed, c.changed) {
		t.Errorf("got  %s %q\nwant %s %q", sent.Body, sent.Changed, want, c.changed)
	}
	if c.in != before {
		t.Error("the body itself was changed")
	}
	if strings.Contains(c.in, "glmtray") || strings.Contains(c.in, "json_schema") {
		return // thinking is given back once, and a form asked for each time
	}
	if again, _ := antFit(t, string(sent.Body), c.fit); !bytes.Equal(again.Body, sent.Body) {
		t.Errorf("a second time it becomes %s", again.Body)
	}
}

// antBody is a body with a limit, so that none is added, and these members.
func antBody(members ...string) string {
	return `{` + strings.Join(append(members, `"max_tokens":9`), ",") + `}`
}

// antSaid is the same with these messages.
func antSaid(messages ...string) string {
	return antBody(`"messages":[` + strings.Join(messages, ",") + `]`)
}

func antUser(blocks string) string { return `{"role":"user","content":[` + blocks + `]}` }

func antMade(blocks string) string { return `{"role":"assistant","content":[` + blocks + `]}` }

func antSystem(text string) string { return `{"role":"system","content":"` + text + `"}` }

func antTextBlock(text string) string { return `{"type":"text","text":"` + text + `"}` }

var (
	antZai    = Fit{Provider: "zai"}
	antAuthor = Fit{Provider: "anthropic", Author: true}
	antBlind  = Fit{Provider: "zai", NoImages: true}
)

const antBilling = `{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.197.176;"}`

func TestFitAnthropicChangesTheBodysMembers(t *testing.T) {
	for _, c := range []antChange{
		{"nothing to do", Fit{Model: "m"}, `{ "model":"m", "max_tokens" : 9 }`, "", nil},
		{"the model", Fit{Model: "hf:a/b"}, `{"model" : "x","max_tokens":9}`, `{"model" : "hf:a/b","max_tokens":9}`, nil},
		{"a model that was not named", Fit{Model: "m"}, `{"max_tokens":9}`, `{"max_tokens":9,"model":"m"}`, nil},
		{"what only Anthropic has", antZai, antBody(`"context_management":{"edits":[]},"a":1,"container":"c"`), antBody(`"a":1`), []string{"removed context_management", "removed container"}},
		{"it keeps", antAuthor, antBody(`"context_management":{"edits":[]},"a":1,"container":"c"`), "", nil},
		{"refused fields", Fit{Refuses: Refuses{Fields: []string{"metadata", "output_config"}}}, antBody(`"metadata":{},"output_config":{},"a":1`), antBody(`"a":1`), []string{"removed metadata", "removed output_config"}},
		{"refused fields of tools", Fit{Refuses: Refuses{Tool: []string{"strict", "cache_control"}}}, antBody(`"tools":[{"strict":true,"name":"f","input_schema":{"strict":1},"cache_control":{}},{"name":"g"}]`), antBody(`"tools":[{"name":"f","input_schema":{"strict":1}},{"name":"g"}]`), []string{"removed tools[].strict", "removed tools[].cache_control"}},
		{"refused fields of messages", Fit{Refuses: Refuses{Message: []string{"id"}}}, antSaid(`{"id":"x","role":"user","content":"hi"}`, antYes), antSaid(antHi, antYes), []string{"removed messages[].id"}},
		{"the same of Anthropic's", Fit{Author: true, Refuses: Refuses{Message: []string{"id"}}}, antSaid(`{"role":"user","content":"","id":"x"}`, antSystem("x")), antSaid(`{"role":"user","content":""}`, antSystem("x")), []string{"removed messages[].id"}},
		{"a server's tool", antZai, antBody(`"tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f"},{"type":"bash_20250124","name":"bash"}],"tool_choice":{"type":"auto"}`), antBody(`"tools":[{"name":"f"}],"tool_choice":{"type":"auto"}`), []string{"removed tools[] web_search", "removed tools[] bash"}},
		{"Anthropic runs it", antAuthor, antBody(`"tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"}`), "", nil},
		{"the last tool", antZai, antBody(`"tools":[{"type":"web_search_20250305","name":"web_search"}],"a":1,"tool_choice":{"type":"tool","name":"web_search"}`), antBody(`"a":1`), []string{"removed tools[] web_search", "removed tool_choice"}},
		{"the tool that must be called", antZai, antBody(`"tool_choice":{"type":"tool","name":"web_search"},"tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f"}]`), antBody(`"tools":[{"name":"f"}]`), []string{"removed tools[] web_search", "removed tool_choice"}},
		{"a choice of no tools", antZai, antBody(`"tools":[],"tool_choice":{"type":"auto"}`), antBody(`"tools":[]`), []string{"removed tool_choice"}},
		{"many of them", antZai, antBody(`"tools":[` + strings.Repeat(`{"type":"x","name":"y"},`, 10) + `{"name":"f"}]`), antBody(`"tools":[{"name":"f"}]`), []string{"removed tools[] y ×8", "removed tools[], of such as the provider would run ×2"}},
	} {
		t.Run(c.name, c.run)
	}
}

func TestFitAnthropicKeepsTheOutputLimitWithinBounds(t *testing.T) {
	for _, c := range []antChange{
		{"within", Fit{MaxModel: 9, Context: 100000}, antBody(), "", nil},
		{"above what the model writes", Fit{MaxModel: 16384}, `{"max_tokens":64000}`, `{"max_tokens":16384}`, []string{"lowered max_tokens 64000 to 16384"}},
		{"above what the context has room for", Fit{MaxModel: 65536, Context: 131072, Prompt: 101072}, `{"max_tokens":64000}`, `{"max_tokens":30000}`, []string{"lowered max_tokens 64000 to 30000"}},
		{"a prompt that seems too long is the provider's to judge", Fit{Context: 131072, Prompt: 140000}, `{"max_tokens":64000}`, `{"max_tokens":1024}`, []string{"lowered max_tokens 64000 to 1024"}},
		{"none, and a usual one", Fit{MaxOutput: 16384, MaxModel: 65536}, `{"a":1}`, `{"a":1,"max_tokens":16384}`, []string{"added max_tokens 16384"}},
		{"none, and what the model writes", Fit{MaxModel: 65536, Context: 500000}, `{}`, `{"max_tokens":65536}`, []string{"added max_tokens 65536"}},
		{"none, and nothing is known", Fit{Model: "m"}, `{}`, `{"model":"m","max_tokens":32000}`, []string{"added max_tokens 32000"}},
		{"null", Fit{}, `{"max_tokens":null}`, `{"max_tokens":32000}`, []string{"added max_tokens 32000"}},
		{"a number that is none is for the provider to refuse", Fit{}, `{"max_tokens":-1}`, "", nil},
		{"zero asks Anthropic to fill its cache", antAuthor, `{"max_tokens":0}`, "", nil},
		{"the budget of thinking stays below", Fit{MaxModel: 16384}, `{"thinking":{"type":"enabled","budget_tokens":31999},"max_tokens":32000}`, `{"thinking":{"type":"enabled","budget_tokens":12288},"max_tokens":16384}`, []string{"lowered thinking.budget_tokens to 12288", "lowered max_tokens 32000 to 16384"}},
		{"a small budget is below anyhow", Fit{MaxModel: 16384}, `{"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":32000}`, `{"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":16384}`, []string{"lowered max_tokens 32000 to 16384"}},
		{"no room for a budget", Fit{MaxModel: 1024}, `{"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":32000}`, `{"thinking":{"type":"disabled"},"max_tokens":1024}`, []string{"switched off thinking, for which max_tokens leaves no room", "lowered max_tokens 32000 to 1024"}},
	} {
		t.Run(c.name, c.run)
	}
}

func TestFitAnthropicFindsAPlaceForSystemMessages(t *testing.T) {
	const moved, turned = "moved a system message into system", "turned a system message into a user's text"
	remind := func(text string) string { return antTextBlock("<system-reminder>" + text + "</system-reminder>") }
	system := func(blocks ...string) string { return `"system":[` + strings.Join(blocks, ",") + `],` }
	said := func(system string, messages ...string) string {
		return antBody(system + `"messages":[` + strings.Join(messages, ",") + `]`)
	}
	a, b := antTextBlock("a"), antTextBlock("b")
	for _, c := range []antChange{
		{"the billing block", antZai, said(system(antBilling, a), antHi), said(system(a), antHi), []string{"removed the billing block of system"}},
		{"is for Anthropic", antAuthor, said(system(antBilling, a), antSystem("b")), "", nil},
		{"alone", antZai, said(system(antBilling), antHi), said("", antHi), []string{"removed the billing block of system"}},
		{"in a text that goes on", antZai, said(`"system":"x-anthropic-billing-header: y;\nso \"it\" is",`, antHi), said(`"system":"so \"it\" is",`, antHi), []string{"removed the billing block of system"}},
		{"in a block that goes on", antZai, said(system(antTextBlock(`x-anthropic-billing-header: y\na`)), antHi, antSystem("b")), said(system(a, b), antHi), []string{"moved a system message into system", "removed the billing block of system"}},
		{"in a text that is all of it", antZai, said(`"system":"x-anthropic-billing-header: y",`, antHi), said("", antHi), []string{"removed the billing block of system"}},
		{"in a text, and more to say", antZai, said(`"system":"x-anthropic-billing-header: y\na",`, antHi, antSystem("b")), said(system(a, b), antHi), []string{"moved a system message into system", "removed the billing block of system"}},
		{"in a system message", antZai, said("", antHi, antSystem("x-anthropic-billing-header: y")), said("", antHi), []string{"moved a system message into system", "removed the billing block of system"}},
		{"empty texts", antZai, said(system(a, antTextBlock(`\n `), b), antHi), said(system(a, b), antHi), []string{"removed an empty text"}},
		{"into system blocks", antZai, said(system(antBilling, a), antHi, antSystem(`b\u0041`), antYes), said(system(a, antTextBlock(`b\u0041`)), antHi, antYes), []string{moved, "removed the billing block of system"}},
		{"into system text", antZai, said(`"system":"a",`, antHi, antSystem("b")), said(system(a, b), antHi), []string{moved}},
		{"into an empty system text", antZai, said(`"system":"",`, antHi, antSystem("b")), said(system(b), antHi), []string{moved}},
		{"into a system of null", antZai, said(`"system":null,`, antHi, antSystem("b")), said(system(b), antHi), []string{moved}},
		{"into a system that was not there", antZai, said(``, antHi, antSystem("b")), `{"messages":[` + antHi + `],"max_tokens":9,"system":[` + b + `]}`, []string{moved}},
		{
			"behind the messages", antZai, `{"messages":[` + antSystem("b") + "," + antHi + `],"max_tokens":9,"system":[` + antBilling + `]}`,
			`{"messages":[` + antHi + `],"max_tokens":9,"system":[` + b + `]}`,
			[]string{moved, "removed the billing block of system"},
		},
		{
			"blocks as they are", antZai, said("", `{"role":"system","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}},`+antTextBlock("")+`,`+antPNG+`]}`, antHi),
			`{"messages":[` + antHi + `],"max_tokens":9,"system":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}`,
			[]string{moved, "removed a part of a system message that is no text"},
		},
		{"an empty one", antZai, said("", antHi, antSystem(""), `{"role":"system"}`), said("", antHi), []string{moved + " ×2"}},
		{"later, to the end of the user's text", antZai, said("", antHi, antYes, antHi, antSystem("b")), said("", antHi, antYes, antUser(antTextBlock("hi")+","+remind("b"))), []string{turned}},
		{"later, behind the results of tools", antZai, said("", antHi, antUse, antUsed, antSystem("a"), antSystem("b"), antYes), said("", antHi, antUse, antUser(`{"type":"tool_result","tool_use_id":"t1","content":"ok"},`+remind("a")+","+remind("b")), antYes), []string{turned + " ×2"}},
		{"before the results of tools", antZai, said("", antHi, antUse, antSystem("a"), antSystem("b"), antUsed), said("", antHi, antUse, antUser(`{"type":"tool_result","tool_use_id":"t1","content":"ok"},`+remind("a")+","+remind("b"))), []string{turned + " ×2"}},
		{"between two answers", antZai, said("", antHi, antYes, antSystem("a"), antSystem("b"), antYes), said("", antHi, antYes, antUser(remind("a")+","+remind("b")), antYes), []string{turned + " ×2"}},
		{"at the end", antZai, said("", antHi, antYes, antSystem("a")), said("", antHi, antYes, antUser(remind("a"))), []string{turned}},
		{"later, and empty", antZai, said("", antHi, antYes, antSystem(" "), antHi), said("", antHi, antYes, antHi), []string{turned}},
		{"later, of blocks", antZai, said("", antHi, antYes, `{"content":[`+a+`,`+b+`],"role":"system"}`), said("", antHi, antYes, antUser(remind(`a\n\nb`))), []string{turned}},
		{"nothing but system messages", antZai, said("", antSystem("a"), antSystem("b")), said("", antUser(remind("a")+","+remind("b"))), []string{turned + " ×2"}},
		{"to a user that says nothing", antZai, said("", antHi, antYes, `{"role":"user"}`, antSystem("a")), said("", antHi, antYes, `{"role":"user","content":[`+remind("a")+`]}`), []string{turned}},
	} {
		t.Run(c.name, c.run)
	}
}

func TestFitAnthropicGivesThinkingBackToWhoThought(t *testing.T) {
	thought := func(signature string) string {
		return `{"type":"thinking","thinking":"hm","signature":"` + signature + `"}`
	}
	redacted := func(data string) string { return `{"data":"` + data + `","type":"redacted_thinking"}` }
	const text, dropped = `{"type":"text","text":"yes"}`, "dropped thinking of others"
	history := func(blocks string) string { return antSaid(antHi, antMade(blocks), antHi) }
	for _, c := range []antChange{
		{"its own", antZai, history(thought("glmtray:v1:zai:EpwC==") + "," + text), history(thought("EpwC==") + "," + text), nil},
		{"its own, redacted", antZai, history(redacted("glmtray:v1:zai:EpwC==") + "," + text), history(redacted("EpwC==") + "," + text), nil},
		{"another's", antZai, history(thought("glmtray:v1:synthetic:EpwC==") + "," + redacted("glmtray:v1:synthetic:x") + "," + text), history(text), []string{dropped + " ×2"}},
		{"its own that it did not sign", antZai, history(thought("glmtray:v1:zai:") + "," + text), history(text), []string{dropped}},
		{"of whom nobody knows", antZai, history(text + "," + thought("EpwC==") + "," + thought("")), history(text), []string{dropped + " ×2"}},
		{"without any signature", antZai, history(`{"type":"thinking","thinking":"hm"},` + text), history(text), []string{dropped}},
		{"where nothing else was said", antZai, history(thought("x")), history(antTextBlock("(nothing was said)")), []string{dropped}},
		{"where the last answer said nothing else", antZai, antSaid(antHi, antMade(thought("x"))), antSaid(antHi, antMade("")), []string{dropped}},
		{"Anthropic's own, that came from elsewhere", antAuthor, history(thought("EpwC==") + "," + redacted("x") + "," + text), "", nil},
		{"Anthropic's own, that came through here", antAuthor, history(thought("glmtray:v1:anthropic:EpwC==") + "," + thought("E2==") + "," + text), history(thought("EpwC==") + "," + thought("E2==") + "," + text), nil},
		{"another's, to Anthropic", antAuthor, history(thought("glmtray:v1:zai:") + "," + antTextBlock("") + "," + thought("")), history(antTextBlock("")), []string{dropped + " ×2"}},
		{"with an escape in the mark", antZai, history(thought(`glmtray\u003av1:zai:E\/x`) + "," + text), history(thought("E/x") + "," + text), nil},
	} {
		t.Run(c.name, c.run)
	}
}

func TestFitAnthropicTurnsIntoTextWhatOthersDoNotTake(t *testing.T) {
	const note = "left out a picture, for a model that reads text only"
	const into = "turned a block that only Anthropic understands into text"
	picture := antTextBlock(pictureNote)
	result := func(content string) string {
		return `{"type":"tool_result","tool_use_id":"t1","content":` + content + `,"is_error":true}`
	}
	plain := `{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"title":"n.txt"}`
	for _, c := range []antChange{
		{"pictures that can be seen", antZai, antSaid(antSees), "", nil},
		{"pictures that cannot", antBlind, antSaid(antUser(antTextBlock("see")+","+antPNG+","+antPNG), antYes, antHi), antSaid(antUser(antTextBlock("see")+","+picture+","+picture), antYes, antHi), []string{note + " ×2"}},
		{"nor what tools bring", antBlind, antSaid(antHi, antUse, antUser(result("["+antTextBlock("a")+", "+antPNG+"]")+","+antPNG)), antSaid(antHi, antUse, antUser(result("["+antTextBlock("a")+", "+picture+"]")+","+picture)), []string{note + " ×2"}},
		{"empty texts", antZai, antSaid(antUser(antTextBlock("")+","+antTextBlock("hi")), antMade(antTextBlock(" ")+`,{"type":"tool_use","id":"t1","name":"f","input":{}}`), antUser(result("["+antTextBlock("")+"]"))), antSaid(antUser(antTextBlock("hi")), antMade(`{"type":"tool_use","id":"t1","name":"f","input":{}}`), antUser(result("[]"))), []string{"removed an empty text ×3"}},
		{"empty messages", antZai, antSaid(`{"role":"user","content":""}`, `{"role":"assistant","content":"\n"}`, antUser(antTextBlock("")), `{"role":"assistant","content":""}`), antSaid(antUser(antTextBlock("(nothing was said)")), antMade(antTextBlock("(nothing was said)")), antUser(antTextBlock("(nothing was said)")), `{"role":"assistant","content":""}`), []string{"removed an empty text"}},
		{"a text document", antZai, antSaid(antUser(plain + "," + antTextBlock("hi"))), antSaid(antUser(antTextBlock(`n.txt:\n\nwords`) + "," + antTextBlock("hi"))), []string{into}},
		{"a document of an older turn", antZai, antSaid(antUser(antPDF+","+antTextBlock("hi")), antYes, antHi), antSaid(antUser(antTextBlock(documentNote("a.pdf"))+","+antTextBlock("hi")), antYes, antHi), []string{"left out a document of an older turn"}},
		{"Anthropic reads it", antAuthor, antSaid(antUser(antPDF + "," + plain)), "", nil},
		{"what was found", antZai, antSaid(antUser(`{"type":"search_result","title":"T","source":"S","content":[` + antTextBlock("x") + `]}`)), antSaid(antUser(antTextBlock(`T\nS\nx`))), []string{into}},
		{"what a server tool did", antZai, antSaid(antHi, antMade(`{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}},`+antTextBlock("yes")), antHi), antSaid(antHi, antMade(antTextBlock(`[web_search {\"q\":1}]`)+","+antTextBlock("yes")), antHi), []string{into}},
		{"what nobody knows", antZai, antSaid(antUser(`{"type":"hologram"},` + antTextBlock("hi"))), antSaid(antUser(antTextBlock("hi"))), []string{"dropped a block that only Anthropic understands"}},
		{"results within results are the provider's to refuse", antZai, antSaid(antUser(result("["+result("["+antTextBlock("")+"]")+"]")), antSystem("")), antSaid(antUser(result("[" + result("["+antTextBlock("")+"]") + "]"))), []string{"moved a system message into system"}},
		{
			"the form of the answer", antZai, `{"system":"a","output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}}},"max_tokens":9}`,
			`{"system":[{"type":"text","text":"a"},{"type":"text","text":"Answer with one JSON object and nothing else: no explanation, no code fence. It must match this JSON Schema:\n{\"type\":\"object\"}"}],"output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}}},"max_tokens":9}`,
			[]string{"asked in the system prompt for the form of the answer"},
		},
		{"which Anthropic knows", antAuthor, antBody(`"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}`), "", nil},
	} {
		t.Run(c.name, c.run)
	}
}

func TestFitAnthropicRefusesADocumentOfTheLatestTurn(t *testing.T) {
	fit := Fit{Model: "glm-5.3"}
	for _, body := range []string{
		antSaid(antUser(antPDF)),
		antSaid(antHi, antUse, antUser(`{"type":"tool_result","tool_use_id":"t1","content":"read"},`+antPDF)),
		antSaid(antHi, antUse, antUser(`{"type":"tool_result","tool_use_id":"t1","content":[`+antPDF+`]}`), antSystem("x")),
		string(fixture(t, "claude-tool-result-pdf-document", "request.anthropic.json")),
	} {
		sent, e := antFit(t, body, fit)
		if e == nil || e.Status != 400 || e.Code != "document_not_supported" || e.Hint == "" || !strings.HasPrefix(e.Message, "glm-5.3 ") || sent.Body != nil {
			t.Errorf("%v for %s", e, body)
		}
	}
}

// antToAnthropic is what Anthropic itself does not get as it came.
var antToAnthropic = map[string]string{
	"claude-count-tokens-file":      "added max_tokens 32000",
	"claude-count-tokens-tools":     "added max_tokens 32000",
	"claude-thinking-unsigned-echo": "dropped thinking of others",
}

func TestFitAnthropicLeavesClientsRequestsWhole(t *testing.T) {
	fit := Fit{Provider: "zai", Model: "glm-5.3", MaxModel: 32768, Refuses: Refuses{Tool: []string{"cache_control"}}}
	for name, body := range fixtures(t, "request.anthropic.json") {
		t.Run(name, func(t *testing.T) {
			sent, e := antFit(t, string(body), fit)
			if name == "claude-tool-result-pdf-document" {
				if e == nil {
					t.Error("the PDF was not refused")
				}
				return
			}
			if e != nil {
				t.Fatal(e)
			}
			golden(t, name, "fitted.anthropic.txt", append(sent.Body, "\n"+strings.Join(sent.Changed, "\n")+"\n"...))
			facts, err := Read(Anthropic, sent.Body)
			if err != nil || facts.Facts.Model != "glm-5.3" || facts.marks&^hasThought != 0 || !json.Valid(sent.Body) {
				t.Errorf("got %+v, %v", facts, err)
			}
			if again, _ := antFit(t, string(sent.Body), fit); !bytes.Equal(again.Body, sent.Body) && !strings.Contains(name, "title") {
				t.Errorf("a second time it becomes %s %q", again.Body, again.Changed)
			}
			sent, _ = antFit(t, string(body), Fit{Author: true})
			if want := antToAnthropic[name]; strings.Join(sent.Changed, ", ") != want || want == "" && !bytes.Equal(sent.Body, body) {
				t.Errorf("Anthropic gets %s %q", sent.Body, sent.Changed)
			}
		})
	}
}

func TestFitAnthropicCostsNothingWhereNothingChanges(t *testing.T) {
	body := fixture(t, "claude-thinking-signed-echo", "request.anthropic.json")
	r, err := Read(Anthropic, body)
	if err != nil {
		t.Fatal(err)
	}
	fit := Fit{Dialect: Anthropic, Provider: "anthropic", Author: true, Model: r.Facts.Model}
	if n := testing.AllocsPerRun(100, func() { _, _ = r.For(fit, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if sent, _ := r.For(fit, nil); &sent.Body[0] != &body[0] || sent.Changed != nil {
		t.Error("an untouched body was copied")
	}
}

func TestFitAnthropicServesOneProviderAfterTheOther(t *testing.T) {
	fits := []Fit{antZai, {Author: true}, {Model: "b", NoImages: true}, {MaxModel: 100}, antZai}
	for name, body := range fixtures(t, "request.anthropic.json") {
		r, err := Read(Anthropic, body)
		if err != nil {
			t.Fatal(err)
		}
		for i, fit := range fits {
			fit.Dialect = Anthropic
			sent, e := r.For(fit, nil)
			want, wanted := antFit(t, string(body), fit)
			if !bytes.Equal(sent.Body, want.Body) || !slices.Equal(sent.Changed, want.Changed) || (e == nil) != (wanted == nil) {
				t.Errorf("%s for the provider no. %d: got %s %q", name, i, sent.Body, sent.Changed)
			}
		}
	}
}
