package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// side is the program in front of providers of one dialect.
type side struct {
	*program
	dialect     string             // simulator.Chat or simulator.Messages
	text, eyes  *simulator.Running // who serves text, and who pictures; perhaps one
	large, sees string             // their models
	script      func() simulator.Script
	// Fixtures of text's: all is overloaded, the prompt is too long, the request is
	// refused, a limit returns when it is told to.
	overload, tooLong, refuses, soon string
}

// dialects are the two kinds of side: a client must not be able to tell which it
// has to do with.
var dialects = []struct {
	name  string
	start func(t *testing.T, environ ...string) *side
}{
	{"by providers that speak only OpenAI", chatSide},
	{"by a provider that speaks only Anthropic", messagesSide},
}

// chatSide is Cerebras for text, which takes no thinking back, and Synthetic for
// pictures.
func chatSide(t *testing.T, environ ...string) *side {
	t.Helper()
	play := func() simulator.Script {
		s := script(simulator.Cerebras)
		s.KeepBodies = true
		return s
	}
	eyes := script(simulator.Synthetic)
	eyes.Dialects, eyes.KeepBodies = []string{simulator.Chat}, true
	s := &side{
		dialect: simulator.Chat, script: play, text: provider(t, play()), eyes: provider(t, eyes),
		large: model, sees: "syn:large:vision",
		overload: "cerebras/queue", tooLong: "cerebras/context", refuses: "cerebras/param", soon: "cerebras/rpm",
	}
	s.program = start(t, launch{environ: append(append(cerebrasAt(s.text.URL), syntheticAt(s.eyes.URL)...), environ...)})
	return s
}

// messagesSide is Z.ai in Anthropic's dialect for everything.
func messagesSide(t *testing.T, environ ...string) *side {
	t.Helper()
	play := func() simulator.Script {
		s := script(simulator.ZAI)
		s.Dialects, s.KeepBodies = []string{simulator.Messages}, true
		return s
	}
	s := &side{
		dialect: simulator.Messages, script: play, text: provider(t, play()),
		large: "glm-5.3", sees: "glm-5.3-flash",
		overload: "zai/1305", tooLong: "zai/1261", refuses: "zai/1214", soon: "anthropic/rate-limit",
	}
	s.eyes = s.text
	at := []string{"ZAI_API_KEY=" + keyZ, "ZAI_ANTHROPIC_BASE_URL=" + s.text.URL + "/api/anthropic"}
	// A key is given back a moment after its answer was read, and the plan's serves one at a time.
	s.program = start(t, launch{settings: "[provider.zai]\nconcurrency = 8\n", environ: append(at, environ...)})
	return s
}

// play changes what is said from here on, and forgets what was asked.
func (s *side) play(change func(*simulator.Script)) {
	s.t.Helper()
	next := s.script()
	change(&next)
	if err := s.text.SetScript(next); err != nil {
		s.t.Fatal(err)
	}
	s.forget()
}

func (s *side) forget() {
	s.text.Reset()
	s.eyes.Reset()
}

// plain is what a case begins with.
func (s *side) plain() { s.t.Helper(); s.play(func(*simulator.Script) {}) }

// asked are the questions that the providers of text, or all, were asked; all must
// have come in their dialect.
func (s *side) asked() (all []simulator.Call) {
	s.t.Helper()
	from := s.text.Calls()
	if s.eyes != s.text {
		from = append(from, s.eyes.Calls()...)
	}
	for _, c := range from {
		if c.Dialect == "" {
			continue
		}
		if all = append(all, c); c.Dialect != s.dialect {
			s.t.Errorf("a provider was spoken to in %s", c.Dialect)
		}
		if len(c.Forbidden) > 0 {
			s.t.Errorf("a provider was sent %v", c.Forbidden)
		}
	}
	return all
}

// last is the newest of them.
func (s *side) last() simulator.Call {
	s.t.Helper()
	all := s.asked()
	if len(all) == 0 {
		s.t.Fatal("no provider was asked")
	}
	return all[len(all)-1]
}

// both are two calls that a model makes side by side, in fragments by turns.
func both(s *simulator.Script) {
	s.Answer.ToolCalls, s.Answer.Interleave, s.Answer.Chunk = calling().Answer.ToolCalls, true, 7
	if len(s.Dialects) > 0 && s.Dialects[0] == simulator.Messages {
		s.Answer.Interleave = false // blocks of Anthropic's own do not interleave
	}
}

// pixel is a picture.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// tooLong are Anthropic's own words for an overlong prompt, by which Claude Code
// knows that it must shorten the conversation.
var tooLong = regexp.MustCompile(`prompt is too long: \d+ tokens > \d+ maximum`)

// picture checks that the last request took a picture to the model that sees.
func (s *side) picture(t *testing.T) {
	t.Helper()
	c := s.last()
	if c.Images != 1 || c.Model != s.sees || !strings.Contains(c.Body, pixel) || len(s.asked()) != 1 {
		t.Errorf("%d pictures went to %s: %.300s", c.Images, c.Model, c.Body)
	}
}

// note checks that an older picture went to the model for text as a note.
func (s *side) note(t *testing.T) {
	t.Helper()
	c := s.last()
	if c.Images != 0 || c.Model != s.large || strings.Contains(c.Body, pixel) || !strings.Contains(c.Body, "picture") {
		t.Errorf("%d pictures went to %s: %.600s", c.Images, c.Model, c.Body)
	}
}
