package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// keys reads [[key]]: which keys there are, in which order. Their secrets are
// in the keychain.
func (r *reader) keys(f *field) {
	for _, t := range r.tables(f, "key") {
		r.s.KeysNamed = true
		within := "key"
		var provider string
		k := Key{Problem: ErrNoItem.Error()}
		good := r.text(t, within, "name", &k.Name)
		if k.Name != "" {
			within = "key " + quote(k.Name)
		}
		r.only(t, within, "provider", "name", "account", "endpoint", "disabled")
		good = r.text(t, within, "provider", &provider) && good
		r.text(t, within, "account", &k.Account)
		r.text(t, within, "endpoint", &k.Endpoint)
		r.flag(t, within, "disabled", &k.Disabled)
		if !good {
			continue
		}
		if text, ok := checkKeyName(k.Name); !ok {
			r.bad(lineOf(t, "name"), within+": name", "%s", text)
			continue
		}
		if text, ok := checkAccount(k.Account); !ok {
			r.bad(lineOf(t, "account"), within+": account", "%s", text)
			continue
		}
		p := r.s.Provider(provider)
		if p == nil {
			r.bad(lineOf(t, "provider"), within+": provider", "unknown provider %s; known: %s", quote(provider), r.s.providerIDs())
			continue
		}
		r.key(p, t, within, k)
	}
}

func (r *reader) key(p *Provider, t *table, within string, k Key) {
	if k.Endpoint != "" && !p.hasEndpoint(k.Endpoint) {
		r.bad(lineOf(t, "endpoint"), within+": endpoint", "unknown endpoint %s; known: %s", quote(k.Endpoint), p.endpointIDs())
		return
	}
	for i := range p.Keys {
		if p.Keys[i].Name == k.Name {
			r.bad(lineOf(t, "name"), within+": name", "%s has a key of this name already", p.Name)
			return
		}
	}
	p.Keys = append(p.Keys, k)
	r.s.Origins["key."+p.ID+"."+k.Name] = r.origin(t.line)
}

// maxName bounds a key's name: it stands in a header of every answer.
const maxName = quotable

// checkKeyName says what is wrong with a key's name.
func checkKeyName(name string) (string, bool) {
	switch {
	case name == "":
		return "is missing", false
	case len(name) > maxName:
		return "must be at most 40 bytes", false
	case looksLikeKey(name):
		return "looks like a key: it is a label of your own", false
	case !utf8.ValidString(name):
		return "must be UTF-8", false
	case strings.TrimSpace(name) != name, strings.ContainsFunc(name, isControl), strings.ContainsAny(name, `/\`):
		return "must be without slashes, and without blanks around it", false
	}
	return "", true
}

// checkAccount says what is wrong with an account's label.
func checkAccount(account string) (string, bool) {
	if account == "" {
		return "", true
	}
	return checkKeyName(account)
}

// lineOf is the line of a field, or of its table if the field is missing.
func lineOf(t *table, name string) int {
	if f := t.fields[name]; f != nil {
		return f.line
	}
	return t.line
}

func (s *Settings) providerIDs() string {
	ids := make([]string, len(s.Providers))
	for i := range s.Providers {
		ids[i] = s.Providers[i].ID
	}
	return strings.Join(ids, ", ")
}

// serves reports whether the target's role, if it names one, has a model.
func (s *Settings) serves(t Target) bool {
	role, ok := t.Role()
	return !ok || len(s.Provider(t.Provider).Roles[role]) > 0
}

func (p *Provider) hasEndpoint(id string) bool {
	for i := range p.Endpoints {
		if p.Endpoints[i].ID == id {
			return true
		}
	}
	return false
}

func (p *Provider) endpointIDs() string {
	ids := make([]string, len(p.Endpoints))
	for i := range p.Endpoints {
		ids[i] = p.Endpoints[i].ID
		if ids[i] == "" {
			ids[i] = "none is needed"
		}
	}
	return strings.Join(ids, ", ")
}

// rules reads [[rule]]. They replace the default rules altogether.
func (r *reader) rules(f *field) {
	names := map[string]bool{}
	catchAll := ""
	tables := r.tables(f, "rule")
	for i, t := range tables {
		rule, within := r.rule(t)
		last := i == len(tables)-1
		if rule.Name != "" && names[rule.Name] {
			r.bad(lineOf(t, "name"), within+": name", "another rule has this name")
		}
		names[rule.Name] = true
		switch {
		case catchAll != "":
			r.bad(t.line, within, "is never reached: rule %s before it holds for every request", quote(catchAll))
		case rule.CatchAll() && !last:
			catchAll = rule.Name
		case last && !rule.CatchAll():
			r.bad(t.line, within, "the last rule must hold for every request: add one without `when` behind it")
		}
		r.s.Rules = append(r.s.Rules, rule)
	}
	r.s.Origins["rules"] = r.origin(f.line)
}

func (r *reader) rule(t *table) (Rule, string) {
	var rule Rule
	within := "rule"
	switch named := r.text(t, within, "name", &rule.Name); {
	case rule.Name != "":
		within = "rule " + quote(rule.Name)
	case named:
		r.bad(t.line, within, "name is missing")
	}
	r.only(t, within, "name", "when", "use", "canary")
	r.sub(t, within, "when", func(t *table, within string) { r.when(&rule.When, t, within) })
	r.sub(t, within, "canary", func(t *table, within string) { r.canary(&rule.Canary, t, within) })
	rule.Use = r.targets(t, within)
	return rule, within
}

// canary reads which share of a rule's requests goes elsewhere first.
func (r *reader) canary(c *Canary, t *table, within string) {
	r.only(t, within, "share", "use")
	var share string
	if !r.text(t, within, "share", &share) {
		return
	}
	percent, ok := parsePercent(share)
	if !ok {
		r.bad(lineOf(t, "share"), within+": share", `must be a share from "0%%" to "100%%", such as "5%%"`)
		return
	}
	c.Share, c.Use = percent, r.targets(t, within)
}

// parsePercent reads "5%", "0.5 %".
func parsePercent(text string) (float64, bool) {
	digits, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	if !ok {
		return 0, false
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	return percent, err == nil && percent >= 0 && percent <= 100
}

// targets reads the chain of a rule or of its canary.
func (r *reader) targets(t *table, within string) (chain []Target) {
	var use []string
	if !r.texts(t, within, "use", &use) && t.fields["use"] != nil {
		return nil // it was told
	}
	if len(use) == 0 {
		r.bad(lineOf(t, "use"), within+": use", `must be a list of targets: ["cerebras/large", "zai/glm-5.3"]`)
		return nil
	}
	for _, text := range use {
		target, ok := ParseTarget(text)
		switch {
		case !ok:
			r.bad(lineOf(t, "use"), within+": use", "%s is no target; allowed: provider/role or provider/model", quote(text))
		case r.s.Provider(target.Provider) == nil:
			r.bad(lineOf(t, "use"), within+": use", "unknown provider %s; known: %s", quote(target.Provider), r.s.providerIDs())
		case !r.s.serves(target):
			r.bad(lineOf(t, "use"), within+": use", "%s names no model for %q: set [provider.%s.roles] %s", target.Provider, target.Model, target.Provider, target.Model)
		default:
			chain = append(chain, target)
		}
	}
	return chain
}

func (r *reader) when(w *When, t *table, within string) {
	r.only(t, within, "images", "tokens_over", "model")
	r.flag(t, within, "images", &w.Images)
	r.whole(t, within, "tokens_over", &w.TokensOver)
	r.text(t, within, "model", &w.Model)
	if w.Model != "" {
		patterns := Patterns(w.Model)
		if bad, is := badPattern(patterns); is || len(patterns) == 0 {
			r.bad(lineOf(t, "model"), within+": model", `%s is a malformed pattern; allowed: "*haiku*|*air*", with *, ?, [a-z] and a leading ! to exclude`, quote(bad))
		}
	}
}
