package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/lazy"
)

// bundle is a report for whoever helps with a fault. Nothing gets into it because it
// seems harmless, only because it is known: a version, a number, a word of this
// program, the name of a model that vendors list. What a client, a provider or a
// person has written stays out; [redactor] is the second net.
type bundle struct {
	d   *doctor
	now time.Time
	r   *redactor
	b   bytes.Buffer
}

// bundleTo shows the report, asks, and writes it.
func (c *doctorCmd) bundleTo(d *doctor) error {
	e := d.e
	file := c.File
	if file == "" {
		file = "glmtray-report-" + time.Now().Format("20060102-150405") + ".md"
	}
	if _, err := os.Lstat(file); err == nil {
		return hint(fmt.Errorf("writing the report: %s exists already", file), "name another file, or remove this one")
	}
	text := newBundle(d, time.Now()).text()
	if _, err := e.stdout.Write(text); err != nil {
		return err
	}
	ask := newAsker(e, c.Yes)
	if ask.tty == nil && !c.Yes {
		e.note("nothing was written: nobody can be asked; to write it to %s say --yes", file)
		return nil
	}
	if err := ask.confirm("Write this, as it stands above, to "+file+"?", "writing the report"); err != nil {
		return err
	}
	write := func(w io.Writer) error { _, err := w.Write(text); return err }
	if err := replaceFile(file, write); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	e.note("the report is in %s; it goes nowhere by itself", file)
	return nil
}

func newBundle(d *doctor, now time.Time) *bundle { return &bundle{d: d, now: now, r: newRedactor(d)} }

// text is the whole report, in Markdown.
func (b *bundle) text() []byte {
	b.linef("# glmtray %s: a report", version)
	b.linef("\nMade %s. It has no keys, no prompts and no answers; names of people, machines and foreign hosts are taken out.", b.now.UTC().Format(time.RFC3339))
	b.versions()
	b.settings()
	b.examination()
	b.requests()
	b.log()
	told := b.r.own(b.b.String())
	b.b.Reset()
	b.modules() // module paths are what they are
	return append([]byte(told), b.b.Bytes()...)
}

func (b *bundle) linef(format string, args ...any) { fmt.Fprintf(&b.b, format+"\n", args...) }

// code puts lines into a block that Markdown leaves alone.
func (b *bundle) code(lines []string) {
	b.linef("\n```")
	for _, line := range lines {
		b.linef("%s", strings.ReplaceAll(line, "```", "'''"))
	}
	b.linef("```")
}

func (b *bundle) versions() {
	b.linef("\n## Versions\n")
	b.linef("- glmtray %s, %s", version, buildOf())
	b.linef("- %s, %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if name := systemName(); name != "" {
		b.linef("- system: %s", name)
	}
	env := b.d.e.surroundings()
	for _, v := range []struct{ what, name string }{
		{"desktop", "XDG_CURRENT_DESKTOP"}, {"session", "XDG_SESSION_TYPE"}, {"language", "LANG"},
	} {
		b.linef("- %s: %s", v.what, oneWord(env.Var(v.name)))
	}
	if b.d.status != nil {
		b.linef("- running: glmtray %s for %s, %s", oneWord(b.d.status.Version), time.Duration(b.d.status.Uptime*float64(time.Second)).Round(time.Second), oneWord(b.d.status.State))
	} else {
		b.linef("- running: no")
	}
}

var wordShape = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9:._+-]{0,31}$`)

// oneWord lets a short word of the system through, and nothing that a key might be.
func oneWord(text string) string {
	switch {
	case text == "":
		return "not set"
	case !wordShape().MatchString(text) || looksLikeKey(text):
		return "something else"
	}
	return text
}

// buildOf says of which kind the program is.
func buildOf() string {
	kind := "with a window"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return kind
	}
	words := []string{}
	for _, s := range info.Settings {
		switch s.Key {
		case "-tags":
			if slices.Contains(strings.Split(s.Value, ","), "headless") {
				kind = "headless"
			}
		case "vcs.revision":
			words = append(words, "commit "+s.Value)
		case "vcs.modified", "CGO_ENABLED":
			words = append(words, s.Key+"="+s.Value)
		}
	}
	return strings.Join(append([]string{kind}, words...), ", ")
}

// systemName is what the system calls itself, where it has a file for that.
func systemName() string {
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(io.LimitReader(f, 64<<10))
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"'`)
		}
	}
	return ""
}

// settings tells what is not as it was delivered. Numbers and switches are shown,
// of all else only that it is set.
func (b *bundle) settings() {
	b.linef("\n## Settings\n")
	s := b.d.settings
	if s == nil {
		b.linef("They cannot be read: see below.")
		return
	}
	told := 0
	for _, x := range s.ShownScalars() {
		if x.Origin == config.FromDefault || x.Origin == "" {
			continue
		}
		told++
		value := x.Value
		if value == "" {
			value = "(set)"
		}
		b.linef("- %s = %s, from %s", x.Name, value, b.origin(x.Origin))
	}
	if told == 0 {
		b.linef("- all as delivered")
	}
	for i := range s.Providers {
		b.provider(&s.Providers[i])
	}
	own := "as delivered"
	if s.Origins["rules"] != config.FromDefault {
		own = "the user's own"
	}
	b.linef("- rules: %d, %s", len(s.Rules), own)
	for i, r := range s.Rules {
		b.linef("  %d. %s", i+1, b.rule(&r))
	}
}

// origin is a line of the settings, or a variable's name.
func (b *bundle) origin(o config.Origin) string {
	text := string(o)
	if b.d.isVariable(text) || strings.HasPrefix(text, "--") || strings.HasPrefix(text, filepath.Base(b.d.settings.ConfigFile)+":") {
		return b.r.text(text)
	}
	return "elsewhere"
}

func (b *bundle) provider(p *config.Provider) {
	off, missing := 0, 0
	for _, k := range p.Keys {
		switch {
		case k.Disabled:
			off++
		case k.Secret.Empty():
			missing++
		}
	}
	var at []string
	for i := range p.Endpoints {
		e := &p.Endpoints[i]
		at = append(at, b.r.host(e.URL)+" ("+string(e.Dialect)+")")
	}
	b.linef("- provider %s at %s: %s, %d switched off, %d without a secret", b.id(p.ID), strings.Join(at, ", "), plural(len(p.Keys), "key"), off, missing)
}

// id names a provider: those of the user's own are numbered.
func (b *bundle) id(provider string) string {
	for _, p := range config.Presets() {
		if p.ID == provider {
			return provider
		}
	}
	if provider == "" {
		return "-"
	}
	if s := b.d.settings; s != nil {
		for i := range s.Providers {
			if s.Providers[i].ID == provider {
				return fmt.Sprintf("own-%d", i+1)
			}
		}
	}
	return "another"
}

func (b *bundle) rule(r *config.Rule) string {
	var when []string
	if r.When.Images {
		when = append(when, "pictures")
	}
	if r.When.TokensOver > 0 {
		when = append(when, "over "+thousands(int64(r.When.TokensOver))+" tokens")
	}
	if r.When.Model != "" {
		when = append(when, "a pattern of models")
	}
	if len(when) == 0 {
		when = append(when, "everything")
	}
	var use []string
	for _, t := range r.Use {
		use = append(use, b.id(t.Provider)+"/"+b.model(t.Model))
	}
	text := strings.Join(when, " and ") + ": " + strings.Join(use, " → ")
	if r.Canary.Share > 0 {
		text += "; " + r.Canary.Percent() + " elsewhere first"
	}
	return text
}

// examination is what the doctor says.
func (b *bundle) examination() {
	b.linef("\n## Doctor")
	var lines []string
	for _, x := range b.d.checks {
		text := x.Text
		if x.plain != "" {
			text = x.plain
		}
		lines = append(lines, fmt.Sprintf("%-4s  %s: %s", x.State, b.r.text(x.Name), b.r.foreign(text)))
	}
	b.code(lines)
}

// log says where the lines of the log are: they are not kept.
func (b *bundle) log() {
	b.linef("\n## Log\n")
	b.linef("glmtray keeps no log of its own: its lines go to the standard error of glmtray serve (journalctl --user where systemd starts it),")
	b.linef("and to the window's page Log. Look through them before you add any.")
}

func (b *bundle) modules() {
	b.linef("\n## Modules")
	info, ok := debug.ReadBuildInfo()
	if !ok {
		b.linef("\nnot known")
		return
	}
	var lines []string
	for _, m := range info.Deps {
		line := m.Path + " " + m.Version
		if m.Replace != nil {
			line += " => " + m.Replace.Version
		}
		lines = append(lines, line)
	}
	b.code(lines)
}

// errBundle says what does not go together.
var errBundle = errors.New("a report is Markdown: --bundle and --json do not go together")
