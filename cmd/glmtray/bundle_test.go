package main

import (
	"strings"
	"testing"
)

// shy is a redactor for a user called alice on a machine called mill.
func shy(t *testing.T) *redactor {
	t.Helper()
	e := &env{cli: &folders{}, environ: []string{"HOME=/home/alice", "USER=alice", "COMPUTERNAME=mill", "MY_TOKEN=odd-shaped-token-1", `CEREBRAS_API_KEYS={"a":"odd-shaped-key-2"}`}}
	return newRedactor(&doctor{e: e, ctx: t.Context()})
}

func TestAReportTellsOfNobody(t *testing.T) {
	r := shy(t)
	for _, tt := range []struct{ name, text, want string }{
		{"the home folder", "reading /home/alice/.config/glmtray/settings.toml: denied", "reading ~/.config/glmtray/settings.toml: denied"},
		{"the user elsewhere", "/media/Alice/x, alice alice", "/media/(name)/x, (name) (name)"},
		{"a word that has it inside", "malice", "malice"},
		{"the machine", "mill: mill-2", "(name): (name)-2"},
		{"a foreign host", "dial tcp: lookup proxy.corp.example: no such host", "dial tcp: lookup (a host): no such host"},
		{"a foreign address", "dial tcp 10.1.2.3:443: refused by [fe80::1]", "dial tcp (an address): refused by [(an address)]"},
		{"a URL with a path", "Post https://gate.example/a?key=b: EOF", "Post https://(a host) EOF"},
		{"vendors and this machine", "https://api.cerebras.ai/v1 at http://127.0.0.1:18080 or localhost", "https://api.cerebras.ai at http://127.0.0.1:18080 or localhost"},
		{"files and times are no hosts", "settings.toml:12 at 12:05:33, version 1.26.3", "settings.toml:12 at 12:05:33, version 1.26.3"},
		{"secrets of the environment", "odd-shaped-token-1 and odd-shaped-key-2", "[secret] and [secret]"},
		{"keys by their shape", "csk-0123456789abcdef0123456789", "[secret]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := r.text(tt.text); got != tt.want {
				t.Errorf("%q, not %q", got, tt.want)
			}
		})
	}
	if got := r.foreign("unknown provider \"x y\" in 'z'\nand on"); got != `unknown provider "…" in "…" and on` {
		t.Errorf("%q", got)
	}
}

// FuzzReport puts foreign text around what must not be told.
func FuzzReport(f *testing.F) {
	for _, s := range []string{"", "://", "a.b", "[::1]:", "\"", "https://alice@", "\\", "x/home/alice"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		r := shy(t)
		got := r.foreign(before + " odd-shaped-token-1 /home/alice/x 10.9.8.7 " + after)
		for _, never := range []string{"odd-shaped-token-1", "/home/alice", "10.9.8.7"} {
			if strings.Contains(got, never) && !strings.Contains(before+after, never) {
				t.Errorf("%q told of %s", got, never)
			}
		}
	})
}
