package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReleasesAreOrdered(t *testing.T) {
	tests := []struct {
		release, running string
		want             bool
	}{
		{"0.2.0", "0.1.0", true},
		{"0.10.0", "0.9.9", true},
		{"0.1.0", "0.1.0", false},
		{"0.1.0", "0.2.0", false},
		{"0.1.0", "0.1.0-dev", true},
		{"0.1.0", "0.1.0-rc.1", true},
		{"0.1.0-rc.2", "0.1.0", false},
		{"0.1.0", "0.1.0-7-g0123abc", false},
		{"0.1.0", "0.1.0-7-g0123abc-dirty", false},
		{"0.1.1", "0.1.0-7-g0123abc", true},
		{"0.1.0", "0.1.0-dirty", false},
	}
	for _, tt := range tests {
		if got := newer(tt.release, tt.running); got != tt.want {
			t.Errorf("%s newer than %s: %v", tt.release, tt.running, got)
		}
	}
	for _, text := range []string{"", "nightly", "v1", "1.2.3/../../x", "1.2.3 now", "1.2.3\n"} {
		if parseVersion(text) != nil {
			t.Errorf("%q is taken for a version", text)
		}
	}
}

func TestUpdateAsksOnceAndTellsNothing(t *testing.T) {
	tests := []struct {
		name         string
		status       int
		body         string
		code         int
		want, advice string
	}{
		{"a newer one", 200, `{"tag_name":"v99.0.1","published_at":"2026-11-02T10:00:00Z"}`, 0, "glmtray 99.0.1 is out since 2026-11-02; this is " + version, ""},
		{"none newer", 200, `{"tag_name":"v0.0.1","published_at":"2026-11-02T10:00:00Z"}`, 0, "is up to date; the latest release is 0.0.1.", ""},
		{"none at all", 404, `{"message":"Not Found"}`, 0, "there is no release yet", ""},
		{"asked too often", 403, `{"message":"rate limit"}`, 1, "answered 403 Forbidden", "hint: look yourself: "},
		{"a name that is no version", 200, `{"tag_name":"v1.0.0\u001b[2J"}`, 1, "the answer names no version", "hint: look yourself: "},
		{"no JSON", 200, `<html>`, 1, "reading the answer", "hint: look yourself: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked []*http.Request
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if len(body) > 0 {
					t.Errorf("it told %q", body)
				}
				asked = append(asked, r)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer srv.Close()
			defer func(before string) { repository = before }(repository)
			repository = srv.URL + "/glmtray/glmtray"
			var out bytes.Buffer
			environ := []string{"HOME=" + t.TempDir(), "AppData=" + t.TempDir(), "LocalAppData=" + t.TempDir()}
			code := run(t.Context(), []string{"update", "--check"}, environ, strings.NewReader(""), &out, &out)
			if code != tt.code || !strings.Contains(out.String(), tt.want) || !strings.Contains(out.String(), tt.advice) {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, out.String())
			}
			if len(asked) != 1 || asked[0].URL.String() != "/glmtray/glmtray/releases/latest" {
				t.Fatalf("it asked %v", asked)
			}
			for name := range asked[0].Header {
				if name != "Accept" && name != "User-Agent" {
					t.Errorf("it told %s: %s", name, asked[0].Header.Get(name))
				}
			}
			if agent := asked[0].UserAgent(); agent != "glmtray" {
				t.Errorf("it told the agent %q", agent)
			}
		})
	}
}

func TestUpdateAsJSON(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tag_name":"v99.0.1","published_at":"2026-11-02T10:00:00Z"}`)
	}))
	defer srv.Close()
	defer func(before string) { repository = before }(repository)
	repository = srv.URL
	var out bytes.Buffer
	if code := run(t.Context(), []string{"update", "--check", "--json"}, []string{"HOME=" + t.TempDir(), "AppData=" + t.TempDir(), "LocalAppData=" + t.TempDir()}, strings.NewReader(""), &out, &out); code != 0 {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	var u update
	if err := json.Unmarshal(out.Bytes(), &u); err != nil {
		t.Fatal(err)
	}
	if u.Latest != "99.0.1" || !u.Newer || u.URL != srv.URL+"/releases/tag/v99.0.1" || u.Version != version {
		t.Errorf("%+v", u)
	}
}
