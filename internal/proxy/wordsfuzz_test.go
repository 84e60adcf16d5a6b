package proxy

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/metrics"
)

// FuzzNoForeignHostIsAllowed reads a Host header as browsers do: what is allowed
// is this machine by name or by address, or what the settings name.
func FuzzNoForeignHostIsAllowed(f *testing.F) {
	for _, host := range []string{
		"localhost", "LOCALHOST.:80", "a.localhost", "127.0.0.1:9", "[::1]:80", "[::ffff:127.0.0.1]", "box.example", "Box.Example.:1", "evil.example",
		"localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "127.1", "0x7f.1", "[::1", "::1", "]localhost[", "evil.example#.localhost", "", ":", "a:b:c",
	} {
		f.Add(host)
	}
	w := &world{settings: &config.Settings{}, hosts: setOf([]string{"box.example"}, hostName)}
	f.Fuzz(func(t *testing.T, host string) {
		if !w.hostAllowed(host, "127.0.0.1") {
			return
		}
		name := strings.ToLower(host)
		if h, _, err := net.SplitHostPort(name); err == nil {
			name = h
		}
		name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
		last := name[strings.LastIndexByte(name, '.')+1:]
		ip := net.ParseIP(name)
		if last != "localhost" && name != "box.example" && (ip == nil || !ip.IsLoopback()) {
			t.Errorf("%q is allowed", host)
		}
	})
}

func FuzzHeaderTextIsAHeader(f *testing.F) {
	for _, text := range []string{"", "glm-4.6", "a\r\nX: y", "ä\x00", "\xff", "\u2028", "~ !"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := headerText(text); !httpguts.ValidHeaderFieldValue(got) || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// FuzzFigures asks for the page's figures over any stretch of time.
func FuzzFigures(f *testing.F) {
	for _, text := range []string{"15m", "7d", "1ns", "0d", "-1h", "2562047h", "106751d", "9999999d", "1.5d", "d", "1hd"} {
		f.Add(text, "all", int64(0))
	}
	book := metrics.New()
	end := time.Now()
	f.Fuzz(func(t *testing.T, text, variant string, back int64) {
		d, err := parseRange(text)
		if err != nil || d <= 0 {
			return
		}
		if back < 0 || time.Duration(back) >= metrics.Longest {
			back = 0
		}
		raw, err := json.Marshal(book.View(end.Add(-time.Duration(back)), d, variant))
		if err != nil || len(raw) > 4<<20 {
			t.Errorf("%q: %d bytes, %v", text, len(raw), err)
		}
	})
}

func FuzzPromptsLengthInAnyWords(f *testing.F) {
	for _, said := range []string{"Current length is 140000 while limit is 131072", "1000 1000", "99999999999999999999 2000", "5", "1\u0660000 2000"} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		if length, limit := figures(said); length < limit || limit < 0 || (length == 0) != (limit == 0) {
			t.Errorf("%q: %d and %d", said, length, limit)
		}
	})
}
