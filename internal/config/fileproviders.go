package config

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
)

// idShape is what a provider's id may look like: it stands in "provider/model",
// in headers and in file names.
var idShape = lazy.Regexp(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// providers reads [provider.x]: changes to a preset, or a new vendor.
func (r *reader) providers(f *field) {
	all, ok := f.val.(*table)
	if !ok {
		r.bad(f.line, "provider", "must be written [provider.NAME]")
		return
	}
	for _, id := range all.names {
		f := all.fields[id]
		within := "provider " + quote(id)
		t, ok := f.val.(*table)
		switch {
		case !ok:
			r.bad(f.line, within, "must be written [provider.NAME]")
		case id == DemoProvider:
			r.bad(f.line, within, "this name belongs to the built-in simulator")
		case !idShape().MatchString(id) || looksLikeKey(id):
			r.bad(f.line, within, "must be lower-case letters, digits, - and _, at most 32")
		default:
			r.provider(id, within, t)
		}
	}
}

func (r *reader) provider(id, within string, t *table) {
	p := r.s.Provider(id)
	if p == nil {
		r.s.Providers = append(r.s.Providers, Provider{
			ID: id, Name: id, Limits: DefaultLimits,
			Roles: map[Role][]string{}, Models: map[string]ModelInfo{},
		})
		p = &r.s.Providers[len(r.s.Providers)-1]
	}
	r.only(t, within, "name", "url", "concurrency", "plan", "dialect", "auth", "also", "endpoint", "roles", "models", "limits", "refuses", "traits", "key_shapes")
	r.text(t, within, "name", &p.Name)
	r.texts(t, within, "key_shapes", &p.KeyShapes)
	r.endpoints(p, within, t)
	r.sub(t, within, "roles", func(t *table, within string) { r.roles(p, within, t) })
	r.sub(t, within, "models", func(t *table, within string) { r.models(p, within, t) })
	r.sub(t, within, "limits", func(t *table, within string) { r.limits(p, within, t) })
	r.sub(t, within, "refuses", func(t *table, within string) { r.refuses(p, within, t) })
	r.sub(t, within, "traits", func(t *table, within string) { r.traits(p, within, t) })
	for _, name := range t.names {
		r.s.Origins["provider."+id+"."+name] = r.origin(t.fields[name].line)
	}
}

// sub reads an optional table within a table.
func (r *reader) sub(t *table, within, name string, read func(*table, string)) {
	f := t.fields[name]
	if f == nil {
		return
	}
	inner, ok := f.val.(*table)
	if !ok {
		r.bad(f.line, within+": "+name, "must be a table")
		return
	}
	read(inner, within+": "+name)
}

// endpoints reads url, concurrency and the like of the first endpoint, and
// [provider.x.endpoint.ID] for vendors that have several.
func (r *reader) endpoints(p *Provider, within string, t *table) {
	lines := given{}
	if len(p.Endpoints) == 0 && (t.fields["url"] != nil || t.fields["endpoint"] == nil) {
		p.Endpoints = []Endpoint{{Dialect: OpenAI}}
	}
	if len(p.Endpoints) > 0 {
		r.endpoint(&p.Endpoints[0], within, t, lines)
	}
	r.sub(t, within, "endpoint", func(all *table, within string) {
		for _, id := range all.names {
			within := within + " " + quote(id)
			inner, ok := all.fields[id].val.(*table)
			if !ok || !idShape().MatchString(id) {
				r.bad(all.fields[id].line, within, "must be a table with a name of lower-case letters, digits, - and _")
				continue
			}
			i := slices.IndexFunc(p.Endpoints, func(e Endpoint) bool { return e.ID == id })
			if i < 0 {
				p.Endpoints = append(p.Endpoints, Endpoint{ID: id, Dialect: OpenAI})
				i = len(p.Endpoints) - 1
			}
			r.only(inner, within, "url", "concurrency", "plan", "dialect", "auth", "also")
			r.endpoint(&p.Endpoints[i], within, inner, lines)
		}
	})
	for i := range p.Endpoints {
		e := &p.Endpoints[i]
		if e.URL == "" {
			r.bad(t.line, within, "url is missing: must be %s", allowURL)
			continue
		}
		r.oneHost(p, e, within, lines)
	}
	if len(p.Endpoints) == 0 { // [Provider.Endpoint] relies on one
		p.Endpoints = []Endpoint{{Dialect: OpenAI}}
		r.bad(t.line, within, "url is missing: must be %s", allowURL)
	}
}

func (r *reader) roles(p *Provider, within string, t *table) {
	known := make([]string, len(Roles))
	for i, role := range Roles {
		known[i] = string(role)
		var ids []string
		if r.texts(t, within, known[i], &ids) {
			p.Roles[role] = ids
		}
	}
	r.only(t, within, known...)
}

func (r *reader) models(p *Provider, within string, t *table) {
	for _, id := range t.names {
		within := within + " " + quote(id)
		inner, ok := t.fields[id].val.(*table)
		if !ok {
			r.bad(t.fields[id].line, within, "must be a table: { context = 131072, vision = true }")
			continue
		}
		r.only(inner, within, "context", "max_output", "vision", "efforts", "in", "out", "cached_in")
		m := p.Models[id]
		r.whole(inner, within, "context", &m.Context)
		r.whole(inner, within, "max_output", &m.MaxOutput)
		r.flag(inner, within, "vision", &m.Vision)
		r.efforts(&m, within, inner)
		in := r.price(inner, within, "in", &m.In)
		out := r.price(inner, within, "out", &m.Out)
		r.price(inner, within, "cached_in", &m.CachedIn)
		m.Priced = m.Priced || in || out
		p.Models[id] = m
	}
}

// price reads an optional amount of USD per million tokens.
func (r *reader) price(t *table, within, name string, into *float64) bool {
	f := t.fields[name]
	if f == nil {
		return false
	}
	x, ok := f.val.(float64)
	if n, whole := f.val.(int64); whole {
		x, ok = float64(n), true
	}
	if !ok || math.IsNaN(x) || x < 0 || x > 1e6 {
		r.bad(f.line, within+": "+name, "must be USD per million tokens, such as 0.35")
		return false
	}
	*into = x
	return true
}

func (r *reader) limits(p *Provider, within string, t *table) {
	times := []struct {
		name string
		into *time.Duration
	}{
		{"first_event", &p.Limits.FirstEvent},
		{"idle", &p.Limits.Idle},
		{"whole_answer", &p.Limits.WholeAnswer},
		{"connect", &p.Limits.Connect},
	}
	known := []string{"max_output"}
	for _, row := range times {
		known = append(known, row.name)
		f := t.fields[row.name]
		if f == nil {
			continue
		}
		text, ok := asText(f)
		d, parsed := parseTime(text)
		if !ok || !parsed || d == 0 {
			r.bad(f.line, within+": "+row.name, "must be %s, above 0", allowTime)
			continue
		}
		*row.into = d
	}
	r.whole(t, within, "max_output", &p.Limits.MaxOutput)
	r.only(t, within, known...)
}

func (r *reader) refuses(p *Provider, within string, t *table) {
	r.only(t, within, "fields", "message", "tool", "rename", "roles")
	r.texts(t, within, "fields", &p.Refuses.Fields)
	r.texts(t, within, "message", &p.Refuses.Message)
	r.texts(t, within, "tool", &p.Refuses.Tool)
	r.sub(t, within, "rename", func(t *table, within string) { p.Refuses.Rename = r.pairs(t, within) })
	r.sub(t, within, "roles", func(t *table, within string) { p.Refuses.Roles = r.pairs(t, within) })
}

// pairs reads a table of texts.
func (r *reader) pairs(t *table, within string) map[string]string {
	out := make(map[string]string, len(t.names))
	for _, name := range t.names {
		text, ok := t.fields[name].val.(string)
		if !ok || strings.TrimSpace(text) == "" {
			r.bad(t.fields[name].line, within+": "+quote(name), "must be a name in quotes")
			continue
		}
		out[name] = text
	}
	return out
}
