package packaging

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// id names the program to every desktop.
const id = "org.glmtray.glmtray"

func found(t *testing.T, file, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s: nothing matches %s", file, pattern)
	}
	return m[1]
}

func TestEveryDesktopKnowsTheProgramByOneName(t *testing.T) {
	for file, pattern := range map[string]string{
		"../FyneApp.toml":                        `(?m)^ID = "(.*)"$`,
		"../cmd/glmtray/shell_gui.go":            `(?m)^const appID = "(.*)"$`,
		"../cmd/glmtray/autostart_darwin.go":     `(?m)^const loginLabel = "(.*)"$`,
		"linux/org.glmtray.glmtray.desktop":      `(?m)^Icon=(.*)$`,
		"linux/org.glmtray.glmtray.metainfo.xml": `<id>(.*)</id>`,
		"macos/Info.plist":                       `<key>CFBundleIdentifier</key><string>(.*)</string>`,
		"windows/winres.json":                    `"identity": \{"name": "(.*?)"`,
	} {
		if got := found(t, file, pattern); got != id {
			t.Errorf("%s: %s, want %s", file, got, id)
		}
	}
}

func TestTheVersionIsOne(t *testing.T) {
	version := found(t, "../cmd/glmtray/main.go", `(?m)^\tversion += "(\d+\.\d+\.\d+)-dev"$`)
	for file, pattern := range map[string]string{
		"../FyneApp.toml":   `(?m)^Version = "(.*)"$`,
		"values.sh":         `(?m)^: "\$\{VERSION:=(.*)-dev\}"$`,
		"docker/Dockerfile": `ARG .* VERSION=(.*)-dev`,
	} {
		if got := found(t, file, pattern); got != version {
			t.Errorf("%s: version %s, want %s", file, got, version)
		}
	}
}

func TestWhatIsNamedIsThere(t *testing.T) {
	var resources map[string]map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(read(t, "windows/winres.json")), &resources); err != nil {
		t.Fatal(err)
	}
	var icons []string
	if err := json.Unmarshal(resources["RT_GROUP_ICON"]["APP"]["0000"], &icons); err != nil {
		t.Fatal(err)
	}
	files := []string{}
	for _, icon := range icons {
		files = append(files, filepath.Join("windows", icon))
	}
	for _, m := range regexp.MustCompile(`raw\.githubusercontent\.com/glmtray/glmtray/main/(\S+?)</image>`).FindAllStringSubmatch(read(t, "linux/org.glmtray.glmtray.metainfo.xml"), -1) {
		files = append(files, filepath.Join("..", m[1]))
	}
	for _, m := range regexp.MustCompile(`packaging/(linux/\w+)`).FindAllStringSubmatch(read(t, "nfpm.yaml"), -1) {
		files = append(files, m[1])
	}
	if len(files) < len(icons)+4 {
		t.Fatalf("only these were found: %v", files)
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// A plist is read by Apple's tools on a Mac only; here it has to be a dictionary
// of keys, each with a value.
func TestThePropertyListIsWellFormed(t *testing.T) {
	dec := xml.NewDecoder(strings.NewReader(read(t, "macos/Info.plist")))
	depth, key, pairs := 0, false, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			depth++
			if depth != 3 {
				continue
			}
			if (x.Name.Local == "key") == key {
				t.Errorf("<%s> at %d is out of turn", x.Name.Local, dec.InputOffset())
			}
			key = !key
			if !key {
				pairs++
			}
		case xml.EndElement:
			depth--
		}
	}
	if key || pairs < 10 {
		t.Errorf("%d pairs, and a key without a value: %v", pairs, key)
	}
}

// Scripts are for the plain shell of Debian, macOS and Fedora alike.
func TestScriptsAreForThePlainShell(t *testing.T) {
	for _, pattern := range []string{"*.sh", "*/*.sh", "linux/prerm", "linux/postrm"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			first, _, _ := strings.Cut(read(t, file), "\n")
			if first != "#!/bin/sh" && !strings.HasPrefix(first, "# shellcheck shell=sh") {
				t.Errorf("%s begins with %q", file, first)
			}
		}
	}
}
