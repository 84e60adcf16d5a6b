package main

import (
	"encoding/json"
	"fmt"
	"os"

	"charm.land/catwalk/pkg/catwalk"
	"charm.land/catwalk/pkg/embedded"
)

// The release of catwalk that go.mod names, and the day of its tag. v0.52.6 is
// listed by the module proxy but not served (403, 2026-11-22), and v0.52.86
// wants Go 1.26.10.
const (
	release = "v0.52.18"
	date    = "2026-08-31"
)

// wanted says which vendors of catwalk make up which of ours. Where two of them
// know a model, the first that knows a figure wins: the Chinese endpoints of
// Z.ai list models that the global ones lack.
var wanted = []struct {
	ours   string
	theirs []catwalk.InferenceProvider
}{
	{"cerebras", []catwalk.InferenceProvider{catwalk.InferenceProviderCerebras}},
	{"synthetic", []catwalk.InferenceProvider{catwalk.InferenceProviderSynthetic}},
	{"zai", []catwalk.InferenceProvider{
		catwalk.InferenceProviderZAI, catwalk.InferenceProviderZhipu, catwalk.InferenceProviderZhipuCoding,
	}},
	{"anthropic", []catwalk.InferenceProvider{catwalk.InferenceProviderAnthropic}},
}

// file is the form of catalog.json. Package config reads it.
type file struct {
	Source    string                      `json:"source"`
	Date      string                      `json:"date"`
	Providers map[string]map[string]model `json:"providers"`
}

// model is one row. Prices are USD per million tokens; a row whose prices are
// all zero has none, since catwalk writes 0 for what a plan covers. There is no
// output limit: catwalk has only a default that its own client asks for.
type model struct {
	Context  int64   `json:"context,omitempty"`
	Vision   bool    `json:"vision,omitempty"`
	In       float64 `json:"in,omitempty"`
	Out      float64 `json:"out,omitempty"`
	CachedIn float64 `json:"cached_in,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cataloggen FILE")
		os.Exit(2)
	}
	text, err := generate()
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cataloggen:", err)
		os.Exit(1)
	}
}

// generate makes the text of catalog.json; the same data always gives the same
// bytes.
func generate() ([]byte, error) {
	vendors := map[catwalk.InferenceProvider]catwalk.Provider{}
	for _, p := range embedded.GetAll() {
		vendors[p.ID] = p
	}
	out := file{Source: "charm.land/catwalk " + release, Date: date, Providers: map[string]map[string]model{}}
	for _, w := range wanted {
		rows := map[string]model{}
		for _, id := range w.theirs {
			p, ok := vendors[id]
			if !ok {
				return nil, fmt.Errorf("finding vendor %s in catwalk %s", id, release)
			}
			for i := range p.Models {
				rows[p.Models[i].ID] = merge(rows[p.Models[i].ID], row(&p.Models[i]))
			}
		}
		out.Providers[w.ours] = rows
	}
	text, err := json.MarshalIndent(out, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("writing the catalogue: %w", err)
	}
	return append(text, '\n'), nil
}

// row translates one model. catwalk has two prices for cached input: the
// second, where given, is the one for reading; the first is then the one for
// writing, which is dearer than plain input at Anthropic.
func row(m *catwalk.Model) model {
	r := model{Context: m.ContextWindow, Vision: m.SupportsImages, In: m.CostPer1MIn, Out: m.CostPer1MOut}
	switch {
	case m.CostPer1MOutCached > 0:
		r.CachedIn = m.CostPer1MOutCached
	case m.CostPer1MInCached < m.CostPer1MIn:
		r.CachedIn = m.CostPer1MInCached
	}
	return r
}

// merge keeps a and fills what it lacks from b.
func merge(a, b model) model {
	if a.Context == 0 {
		a.Context, a.Vision = b.Context, b.Vision
	}
	if a.In == 0 && a.Out == 0 {
		a.In, a.Out, a.CachedIn = b.In, b.Out, b.CachedIn
	}
	return a
}
