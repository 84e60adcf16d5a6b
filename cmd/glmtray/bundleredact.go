package main

import (
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/secret"
)

// redactor takes out of a text what tells of a person or a machine, and every key.
type redactor struct {
	scrub *secret.Scrubber
	home  []string // longest first
	names []*regexp.Regexp
	hosts map[string]bool // of the vendors, and this machine's own
}

func newRedactor(d *doctor) *redactor {
	r := &redactor{scrub: new(secret.Scrubber), hosts: map[string]bool{"localhost": true}}
	r.knowSecrets(d)
	for _, p := range config.Presets() {
		for i := range p.Endpoints {
			r.knowHost(p.Endpoints[i].URL)
			for _, a := range p.Endpoints[i].Also {
				r.knowHost(a.URL)
			}
		}
	}
	env := d.e.surroundings()
	for _, home := range []string{env.Var("HOME"), env.Var("USERPROFILE")} {
		r.knowHome(home)
	}
	names := []string{env.Var("USER"), env.Var("USERNAME"), env.Var("LOGNAME"), env.Var("COMPUTERNAME")}
	if u, err := user.Current(); err == nil {
		r.knowHome(u.HomeDir)
		names = append(names, u.Username, u.Name)
	}
	if host, err := os.Hostname(); err == nil {
		short, _, _ := strings.Cut(host, ".")
		names = append(names, host, short)
	}
	for _, name := range names {
		r.knowName(name)
	}
	slices.SortFunc(r.home, func(a, b string) int { return len(b) - len(a) })
	return r
}

// secretName tells variables whose values are nobody's business.
var secretName = lazy.Regexp(`(?i)KEY|TOKEN|SECRET|PASS|AUTH|CREDENTIAL|COOKIE|_PROXY$`)

func (r *redactor) knowSecrets(d *doctor) {
	for _, pair := range d.e.environ {
		name, value, _ := strings.Cut(pair, "=")
		if !secretName().MatchString(name) {
			continue
		}
		r.scrub.Add(secret.New(value))
		for _, part := range regexp.MustCompile(`[^"\s:,{}@/]+`).FindAllString(value, -1) {
			r.scrub.Add(secret.New(part))
		}
	}
	if d.settings == nil {
		return
	}
	r.scrub.Add(d.settings.ClientKey)
	for i := range d.settings.Providers {
		for _, k := range d.settings.Providers[i].Keys {
			r.scrub.Add(k.Secret)
		}
	}
}

func (r *redactor) knowHost(base string) {
	if u, err := url.Parse(base); err == nil {
		r.hosts[strings.ToLower(u.Hostname())] = true
	}
}

func (r *redactor) knowHome(dir string) {
	if len(dir) < 2 {
		return
	}
	r.home = append(r.home, dir, filepath.ToSlash(dir))
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		r.home = append(r.home, real)
	}
}

// knowName takes out a user's or a machine's name where it stands as a word. On
// Windows the user's has the machine's in front.
func (r *redactor) knowName(name string) {
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == '\\' || c == ' ' }) {
		if len(part) > 1 && part != "localhost" {
			r.names = append(r.names, regexp.MustCompile(`(?i)(^|[^\pL\pN])`+regexp.QuoteMeta(part)+`($|[^\pL\pN])`))
		}
	}
}

// text takes out keys, the home folder, names of user and machine, and hosts.
func (r *redactor) text(text string) string {
	text = r.own(text) // a home folder may look like a host
	text = anyURL().ReplaceAllStringFunc(text, r.host)
	text = anyHost().ReplaceAllStringFunc(text, r.bareHost)
	text = anyAddress().ReplaceAllStringFunc(text, bareAddress)
	return r.own(text)
}

// own takes out keys, the home folder and the names, wherever they stand.
func (r *redactor) own(text string) string {
	text = r.scrub.Text(text)
	for _, home := range r.home {
		text = strings.ReplaceAll(text, home, "~")
	}
	for _, name := range r.names {
		for range 2 { // neighbours share the character between them
			text = name.ReplaceAllString(text, "${1}(name)${2}")
		}
	}
	return text
}

var (
	anyURL     = lazy.Regexp(`[a-z][a-z0-9+]*://[^\s"'<>)\],]+`)
	anyHost    = lazy.Regexp(`(?i)\b(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]+\b`)
	anyAddress = lazy.Regexp(`[0-9A-Fa-f:]*[.:][0-9A-Fa-f:.]*[0-9A-Fa-f]`)
	anyQuoted  = lazy.Regexp(`"[^"]*"|'[^']*'|“[^”]*”`)
)

// foreign is text for what may quote a client, a provider or a file: what stands in
// quotes goes as well, and all stays on one line.
func (r *redactor) foreign(text string) string {
	text = anyQuoted().ReplaceAllString(text, `"…"`)
	return r.text(strings.Join(strings.Fields(text), " "))
}

// host leaves of an address the host, if it is a vendor's or this machine.
func (r *redactor) host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "(an address)"
	}
	name := strings.ToLower(u.Hostname())
	if r.hosts[name] || config.Loopback(name) {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://(a host)"
}

// files end in what hosts do not.
var fileEnds = []string{"toml", "json", "jsonc", "db", "env", "log", "lock", "sock", "md", "txt", "go", "exe", "desktop", "service", "plist", "tmp", "rc", "conf", "yaml", "yml", "fish", "app"}

func (r *redactor) bareHost(name string) string {
	end := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	if r.hosts[strings.ToLower(name)] || slices.Contains(fileEnds, end) || slices.Contains([]string{"Z.ai", "org.freedesktop.secrets"}, name) {
		return name
	}
	return "(a host)"
}

func bareAddress(text string) string {
	for _, candidate := range []string{text, text[:max(0, strings.LastIndexByte(text, ':'))]} {
		if ip, err := netip.ParseAddr(candidate); err == nil && !ip.IsLoopback() {
			return "(an address)"
		}
	}
	return text
}
