package upstream

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
)

func TestQuotaPagesAreReadAsTheVendorsWriteThem(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name, provider, path, body, want string
	}{
		{
			"Synthetic", "synthetic", "/v2/quotas",
			`{"subscription":{"limit":135,"requests":0,"renewsAt":"` + soon.UTC().Format(time.RFC3339) + `"},` +
				`"rollingFiveHourLimit":{"nextTickAt":"` + soon.UTC().Format(time.RFC3339) + `","tickPercent":0.05,"remaining":37,"max":400,"limited":false},` +
				`"weeklyTokenLimit":{"percentRemaining":12.5,"maxCredits":"$36.00"}}`,
			"[requests 5 hours 37/400 true percent week 12/100 false]",
		},
		{"Synthetic without a word", "synthetic", "/v2/quotas", `{}`, "[]"},
		{
			"Z.ai", "zai", "/api/monitor/usage/quota/limit",
			`{"code":200,"msg":"Operation successful","success":true,"data":{"level":"pro","limits":[` +
				`{"type":"TIME_LIMIT","unit":5,"number":1,"percentage":3},` +
				`{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":99.4,"nextResetTime":` + fmt.Sprint(soon.UnixMilli()) + `},` +
				`{"type":"CREDIT_LIMIT","unit":6,"number":1,"percentage":100,"usage":1}]}}`,
			"[percent 5 hours 1/100 true percent week 0/100 false]",
		},
		{"Z.ai with nothing that is known", "zai", "/api/monitor/usage/quota/limit", `{"data":{"limits":[{"unit":9},7,null]}}`, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked *http.Request
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			s, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			p := &config.Provider{ID: c.provider, Endpoints: []config.Endpoint{{Dialect: config.OpenAI, URL: server.URL + "/some/base/v1"}}}
			limits, reply := s.Quota(t.Context(), p, &p.Endpoints[0], secret.New("quota-key-0123"), "")
			if reply.Class != OK {
				t.Fatalf("%v: %s", reply.Class, reply.Reason)
			}
			var got []string
			for _, l := range limits {
				got = append(got, fmt.Sprintf("%s %s %d/%d %v", l.Kind, l.Window, l.Remaining, l.Limit, !l.Reset.IsZero()))
			}
			if text := "[" + strings.Join(got, " ") + "]"; text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
			if asked.URL.Path != c.path || asked.Header.Get("Authorization") != "Bearer quota-key-0123" {
				t.Errorf("asked %s with %q", asked.URL.Path, asked.Header.Get("Authorization"))
			}
		})
	}
}

func TestAQuotaThatIsRefusedTellsNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no plan for quota-key-0123", http.StatusForbidden)
	}))
	defer server.Close()
	scrub := new(secret.Scrubber)
	key := secret.New("quota-key-0123")
	scrub.Add(key)
	s, err := New(Options{Scrub: scrub})
	if err != nil {
		t.Fatal(err)
	}
	p := &config.Provider{ID: "zai", Endpoints: []config.Endpoint{{URL: server.URL}}}
	limits, reply := s.Quota(t.Context(), p, &p.Endpoints[0], key, server.URL)
	if limits != nil || reply.Class == OK || strings.Contains(reply.Reason, "0123") {
		t.Errorf("%v, %v: %s", limits, reply.Class, reply.Reason)
	}
	p.ID = "acme"
	if _, reply := s.Quota(t.Context(), p, &p.Endpoints[0], key, ""); reply.Class == OK {
		t.Error("a provider without such a page was asked")
	}
}

func FuzzQuotasOfAnyBytesAreSane(f *testing.F) {
	f.Add([]byte(`{"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":42,"nextResetTime":1762500000000}]}}`))
	f.Add([]byte(`{"rollingFiveHourLimit":{"remaining":1e99,"max":-1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		now := time.Unix(1_790_000_000, 0)
		for _, page := range quotaPages {
			for _, l := range page.read(body, clock{now}, now) {
				if l.Remaining < -1 || l.Limit < -1 || l.Reset.After(now.Add(maxUntil)) || (l.Kind == "percent" && l.Remaining > 100 && l.Source == "quota") {
					t.Errorf("%+v", l)
				}
			}
		}
	})
}
