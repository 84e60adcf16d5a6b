package connect

import (
	"strconv"
	"strings"
)

// Client is an agent or editor that the package knows. A new one is a file of
// this package and a row in [Clients].
type Client struct {
	ID   string // "claude-code", as commands have it
	Name string // "Claude Code"
	// Restart says what has to be started again, and how.
	Restart string
	// With is the id of a client that is connected along with this one where it
	// is installed.
	With string
	// Unreachable says why the client cannot be connected at all; "": it can.
	Unreachable string

	find    func(Env) string         // how it was found; "": it was not
	targets func(Env, Wish) []target // the files to write; nil: a person has to type
	recipe  func(Env, Wish) string   // what to type
}

// Writes reports whether the client's files are written; otherwise its recipe
// tells a person what to type.
func (c *Client) Writes() bool { return c.targets != nil }

// Recipe says what to type, with the values of a wish.
func (c *Client) Recipe(e Env, w Wish) string { return c.recipe(e, w) }

// Find says how the client was found on this machine; "" if it was not.
func (c *Client) Find(e Env) string { return c.find(e) }

// Clients lists every client, in the order in which they are shown. The caller
// owns the result.
func Clients() []Client {
	return append([]Client{claudeCode(), vscode(), codex(), openCode()}, recipes()...)
}

// Find finds a client by its id.
func Find(id string) (Client, bool) {
	for _, c := range Clients() {
		if c.ID == id {
			return c, true
		}
	}
	return Client{}, false
}

// Wish is what a client is to use.
type Wish struct {
	BaseURL string // of the proxy, without a path: "http://127.0.0.1:18080"
	Key     string // the client's own key; "": the one it has stays, or one is to come
	Models  Models
	Default bool // make it the client's usual choice where it would be one of several
	// Former are addresses that were the proxy's. A value that has one is left
	// over from a connection that nobody remembers, not the user's own.
	Former []string
}

// KeyToCome stands in plans where the key is not made yet. As [Wish].Key it wants
// a new one, whatever the client has.
const KeyToCome = "(a key of its own)"

func (w Wish) key() string {
	if w.Key == "" {
		return KeyToCome
	}
	return w.Key
}

// Model is one that a client is offered.
type Model struct {
	ID        string
	Name      string // for people
	Context   int    // tokens, input and output; 0: unknown
	MaxOutput int    // tokens; 0: unknown
}

// Models are what clients are offered.
type Models struct {
	Large Model
	Small Model // its ID is "" where the routes have no small model
}

// target is one file of a client and what it is to hold.
type target struct {
	path   string
	format string // "json", "toml"
	wants  []want
}

// addressed makes a want of the proxy's address with something behind it.
func (w Wish) addressed(behind string, path ...string) want {
	return want{path: path, value: w.BaseURL + behind, address: &behind}
}

// secret makes a want of the client's key.
func (w Wish) secret(path ...string) want {
	return want{path: path, value: w.key(), secret: true, kept: w.Key == ""}
}

// leftover reports whether a value stands there since an earlier connection
// that the ledger does not know: one saved as the user's own would keep the
// client at a dead address for good. d is the file, for values that are known
// by the address beside them.
func (w Wish) leftover(wants []want, d document) func(want, string) bool {
	stale := false
	for _, x := range wants {
		text, ok := d.value(x.path)
		if x.address == nil || !ok {
			continue
		}
		for _, base := range append([]string{w.BaseURL}, w.Former...) {
			stale = stale || text == d.write(base+*x.address)
		}
	}
	return func(x want, text string) bool {
		return stale && !x.present && (x.secret || x.address != nil || text == d.write(x.value))
	}
}

// tokens writes a number of tokens as a variable has it.
func tokens(n int) string { return strconv.Itoa(n) }

// fill puts a wish's values into a recipe.
func (w Wish) fill(text string) string {
	return strings.NewReplacer(
		"{base}", w.BaseURL, "{key}", w.key(), "{model}", w.Models.Large.ID,
		"{context}", tokens(w.Models.Large.contextOr(131072)), "{output}", tokens(w.Models.Large.outputOr(32000)),
	).Replace(text)
}

func (m Model) contextOr(n int) int {
	if m.Context > 0 {
		return m.Context
	}
	return n
}

func (m Model) outputOr(n int) int {
	if m.MaxOutput > 0 {
		return m.MaxOutput
	}
	return n
}
