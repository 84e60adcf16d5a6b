package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// part is how much of a key in one piece is a leak, in characters.
const part = 12

// search looks for keys in what a program leaves behind, whole or in part, in
// clear or in an encoding.
type search struct {
	sizes []int
	forms map[string]string // a piece, in some form → whose it is, and the form
	first [1 << 16]bool     // the first two bytes of pieces, so that most places are passed quickly
}

// searchFor prepares a search for keys by their names.
func searchFor(keys map[string]string) *search {
	s := &search{forms: map[string]string{}}
	sizes := map[int]bool{}
	for name, key := range keys {
		for i := 0; i+part <= len(key); i++ {
			for form, text := range formsOf(key[i : i+part]) {
				sizes[len(text)] = true
				s.forms[text] = name + " (" + form + ")"
				s.first[int(text[0])<<8|int(text[1])] = true
			}
		}
	}
	for n := range sizes {
		s.sizes = append(s.sizes, n)
	}
	return s
}

// formsOf writes a piece of a key in every way that a program might.
func formsOf(piece string) map[string]string {
	raw := []byte(piece)
	percent, escaped := "", ""
	for _, c := range raw {
		percent += fmt.Sprintf("%%%02X", c)
		escaped += fmt.Sprintf(`\u%04x`, c)
	}
	forms := map[string]string{
		"in clear": piece, "as hex": hex.EncodeToString(raw), "as HEX": strings.ToUpper(hex.EncodeToString(raw)),
		"percent-encoded": percent, "percent-encoded, lower case": strings.ToLower(percent), "in JSON escapes": escaped,
		"in a query": url.QueryEscape(piece), "backwards": string(reversed(raw)),
	}
	// A piece can begin at any of three places in a base64 group; the characters
	// that depend on its neighbours are left out.
	for at := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := enc.EncodeToString(append(make([]byte, at), raw...))
			forms[fmt.Sprintf("%s at %d", name, at)] = text[(at*8+5)/6 : (at+len(raw))*8/6]
		}
	}
	return forms
}

func reversed(raw []byte) []byte {
	out := make([]byte, len(raw))
	for i, c := range raw {
		out[len(raw)-1-i] = c
	}
	return out
}

// find says whose key stands in data, "" if none does.
func (s *search) find(data []byte) string {
	for i := 0; i+part <= len(data); i++ {
		if !s.first[int(data[i])<<8|int(data[i+1])] {
			continue
		}
		for _, n := range s.sizes {
			if i+n > len(data) {
				continue
			}
			if whose, ok := s.forms[string(data[i:i+n])]; ok {
				return whose
			}
		}
	}
	return ""
}

// in wants none of the keys in data, and shows where one stands.
func (s *search) in(t *testing.T, what string, data []byte) {
	t.Helper()
	whose := s.find(data)
	if whose == "" {
		return
	}
	at := 0
	for at+part < len(data) && s.find(data[at:]) != "" {
		at += 64
	}
	t.Errorf("%s holds %s: … %q …", what, whose, data[max(0, at-200):min(len(data), at+100)])
}

// under wants none of the keys in any file below dir, nor in a file's name.
func (s *search) under(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path) // below dir, as WalkDir has it
		files = append(files, rel)
		s.in(t, rel, append([]byte(rel+"\n"), raw...))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheSearchForKeysFindsThemInEveryForm(t *testing.T) {
	t.Parallel()
	key := "csk-4f9a1c77e2b05d83960aebf1"
	s := searchFor(map[string]string{"mine": key})
	around := func(text string) []byte { return []byte("\x00\x01 some text before " + text + ", and behind") }
	for _, text := range []string{
		key, key[3:15], strings.ToUpper(hex.EncodeToString([]byte(key))), hex.EncodeToString([]byte(key[7:])),
		base64.StdEncoding.EncodeToString([]byte(key)), base64.StdEncoding.EncodeToString([]byte("Bearer " + key)),
		base64.URLEncoding.EncodeToString([]byte("u:" + key + ":p")), base64.StdEncoding.EncodeToString([]byte("abc" + key[5:] + "xyz")),
		formsOf(key[:part])["percent-encoded"], formsOf(key[9 : 9+part])["in JSON escapes"],
	} {
		if s.find(around(text)) != "mine" && !strings.HasPrefix(s.find(around(text)), "mine (") {
			t.Errorf("not found: %s", text)
		}
	}
	for _, text := range []string{"", key[:part-1], "csk-", strings.ToUpper(key), string(bytes.Repeat([]byte("csk-0"), 50))} {
		if whose := s.find(around(text)); whose != "" {
			t.Errorf("%q is taken for %s", text, whose)
		}
	}
}
