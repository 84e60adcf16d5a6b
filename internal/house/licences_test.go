package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// licences are those under which somebody else's code may be a part of the
// program: they ask for no more than to be named, MPL-2.0 for its own files to
// stay open as well.
var licences = []string{
	"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "BSD-2-Clause-Views", "0BSD", "ISC", "Apache-2.0", "Zlib", "Unlicense", "CC0-1.0", "MPL-2.0",
}

// collected are files with several licences and a person's words between them: each
// licence in them counts, the words do not (read 2026-11-29).
var collected = []string{"modernc.org/libc/LICENSE-3RD-PARTY.md", "modernc.org/sqlite/LICENSE-3RD-PARTY.md"}

// others are files that are no licence of what is linked, or one that
// licensecheck does not know (read 2026-11-29).
var others = []string{
	"modernc.org/sqlite/LICENSE-SQLITE", // SQLite is in the public domain
	"modernc.org/memory/LICENSE-LOGO",   // where a picture for its page comes from
}

// licenceFile is how modules call the file with their licence.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._][a-z0-9]+)*$`)

// linked is a module that the program is built of.
type linked struct {
	Path, Version, Dir string
	Main               bool
}

// modules lists what is linked into the program for a system.
func modules(t *testing.T, system, tags string) map[string]linked {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-buildvcs=false", "-tags="+tags, "-json=Standard,Module", "./cmd/glmtray")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS="+system, "CGO_ENABLED=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the modules for %s: %v\n%s", system, err, stderr.String())
	}
	all := map[string]linked{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Standard bool
			Module   *struct {
				linked
				Replace *linked
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		m := p.Module.linked
		if p.Module.Replace != nil {
			m.Dir = p.Module.Replace.Dir
		}
		all[m.Path] = m
	}
}

func TestEveryModulesLicenceAllowsItsUse(t *testing.T) {
	all := map[string]linked{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		maps.Copy(all, modules(t, system, "migrated_fynedo"))
	}
	maps.Copy(all, modules(t, "linux", "migrated_fynedo,headless"))
	if len(all) < 30 {
		t.Fatalf("only %d modules are seen", len(all))
	}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for _, problem := range problemsOf(t, all[path]) {
			t.Errorf("%s %s: %s", path, all[path].Version, problem)
		}
	}
}

// problemsOf says what keeps a module from being linked.
func problemsOf(t *testing.T, m linked) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return []string{err.Error()}
	}
	found := 0
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			return []string{err.Error()}
		}
		found++
		out = append(out, problemsIn(m.Path+"/"+e.Name(), text)...)
	}
	if found == 0 {
		out = append(out, "it has no licence")
	}
	return out
}

// problemsIn says what is wrong with the text of a licence.
func problemsIn(name string, text []byte) (out []string) {
	if slices.Contains(others, name) {
		return nil
	}
	cover := licensecheck.Scan(text)
	if len(cover.Match) == 0 || cover.Percent < 75 && !slices.Contains(collected, name) {
		out = append(out, name+" is no licence that is known")
	}
	for _, match := range cover.Match {
		if !match.IsURL && !slices.Contains(licences, match.ID) {
			out = append(out, name+" is under "+match.ID)
		}
	}
	return out
}

// The font is no module: it may be a part of whatever program, if its licence comes
// along, in the file beside it and in the font itself.
func TestTheFontComesWithItsLicence(t *testing.T) {
	dir := filepath.Join(root, "assets", "fonts")
	text, err := os.ReadFile(filepath.Join(dir, "OFL.txt"))
	if err != nil {
		t.Fatal(err)
	}
	cover := licensecheck.Scan(text)
	if cover.Percent < 75 || !slices.ContainsFunc(cover.Match, func(m licensecheck.Match) bool { return m.ID == "OFL-1.1" && !m.IsURL }) {
		t.Errorf("OFL.txt is %+v, %v %%", cover.Match, cover.Percent)
	}
	fonts, err := filepath.Glob(filepath.Join(dir, "*.otf"))
	if err != nil || len(fonts) == 0 {
		t.Fatal(fonts, err)
	}
	for _, file := range fonts {
		name := filepath.Base(file)
		if !bytes.Contains(text, []byte(name)) {
			t.Errorf("OFL.txt does not say that it is about %s", name)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 2_500_000 {
			t.Errorf("%s has %d bytes: every program carries them", name, len(data))
		}
		for _, said := range []string{"SIL Open Font License, Version 1.1", "2014-2021 Adobe"} {
			var wide []byte // as a name table has it
			for _, c := range said {
				wide = append(wide, 0, byte(c))
			}
			if !bytes.Contains(data, wide) {
				t.Errorf("%s does not say %q of itself", name, said)
			}
		}
	}
}

func TestALicenceThatAsksForMoreIsSeen(t *testing.T) {
	own, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	if got := problemsIn("own", own); len(got) != 0 {
		t.Errorf("our own: %q", got)
	}
	for name, text := range map[string]string{
		"nothing":   "",
		"something": "All rights reserved. Ask the author.",
		"the GPL":   "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.",
	} {
		if got := problemsIn(name, []byte(text)); len(got) == 0 {
			t.Errorf("%s passes", name)
		}
	}
	if !licenceFile.MatchString("LICENSE.md") || !licenceFile.MatchString("LICENCE-MIT.txt") || licenceFile.MatchString(strings.ToLower("LicenseTest.go")) {
		t.Error("the names of licences are not told from others")
	}
}
