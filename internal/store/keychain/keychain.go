package keychain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/secret"
)

// Service is the name under which all items stand.
const Service = "glmtray"

// Limit is how long one call may take.
const Limit = 10 * time.Second

// maxText is the longest item text in bytes. Windows takes 2,560 (go-keyring
// 0.2.8, keyring_windows.go), macOS about 3,000.
const maxText = 2500

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: the keychain answered, and has no such item.
	ErrNotFound = errors.New("not in the keychain")
	// ErrUnavailable: there is no keychain, it is locked, or it does not
	// answer. Hint gives what a person can do.
	ErrUnavailable = errors.New("the keychain is not available")
)

// Keychain keeps keys. A context that ends ends the waiting.
type Keychain interface {
	// Get gives an item, or ErrNotFound.
	Get(ctx context.Context, provider, name string) (Item, error)
	// Set writes an item in place of what is there.
	Set(ctx context.Context, provider, name string, item Item) error
	// Delete removes an item, or gives ErrNotFound.
	Delete(ctx context.Context, provider, name string) error
}

// Item is what is kept of a key.
type Item struct {
	Secret secret.Value
	Host   string // host[:port] of the https endpoint it was stored for; "": not told
}

var nameShape = lazy.Regexp(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)

// CheckName tells whether a provider's id or a key's name can stand in the
// keychain: 1 to 64 letters, digits, dots, underscores and hyphens, of which
// the first is no dot or hyphen.
func CheckName(name string) error {
	if !nameShape().MatchString(name) {
		return fmt.Errorf("the name %.80q is not made of 1 to 64 letters (a-z, A-Z), digits and . _ - with a letter, digit or _ in front", name)
	}
	return nil
}

// user names an item.
func user(provider, name string) (string, error) {
	if err := errors.Join(CheckName(provider), CheckName(name)); err != nil {
		return "", err
	}
	return provider + "/" + name, nil
}

// OS gives the system's keychain, the same one each time.
func OS() Keychain { return osKeychain }

var osKeychain = newGuard(system{})

// unavailable is an ErrUnavailable with its cause and a word for people.
type unavailable struct {
	cause error
	hint  string
}

func (u *unavailable) Error() string   { return ErrUnavailable.Error() + ": " + u.cause.Error() }
func (u *unavailable) Unwrap() []error { return []error{ErrUnavailable, u.cause} }

// Hint says what a person can do about an error of this package; "" if there is
// nothing special to say.
func Hint(err error) string {
	var u *unavailable
	if errors.As(err, &u) {
		return u.hint
	}
	return ""
}

// hintFor says what can be done where there is no keychain.
func hintFor(goos string) string {
	const environment = "give keys by environment variables (CEREBRAS_API_KEYS, SYNTHETIC_API_KEY, ZAI_API_KEY)"
	switch goos {
	case "darwin":
		return "unlock the login keychain (security unlock-keychain; over SSH it is locked), or " + environment
	case "windows":
		return "log on as a user with a Credential Manager (services and some remote sessions have none), or " + environment
	default:
		return "start a Secret Service (gnome-keyring or KWallet, in a D-Bus session) and unlock it, or " + environment
	}
}
