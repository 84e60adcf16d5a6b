package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store/keychain/secretservice"
)

// actVar, if set, makes the test binary a process that makes one call to the
// system's keychain and tells what came of it: the D-Bus library connects once
// per process.
const actVar = "GLMTRAY_TEST_KEYCHAIN"

type act struct{ Verb, Provider, Name, Key, Host string }

type outcome struct {
	Key, Host             string
	Error, Hint           string
	NotFound, Unavailable bool
}

func TestMain(m *testing.M) {
	if text := os.Getenv(actVar); text != "" {
		var a act
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			panic(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(perform(a)); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func perform(a act) (o outcome) {
	var err error
	ctx := context.Background()
	switch a.Verb {
	case "get":
		var item Item
		item, err = OS().Get(ctx, a.Provider, a.Name)
		o.Key, o.Host = item.Secret.Reveal(), item.Host
	case "set":
		err = OS().Set(ctx, a.Provider, a.Name, Item{secret.New(a.Key), a.Host})
	case "delete":
		err = OS().Delete(ctx, a.Provider, a.Name)
	}
	if err != nil {
		o.Error, o.Hint = err.Error(), Hint(err)
		o.NotFound, o.Unavailable = errors.Is(err, ErrNotFound), errors.Is(err, ErrUnavailable)
	}
	return o
}

// do performs a in a process with env.
func do(t *testing.T, env []string, a act) (o outcome) {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	// The race detector holds each ending process for a second otherwise.
	cmd.Env = append(env, actVar+"="+string(text), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := json.Unmarshal(out, &o); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return o
}

func TestARealSecretServiceKeepsKeysAsOtherProgramsReadThem(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux has a Secret Service")
	}
	s := secretservice.Start(t)
	env := s.Env()
	desk := act{Verb: "set", Provider: "cerebras", Name: "desk", Key: testKey, Host: "api.cerebras.ai"}
	get := act{Verb: "get", Provider: "cerebras", Name: "desk"}

	if o := do(t, env, get); !o.NotFound || o.Unavailable {
		t.Fatalf("an empty keychain: %+v", o)
	}
	if o := do(t, env, desk); o.Error != "" {
		t.Fatalf("set: %+v", o)
	}
	if o := do(t, env, get); o.Key != testKey || o.Host != "api.cerebras.ai" {
		t.Errorf("get: %+v", o)
	}
	if text, ok := s.Lookup(t, "glmtray", "cerebras/desk"); !ok || strings.Split(text, "\n")[0] != testKey {
		t.Errorf("secret-tool: %q %v", text, ok)
	}

	desk.Key = testKey + "-second"
	if o := do(t, env, desk); o.Error != "" {
		t.Errorf("set again: %+v", o)
	}
	if o := do(t, env, get); o.Key != desk.Key {
		t.Errorf("get after it was set again: %+v", o)
	}
	if o := do(t, env, act{Verb: "get", Provider: "cerebras", Name: "des"}); !o.NotFound {
		t.Errorf("another name: %+v", o)
	}

	s.Store(t, "glmtray", "zai/main", "0123456789abcdef0123456789abcdef.0123456789abcdef")
	if o := do(t, env, act{Verb: "get", Provider: "zai", Name: "main"}); !strings.HasPrefix(o.Key, "0123456789abcdef") || o.Host != "" || o.Error != "" {
		t.Errorf("a key that secret-tool stored: %+v", o)
	}

	if o := do(t, env, act{Verb: "delete", Provider: "cerebras", Name: "desk"}); o.Error != "" {
		t.Errorf("delete: %+v", o)
	}
	if o := do(t, env, act{Verb: "delete", Provider: "cerebras", Name: "desk"}); !o.NotFound {
		t.Errorf("delete again: %+v", o)
	}
	if text, ok := s.Lookup(t, "glmtray", "cerebras/desk"); ok {
		t.Errorf("secret-tool still finds %q", text)
	}
}

func TestWithoutASecretServiceItIsUnavailable(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux may have no Secret Service")
	}
	bare := func(more ...string) []string {
		var env []string
		for _, v := range os.Environ() {
			name, _, _ := strings.Cut(v, "=")
			if name != "DBUS_SESSION_BUS_ADDRESS" && name != "DISPLAY" && name != "XDG_RUNTIME_DIR" {
				env = append(env, v)
			}
		}
		return append(env, more...)
	}
	cases := []struct {
		name string
		env  func(t *testing.T) []string
	}{
		{"a bus without one", func(t *testing.T) []string { return secretservice.StartBus(t).Env() }},
		{"an address where no bus is", func(*testing.T) []string { return bare("DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus") }},
		{"an address that is none", func(*testing.T) []string { return bare("DBUS_SESSION_BUS_ADDRESS=nonsense") }},
		{"no session at all", func(t *testing.T) []string {
			env := bare()
			for _, name := range []string{"bus", "dbus-session"} {
				if _, err := os.Stat(fmt.Sprintf("/run/user/%d/%s", os.Getuid(), name)); err == nil {
					t.Skip("there is a session on this machine")
				}
			}
			return env
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env := c.env(t)
			for _, verb := range []string{"get", "set", "delete"} {
				o := do(t, env, act{verb, "cerebras", "desk", testKey, ""})
				if !o.Unavailable || o.NotFound || !strings.Contains(o.Hint, "Secret Service") || strings.Contains(o.Error, testKey) {
					t.Errorf("%s: %+v", verb, o)
				}
				if strings.Contains(o.Error, Limit.String()) {
					t.Errorf("%s was waited for: %s", verb, o.Error)
				}
			}
		})
	}
}
