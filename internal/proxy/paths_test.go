package proxy

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
)

// FuzzNoPathLeavesTheBaseURL takes a path as a provider's front end might: as it
// is, or decoded, and then tidied.
func FuzzNoPathLeavesTheBaseURL(f *testing.F) {
	for _, p := range []string{"", "/", "/x", "/a..b", "/../x", "/%2e%2e/x", "/a/%2E%2e%2f..", "//x", "/..%5cx", "/.", "*", "/%zz", "/x%00"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if forwardable(http.MethodGet, p) != nil {
			return
		}
		plain, err := url.PathUnescape(p)
		if err != nil {
			t.Fatalf("%q cannot be decoded", p)
		}
		for _, form := range []string{p, plain, strings.ReplaceAll(plain, `\`, "/")} {
			if got := path.Clean("/base/v1" + "/" + form); got != "/base/v1" && !strings.HasPrefix(got, "/base/v1/") {
				t.Errorf("%q leads to %s", p, got)
			}
		}
	})
}

func FuzzNoClientKeyIsInTheQuery(f *testing.F) {
	const key = "gt-0123456789abcdef"
	for _, q := range []string{"", "a=b", "key=x&b", "a=" + key, "a=gt%2D0123456789abcdef", "x=1;token=2", "&&=&", "a=%", "b=" + key + "&c=+" + key} {
		f.Add(q)
	}
	w := &world{settings: &config.Settings{ClientKey: secret.New(key)}}
	s := new(Server)
	f.Fuzz(func(t *testing.T, query string) {
		clean := s.cleanQuery(w, &url.URL{RawQuery: query})
		values, err := url.ParseQuery(clean)
		if err != nil && !strings.Contains(clean, ";") {
			t.Errorf("%q became %q, which cannot be read: %v", query, clean, err)
		}
		for name, list := range values {
			for _, v := range list {
				if v == key || strings.EqualFold(name, "api_key") || strings.EqualFold(name, "token") {
					t.Errorf("%q became %q", query, clean)
				}
			}
		}
		if again := s.cleanQuery(w, &url.URL{RawQuery: clean}); again != clean {
			t.Errorf("%q became %q, and then %q", query, clean, again)
		}
	})
}
