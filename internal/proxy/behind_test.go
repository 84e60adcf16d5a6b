package proxy_test

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

// behind is the one provider of a rig, and how it is spoken to.
type behind struct {
	name   string
	vendor string
	speaks string // simulator.Chat or simulator.Messages, and nothing else
	large  string // its model for text
	keys   map[string]simulator.KeyScript
}

const keyAnthropic = "sk-ant-rig-key-0123456789abcdef"

// The three kinds of provider there are: of OpenAI's dialect, of Anthropic's, and
// Anthropic itself, which knows its own signatures again and takes nothing that it
// does not know. The first two are one vendor, so that nothing but the dialect
// differs.
var (
	chatBehind      = behind{name: "openai", vendor: simulator.ZAI, speaks: simulator.Chat, large: "glm-5.3"}
	messagesBehind  = behind{name: "anthropic", vendor: simulator.ZAI, speaks: simulator.Messages, large: "glm-5.3"}
	anthropicBehind = behind{name: "Anthropic itself", vendor: simulator.Anthropic, speaks: simulator.Messages, large: "claude-opus-4-8"}
	behinds         = []*behind{&chatBehind, &messagesBehind, &anthropicBehind}
)

// script is what the provider says unless a test wants something else.
func (b *behind) script() simulator.Script {
	s := script(b.vendor)
	s.Dialects, s.KeepBodies = []string{b.speaks}, true
	if b.vendor == simulator.Anthropic {
		s.Keys = map[string]simulator.KeyScript{keyAnthropic: {Name: "x"}}
	}
	return s
}

// lone is a rig with one provider.
type lone struct {
	*rig
	*behind
	p *simulator.Running
}

func (b *behind) rig(t *testing.T) *lone {
	t.Helper()
	var itself *simulator.Running
	if b.vendor == simulator.Anthropic {
		itself = (&rig{t: t}).provider(simulator.Anthropic)
	}
	r := newRig(t, setup{drop: []string{"CEREBRAS_API_KEYS", "SYNTHETIC_API_KEY"}, tune: func(s *config.Settings) {
		z := s.Provider("zai")
		e := &z.Endpoints[0]
		switch {
		case itself != nil:
			s.Providers = []config.Provider{anthropicAt(itself.URL)}
			for i := range s.Rules {
				s.Rules[i].Use = []config.Target{{Provider: config.AnthropicID, Model: string(config.Large)}}
			}
		case b.speaks == simulator.Messages:
			e.Dialect, e.URL, e.Also = config.Anthropic, strings.Replace(e.URL, "/api/coding/paas/v4", "/api/anthropic", 1), nil
		}
		if itself == nil {
			e.Concurrency = 0 // a key is given back a moment after its answer was read
		}
		s.MaxWait, s.ShortWait = 0, 0
	}})
	l := &lone{rig: r, behind: b, p: itself}
	if itself == nil {
		l.p = r.zai
	}
	l.play(func(*simulator.Script) {})
	return l
}

// anthropicAt is Anthropic as a provider.
func anthropicAt(url string) config.Provider {
	const model = "claude-opus-4-8"
	return config.Provider{
		ID: config.AnthropicID, Name: "Anthropic", Limits: config.DefaultLimits,
		Endpoints: []config.Endpoint{{Dialect: config.Anthropic, URL: url, Auth: config.AuthAPIKey}},
		Roles:     map[config.Role][]string{config.Large: {model}, config.Small: {model}, config.Vision: {model}},
		Models:    map[string]config.ModelInfo{model: {Vision: true, Context: 200_000, MaxOutput: 64_000}},
		Keys:      []config.Key{{Name: "x", Secret: secret.New(keyAnthropic)}},
	}
}

// play changes what the provider says from here on.
func (l *lone) play(change func(*simulator.Script)) {
	l.t.Helper()
	s := l.script()
	change(&s)
	if err := l.p.SetScript(s); err != nil {
		l.t.Fatal(err)
	}
}

// sent is the last request that the provider saw.
func (l *lone) sent() simulator.Call {
	l.t.Helper()
	calls := l.p.Calls()
	for i := len(calls) - 1; i >= 0; i-- {
		if calls[i].Dialect != "" {
			if calls[i].Dialect != l.speaks {
				l.t.Errorf("the provider was spoken to in %s", calls[i].Dialect)
			}
			return calls[i]
		}
	}
	l.t.Fatal("the provider was not asked")
	return simulator.Call{}
}
