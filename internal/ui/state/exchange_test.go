package state

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

func twoTries() Exchange {
	return Exchange{
		Finished: event.Finished{
			ID: "0123456789abcdef", Time: noon, Client: "codex", Method: "POST", Path: "/v1/chat/completions", Asked: "sonnet",
			Provider: "cerebras", Model: "gpt-oss-120b", Key: "home", Rule: "everything", Reason: "no other rule applies", Attempts: 2,
			Status: 200, Outcome: "ok", Stream: true, Took: 1500 * time.Millisecond, FirstByte: 210 * time.Millisecond,
			Tokens: event.Tokens{Prompt: 12000, Cached: 11000, Completion: 1040}, Changed: []string{"tool_choice removed"},
		},
		Tries: []Try{
			{Provider: "cerebras", Model: "gpt-oss-120b", Key: "desk", Status: 429, Class: "rate_limited", Reason: "tokens per minute used up", Took: 20 * time.Millisecond},
			{Provider: "cerebras", Model: "gpt-oss-120b", Key: "home", Status: 200, Class: "ok", Took: 200 * time.Millisecond},
		},
		Sent: Body{Text: "{\n  \"model\": \"sonnet\"\n}", Size: 18},
		Got:  Body{Text: "data: {}", Size: 3 << 20, Cut: true},
	}
}

func TestAnExchangeTellsWhatWasDecidedTriedAndSaid(t *testing.T) {
	x := twoTries()
	want := "Request 0123456789abcdef\n" +
		"Time: " + noon.Local().Format("2006-01-02 15:04:05.000") + "\n" +
		`Client: codex
Asked: POST /v1/chat/completions, model sonnet, streamed
Answered by: cerebras/home, model gpt-oss-120b
Why: everything: no other rule applies
Ended: 200 ok
Took: 1.50 s, the first byte after 0.21 s
Tokens: 12,000 prompt (11,000 cached), 1,040 completion
Changed: tool_choice removed
Try 1: cerebras/desk, model gpt-oss-120b, 20 ms, 429 rate limited: tokens per minute used up
Try 2: cerebras/home, model gpt-oss-120b, 0.20 s, 200 ok

Request body (18 bytes)
{
  "model": "sonnet"
}

Answer body (3.0 MiB, cut: its beginning only)
data: {}
`
	if got := x.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if x.Mark() != Good || x.Tries[0].Mark() != Bad || x.Tries[1].Mark() != Good {
		t.Error("the marks are wrong")
	}
}

func TestAnExchangeWithoutBodiesSaysWhy(t *testing.T) {
	x := Exchange{
		Finished: event.Finished{ID: "a", Time: noon, Method: "POST", Path: "/v1/x", Status: 401, Outcome: "invalid_api_key", Error: "no\nsuch key"},
		Absent:   "It was refused before it was read.",
	}
	text := x.Text()
	for _, want := range []string{"Asked: POST /v1/x, model –", "Ended: 401 invalid api key", "Error: no such key", "\n\nIt was refused before it was read.\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, not := range []string{"Answered by", "Client", "Tokens", "Try", "body ("} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in\n%s", not, text)
		}
	}
	if x.Mark() != Bad {
		t.Error("its mark is not that of a failure")
	}
}

func TestATextIsWrappedByPlaces(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"short lines stay", "ab\ncd\n", []string{"ab", "cd"}},
		{"empty lines stay", "a\n\nb", []string{"a", "", "b"}},
		{"a long one is broken", "abcdefghij", []string{"abcd", "efgh", "ij"}},
		{"one that fits just so is not", "abcd", []string{"abcd"}},
		{"between characters", "äöüßäö", []string{"äöüß", "äö"}},
		{"a wide one takes two places", "日本語x", []string{"日本", "語x"}},
		{"an arrow takes one", "a→b—c", []string{"a→b—", "c"}},
		{"what has no shape gets one", "\ta\x1b[0m\r\n", []string{"    ", "a�[0", "m"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Wrap(tt.text, 4); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestALongLineIsBrokenAtABlank(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
	}{
		{"short", []string{"short"}},
		{"paste the key for it", []string{"paste the ", "key for it"}},
		{"/a/path/without/blanks", []string{"/a/path/wi", "thout/blan", "ks"}},
		{"a verylongwordindeed and more", []string{"a verylong", "wordindeed", " and more"}},
		{"one two three four five six", []string{"one two ", "three ", "four five ", "six"}},
	} {
		if got := Wrap(tt.line, 10); !slices.Equal(got, tt.want) {
			t.Errorf("%q became %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestSizesAreWrittenAsPeopleSayThem(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 812: "812 bytes", 4812: "4.7 KiB", 1 << 20: "1.0 MiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
	for _, tt := range []struct {
		b    Body
		want string
	}{
		{Body{}, "nothing"}, {Body{Text: "x", Size: 1}, "1 byte"}, {Body{Text: "x", Size: 5 << 20, Cut: true}, "5.0 MiB, cut: its beginning only"},
	} {
		if got := tt.b.Extent(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
