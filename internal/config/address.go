package config

import (
	"slices"
	"strings"
)

// Address is where an endpoint is reached in one dialect.
type Address struct {
	Dialect Dialect
	URL     string // without trailing slash; OpenAI: "/chat/completions" is appended; Anthropic: "/v1/messages"
	Auth    string // how the key is shown: AuthBearer or AuthAPIKey
}

// The ways to show a key. Of the vendors that speak Anthropic's dialect Z.ai and
// Synthetic take both (docs.z.ai, dev.synthetic.new/docs, 2026-11-20).
const (
	AuthBearer = "bearer"    // Authorization: Bearer KEY
	AuthAPIKey = "x-api-key" // X-Api-Key: KEY, Anthropic's own
)

// Address gives the endpoint's address in the first of the wanted dialects that
// it speaks; if it speaks none of them, the one of its own dialect.
func (e *Endpoint) Address(want ...Dialect) Address {
	for _, dialect := range want {
		if a, ok := e.speaks(dialect); ok {
			return a
		}
	}
	a, _ := e.speaks(e.Dialect)
	return a
}

// speaks gives the address in a dialect, if there is one.
func (e *Endpoint) speaks(dialect Dialect) (a Address, ok bool) {
	if dialect == e.Dialect {
		a, ok = Address{Dialect: e.Dialect, URL: e.URL, Auth: e.Auth}, true
	} else if i := e.also(dialect); i >= 0 {
		a, ok = e.Also[i], true
	}
	if a.Auth == "" {
		a.Auth = AuthBearer
	}
	return a, ok
}

// also gives the index of a dialect in Also; -1 if it is not there.
func (e *Endpoint) also(dialect Dialect) int {
	return slices.IndexFunc(e.Also, func(a Address) bool { return a.Dialect == dialect })
}

// drop takes addresses out of Also.
func (e *Endpoint) drop(which func(Address) bool) {
	e.Also = slices.DeleteFunc(slices.Clone(e.Also), which)
}

// elsewhere reports whether an address is at another host than the endpoint
// itself. A key is bound to one host, so it may not be sent there.
func (e *Endpoint) elsewhere(a Address) bool { return Host(a.URL) != Host(e.URL) }

// parseBase reads a base URL as it is to stand in an address of a dialect. Many
// write Anthropic's with the "/v1" that is appended anyway.
func parseBase(dialect Dialect, text string) (string, bool) {
	base, ok := parseURL(text)
	if dialect == Anthropic {
		base = strings.TrimSuffix(base, "/v1")
	}
	return base, ok
}
