package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestCatalogueFileIsWhatTheGeneratorWrites(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("catalog.json is stale: run go generate ./internal/config")
	}
}

func TestReleaseNamedIsTheOneInGoMod(t *testing.T) {
	mod, err := os.ReadFile("../../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "charm.land/catwalk "+release+"\n") &&
		!strings.Contains(string(mod), "charm.land/catwalk "+release+" //") {
		t.Errorf("go.mod does not name catwalk %s: change release and date together with it", release)
	}
}

func TestRowReadsTheCachedPriceForReading(t *testing.T) {
	text, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	// Anthropic's list, 2026-08: opus 5 costs 5 in, 25 out, 0.5 for a cache read.
	at := bytes.Index(text, []byte(`"claude-opus-5": {`))
	if at < 0 {
		t.Fatal("no claude-opus-5")
	}
	if !bytes.Contains(text[at:at+160], []byte(`"cached_in": 0.5`)) {
		t.Errorf("got %s", text[at:at+160])
	}
}
