package state

import "time"

// Snapshot is everything the window and the tray show at one moment. Events
// carry it on from there.
type Snapshot struct {
	Version   string
	Server    Server
	Keys      []Key // in the order of providers and of use
	Decisions []Decision
	Limits    []Limit
	Providers []Provider // that have a key, in their order
	Today     Today
	AtLogin   Switch
}

// Provider is one that has a key.
type Provider struct{ ID, Name string }

// Switch is something that is on or off, as far as that is known.
type Switch int

// What a switch can be.
const (
	Unknown Switch = iota
	SwitchedOff
	SwitchedOn
)

// SwitchOf is the switch of a truth.
func SwitchOf(on bool) Switch {
	if on {
		return SwitchedOn
	}
	return SwitchedOff
}

// Server is how the proxy stands.
type Server struct {
	State    string // serving, paused, stopping, failed, starting
	URL      string // "http://127.0.0.1:18080"; "" if it does not listen
	Problem  string // why it does not serve, for people; "" if it does
	WayOut   string // what a person can do about it
	Note     string // what a person should know: "port 18080 is taken by …; port 18081 is used from now on"
	Demo     bool
	Primary  string // the provider that answers what no rule sends elsewhere; "" if there is none
	Pinned   string // provider
	PinUntil time.Time
}

// Key is one key as the window shows it.
type Key struct {
	Provider     string // id
	ProviderName string // for people
	Name         string
	Account      string
	SharesWith   string // another key of the provider that seems to be of the same account; "": none does
	Endpoint     string
	Origin       string // "keychain", or the variable that brought it: then it cannot be changed here
	Fingerprint  string
	State        string    // ready, cooling, busy, parked, disabled, missing
	CoolUntil    time.Time // a deadline, never a countdown
	Reason       string
	Current      bool
	InFlight     int
	Errors       int
	Uses         uint64
	LastUsed     time.Time
}

// Decision is one routed request, as a line.
type Decision struct {
	ID       string
	Time     time.Time
	Client   string
	Asked    string // model
	Provider string // who answers, or is asked first
	Model    string
	Key      string
	Rule     string
	Reason   string
	Status   int // 0 while it runs
	Outcome  string
	Attempts int
	Took     time.Duration
	Tokens   int // completion tokens, 0 if unknown
	Estimate int // prompt tokens as they were estimated, 0 if unknown
	Stream   bool
	Demo     bool
}

// Setting is one line of the settings page.
type Setting struct {
	Name    string // as in settings.toml
	Value   string // as it would be written there, without quotes
	Origin  string // for people: "default", "settings.toml:12", "CEREBRAS_COOLDOWN"
	Fixed   bool   // the environment or a flag rules: read only here
	Kind    string // text, duration, number, bool, choice
	Options []string
	Restart bool // in force after a restart only
}
