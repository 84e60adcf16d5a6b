package proxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

func TestEveryPathOfTheThreeDialectsFindsItsWay(t *testing.T) {
	for _, c := range []struct {
		method, url string
		version     bool // anthropic-version is there
		want        aim
	}{
		{"POST", "/v1/chat/completions", false, aim{routeChat, dialect.OpenAI, "/chat/completions"}},
		{"POST", "/chat/completions?x=1", true, aim{routeChat, dialect.OpenAI, "/chat/completions"}},
		{"POST", "/v1/messages", true, aim{routeChat, dialect.Anthropic, "/messages"}},
		{"POST", "/v1/messages?beta=true", false, aim{routeChat, dialect.Anthropic, "/messages"}},
		{"POST", "/messages", false, aim{routeChat, dialect.Anthropic, "/messages"}},
		{"POST", "/anthropic/v1/messages?beta=true", true, aim{routeChat, dialect.Anthropic, "/messages"}},
		{"POST", "/anthropic/messages", true, aim{routeChat, dialect.Anthropic, "/messages"}},
		{"POST", "/v1/messages/count_tokens?beta=true", true, aim{routeCount, dialect.Anthropic, "/messages/count_tokens"}},
		{"POST", "/anthropic/v1/messages/count_tokens", true, aim{routeCount, dialect.Anthropic, "/messages/count_tokens"}},
		{"POST", "/v1/responses", false, aim{routeChat, dialect.Responses, "/responses"}},
		{"POST", "/responses", false, aim{routeChat, dialect.Responses, "/responses"}},
		{"GET", "/v1/models?limit=1000", true, aim{routeModels, dialect.Anthropic, "/models"}},
		{"GET", "/v1/models", false, aim{routeModels, dialect.OpenAI, "/models"}},
		{"GET", "/anthropic/v1/models", false, aim{routeModels, dialect.Anthropic, "/models"}},
		{"GET", "/v1/models/hf:zai-org%2FGLM-5.2", false, aim{routeModels, dialect.OpenAI, "/models/hf:zai-org%2FGLM-5.2"}},
		{"HEAD", "/", false, aim{routeProbe, dialect.OpenAI, "/"}},
		{"HEAD", "/anthropic", false, aim{routeProbe, dialect.Anthropic, ""}},
		{"HEAD", "/v1", true, aim{routeProbe, dialect.Anthropic, ""}},
		{"GET", "/", false, aim{routeForward, dialect.OpenAI, "/"}},
		{"GET", "/healthz", false, aim{routeHealth, dialect.OpenAI, "/healthz"}},
		{"GET", "/_status", false, aim{routeStatus, dialect.OpenAI, "/_status"}},
		{"POST", "/_control/pause", false, aim{routeControl, dialect.OpenAI, "pause"}},
		{"POST", "/v1/embeddings", false, aim{routeForward, dialect.OpenAI, "/embeddings"}},
		{"POST", "/v1beta/models", false, aim{routeForward, dialect.OpenAI, "/v1beta/models"}},
		{"POST", "/anthropicx/v1/messages", false, aim{routeForward, dialect.OpenAI, "/anthropicx/v1/messages"}},
		{"POST", "/anthropic/v1/files", false, aim{routeForward, dialect.OpenAI, "/anthropic/v1/files"}},
		{"GET", "/v1/messages", false, aim{routeForward, dialect.OpenAI, "/messages"}},
		{"GET", "/v1/modelsx", false, aim{routeForward, dialect.OpenAI, "/modelsx"}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.url, http.NoBody)
		if c.version {
			r.Header.Set("Anthropic-Version", "2026-10-21")
		}
		if got := aimOf(r); got != c.want {
			t.Errorf("%s %s: %+v, want %+v", c.method, c.url, got, c.want)
		}
	}
}

func TestAPromptsLengthAndTheLimitAreReadOutOfAVendorsWords(t *testing.T) {
	for said, want := range map[string][2]int{
		"Please reduce the length of the messages or completion. Current length is 140000 while limit is 131072":                 {140000, 131072},
		"Error from inference backend: 400 The input (540000 tokens) is longer than the model's context length (524288 tokens).": {540000, 524288},
		"prompt is too long: 210000 tokens > 200000 maximum":                                                                     {210000, 200000},
		"Context limit exceeded":                                {0, 0},
		"Prompt too long (code 1261)":                           {0, 0},
		"messages.1200 of 4000 is 131072 long, limit is 131071": {0, 0},
		"": {0, 0},
	} {
		if length, limit := figures(said); length != want[0] || limit != want[1] {
			t.Errorf("%q: %d and %d, want %v", said, length, limit, want)
		}
	}
}

func TestASessionIsKnownByAnyClientsHeaderElseByTheBody(t *testing.T) {
	long := strings.Repeat("x", maxSession+1)
	for _, c := range []struct{ name, value, body, want string }{
		{"X-Claude-Code-Session-Id", "s-1", "hash", "s-1"},
		{"session-id", "s-2", "hash", "s-2"},
		{"x-session-id", "s-3", "", "s-3"},
		{"x-session-affinity", "s-4", "hash", "s-4"},
		{"X-Session-Id", long, "hash", "hash"},
		{"Cookie", "session=5", "hash", "hash"},
	} {
		h := http.Header{}
		h.Set(c.name, c.value)
		request := &dialect.Request{Facts: chat.Facts{Session: c.body}}
		if got := sessionOf(h, request); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAPingIsWholeAndSaysNothing(t *testing.T) {
	for _, name := range []dialect.Name{dialect.OpenAI, dialect.Anthropic, dialect.Responses} {
		ping := string(dialect.Ping(name))
		ev, n, ok := dialect.NextEvent([]byte(ping))
		if !ok || n != len(ping) {
			t.Errorf("%s: %q is no event", name, ping)
		}
		if want := map[dialect.Name]string{dialect.Anthropic: `{"type":"ping"}`}[name]; string(ev.Data) != want {
			t.Errorf("%s: it says %q", name, ev.Data)
		}
	}
}
