package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/glmtray/glmtray/internal/hush"
	"github.com/glmtray/glmtray/internal/secret"
)

// Set by the build: -ldflags "-X main.version=… -X main.repository=…".
var (
	version    = "0.1.0-dev"
	repository = "https://github.com/glmtray/glmtray" // where releases are
)

// Exit codes.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// folders are the flags that every command has.
type folders struct {
	DataDir string `name:"data-dir" placeholder:"DIR" help:"Folder for the database and the body files; if it is given, for the settings as well." type:"path"`
	Config  string `name:"config" placeholder:"FILE" help:"The settings file, if it is not settings.toml in its usual place." type:"path"`
}

type serving struct {
	Serve serveCmd `cmd:"" help:"Serve the proxy until it is interrupted."`
}

// cli is the command line as kong reads it.
type cli struct {
	folders

	App appCmd `cmd:"" default:"withargs" help:"Open the window and the tray icon, and serve; without a display, serve alone. This is also what no command means."`
	serving
	Demo    demoCmd    `cmd:"" help:"Serve the built-in demo provider: three keys that run dry and recover."`
	Keys    keysCmd    `cmd:"" help:"Add, list, test and order provider keys."`
	Clients clientsCmd `cmd:"" help:"Give the users of this proxy keys of their own."`
	Import  importCmd  `cmd:"" help:"Take over keys and settings from an env file of glm_awsomify_proxy, zai-proxy or LiteLLM."`

	Connect    connectCmd    `cmd:"" help:"Point coding agents at this proxy: Claude Code, Codex, OpenCode and others."`
	Disconnect disconnectCmd `cmd:"" help:"Put back what stood in an agent's files before."`
	Restore    restoreCmd    `cmd:"" help:"Put everything back at once, also when records are lost."`
	Uninstall  uninstallCmd  `cmd:"" help:"Take back what glmtray has changed: agents, start at login, keychain, data. Asks before each."`
	Run        runCmd        `cmd:"" help:"Start claude, codex or opencode on this proxy, with no file touched."`

	Logs    logsCmd    `cmd:"" help:"Show the records of requests: who answered, how, and why."`
	Usage   usageCmd   `cmd:"" help:"Show what was used: requests, tokens, cost, speed, time saved."`
	Status  statusCmd  `cmd:"" help:"Show the running proxy: keys, cooldowns, routes."`
	Explain explainCmd `cmd:"" help:"Say which way a request would go now, and why. Nothing is sent."`
	Doctor  doctorCmd  `cmd:"" help:"Look for what could be wrong: port, keychain, environment, keys, models."`
	Pause   pauseCmd   `cmd:"" help:"Answer every further request with 503 until resumed."`
	Resume  resumeCmd  `cmd:"" help:"End a pause."`
	Pin     pinCmd     `cmd:"" help:"Send everything to one provider for a while."`
	Unpin   unpinCmd   `cmd:"" help:"End a pin."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Update     updateCmd     `cmd:"" help:"Ask whether there is a newer release. This is done when you say so, and never else."`
	Completion completionCmd `cmd:"" help:"Print the completions for a shell."`
	Man        manCmd        `cmd:"" hidden:"" help:"Print the manual page."`
	Simulate   simulateCmd   `cmd:"" hidden:"" help:"Serve a scripted provider, for tests and benchmarks."`
}

// env is what a command may touch of the world.
type env struct {
	ctx     context.Context
	cli     *folders
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

const description = `One local address for all your GLM-class API keys.

glmtray serves OpenAI and Anthropic requests on 127.0.0.1:18080, uses one key until it runs dry, then the next, and
sends each where it fits. Keys stand in the keychain of your system (glmtray keys add cerebras) or come from environment
variables (CEREBRAS_API_KEYS, CEREBRAS_API_KEY, SYNTHETIC_API_KEY, ZAI_API_KEY).

Every flag can also be given as GLMTRAY_… (--data-dir as GLMTRAY_DATA_DIR).`

func main() {
	hush.Over()
	noCoreDumps()
	attachConsole()
	ctx, stop := interruptible()
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// signals are what asks this process to end.
var signals = make(chan os.Signal, 2)

// takeSignals makes this program the one that hears them, whoever else wanted to.
func takeSignals() {
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
}

// interruptible ends the context at the first SIGINT or SIGTERM and the
// process at the second.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	takeSignals()
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFail)
	}()
	return ctx, cancel
}

// grammar is what kong reads a command line by, and where it puts the folders. To
// look at each flag of thirty commands took an eighth of a start, so that a start to
// serve looks at its own alone.
func grammar(args []string) (any, *folders) {
	if len(args) > 0 && args[0] == "serve" {
		var c struct {
			folders
			serving
		}
		return &c, &c.folders
	}
	var c cli
	return &c, &c.folders
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, given := grammar(args)
	exited := -1
	parser, err := kong.New(
		c, kong.Name("glmtray"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }), kong.Resolvers(flagsFrom(environ)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": version},
	)
	if err != nil {
		return tell(stderr, err)
	}
	parsed, err := parser.Parse(untouched(args))
	if exited >= 0 { // --help was answered
		return exited
	}
	if err != nil {
		// A key may stand where a name should.
		_, _ = fmt.Fprintf(stderr, "error: %s\nhint: see glmtray --help\n", (*secret.Scrubber)(nil).Text(err.Error()))
		return exitUsage
	}
	e := &env{ctx: ctx, cli: given, environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	if err := parsed.Run(e); err != nil {
		return tell(stderr, err)
	}
	return exitOK
}

// hinted is an error with a next step for people.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// hint adds a next step to an error.
func hint(err error, text string) error { return hinted{err, text} }

// errQuiet ends with exit code 1 after everything was already said.
var errQuiet = errors.New("already told")

// tell prints an error as people read it and gives the exit code.
func tell(stderr io.Writer, err error) int {
	if errors.Is(err, errQuiet) {
		return exitFail
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status) // the program that was run has said what there is to say
	}
	_, _ = fmt.Fprintf(stderr, "error: %v\n", err)
	var h hinted
	if errors.As(err, &h) {
		_, _ = fmt.Fprintf(stderr, "hint: %s\n", h.hint)
	}
	return exitFail
}

// flagsFrom lets every flag be given as GLMTRAY_… . Flags tagged "setting" are
// left to the settings, which read the same variables and remember the origin.
func flagsFrom(environ []string) kong.Resolver {
	vars := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, "GLMTRAY_") {
			vars[name] = value
		}
	}
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if flag.Tag.Has("setting") {
			return nil, nil
		}
		name := "GLMTRAY_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value, ok := vars[name]
		if !ok || value == "" {
			return nil, nil
		}
		if flag.Name == "config" || flag.Name == "data-dir" || flag.Name == "env-file" {
			return filepath.Abs(value)
		}
		return value, nil
	})
}

type versionCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run prints the version.
func (c *versionCmd) Run(e *env) error {
	if c.JSON {
		return printJSON(e.stdout, map[string]string{"program": "glmtray", "version": version})
	}
	_, err := fmt.Fprintf(e.stdout, "glmtray %s\n", version)
	return err
}
