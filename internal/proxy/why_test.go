package proxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
)

func TestARecordTellsWhyARequestWentWhereItWent(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, fault("cerebras/tpm", 40))
	r.ask("gpt-oss-120b", false).want(t, 200, "synthetic") // the three keys cool one after the other
	r.ask("gpt-oss-120b", false).want(t, 200, "synthetic") // and are passed over
	w := r.records.last(t, 2).Why
	if w.Estimate == 0 || len(w.Chain) == 0 || !strings.HasPrefix(w.Chain[0], "cerebras/") {
		t.Errorf("estimate %d, chain %v", w.Estimate, w.Chain)
	}
	var matched []string
	for _, rule := range w.Rules {
		if rule.Reason == "" {
			t.Errorf("no reason for %s", rule.Rule)
		}
		if rule.Matched {
			matched = append(matched, rule.Rule)
		}
	}
	if len(w.Rules) != 4 || len(matched) != 1 || matched[0] != "everything" {
		t.Errorf("rules %+v", w.Rules)
	}
	var passed []string
	for _, k := range w.Passed {
		passed = append(passed, k.Key)
		if k.Provider != "cerebras" || k.State != keypool.Cooling || k.Wait <= 0 || k.Wait > time.Hour || k.Reason != "tokens per minute used up" {
			t.Errorf("passed over %+v", k)
		}
	}
	if strings.Join(passed, " ") != "a b c" {
		t.Errorf("passed over %v", passed)
	}
}

func TestOneRequestGoesWhereAPersonWishes(t *testing.T) {
	key := "client-key-of-the-rig"
	tests := []struct {
		name     string
		header   []string
		provider string
		client   string
	}{
		{"with the control token", []string{proxy.ControlHeader, "control-token", proxy.ProviderHeader, "zai"}, "zai", "glmtray"},
		{"over what is pinned", []string{proxy.ControlHeader, "control-token", proxy.ProviderHeader, "synthetic"}, "synthetic", "glmtray"},
		{"not without the token", []string{proxy.ProviderHeader, "zai", "Authorization", "Bearer " + key}, "cerebras", "master"},
		{"nor with a wrong one", []string{proxy.ControlHeader, "x", proxy.ProviderHeader, "zai", "Authorization", "Bearer " + key}, "cerebras", "master"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, setup{environ: []string{"GLMTRAY_CLIENT_KEY=" + key, "REQUIRE_CLIENT_KEY=true"}})
			if i == 1 {
				if err := r.server.Pin("zai", time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			r.ask("gpt-oss-120b", false, tt.header...).want(t, 200, tt.provider)
			if rec := r.records.last(t, 1); rec.Client != tt.client {
				t.Errorf("the client is %q", rec.Client)
			}
			r.ask("gpt-oss-120b", false, "Authorization", "Bearer "+key).want(t, 200, map[bool]string{false: "cerebras", true: "zai"}[i == 1])
		})
	}
	t.Run("who has no key for it is told so", func(t *testing.T) {
		r := newRig(t, setup{drop: []string{"ZAI_API_KEY"}})
		p := r.ask("gpt-oss-120b", false, proxy.ControlHeader, "control-token", proxy.ProviderHeader, "zai")
		if p.StatusCode < 400 || !strings.Contains(string(p.body), "zai has no usable key") {
			t.Errorf("%d %s", p.StatusCode, p.body)
		}
	})
}

func TestAnExplanationLooksAhead(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, fault("cerebras/tpm", 40))
	r.ask("gpt-oss-120b", false).want(t, 200, "synthetic")
	body := chatBody("gpt-oss-120b", false, "hello")
	for _, tt := range []struct {
		in     time.Duration
		target string
	}{{0, "synthetic/large"}, {2 * time.Minute, "cerebras/large"}} {
		x, e := r.server.Explain(body, tt.in)
		if e != nil {
			t.Fatal(e)
		}
		if ahead := time.Until(x.At).Round(time.Minute); ahead != tt.in {
			t.Errorf("it speaks of in %s, asked for in %s", ahead, tt.in)
		}
		for _, s := range x.Steps {
			if s.Verdict == "taken" && (s.Target != tt.target || s.Key == "") {
				t.Errorf("in %s: %s with %q is taken, want %s", tt.in, s.Target, s.Key, tt.target)
			}
		}
	}
	if p := r.do(http.MethodPost, "/_control/explain?in=soon", body, proxy.ControlHeader, "control-token"); p.StatusCode != 400 {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
	if p := r.do(http.MethodPost, "/_control/explain?in=2m", body, proxy.ControlHeader, "control-token"); !strings.Contains(string(p.body), `"taken"`) {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
}
