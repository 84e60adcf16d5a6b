package config

import (
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// Dialect is the wire format a provider's endpoint speaks.
type Dialect string

// The dialects that are spoken behind the proxy.
const (
	OpenAI    Dialect = "openai"    // chat completions
	Anthropic Dialect = "anthropic" // Messages
)

// Role is what a model is for. It stands for a model id that changes monthly.
type Role string

// The roles a routing rule may name in a model's place.
const (
	Large  Role = "large"
	Small  Role = "small"
	Vision Role = "vision"
)

// Roles lists every role.
var Roles = []Role{Large, Small, Vision}

// Provider is a vendor as data. A new OpenAI-compatible vendor is a row of
// providers.go or a [provider.x] table in the settings, never code.
type Provider struct {
	ID        string               // "cerebras": lower case, no slash
	Name      string               // "Cerebras", for people
	Endpoints []Endpoint           // at least one; the first serves keys that name none
	Roles     map[Role][]string    // model ids in order of preference
	Models    map[string]ModelInfo // what is known of its models, by id
	KeyShapes []string             // prefixes its keys begin with; empty: unknown
	Refuses   Refuses              // what its endpoint is known to answer with 400
	Traits    Traits               // what it knows of chat completions
	Limits    Limits
	Keys      []Key // in the order in which they are used
	Demo      bool  // the built-in simulator, labelled as such everywhere
}

// Endpoint is one base URL of a provider. Z.ai has two: the coding plan's and
// the pay-as-you-go one, and a key belongs to one of them.
type Endpoint struct {
	ID          string // "plan", "payg"; "" where there is only one
	Dialect     Dialect
	URL         string    // as in [Address]; the host its keys are bound to is the one here
	Auth        string    // as in [Address]; "" is AuthBearer
	Also        []Address // what it speaks besides, each dialect once, at the same host
	Concurrency int       // requests at once per account; 0: no limit known
	Plan        bool      // its keys are paid by a subscription: what a request costs is only an equivalent
	Policy      *Policy
}

// Policy is a vendor's rule that a user should have read before adding a key.
// Keys under a policy are never probed or replayed without a person's act.
type Policy struct {
	Text string
	Link string
}

// Refuses names what is taken out of (or renamed in) a body before it goes to
// a provider that would answer 400. Anything else passes untouched.
type Refuses struct {
	Fields  []string          // top-level fields that are removed
	Message []string          // fields of messages[] that are removed
	Tool    []string          // fields of tools[] and tools[].function that are removed
	Rename  map[string]string // top-level fields that have another name there
	Roles   map[string]string // message roles that have another name there
}

// Limits are a provider's times and sizes. Zero means the default that
// [Provider] presets carry; see DefaultLimits.
type Limits struct {
	FirstEvent  time.Duration // patience for a stream's first event
	Idle        time.Duration // longest silence between two events
	WholeAnswer time.Duration // patience for an answer that is not streamed
	Connect     time.Duration // until the connection stands, TLS included
	MaxOutput   int           // output limit added if the client gave none; 0: none is added
}

// ModelInfo is what is known of one model.
type ModelInfo struct {
	Context   int     // tokens it can hold, input and output; 0: unknown
	MaxOutput int     // tokens it may write; 0: unknown
	Vision    bool    // takes images
	In, Out   float64 // USD per million tokens
	CachedIn  float64
	Priced    bool   // whether In and Out are known at all
	Efforts   string // the reasoning efforts that it takes, least first, with blanks between: see EffortList
}

// Key is one key of a provider. Its text stands in the keychain or came from
// the environment; the settings file holds the rest.
type Key struct {
	Name     string // unique within the provider
	Account  string // keys of one account share limits; "" means an account of its own
	Endpoint string // Endpoint.ID it belongs to; "" means the first
	Disabled bool
	Secret   secret.Value
	Origin   Origin // where Secret came from
	Problem  string // why there is no Secret: "not in the keychain", "stored for another host"
}

// Endpoint gives the endpoint a key belongs to.
func (p *Provider) Endpoint(id string) *Endpoint {
	for i := range p.Endpoints {
		if p.Endpoints[i].ID == id {
			return &p.Endpoints[i]
		}
	}
	return &p.Endpoints[0]
}

// Usable counts the keys that have a secret and are not switched off.
func (p *Provider) Usable() int {
	n := 0
	for i := range p.Keys {
		if !p.Keys[i].Disabled && !p.Keys[i].Secret.Empty() {
			n++
		}
	}
	return n
}

// Target is where a request may go: a provider, and a model id or a role.
type Target struct {
	Provider string
	Model    string // "large", "small", "vision" or an id
}

// String writes "provider/model". Only the first slash divides: model ids
// ("hf:zai-org/GLM-5.2") have slashes of their own.
func (t Target) String() string { return t.Provider + "/" + t.Model }

// Role gives the role the target names, if it names one.
func (t Target) Role() (Role, bool) {
	for _, r := range Roles {
		if t.Model == string(r) {
			return r, true
		}
	}
	return "", false
}

// ParseTarget reads "provider/model"; a provider alone means its large model.
func ParseTarget(text string) (Target, bool) {
	provider, model, found := strings.Cut(strings.TrimSpace(text), "/")
	if provider == "" || (found && model == "") {
		return Target{}, false
	}
	if !found {
		model = string(Large)
	}
	return Target{Provider: provider, Model: model}, true
}

// AnthropicID is the id under which Anthropic itself is a provider: what only it
// understands of its dialect (its signatures, its latest fields) goes to it alone.
const AnthropicID = "anthropic"
