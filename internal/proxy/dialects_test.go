package proxy_test

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

const anthropicHello = `{"model":"claude-opus-4-8","max_tokens":1000,"stream":true,"system":"Be brief.","messages":[{"role":"user","content":"hello"}]}`

func TestAnthropicInFrontOfOpenAI(t *testing.T) {
	r := newRig(t, setup{})
	p := r.do("POST", "/v1/messages?beta=true", []byte(anthropicHello))
	t.Log(p.StatusCode, p.Header, string(p.body))
	if !strings.Contains(string(p.body), "message_stop") {
		t.Error("no end")
	}
	_ = config.OpenAI
	_ = simulator.ZAI
}
