package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestABodyFileGivesBackWhatWasSaid(t *testing.T) {
	b := NewBodies(BodyOptions{Dir: t.TempDir()})
	tests := []struct{ name, id, sent, got string }{
		{"JSON", "0a1b2c3d4e5f6071", `{"model":"m","n":[1,2.50]}`, `{"choices":[]}`},
		{"a stream", "0a1b2c3d4e5f6072", `{"stream":true}`, "data: {}\n\ndata: [DONE]\n\n"},
		{"bytes", "ffeeddcc00112233", "\xff\xfe\x00", "\x80"},
		{"nothing", "1111222233334444", "", ""},
		{"an id of another shape", "my-request", `{}`, "plain text"},
	}
	for i, tt := range tests {
		b.Put(BodyRecord{
			Time: at.Add(time.Duration(i) * time.Second), ID: tt.id, Method: "POST", Path: "/v1/chat/completions",
			Request: []byte(tt.sent), Response: []byte(tt.got), Truncated: tt.name == "bytes",
		})
	}
	drained(t, b)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent, got, err := FindBody(b.opt.Dir, tt.id, at.Add(time.Duration(i)*time.Second))
			if err != nil || string(sent.Body) != tt.sent || string(got.Body) != tt.got {
				t.Errorf("sent %q, got %q, %v", sent.Body, got.Body, err)
			}
			if sent.Cut || got.Cut != (tt.name == "bytes") {
				t.Errorf("cut: %v, %v", sent.Cut, got.Cut)
			}
		})
	}
	for what, err := range map[string]error{
		"another id with the same beginning": third(FindBody(b.opt.Dir, "0a1b2c3d99999999", at)),
		"another day":                        third(FindBody(b.opt.Dir, tests[0].id, at.AddDate(0, 0, 1))),
		"no folder":                          third(FindBody(filepath.Join(b.opt.Dir, "none"), tests[0].id, at)),
	} {
		if !errors.Is(err, ErrNoBody) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func third(_, _ Said, err error) error { return err }

func TestABodyFileThatCannotBeReadIsToldAndALinkIsNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	day, name := bodyName(at, "POST", "/x", "0a1b2c3d")
	if err := os.Mkdir(filepath.Join(dir, day), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, day, name)
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := FindBody(dir, "0a1b2c3d", at); err == nil || errors.Is(err, ErrNoBody) {
		t.Errorf("of half a file: %v", err)
	}
	other := filepath.Join(outside, "x.json")
	if err := os.WriteFile(other, []byte(`{"request_id":"0a1b2c3d","request":{"body":"secret"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, file); err != nil {
		t.Skip(err)
	}
	if sent, _, err := FindBody(dir, "0a1b2c3d", at); err == nil {
		t.Errorf("read %q from outside", sent.Body)
	}
}
