package config

import "strings"

// nowhere stands for an address that was complained of: once is enough.
const nowhere = "https://invalid.invalid"

// given says on which line the file gives an endpoint's further address.
type given map[string]int

func (g given) name(e *Endpoint, dialect Dialect) string { return e.ID + "/" + string(dialect) }

// endpoint reads one endpoint's own address, and [provider.x.also.DIALECT] for
// what it speaks besides:
//
//	[provider.zai.also.anthropic]
//	url = "https://api.z.ai/api/anthropic"   # "" takes a preset's away
//	auth = "x-api-key"                       # or "bearer"
func (r *reader) endpoint(e *Endpoint, within string, t *table, lines given) {
	r.dialect(e, within, t)
	r.url(t, within, e.Dialect, &e.URL)
	r.auth(t, within, &e.Auth)
	r.whole(t, within, "concurrency", &e.Concurrency)
	r.flag(t, within, "plan", &e.Plan)
	r.sub(t, within, "also", func(all *table, within string) {
		for _, name := range all.names {
			f, within := all.fields[name], within+" "+quote(name)
			inner, ok := f.val.(*table)
			switch dialect := Dialect(name); {
			case !ok:
				r.bad(f.line, within, "must be a table with a url")
			case !dialect.known():
				r.bad(f.line, within, "must be one of %s", allowDialect)
			case dialect == e.Dialect:
				r.bad(f.line, within, "is the endpoint's own dialect: its address is the endpoint's url")
			default:
				lines[lines.name(e, dialect)] = inner.line
				r.also(e, within, dialect, inner)
			}
		}
	})
}

const allowDialect = `"openai" or "anthropic"`

func (d Dialect) known() bool { return d == OpenAI || d == Anthropic }

func (r *reader) dialect(e *Endpoint, within string, t *table) {
	f := t.fields["dialect"]
	if f == nil {
		return
	}
	text, _ := f.val.(string)
	switch dialect := Dialect(text); {
	case !dialect.known():
		r.bad(f.line, within+": dialect", "must be %s", allowDialect)
	case dialect != e.Dialect && e.URL != "" && t.fields["url"] == nil:
		r.bad(f.line, within+": dialect", "needs a url beside it: the one there is speaks %q", e.Dialect)
	default:
		e.Dialect = dialect
	}
}

// url reads an optional base URL.
func (r *reader) url(t *table, within string, dialect Dialect, into *string) {
	f := t.fields["url"]
	if f == nil {
		return
	}
	text, _ := f.val.(string)
	base, ok := parseBase(dialect, text)
	if !ok {
		r.bad(f.line, within+": url", "must be %s", allowURL)
		base = nowhere
	}
	*into = base
}

// auth reads an optional way to show a key.
func (r *reader) auth(t *table, within string, into *string) {
	f := t.fields["auth"]
	if f == nil {
		return
	}
	text, _ := f.val.(string)
	if text != AuthBearer && text != AuthAPIKey {
		r.bad(f.line, within+": auth", "must be %q or %q", AuthBearer, AuthAPIKey)
		return
	}
	*into = text
}

// also reads one further address of an endpoint.
func (r *reader) also(e *Endpoint, within string, dialect Dialect, t *table) {
	r.only(t, within, "url", "auth")
	if f := t.fields["url"]; f != nil {
		if text, ok := f.val.(string); ok && strings.TrimSpace(text) == "" {
			e.drop(func(a Address) bool { return a.Dialect == dialect })
			return
		}
	}
	a := Address{Dialect: dialect}
	if i := e.also(dialect); i >= 0 {
		a = e.Also[i]
	}
	r.url(t, within, dialect, &a.URL)
	r.auth(t, within, &a.Auth)
	if a.URL == "" {
		r.bad(t.line, within, "url is missing: must be %s", allowURL)
		return
	}
	e.drop(func(a Address) bool { return a.Dialect == dialect })
	e.Also = append(e.Also, a)
}

// oneHost sees to it that an endpoint has one host, whatever it speaks: a key is
// stored for one. What the file gives must be there; a preset's address that was
// left behind by a new url is not used.
func (r *reader) oneHost(p *Provider, e *Endpoint, within string, lines given) {
	e.drop(func(a Address) bool { return a.Dialect == e.Dialect })
	e.drop(func(a Address) bool {
		if !e.elsewhere(a) || a.URL == nowhere || e.URL == nowhere {
			return false
		}
		if line, ok := lines[lines.name(e, a.Dialect)]; ok {
			r.bad(line, within+": also "+quote(string(a.Dialect))+": url", "must be at %s, as the endpoint's own url: a key belongs to one host", Host(e.URL))
		} else {
			r.s.Notes = append(r.s.Notes, Note{Text: p.Name + ": " + a.URL + " is not used, since its url is at another host, and a key belongs to one"})
		}
		return true
	})
}
