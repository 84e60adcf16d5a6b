package packaging

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/glmtray/glmtray/internal/config"
)

// foreign are variables that others than glmtray's settings read.
var foreign = []string{"HOME", "HTTPS_PROXY"}

// known reports whether setting a variable has an effect.
func known(name string) bool {
	for _, v := range config.Variables() {
		if v.Name == name && v.Honoured {
			return true
		}
	}
	for _, f := range foreign {
		if name == f {
			return true
		}
	}
	return false
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// compose is what we look at of a compose file.
type compose struct {
	Services map[string]struct {
		Ports       []string
		Environment map[string]string
		Volumes     []string
		ReadOnly    bool `yaml:"read_only"`
		Healthcheck struct{ Test []string }
	}
}

func composed(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(read(t, "docker/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposePassesOnWhatThePredecessorKnew(t *testing.T) {
	service := composed(t).Services["glmtray"]
	for _, name := range []string{
		"CEREBRAS_API_KEYS", "CEREBRAS_COOLDOWN", "TOKEN_THRESHOLD", "SYNTHETIC_API_KEY", "ZAI_API_KEY",
		"FALLBACK_ON_COOLDOWN", "INCOMING_KEY_DB", "LOG_REQUESTS",
	} {
		if service.Environment[name] != "${"+name+":-}" {
			t.Errorf("%s is %q", name, service.Environment[name])
		}
	}
	for name, value := range service.Environment {
		if !known(name) {
			t.Errorf("%s has no effect", name)
		}
		if !strings.HasPrefix(value, "${"+name+":-") {
			t.Errorf("%s is not its own value in .env: %q", name, value)
		}
	}
}

func TestComposeIsReachedFromThisMachineOnly(t *testing.T) {
	service := composed(t).Services["glmtray"]
	if len(service.Ports) != 1 || service.Ports[0] != "127.0.0.1:18080:18080" {
		t.Errorf("it is published on %v", service.Ports)
	}
	if !service.ReadOnly || len(service.Volumes) != 2 || strings.Join(service.Healthcheck.Test, " ") != "CMD /glmtray status" {
		t.Errorf("read-only: %v, volumes %v, health check %v", service.ReadOnly, service.Volumes, service.Healthcheck.Test)
	}
}

// image gives the environment that the Dockerfile sets, in its last stage.
func image(t *testing.T) (environ []string) {
	t.Helper()
	_, last, ok := strings.Cut(read(t, "docker/Dockerfile"), "\nFROM scratch\n")
	if !ok {
		t.Fatal("the image is no longer made from scratch")
	}
	line := regexp.MustCompile(`(?m)^ENV ((?:.*\\\n)*.*)$`).FindStringSubmatch(last)
	if line == nil {
		t.Fatal("there is no ENV line")
	}
	for _, pair := range strings.Fields(strings.ReplaceAll(line[1], "\\\n", " ")) {
		environ = append(environ, pair)
		if name, _, _ := strings.Cut(pair, "="); !known(name) {
			t.Errorf("%s has no effect", name)
		}
	}
	if !strings.Contains(last, "\nUSER 65532:65532\n") {
		t.Error("it runs as root")
	}
	return environ
}

// An .env of the predecessor's has ENABLE_INCOMING_AUTH=false: a container asks
// for keys all the same.
func TestTheImageStartsWithThePredecessorsFile(t *testing.T) {
	environ := image(t)
	for i := range environ {
		environ[i] = strings.Replace(environ[i], "=/app", "="+filepath.ToSlash(t.TempDir()), 1)
	}
	file := filepath.Join(t.TempDir(), "theirs.env")
	text := read(t, "docker/env.example") + "ENABLE_INCOMING_AUTH=false\nINCOMING_KEY_DB=./data/incoming_keys.db\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(context.Background(), config.Options{
		Environ: environ, EnvFile: file, Flags: map[string]string{"allow_remote": "true"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !s.RequireClientKey || !s.AllowRemote || s.Addr != "0.0.0.0:18080" || s.TokenThreshold != 120_000 || s.Demo {
		t.Errorf("key wanted: %v, remote: %v, address %s, threshold %d, demo %v", s.RequireClientKey, s.AllowRemote, s.Addr, s.TokenThreshold, s.Demo)
	}
	if p := s.Primary(); p == nil || p.ID != "cerebras" || p.Usable() != 2 {
		t.Errorf("the primary is %+v", p)
	}
}

// manifest is what we look at of a Kubernetes object.
type manifest struct {
	Kind       string
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Env []struct{ Name, Value string }
				}
			}
		}
	}
}

func TestManifestsSetWhatIsKnown(t *testing.T) {
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("manifests: %v, %v", files, err)
	}
	for _, file := range files {
		dec := yaml.NewDecoder(bytes.NewReader([]byte(read(t, file))))
		for {
			var m manifest
			if err := dec.Decode(&m); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for name := range m.StringData {
				if !known(name) {
					t.Errorf("%s: %s has no effect", file, name)
				}
			}
			for _, c := range m.Spec.Template.Spec.Containers {
				for _, v := range c.Env {
					if !known(v.Name) {
						t.Errorf("%s: %s has no effect", file, v.Name)
					}
				}
			}
		}
	}
}

func TestUnitsSetWhatIsKnown(t *testing.T) {
	for _, unit := range []string{"systemd/user.service", "systemd/system.service"} {
		text := read(t, unit)
		if !strings.Contains(text, "\nExecStart=/usr/bin/glmtray serve") {
			t.Errorf("%s does not serve", unit)
		}
		for _, m := range regexp.MustCompile(`\b((?:GLMTRAY|LOG)_[A-Z_]+)=`).FindAllStringSubmatch(text, -1) {
			if !known(m[1]) {
				t.Errorf("%s: %s has no effect", unit, m[1])
			}
		}
	}
}
