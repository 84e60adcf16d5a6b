package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// oneKey is a stage with one provider and one key, in either dialect: Z.ai, which
// tells when a key returns.
func oneKey(t *testing.T, dialect string, faults []simulator.Fault, environ ...string) *stage {
	t.Helper()
	played := task(simulator.ZAI)
	played.Dialects, played.Faults = []string{dialect}, faults
	vendor := provider(t, played)
	at := "ZAI_BASE_URL=" + vendor.URL + "/api/coding/paas/v4"
	if dialect == simulator.Messages {
		at = "ZAI_ANTHROPIC_BASE_URL=" + vendor.URL + "/api/anthropic"
	}
	l := launch{environ: append([]string{"ZAI_API_KEY=" + keyZ, at}, environ...)}
	return &stage{program: start(t, l), vendors: map[string]*simulator.Running{simulator.ZAI: vendor}}
}

// eitherWay runs a test for both dialects behind and every client in front but
// for those named.
func eitherWay(t *testing.T, fn func(t *testing.T, dialect string, how way), but ...string) {
	full(t)
	for _, dialect := range []string{simulator.Chat, simulator.Messages} {
		for _, how := range agents {
			if slices.Contains(but, how.name) {
				continue
			}
			t.Run(dialect+"/"+how.name, func(t *testing.T) {
				t.Parallel()
				fn(t, dialect, how)
			})
		}
	}
}

func TestAgentsGoOnWhereAnAnswerBreaksOff(t *testing.T) {
	for _, fault := range []string{"error-event-mid", "reset-mid", "cut-clean"} {
		t.Run(fault, func(t *testing.T) {
			eitherWay(t, func(t *testing.T, dialect string, how way) {
				yes := true
				// The answer to the tool's result breaks off in its middle.
				s := oneKey(t, dialect, []simulator.Fault{{What: fault, At: 3, When: simulator.When{Stream: &yes, After: 1, Times: 1}}})
				a := newAgent(t, how.name)
				how.setup(a, s.program)
				a.says(firstResult, how.ask(firstPrompt)...)
				broken, again := 0, false
				for _, r := range s.history() {
					switch {
					case r.Outcome == "cut" || r.Outcome == "failed in mid-stream":
						broken++
					case r.Outcome != "ok":
						t.Errorf("%s: %s", r.Outcome, r.Error)
					case broken > 0:
						// Claude Code then wants the whole answer, unless it is told of an overload.
						again = again || r.Stream == (how.name != "claude" || fault == "error-event-mid")
					}
				}
				if broken != 1 || !again {
					t.Errorf("%d answers broke off, not 1; asked again as the client does: %v", broken, again)
				}
			})
		})
	}
}

// usedUp is a quota that returns after so long.
func usedUp(wait time.Duration) simulator.Fault {
	return simulator.Fault{What: "zai/1308", Wait: simulator.Duration(wait), When: simulator.When{Times: 1}}
}

func TestAgentsWaitForAKeyThatReturnsSoon(t *testing.T) {
	eitherWay(t, func(t *testing.T, dialect string, how way) {
		// The program does not wait itself, so that the client has to.
		s := oneKey(t, dialect, []simulator.Fault{usedUp(3 * time.Second)}, "GLMTRAY_MAX_WAIT=0", "GLMTRAY_SHORT_WAIT=0")
		a := newAgent(t, how.name)
		how.setup(a, s.program)
		a.says(firstResult, how.ask(firstPrompt)...)
		records := s.history()
		refused := 0
		for _, r := range records {
			if r.Outcome == "all_keys_cooling" && r.Status == 429 {
				refused++
			}
		}
		if refused == 0 || records[len(records)-1].Outcome != "ok" {
			t.Errorf("refused %d times: %+v", refused, records)
		}
		for _, c := range s.calls()["zai"] {
			if c.Cooling {
				t.Errorf("the key was asked while it cools: %+v", c)
			}
		}
	})
}

func TestAgentsFailAtOnceWhereNoKeyReturnsSoon(t *testing.T) {
	eitherWay(t, func(t *testing.T, dialect string, how way) {
		says := map[string]string{"claude": "the first returns in 1 h", "codex": "hit your usage limit. Try again at "}[how.name]
		s := oneKey(t, dialect, []simulator.Fault{usedUp(time.Hour)})
		a := newAgent(t, how.name)
		how.setup(a, s.program)
		stdout, stderr, err := a.try(how.ask(firstPrompt)...)
		if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(stdout+stderr, says) {
			t.Errorf("%v: %s\n%s", err, last(stdout), last(stderr))
		}
		if records := s.history(); len(records) != 1 || records[0].Outcome != "all_keys_cooling" {
			t.Errorf("it asked again: %+v", records)
		}
		a.holdsNoKey()
	}, "opencode") // it takes no word for it: it waits for as long as Retry-After says, and shows that (1.18.33)
}
