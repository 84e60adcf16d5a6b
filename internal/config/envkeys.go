package config

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/glmtray/glmtray/internal/secret"
)

// envProviders says which variables hold a provider's keys and base URL.
var envProviders = []struct {
	provider  string
	list      string   // a JSON object of names and keys
	single    string   // one key
	url       string   // for the keys above, and for no others
	anthropic []string // the same in Anthropic's dialect; the first that is set counts
}{
	{"cerebras", "CEREBRAS_API_KEYS", "CEREBRAS_API_KEY", "CEREBRAS_BASE_URL", nil},
	{"synthetic", "", "SYNTHETIC_API_KEY", "SYNTHETIC_BASE_URL", nil},
	{"zai", "", "ZAI_API_KEY", "ZAI_BASE_URL", []string{"ZAI_ANTHROPIC_BASE_URL", "ZAI_TARGET_URL"}},
}

// singleName is the name of a key whose variable gives it none.
const singleName = "env"

// environmentKeys reads the keys of the environment by provider. Where there
// are any they stand in for the provider's keys in the keychain, for this run.
func (l *loader) environmentKeys() map[string][]Key {
	taken := map[string][]Key{}
	for _, row := range envProviders {
		p := l.s.Provider(row.provider)
		var keys []Key
		var from []string
		for _, name := range []string{row.list, row.single} {
			v, _ := l.env(name)
			if name == "" || v.text == "" {
				continue
			}
			var more []Key
			if name == row.list {
				more = l.keyList(p, v)
			} else {
				more = l.keySingle(p, v)
			}
			keys = l.join(p, keys, more)
			from = append(from, name)
		}
		l.baseURL(p, row.url, keys)
		l.anthropicURL(p, row.url, row.anthropic, keys)
		if len(keys) == 0 {
			continue
		}
		taken[p.ID] = keys
		if n := len(p.Keys); n > 0 {
			l.note(true, "%s: the keys of %s stand in for the %d in the settings during this run", p.Name, strings.Join(from, " and "), n)
		}
	}
	return taken
}

// keyList reads a JSON object of names and keys, in its order. What is wrong is
// told by position: a name may be a key in the wrong place.
func (l *loader) keyList(p *Provider, v variable) []Key {
	d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(v.text, "\ufeff")))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		l.bad(v.origin, `must be a JSON object of names and keys: {"name": "key"}`)
		return nil
	}
	var keys []Key
	for n := 1; d.More(); n++ {
		name, err := d.Token()
		if err != nil {
			l.bad(v.origin, "is broken JSON in or before entry %d", n)
			return nil
		}
		var text any
		if err := d.Decode(&text); err != nil {
			l.bad(v.origin, "is broken JSON in entry %d", n)
			return nil
		}
		keys = l.keyEntry(p, v, n, name, text, keys)
	}
	if _, err := d.Token(); err != nil || d.More() {
		l.bad(v.origin, "is broken JSON at its end")
		return nil
	}
	if len(keys) == 0 {
		l.note(true, "%s is set but holds no key", v.origin)
	}
	return keys
}

func (l *loader) keyEntry(p *Provider, v variable, n int, nameToken, value any, keys []Key) []Key {
	name, _ := nameToken.(string)
	name = strings.TrimSpace(name)
	text, isText := value.(string)
	text = secret.Trim(text)
	wrong, ok := checkKeyName(name)
	switch {
	case !ok:
		l.bad(v.origin, "the name of entry %d %s", n, wrong)
	case !isText || !keyText(text):
		l.bad(v.origin, "the value of entry %d must be a key: a text of printable characters without blanks", n)
	default:
		k := l.envKey(p, v, name, text)
		for i := range keys {
			if keys[i].Name == name { // as in every JSON reader, the last one counts
				l.note(true, "%s has two entries named %q: the second is used", v.origin, name)
				keys[i] = k
				return keys
			}
		}
		return append(keys, k)
	}
	return keys
}

func (l *loader) keySingle(p *Provider, v variable) []Key {
	text := secret.Trim(v.text)
	if !keyText(text) {
		l.bad(v.origin, "must be a key: printable characters without blanks")
		return nil
	}
	return []Key{l.envKey(p, v, singleName, text)}
}

// envKey makes one key, and questions it if it looks like another vendor's.
func (l *loader) envKey(p *Provider, v variable, name, text string) Key {
	k := Key{Name: name, Secret: secret.New(text), Origin: v.origin}
	if vendor, other := l.s.OtherVendor(p.ID, k.Secret); other {
		l.note(true, "%s: the key %q looks like one of %s", v.origin, name, vendor)
	}
	return k
}

// OtherVendor reports whether a key has the shape of another provider's keys
// and not of this one's, and names that provider for people.
func (s *Settings) OtherVendor(provider string, key secret.Value) (name string, other bool) {
	if p := s.Provider(provider); p != nil && hasShape(p, key) {
		return "", false
	}
	for i := range s.Providers {
		if s.Providers[i].ID != provider && hasShape(&s.Providers[i], key) {
			return s.Providers[i].Name, true
		}
	}
	return "", false
}

func hasShape(p *Provider, key secret.Value) bool {
	for _, shape := range p.KeyShapes {
		if shape != "" && key.HasPrefix(shape) {
			return true
		}
	}
	return false
}

// join appends keys under names of their own. One key under two names would be
// cooled under one and used under the other, so the second is dropped.
func (l *loader) join(p *Provider, keys, more []Key) []Key {
	for _, k := range more {
		twin := ""
		names := map[string]bool{}
		for i := range keys {
			names[keys[i].Name] = true
			if keys[i].Secret.Equal(k.Secret) {
				twin = keys[i].Name
			}
		}
		if twin != "" {
			l.note(true, "%s: the key %q of %s is the same as %q and is left out", p.Name, k.Name, k.Origin, twin)
			continue
		}
		for n, name := 2, k.Name; names[k.Name]; n++ {
			k.Name = fmt.Sprintf("%s-%d", name, n)
		}
		keys = append(keys, k)
	}
	return keys
}

// baseURL applies a base URL of the environment to the keys of the environment.
// A key of the keychain is never sent where a variable says.
func (l *loader) baseURL(p *Provider, name string, keys []Key) {
	v, _ := l.env(name)
	if v.text == "" {
		if p.ID == "zai" && len(keys) > 0 {
			l.zaiPlan(p, keys)
		}
		return
	}
	base, ok := l.forKeys(p, v, keys, OpenAI, "[provider."+p.ID+"] url")
	if !ok {
		return
	}
	e := &p.Endpoints[0]
	if p.ID == "zai" {
		e = zaiEndpoint(p, base)
	}
	e.URL = base
	e.drop(e.elsewhere)
	l.s.Origins["provider."+p.ID+".url"] = v.origin
	for i := range keys {
		keys[i].Endpoint = e.ID
	}
}

// forKeys reads a base URL of the environment that the keys of the environment
// are to be sent to. setting is what does the same for those of the keychain.
func (l *loader) forKeys(p *Provider, v variable, keys []Key, dialect Dialect, setting string) (base string, ok bool) {
	base, ok = parseBase(dialect, v.text)
	switch {
	case !ok:
		l.bad(v.origin, "must be %s", allowURL)
	case len(keys) == 0:
		l.note(true, "%s is not applied: it is for a key from the environment, and there is none for %s; for keys in the keychain set %s", v.origin, p.Name, setting)
		ok = false
	}
	return base, ok
}

// anthropicURL applies a base URL of Anthropic's dialect to the keys of the
// environment. If it is at another host than the endpoint, and nobody has said
// that the keys may go there as well (own is that variable), they go nowhere
// else: that is how zai-proxy used them.
func (l *loader) anthropicURL(p *Provider, own string, names []string, keys []Key) {
	var v variable
	for _, name := range names {
		other, _ := l.env(name)
		switch {
		case v.text == "":
			v = other
		case other.text != "" && other.text != v.text:
			l.note(true, "%s is not used: %s is set", other.origin, v.origin)
		}
	}
	if v.text == "" {
		return
	}
	base, ok := l.forKeys(p, v, keys, Anthropic, "[provider."+p.ID+".also.anthropic] url")
	if !ok {
		return
	}
	e := p.Endpoint(keys[0].Endpoint)
	e.drop(func(a Address) bool { return a.Dialect == Anthropic })
	there := Address{Dialect: Anthropic, URL: base, Auth: AuthBearer}
	ownURL, _ := l.env(own)
	switch {
	case e.Dialect == Anthropic:
		e.URL = base
		e.drop(e.elsewhere)
	case ownURL.text == "" && e.elsewhere(there):
		l.note(false, "%s: the keys go to %s alone, in Anthropic's format; to use chat completions there as well set %s", v.origin, Host(base), own)
		e.Dialect, e.URL, e.Auth, e.Also = Anthropic, base, AuthBearer, nil
	default:
		e.Also = append(e.Also, there)
	}
	l.s.Origins["provider."+p.ID+".also.anthropic"] = v.origin
}

// zaiPlan takes Z.ai keys whose endpoint nobody named for plan keys, as the
// predecessor did, and says so.
func (l *loader) zaiPlan(p *Provider, keys []Key) {
	for i := range keys {
		keys[i].Endpoint = zaiPlan
		e := p.Endpoint(zaiPlan)
		l.note(false, "%s is taken for a key of the coding plan; for pay as you go set ZAI_BASE_URL=%s", keys[i].Origin, zaiPaygURL)
		if e.Policy != nil {
			l.note(true, "%s See %s", e.Policy.Text, e.Policy.Link)
		}
	}
}

// zaiEndpoint tells which of Z.ai's endpoints a URL means. One that is neither
// and has no /coding/ in it is not the plan's.
func zaiEndpoint(p *Provider, base string) *Endpoint {
	if strings.Contains(base+"/", "/coding/") {
		return p.Endpoint(zaiPlan)
	}
	return p.Endpoint(zaiPayg)
}

// providerVariableSet reports whether the environment names any provider's key
// or address, be it with an empty value.
func (l *loader) providerVariableSet() bool {
	for _, v := range Variables() {
		if !v.Provider {
			continue
		}
		if _, ok := l.env(v.Name); ok {
			return true
		}
	}
	return false
}

// keyText reports whether a text can be sent as a key at all.
func keyText(text string) bool {
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return text != ""
}
