package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestTheFirstRequestOfAFreshInstallationIsAnsweredByTheDemoWhichSaysSo(t *testing.T) {
	t.Parallel()
	p := start(t, launch{})
	if text := p.ask(true).want(200, "demo").text(); !strings.Contains(text, "demo provider") || !strings.Contains(text, "glmtray keys add") {
		t.Errorf("the demo says %q", text)
	}
	if st := p.status(); !st.Demo || st.Primary != "demo" {
		t.Errorf("status: demo %v, primary %q", st.Demo, st.Primary)
	}
}

func TestWhatIsMeantToBeConfiguredIsNoDemo(t *testing.T) {
	t.Parallel()
	for _, environ := range []string{"CEREBRAS_API_KEYS={}", "ZAI_BASE_URL=", "GLMTRAY_DEMO=false"} {
		t.Run(environ, func(t *testing.T) {
			t.Parallel()
			p := start(t, launch{environ: []string{environ}})
			for _, at := range []string{path, "/v1/embeddings"} {
				r := p.do(http.MethodPost, at, chatBody(true, "hello")).want(503, "")
				if code, message := r.failure(); code == "" || !strings.Contains(message, "glmtray keys add") {
					t.Errorf("%s: code %q, message %q", at, code, message)
				}
				if r.header.Get("Content-Type") != "application/json" || !json.Valid(r.body) {
					t.Errorf("%s: %s %s", at, r.header.Get("Content-Type"), r.body)
				}
			}
		})
	}
}
