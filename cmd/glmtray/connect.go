package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/store"
)

type connectCmd struct {
	Clients []string `arg:"" optional:"" name:"client" help:"Which, see --list; none: those that are installed."`
	All     bool     `name:"all" help:"Every client that is installed and can be written."`
	List    bool     `name:"list" help:"Show the clients: which are installed, connected, changed since."`
	Diff    bool     `name:"diff" help:"Show what would be written, and write nothing."`
	Default bool     `name:"default" help:"Codex: make glmtray the usual choice in config.toml, beside the profile."`
	Yes     bool     `name:"yes" short:"y" help:"Do not ask."`
	JSON    bool     `name:"json" help:"As JSON; with --list, --diff or --yes."`
}

// Help is the rest of --help.
func (*connectCmd) Help() string {
	return `Points coding agents at this proxy: value by value in their own files, with a diff before and a key of its own for each.
Comments and order stay. glmtray disconnect puts back what stood there; what you have changed since stays yours.

  claude-code          env in ~/.claude/settings.json (CLAUDE_CONFIG_DIR), hasCompletedOnboarding in ~/.claude.json
  claude-code-vscode   claudeCode.environmentVariables in the user settings of VS Code; comes along with claude-code
  codex                a profile, ~/.codex/glmtray.config.toml (CODEX_HOME); --default: config.toml as well
  opencode             provider.glmtray in ~/.config/opencode/opencode.json or .jsonc

For zed, continue, kilo, crush, aider, cline, openai-sdk and anthropic-sdk it prints what to type. Cursor calls from its own
servers and cannot reach localhost. To try an agent without writing anything: glmtray run claude|codex|opencode`
}

// Validate wants clients that there are.
func (c *connectCmd) Validate() error {
	if c.JSON && !c.List && !c.Diff && !c.Yes {
		return errors.New("--json asks nobody: say --yes, --diff or --list as well")
	}
	return knownClients(c.Clients)
}

func knownClients(names []string) error {
	for _, name := range names {
		if _, ok := connect.Find(name); !ok {
			return fmt.Errorf("there is no client %s; see: glmtray connect --list", short(name))
		}
	}
	return nil
}

// Run connects, or shows.
func (c *connectCmd) Run(e *env) error {
	r, err := e.connectRoom()
	if err != nil {
		return err
	}
	if c.List {
		return r.list(c.JSON)
	}
	if err := r.findProxy(); err != nil {
		return err
	}
	names, err := c.choose(r)
	if err != nil {
		return err
	}
	r.wish.Default = c.Default
	jobs, failed := r.plans(names)
	if c.Diff {
		return errors.Join(r.show(jobs, c.JSON), failed)
	}
	if !c.JSON {
		if err := r.show(jobs, false); err != nil {
			return err
		}
	}
	if err := c.agree(r, jobs); err != nil {
		return err
	}
	for _, j := range jobs {
		failed = errors.Join(failed, r.carryOut(j))
	}
	return errors.Join(r.tellDone(jobs, c.JSON), failed)
}

// choose says which clients are meant: those that are named, or those that are
// installed, and what comes along with them.
func (c *connectCmd) choose(r *connectRoom) ([]string, error) {
	names := slices.Clone(c.Clients)
	if len(names) == 0 {
		names = r.installed()
		switch {
		case len(names) == 0:
			return nil, hint(errors.New("no client was found whose files could be written"), "see: glmtray connect --list")
		case !c.All && !c.Diff && newAsker(r.e, c.Yes).tty == nil:
			return nil, hint(errors.New("say which client to connect; installed: "+strings.Join(names, ", ")), "glmtray connect "+names[0]+", or: glmtray connect --all --yes")
		}
	}
	return r.along(names), nil
}

// along adds the clients that come along, where they are installed.
func (r *connectRoom) along(names []string) (once []string) {
	for _, name := range names {
		client, _ := connect.Find(name)
		along, ok := connect.Find(client.With)
		for _, id := range []string{name, along.ID} {
			if !slices.Contains(once, id) && (id == name || ok && along.Find(r.surroundings) != "") {
				once = append(once, id)
			}
		}
	}
	return once
}

// installed are the clients that are here and can be written.
func (r *connectRoom) installed() (names []string) {
	for _, client := range connect.Clients() {
		if client.Writes() && client.Find(r.surroundings) != "" {
			names = append(names, client.ID)
		}
	}
	return names
}

// agree asks once, if there is anything to be written.
func (c *connectCmd) agree(r *connectRoom, jobs []*job) error {
	var names []string
	for _, j := range jobs {
		if j.plan.Client.Writes() && !j.plan.Empty() {
			names = append(names, j.plan.Client.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return newAsker(r.e, c.Yes).confirm("Write this?", "connecting "+strings.Join(names, ", "))
}

// connectRoom is what commands that connect clients work in.
type connectRoom struct {
	e            *env
	connector    *connect.Connector
	surroundings connect.Env
	dataDir      string
	settings     *config.Settings
	run          *runFile // nil: no proxy runs, or nobody has looked
	wish         connect.Wish
}

// connectRoom finds the user's files; the proxy's address is found by findProxy.
func (e *env) connectRoom() (*connectRoom, error) {
	_, dataDir, err := e.places()
	if err != nil {
		return nil, err
	}
	around := e.surroundings()
	if around.Home == "" {
		return nil, hint(errors.New("finding the clients' files: HOME is not set"), "set it to the home folder of the user whose clients are meant")
	}
	return &connectRoom{e: e, connector: connect.New(around, dataDir), surroundings: around, dataDir: dataDir}, nil
}

// putBack is what helps where the record of connections cannot be read.
const putBack = "put everything back with: glmtray restore"

// connections are the connected clients by id.
func (r *connectRoom) connections() (map[string]*connect.Connection, error) {
	list, err := r.connector.Connections()
	if err != nil {
		err = hint(err, putBack)
	}
	return list, err
}

// states are how the clients stand; an unreadable record is an error beside them.
func (r *connectRoom) states() ([]connect.State, error) {
	list, err := r.connector.Detect()
	if err != nil {
		err = hint(err, putBack)
	}
	return list, err
}

// surroundings are what the clients' files depend on.
func (e *env) surroundings() connect.Env {
	around := connect.Env{GOOS: runtime.GOOS, Vars: e.environ}
	around.Home = around.Var("HOME")
	if runtime.GOOS == "windows" {
		around.Home = around.Var("USERPROFILE")
	}
	if dir, err := os.Getwd(); err == nil {
		around.Dir = dir
	}
	return around
}

// findProxy finds the proxy's address, running or not, and what its routes
// offer.
func (r *connectRoom) findProxy() error {
	load := r.e.loadOptions(appOptions{})
	load.Keychain = noKeychain{} // which keys there are is enough
	settings, err := config.Load(r.e.ctx, load)
	if err != nil {
		return err
	}
	r.settings = settings
	primary := ""
	if r.run == nil {
		r.run, _ = running(r.e.ctx, r.dataDir)
	}
	if r.run != nil {
		r.wish.BaseURL = r.run.URL
		if st, err := r.run.status(r.e); err == nil {
			primary = st.Primary
		}
	} else {
		if r.wish.BaseURL, err = r.futureURL(); err != nil {
			return err
		}
		r.e.note("glmtray is not running; the clients are pointed at %s, where it will be. Start it with: glmtray serve", r.wish.BaseURL)
	}
	r.wish.Models = connect.ModelsOf(settings, primary)
	r.wish.Former = formerURLs(settings.Addr)
	return nil
}

// futureURL is where the proxy of these settings will listen.
func (r *connectRoom) futureURL() (string, error) {
	host, port, err := net.SplitHostPort(r.settings.Addr)
	if err != nil {
		return "", hint(fmt.Errorf("address %q: %w", r.settings.Addr, err), "it looks like 127.0.0.1:18080")
	}
	if !r.settings.AddrGiven {
		if s, err := r.store(r.e.ctx); err == nil && s != nil {
			if text, ok, err := s.Recall(r.e.ctx, factPort); err == nil && ok {
				port = text
			}
			_ = s.Close() // it was only read
		}
	}
	if port == "0" {
		return "", hint(errors.New("the port is known only when glmtray runs"), "start it with: glmtray serve")
	}
	return clientURL("http://" + net.JoinHostPort(orLoopback(host), port)), nil
}

// clientURL is the address at which a client of this machine reaches the proxy.
func clientURL(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	return u.String()
}

// formerURLs are the addresses at which a proxy of these settings, or of the
// default ones, may have been: the port moves if it is taken.
func formerURLs(addr string) []string {
	var list []string
	for _, a := range []string{addr, "127.0.0.1:18080"} {
		host, text, err := net.SplitHostPort(a)
		port, portErr := strconv.Atoi(text)
		if err != nil || portErr != nil {
			continue
		}
		for p := port; p < port+portTries; p++ {
			list = append(list, clientURL("http://"+net.JoinHostPort(orLoopback(host), strconv.Itoa(p))))
		}
	}
	return list
}

// store opens the database if there is one; nil if not.
func (r *connectRoom) store(ctx context.Context) (*store.Store, error) {
	if !store.Exists(r.dataDir) {
		return nil, nil
	}
	return store.Open(ctx, r.dataDir, nil)
}
