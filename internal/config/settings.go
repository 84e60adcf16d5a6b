package config

import (
	"net/url"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// Origin says where a value came from, for people: "default",
// "settings.toml:12", "CEREBRAS_COOLDOWN", "--addr", "keychain".
type Origin string

// Origins that are no file and no variable.
const (
	FromDefault  Origin = "default"
	FromKeychain Origin = "keychain"
)

// Settings is everything a user can wish for, resolved: defaults, then
// settings.toml, then the environment, then flags. A Settings is not changed
// after Load; a reload makes a new one.
type Settings struct {
	Addr           string   // host:port of the proxy
	AddrGiven      bool     // somebody chose it: it is kept or refused, never moved
	AllowRemote    bool     // may listen beyond loopback; then RequireClientKey is true
	AllowedHosts   []string // further names accepted in the Host header
	AllowedOrigins []string // browser origins accepted
	Shutdown       time.Duration

	RequireClientKey bool         // requests must carry ClientKey or a key of the database
	ClientKey        secret.Value // a key that clients may use beside those of the database; may be empty
	IncomingKeyDB    string       // the predecessor's database of client keys, imported at start; "": none

	Providers []Provider // in the order of the presets, then of the file
	Rules     []Rule
	Variant   string   // what metrics and records call the requests that no canary took
	Aliases   []string // shell patterns of model names that stand for a role: "claude-*", "gpt-*"

	SameFamilyFirst    bool // targets whose model is of the family that was asked for (GLM, say) come first
	FallbackOnCooldown bool
	ContinueStreams    bool          // a stream that breaks off after text was sent is completed by the next provider
	Cooldown           time.Duration // for a refusal that does not say how long
	Rates              Rates
	Quotas             Quotas
	MaxWait            time.Duration // longest wait for a key
	ShortWait          time.Duration // a key that returns this soon is waited for rather than left
	LastPatience       time.Duration // first-event patience at the last target
	ClientPatience     time.Duration // how long a client may take nothing of its answer
	TokenThreshold     int
	MaxRetries         int // tries at one provider; 0: twice its keys
	MaxWorkers         int // requests at once
	MaxQueue           int // requests that wait for a worker
	QueueWait          time.Duration
	MaxBody            int64 // bytes

	LogRequests bool
	LogDir      string
	LogMaxBytes int64 // the body files together
	LogMaxAge   time.Duration
	LogLevel    string

	RecordsMaxAge   time.Duration // of a request's row; what is summed up by the hour stays longer
	RecordsMaxRows  int           // of the requests' rows; 0: no bound
	RecordsMaxBytes int64         // of the database before the oldest requests go; 0: no bound

	TokenCounting  bool   // tokens that a provider does not tell are counted
	TokenizerModel string // what a count is called, a label only

	CloseToTray bool // closing the window hides it, where there is a tray
	StartInTray bool // the window is not shown at the start, where there is a tray
	Notify      Notify

	Proxy  string // outbound proxy URL; "" means HTTPS_PROXY and NO_PROXY
	CAFile string

	Demo      bool // nothing was ever configured: the simulator answers; see WithDemo
	KeysNamed bool // the settings name, or have named, a key

	Notes   []Note            // what a person should know at start: unused variables, overridden keys
	Origins map[string]Origin // by the setting's name in settings.toml: "addr", "cooldown", "provider.zai.url"

	ConfigFile string // path of settings.toml, whether or not it exists
	DataDir    string

	mayDemo bool // nobody forbade the demo
}

// Notify says of what the desktop's notifications tell.
type Notify struct {
	Cooling  bool // every key of the primary cools
	Rejected bool // a provider rejected a key
	Fallback bool // another provider took over, and gave back
	Models   bool // a configured model is gone
	Family   bool // another family of models answers than was asked for
	Quota    bool // a told limit is nearly used up
}

// Note is one thing to tell at start.
type Note struct {
	Warn bool
	Text string
}

// Provider finds a provider by its id.
func (s *Settings) Provider(id string) *Provider {
	for i := range s.Providers {
		if s.Providers[i].ID == id {
			return &s.Providers[i]
		}
	}
	return nil
}

// Primary is the first provider of the catch-all rule that has a usable key,
// or the first of all if none has one; nil without a catch-all rule.
func (s *Settings) Primary() *Provider {
	var first *Provider
	for i := len(s.Rules) - 1; i >= 0; i-- {
		if !s.Rules[i].CatchAll() {
			continue
		}
		for _, t := range s.Rules[i].Use {
			p := s.Provider(t.Provider)
			if p == nil {
				continue
			}
			if first == nil {
				first = p
			}
			if p.Usable() > 0 {
				return p
			}
		}
		break
	}
	return first
}

// Host is the host[:port] a base URL's keys are bound to, in lower case and
// without https' own port; "" if it is none.
func Host(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return host
}
