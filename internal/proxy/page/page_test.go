package page

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, name string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_ui"+name, nil), name)
	return w
}

func TestEveryFileThatThePageNamesIsThere(t *testing.T) {
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"|from "\./([^"]+)"`)
	seen := map[string]bool{}
	var walk func(name string)
	walk = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		w := get(t, name)
		if w.Code != http.StatusOK || w.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%s: %d", name, w.Code)
		}
		if strings.Contains(name, "/uplot/") {
			return
		}
		for _, m := range named.FindAllStringSubmatch(w.Body.String(), -1) {
			if m[1] != "" {
				walk("/" + m[1])
			} else {
				walk("/static/" + m[2])
			}
		}
	}
	walk("/")
	if len(seen) < 9 {
		t.Errorf("the page names only %d files", len(seen))
	}
}

func TestTheLicenceOfWhatIsSomebodyElsesComesWithIt(t *testing.T) {
	if w := get(t, "/static/uplot/LICENSE"); !strings.Contains(w.Body.String(), "The MIT License") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
