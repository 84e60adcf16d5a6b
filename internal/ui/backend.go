package ui

import (
	"context"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Backend is what the window needs of the program. Everything but Snapshot, Watch
// and Check may take seconds (keychain, disk, network) and is never called on the
// window's thread; each has a time limit of its own.
type Backend interface {
	Contents

	// Snapshot is cheap and may be called at any time.
	Snapshot() state.Snapshot
	// Watch subscribes to what happens from now on. Close the subscription.
	Watch() *event.Subscription

	Pause()
	Resume()
	// Pin sends everything to one provider for a time; "" ends that.
	Pin(ctx context.Context, provider string, d time.Duration) error

	Connecting

	AddKey(ctx context.Context, k NewKey) error
	// TestKey makes one cheap real call and says what it learned.
	TestKey(ctx context.Context, provider, name string) (string, error)
	RenameKey(ctx context.Context, provider, name, to string) error
	// MoveKey puts a key before another one; before "" means to the end.
	MoveKey(ctx context.Context, provider, name, before string) error
	EnableKey(ctx context.Context, provider, name string, on bool) error
	RemoveKey(ctx context.Context, provider, name string) error
	// Retry lifts a park or a cooldown by hand.
	Retry(ctx context.Context, provider, name string) error

	// Exchange is a request with its tries, and what was said while that is in
	// memory. The error is for people.
	Exchange(ctx context.Context, id string) (state.Exchange, error)

	// Providers are those a key can be added for.
	Providers(ctx context.Context) ([]Provider, error)
	Settings(ctx context.Context) ([]state.Setting, error)
	// Check says whether a value would do, without writing it. It answers at once.
	Check(name, value string) error
	// Set writes one setting to settings.toml; the error names what is allowed.
	// The value "" takes it out, so that the default is in force again.
	Set(ctx context.Context, name, value string) error

	// Questions a first start asks, once; Answer remembers the answer.
	Questions() []Question
	Answer(ctx context.Context, question, answer string) error

	// Try sends one short question through the proxy, as a client would, and
	// gives the answer.
	Try(ctx context.Context) (string, error)

	// Folder opens a folder of ours in the system's file manager: "logs", "data",
	// "settings".
	Folder(name string) error
	// About has what is known, even with an error.
	About(ctx context.Context) (About, error)
}

// NewKey is a key that a person has just pasted.
type NewKey struct {
	Provider, Name, Account, Endpoint string
	Secret                            secret.Value
	PolicyRead                        bool // the vendor's policy was shown and accepted
	Replace                           bool // a key of that name may be replaced
	Sure                              bool // a key that looks like another vendor's was confirmed
}

// Provider is one vendor in the add-key form.
type Provider struct {
	ID, Name  string
	Endpoints []Endpoint
}

// Endpoint is one of a provider's endpoints, with the vendor's policy for it.
type Endpoint struct {
	ID, PolicyText, PolicyLink string
}

// About is what the program is and where it keeps things.
type About struct {
	Version, Go                 string
	ConfigFile, DataDir, LogDir string
	Modules                     []Module // that it is built of
}

// Module is a module, or a font, of somebody else's, with its version.
type Module struct {
	Path, Version string
	Licence       string // where its licence can be read; "": where Go's modules have theirs
}

// Question is something only a person can decide at the first start.
type Question struct {
	ID      string // "start", "bodies"
	Text    string
	Options []Option
}

// Option is one answer.
type Option struct{ ID, Text string }

// Needs is an error that a person can answer with a yes: the key looks like
// another vendor's, a policy must be read, a key of that name is there.
type Needs struct {
	What string // "policy", "replace", "sure"
	Text string
	Link string
}

func (n *Needs) Error() string { return n.Text }
