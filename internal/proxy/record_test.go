package proxy_test

import (
	"net/http"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
)

func TestARefusedRequestIsRecordedWithoutItsBody(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) {
		s.RequireClientKey, s.ClientKey = true, secret.New("sk-master-0123456789abcdef")
	}})
	for i, c := range []struct {
		header []string
		status int
		word   string
	}{
		{[]string{"Authorization", "Bearer wrong"}, 401, "invalid_api_key"},
		{nil, 401, "missing_authorization"},
		{[]string{"Origin", "https://evil.example"}, 403, "origin_not_allowed"},
	} {
		r.do(http.MethodPost, "/v1/chat/completions", chatBody("m", false, "hello"), c.header...).want(t, c.status, "")
		if rec := r.records.last(t, i+1); rec.Status != c.status || rec.Outcome != c.word || rec.Request != nil {
			t.Errorf("%+v", rec)
		}
	}
	r.do(http.MethodGet, "/_status", nil).want(t, 401, "")
	if n := r.records.count(); n != 3 {
		t.Errorf("%d records: /_status is no request for a provider", n)
	}
}
