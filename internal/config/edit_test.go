package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// edit applies one change to a text and gives the new text.
func edit(t *testing.T, text string, change func(*Doc) error) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.toml")
	if text != "" {
		write(t, file, text)
	}
	err := Edit(file, change)
	now, readErr := os.ReadFile(file)
	if readErr != nil && text != "" {
		t.Fatal(readErr)
	}
	if err != nil && string(now) != text {
		t.Errorf("a failed edit changed the file to %q", now)
	}
	return string(now), err
}

const sample = `# My settings. Do not lose this.
addr = "127.0.0.1:9000" # mine
aliases = [
  "claude-*", # theirs
]

# the office pays
[[key]]
provider = "cerebras"
name = "work" # acme
account = "acme"

# I pay
[[key]]
provider = "cerebras"
name = 'home'

[[key]]
provider = "zai"
name = "own"
# the end of own

[[rule]] # all
name = "all"
use = "cerebras"
`

func TestEditsKeepCommentsAndOrder(t *testing.T) {
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(sample) }
	named := func(text string) string {
		return strings.Replace(text, "  \"claude-*\", # theirs\n]\n", "  \"claude-*\", # theirs\n]\nkeys_named = true\n", 1)
	}
	home, work := "# I pay\n[[key]]\nprovider = \"cerebras\"\nname = 'home'\n\n", "# the office pays\n[[key]]\nprovider = \"cerebras\"\nname = \"work\" # acme\naccount = \"acme\"\n\n"
	for _, c := range []struct {
		name   string
		change func(*Doc) error
		want   string
	}{
		{"nothing", func(*Doc) error { return nil }, sample},
		{
			"add a key",
			func(d *Doc) error {
				return d.AddKey("zai", Key{Name: `a "b"`, Account: "x", Endpoint: "payg", Disabled: true})
			},
			named(with("name = \"own\"\n", "name = \"own\"\n\n[[key]]\nprovider = \"zai\"\nname = \"a \\\"b\\\"\"\naccount = \"x\"\nendpoint = \"payg\"\ndisabled = true\n")),
		},
		{"remove a key", func(d *Doc) error { return d.RemoveKey("cerebras", "home") }, named(with("[[key]]\nprovider = \"cerebras\"\nname = 'home'\n\n", "\n"))},
		{"rename a key", func(d *Doc) error { return d.RenameKey("cerebras", "home", "house") }, with("'home'", `"house"`)},
		{"move a key up", func(d *Doc) error { return d.MoveKey("cerebras", "home", "work") }, with(home, "", work, home+work)},
		{"move a key to the end", func(d *Doc) error { return d.MoveKey("cerebras", "work", "") }, with(work, "", home, home+work)},
		{"move the only key", func(d *Doc) error { return d.MoveKey("zai", "own", "") }, sample},
		{"switch a key off", func(d *Doc) error { return d.SetKeyEnabled("cerebras", "work", false) }, with("account = \"acme\"\n", "account = \"acme\"\ndisabled = true\n")},
		{"switch a key on that is", func(d *Doc) error { return d.SetKeyEnabled("cerebras", "work", true) }, sample},
		{"change an account", func(d *Doc) error { return d.SetKeyAccount("cerebras", "work", "new") }, with(`account = "acme"`, `account = "new"`)},
		{"take an account away", func(d *Doc) error { return d.SetKeyAccount("cerebras", "work", "") }, with(`account = "acme"`, `account = ""`)},
		{"give an endpoint", func(d *Doc) error { return d.SetKeyEndpoint("zai", "own", "payg") }, with("name = \"own\"\n", "name = \"own\"\nendpoint = \"payg\"\n")},
		{"change a scalar", func(d *Doc) error { return d.SetScalar("addr", "127.0.0.1:1") }, with("127.0.0.1:9000", "127.0.0.1:1")},
		{"change a list", func(d *Doc) error { return d.SetScalar("aliases", "a*, b*") }, with("[\n  \"claude-*\", # theirs\n]", `["a*", "b*"]`)},
		{"drop a scalar that is not there", func(d *Doc) error { return d.DropScalar("proxy") }, sample},
		{"add a scalar", func(d *Doc) error { return d.SetScalar("keys_named", "yes") }, named(sample)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := edit(t, sample, c.change)
			if err != nil || strings.ReplaceAll(got, "\n\n\n", "\n\n") != strings.ReplaceAll(c.want, "\n\n\n", "\n\n") {
				t.Errorf("error %v, got:\n%s\nwant:\n%s", err, got, c.want)
			}
			crlf, err := edit(t, "\ufeff"+strings.ReplaceAll(sample, "\n", "\r\n"), c.change)
			if err != nil || strings.Count(crlf, "\n") != strings.Count(crlf, "\r\n") || !strings.HasPrefix(crlf, "\ufeff") {
				t.Errorf("CRLF: error %v, got %q", err, crlf)
			}
		})
	}
}

func TestFirstKeyOfANewFileIsRememberedWhenItIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "glmtray")
	file := filepath.Join(dir, "settings.toml")
	if err := Edit(file, func(d *Doc) error { return d.AddKey("zai", Key{Name: "a"}) }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || string(text) != "keys_named = true\n\n[[key]]\nprovider = \"zai\"\nname = \"a\"\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if runtime.GOOS != "windows" {
		for path, want := range map[string]fs.FileMode{dir: 0o700, file: 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
		}
	}
	if err := Edit(file, func(d *Doc) error { return d.RemoveKey("zai", "a") }); err != nil {
		t.Fatal(err)
	}
	s, err := Load(t.Context(), Options{DataDir: dir})
	if err != nil || s.Demo || !s.KeysNamed {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestImpossibleEditsLeaveTheFileAlone(t *testing.T) {
	for _, c := range []struct {
		name, text string
		change     func(*Doc) error
		want       string
		is         error
	}{
		{"add a key again", sample, func(d *Doc) error { return d.AddKey("zai", Key{Name: "own"}) }, `zai key "own"`, ErrKeyExists},
		{"rename to a taken name", sample, func(d *Doc) error { return d.RenameKey("cerebras", "work", "home") }, `"home"`, ErrKeyExists},
		{"remove nothing", sample, func(d *Doc) error { return d.RemoveKey("zai", "work") }, `zai key "work"`, ErrNoKey},
		{"move before nothing", sample, func(d *Doc) error { return d.MoveKey("cerebras", "work", "own") }, `"own"`, ErrNoKey},
		{"unknown provider", sample, func(d *Doc) error { return d.AddKey("zia", Key{Name: "a"}) }, `unknown provider "zia"`, ErrInvalid},
		{"unknown endpoint", sample, func(d *Doc) error { return d.SetKeyEndpoint("zai", "own", "x") }, `unknown endpoint "x"`, ErrInvalid},
		{"a key for a name", sample, func(d *Doc) error { return d.AddKey("zai", Key{Name: "csk-canary0123456789012"}) }, "looks like a key", nil},
		{"bad scalar", sample, func(d *Doc) error { return d.SetScalar("cooldown", "soon") }, "cooldown: must be a time", ErrInvalid},
		{"no scalar", sample, func(d *Doc) error { return d.SetScalar("colour", "red") }, `"colour": is no setting`, ErrInvalid},
		{"broken file", "a = [", func(d *Doc) error { return d.SetScalar("cooldown", "3") }, "not TOML", ErrInvalid},
		{"wrong file", "adress = 3\n", func(d *Doc) error { return d.SetScalar("cooldown", "3") }, `settings.toml:1: "adress"`, ErrInvalid},
		{"keys in one list", "key = [{provider=\"zai\", name=\"own\"}]\n", func(d *Doc) error { return d.RemoveKey("zai", "own") }, "write each as [[key]]", ErrInvalid},
		{"change of mind", sample, func(d *Doc) error { return errors.Join(d.SetScalar("cooldown", "3"), errors.New("no")) }, "no", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := edit(t, c.text, c.change)
			if err == nil || !strings.Contains(err.Error(), c.want) || (c.is != nil && !errors.Is(err, c.is)) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestEditFollowsALinkAndKeepsTheMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	dir := t.TempDir()
	real, link := filepath.Join(dir, "dotfiles.toml"), filepath.Join(dir, "settings.toml")
	write(t, real, "cooldown = 1\n")
	if err := errors.Join(os.Chmod(real, 0o640), os.Symlink(real, link)); err != nil {
		t.Fatal(err)
	}
	if err := Edit(link, func(d *Doc) error { return d.SetScalar("cooldown", "2") }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info.Mode(), err)
	}
	info, err = os.Stat(real)
	text, readErr := os.ReadFile(real)
	if errors.Join(err, readErr) != nil || info.Mode().Perm() != 0o640 || string(text) != "cooldown = 2\n" {
		t.Errorf("mode %v, text %q, %v", info.Mode(), text, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".settings-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEditsAtTheSameTimeLoseNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "settings.toml")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := Edit(file, func(d *Doc) error { return d.AddKey("zai", Key{Name: fmt.Sprint("k", i)}) }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := Load(t.Context(), Options{DataDir: dir, Keychain: ring{}})
	if err != nil || len(s.Provider("zai").Keys) != 20 {
		t.Errorf("got %d keys, %v", len(s.Provider("zai").Keys), err)
	}
}

// FuzzEdit changes foreign files and holds that what comes out loads as meant,
// with every comment in its place.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		sample, "", "# c", "# c\n\n# d\n[[key]]\nprovider=\"zai\"\nname=\"a\"", "[[ \"key\" ]]\nname='a'\nprovider='''zai'''#x\n\n\n#y\n[provider.zai]\n",
		"\ufeffcooldown=1\r\n[[key]]\r\nprovider=\"zai\"\r\nname=\"a\"\r\n[[key]]\r\nprovider=\"zai\"\r\nname=\"b\"", "aliases=[\n#a\n'x',#b\n]", "provider.zai.name=\"\"\"\n[[key]]\n# no comment\"\"\"",
	} {
		f.Add(seed, "a", "b", uint8(0))
		f.Add(seed, "work", "new", uint8(3))
	}
	f.Fuzz(func(t *testing.T, text, a, b string, op uint8) {
		before := defaults("")
		if len(readSettings(before, []byte(text), "s.toml", "")) > 0 {
			return
		}
		d := newDoc([]byte(text))
		want, err := applyBoth(d, before, a, b, op%8)
		if err != nil {
			return
		}
		after := defaults("")
		if problems := readSettings(after, d.text(), "s.toml", ""); len(problems) > 0 {
			// Only a wish that is not allowed may end so; Edit then keeps the file.
			if op%8 == 0 || op%8 == 5 || op%8 == 6 {
				return
			}
			t.Fatalf("%q became %q: %v", text, d.text(), problems)
		}
		if got := keyLines(after); got != want {
			t.Errorf("%q became %q:\ngot  %s\nwant %s", text, d.text(), got, want)
		}
		if after.Cooldown != before.Cooldown || fmt.Sprint(after.Rules) != fmt.Sprint(before.Rules) || after.Addr != before.Addr {
			t.Errorf("%q became %q: other settings changed", text, d.text())
		}
		if op%8 != 1 {
			checkComments(t, text, string(d.text()))
		}
	})
}

// checkComments holds that each line with a comment is still there as a line,
// or at least its comment.
func checkComments(t *testing.T, before, after string) {
	t.Helper()
	for line := range strings.Lines(before) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") && strings.Count(after, line) < 1 {
			t.Errorf("the comment %q is lost in %q", line, after)
		}
	}
}

func keyLines(s *Settings) string {
	var b strings.Builder
	for i := range s.Providers {
		for _, k := range s.Providers[i].Keys {
			fmt.Fprintf(&b, "%s/%q account %q endpoint %q disabled %v\n", s.Providers[i].ID, k.Name, k.Account, k.Endpoint, k.Disabled)
		}
	}
	return b.String()
}

// applyBoth makes one change to the text and, by other means, to the settings;
// it gives the keys that should come out.
func applyBoth(d *Doc, s *Settings, a, b string, op uint8) (string, error) {
	p := s.Provider("zai")
	at := func(name string) int {
		for i := range p.Keys {
			if p.Keys[i].Name == name {
				return i
			}
		}
		return -1
	}
	keys := append([]Key(nil), p.Keys...)
	i, j := at(a), at(b)
	var err error
	switch op {
	case 0:
		err = d.AddKey("zai", Key{Name: a, Account: b})
		keys = append(keys, Key{Name: a, Account: b})
	case 1:
		if err = d.RemoveKey("zai", a); err == nil {
			keys = append(keys[:i], keys[i+1:]...)
		}
	case 2:
		if err = d.RenameKey("zai", a, b); err == nil {
			keys[i].Name = b
		}
	case 3, 4:
		if op == 4 {
			b, j = "", len(keys)
		}
		if err = d.MoveKey("zai", a, b); err == nil && a != b {
			k := keys[i]
			keys = append(keys[:i], keys[i+1:]...)
			if j > i {
				j--
			}
			keys = append(keys[:j], append([]Key{k}, keys[j:]...)...)
		}
	case 5:
		if err = d.SetKeyAccount("zai", a, b); err == nil {
			keys[i].Account = strings.TrimSpace(b)
		}
	case 6:
		if err = d.SetKeyEndpoint("zai", a, b); err == nil {
			keys[i].Endpoint = strings.TrimSpace(b)
		}
	case 7:
		if err = d.SetKeyEnabled("zai", a, b == ""); err == nil {
			keys[i].Disabled = b != ""
		}
	}
	c := *s
	c.Providers = append([]Provider(nil), s.Providers...)
	c.Provider("zai").Keys = keys
	return keyLines(&c), err
}

func TestASettingIsTakenOutAndCommentsStay(t *testing.T) {
	for text, want := range map[string]string{
		"# first\nproxy = \"http://p:1\"\naddr = \"127.0.0.1:1\"\n": "# first\naddr = \"127.0.0.1:1\"\n",
		"proxy = \"http://p:1\" # ours\n":                           " # ours\n",
		"cooldown = 3\n\n[provider.zai]\nname = \"Z\"\n":            "cooldown = 3\n\n[provider.zai]\nname = \"Z\"\n",
	} {
		got, err := edit(t, text, func(d *Doc) error { return d.DropScalar("proxy") })
		if err != nil || got != want {
			t.Errorf("%q became %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestAValueIsCheckedWithoutBeingWritten(t *testing.T) {
	for _, good := range [][2]string{{"cooldown", "30s"}, {"addr", "127.0.0.1:1"}, {"notify_quota", "no"}} {
		if err := CheckScalar(good[0], good[1]); err != nil {
			t.Errorf("%s = %q: %v", good[0], good[1], err)
		}
	}
	if err := CheckScalar("cooldown", "soon"); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "cooldown: must be a time") {
		t.Errorf("got %v", err)
	}
	if err := CheckScalar("colour", "red"); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
