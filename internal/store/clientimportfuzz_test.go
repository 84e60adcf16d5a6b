package store

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzForeignClient reads a row of a predecessor's database.
func FuzzForeignClient(f *testing.F) {
	for _, row := range [][3]string{
		{"sk-litellm-0123456789abcdef", "alice", "2026-01-02T03:04:05.678901"},
		{"", "", ""},
		{"k", "a\nk\x1b[2J", "2026-01-02 03:04:05"},
		{"é", strings.Repeat("é", 300), "0000-00-00"},
		{"x y", "\xff", "9999-12-31T23:59:59Z"},
		{"abc", "its abc", "1"},
	} {
		f.Add(row[0], row[1], row[2])
	}
	f.Fuzz(func(t *testing.T, key, name, created string) {
		got := importedName(name, key)
		if got == "" || len(got) > maxClientName || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) ||
			got != "imported" && key != "" && strings.Contains(got, key) {
			t.Errorf("%q of %q became %q", name, key, got)
		}
		if at := foreignTime(created); !at.IsZero() && (at.Year() < 0 || at.Year() > 9999) {
			t.Errorf("%q became %v", created, at)
		}
	})
}
