package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/secret"
)

const canary = "csk-CANARY0123456789abcdefCANARY"

type holder struct {
	Key     secret.Value
	hidden  secret.Value
	Pointer *secret.Value
	Any     any
	List    []secret.Value
	Map     map[string]secret.Value
}

func TestAValueNeverPrintsItself(t *testing.T) {
	v := secret.New(canary)
	h := holder{v, v, &v, v, []secret.Value{v}, map[string]secret.Value{"k": v}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%U", "%c", "%08.3f"} {
		for _, x := range []any{v, &v, h, &h, h.hidden, h.List, h.Map, map[secret.Value]int{v: 1}, [1]secret.Value{v}, struct{ secret.Value }{v}} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
	}
	fmt.Fprintln(&out, v, h)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "key", v, "holder", h, "pointer", &h)
	}
	raw, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	out.WriteString(fmt.Errorf("wrapped %w and %v", errors.New("x"), v).Error())
	for _, part := range []string{canary, "CANARY", fmt.Sprintf("%x", "CANARY"), fmt.Sprintf("%X", "CANARY")} {
		if strings.Contains(out.String(), part) {
			t.Errorf("%q came out", part)
		}
	}
	if err := gob.NewEncoder(new(bytes.Buffer)).Encode(v); err == nil {
		t.Error("gob encoded a key")
	}
	if err := json.Unmarshal([]byte(`"x"`), &v); err == nil {
		t.Error("a key was read from JSON")
	}
}

func TestPastedKeysAreTrimmed(t *testing.T) {
	for _, pasted := range []string{canary, " " + canary + "\n", `"` + canary + `"`, "Bearer " + canary, "'bearer   " + canary + "'\r\n", "\ufeff" + canary} {
		if got := secret.New(pasted).Reveal(); got != canary {
			t.Errorf("%q became %q", pasted, got)
		}
	}
	if !secret.New(" \n").Empty() {
		t.Error("blanks are a key")
	}
}

func TestFingerprintsTellKeysApartAndDependOnTheSalt(t *testing.T) {
	a, b, salt := secret.New(canary), secret.New(canary+"x"), secret.NewSalt()
	if a.Fingerprint(salt) == b.Fingerprint(salt) || a.Fingerprint(salt) != secret.New(canary).Fingerprint(salt) {
		t.Error("fingerprints do not tell keys apart")
	}
	if a.Fingerprint(salt) == a.Fingerprint(secret.NewSalt()) {
		t.Error("the salt does not matter")
	}
	if strings.Contains(canary, a.Fingerprint(salt)) {
		t.Error("the fingerprint is a part of the key")
	}
	if !a.Equal(secret.New(canary)) || a.Equal(b) || a.Equal(secret.Value{}) {
		t.Error("Equal is wrong")
	}
}

func TestForeignTextIsScrubbed(t *testing.T) {
	var s secret.Scrubber
	s.Set(secret.New("my-own-odd-key-form"), secret.New("k1"))
	s.Add(secret.New("another-odd-one"))
	for _, c := range []struct{ in, want string }{
		{"key my-own-odd-key-form is bad", "key [secret] is bad"},
		{"another-odd-one", "[secret]"},
		{"invalid key csk-abcdefghijklmnop1234", "invalid key [secret]"},
		{"syn_0123456789abcdef01", "[secret]"},
		{"sk-ant-REDACTED-abcdef", "[secret]"},
		{"0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP!", "[secret]!"},
		{"Authorization: Bearer abcdefgh.ijk", "Authorization: [secret]"},
		{"a task-list-of-the-day-and-more stays", "a task-list-of-the-day-and-more stays"},
		{"k1 is too short to be looked for", "k1 is too short to be looked for"},
		{"model glm-4.6 at api.z.ai", "model glm-4.6 at api.z.ai"},
	} {
		if got := s.Text(c.in); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
	body := []byte("nothing here")
	if got := s.Bytes(body); &got[0] != &body[0] {
		t.Error("a clean body was copied")
	}
	var none *secret.Scrubber
	if none.Text("csk-abcdefghijklmnop1234") != secret.Mark {
		t.Error("a nil scrubber masks nothing")
	}
}
