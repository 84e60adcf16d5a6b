package simulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// limited is a Cerebras with one key and the given rates.
func limited(a Answer, rates ...Rate) Script {
	return Script{Vendor: Cerebras, Answer: a, Accounts: map[string]Limits{"*": {Rates: rates}}}
}

func TestRequestsBucketRefillsContinuously(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, limited(Answer{}, Rate{Of: "requests", Per: "minute", Max: 3}))
		var got []int
		send := func() answered { a := c.chat(ask("gpt-oss-120b")); got = append(got, a.status); return a }
		for range 3 {
			send()
		}
		a := send()
		if a.header.Get("Retry-After") != "20" || a.get("code") != "request_quota_exceeded" {
			t.Errorf("a third of a minute should be told: %v %s", a.header, a.body)
		}
		time.Sleep(19 * time.Second)
		send()
		time.Sleep(time.Second)
		send() // one has come back, not all three
		send()
		if want := []int{200, 200, 200, 429, 429, 200, 429}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestWindowReturnsAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Script{Accounts: map[string]Limits{
			"*": {Rates: []Rate{{Of: "requests", Per: "minute", Max: 2, Refill: Duration(20 * time.Second), Window: true}}},
		}})
		var got []int
		send := func() { got = append(got, c.chat(ask("demo-large")).status) }
		send()
		time.Sleep(15 * time.Second)
		send()
		send()
		time.Sleep(5 * time.Second)
		send()
		send()
		send()
		if want := []int{200, 200, 429, 200, 200, 429}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestTokensAreReservedAndTheUnusedPartReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, limited(Answer{Tokens: 10, FirstDelay: Duration(time.Millisecond)},
			Rate{Of: "tokens", Per: "day", Max: 10_000}))
		left := func(a answered) int {
			n, err := strconv.Atoi(a.header.Get("X-Ratelimit-Remaining-Tokens-Day"))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		// 2 for "hello" and 4,000 for the answer are taken before it begins
		if n := left(c.chat(ask("gpt-oss-120b", `,"max_completion_tokens":4000`))); n != 10_000-4002 {
			t.Errorf("%d left while it ran", n)
		}
		// only 2 + 10 were used; the next finds all but those
		if n := left(c.chat(ask("gpt-oss-120b", `,"max_completion_tokens":9000`))); n != 10_000-12-9002 {
			t.Errorf("%d left while the second ran", n)
		}
		// without a limit the model's largest output is assumed, which no bucket of this size can hold
		if a := c.chat(ask("gpt-oss-120b")); a.status != 429 || a.get("code") != "token_quota_exceeded" ||
			a.get("message") != "Tokens per day limit exceeded - too many tokens processed." {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestTrueUsageMayExceedTheEstimate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, limited(Answer{Tokens: 1, UsageFactor: 1000}, Rate{Of: "tokens", Per: "hour", Max: 1000}))
		a := c.chat(ask("gpt-oss-120b", `,"max_tokens":1`))
		if a.get("usage.prompt_tokens") != "2000" {
			t.Errorf("usage %s", a.get("usage"))
		}
		if a = c.chat(ask("gpt-oss-120b", `,"max_tokens":1`)); a.status != 429 {
			t.Errorf("the account is overdrawn and still answers %d", a.status)
		}
	})
}

func TestEveryWindowIsToldAndTheLongestWaitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, limited(Answer{},
			Rate{Of: "requests", Per: "second", Max: 1}, Rate{Of: "requests", Per: "hour", Max: 1}))
		if a := c.chat(ask("gpt-oss-120b")); a.header.Get("X-Ratelimit-Reset-Requests-Hour") != "3600" ||
			a.header.Get("X-Ratelimit-Reset-Requests-Second") != "1" {
			t.Errorf("%v", a.header)
		}
		if a := c.chat(ask("gpt-oss-120b")); a.header.Get("Retry-After") != "3600" || !strings.Contains(a.body, "per hour") {
			t.Errorf("%v %s", a.header, a.body)
		}
	})
}

func TestVendorsTellTheirLimitsInTheirOwnWay(t *testing.T) {
	for _, test := range []struct {
		vendor, per, model, header, value, body string
	}{
		{Cerebras, "second", "gpt-oss-120b", "Retry-After", "", "Requests per second"},
		{Cerebras, "minute", "gpt-oss-120b", "Retry-After", "60", "Requests per minute"},
		{ZAI, "5 hour", "glm-5.3", "Retry-After", "", "reset at 2000-01-01 13:00:00"},
		{ZAI, "week", "glm-5.3", "Retry-After", "", "Weekly/Monthly"},
		{ZAI, "minute", "glm-5.3", "Retry-After", "", "1303"},
		{Synthetic, "5 hour", "syn:large:text", "Retry-After", "", "You've exceeded"},
		{DemoShape, "minute", "demo-large", "Retry-After", "60", "rate_limit_exceeded"},
	} {
		t.Run(test.vendor+" "+test.per, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := Script{Vendor: test.vendor, Accounts: map[string]Limits{
					"*": {Rates: []Rate{{Of: "requests", Per: test.per, Max: 1}}},
				}}
				c := inMemory(t, s)
				c.chat(ask(test.model))
				a := c.chat(ask(test.model))
				if a.status != 429 || a.header.Get(test.header) != test.value || !strings.Contains(a.body, test.body) {
					t.Errorf("%d %v %s", a.status, a.header, a.body)
				}
				if has := a.header.Get("X-Synthetic-Quotas") != ""; has != (test.vendor == Synthetic) {
					t.Errorf("x-synthetic-quotas: %v", has)
				}
			})
		})
	}
}

func TestRetryAfterHasItsForms(t *testing.T) {
	for mode, want := range map[string]string{
		"seconds": "Retry-After: 60", "ms": "Retry-After-Ms: 60001", "none": "",
		"date": "Retry-After: Sat, 01 Jan 2000 00:11:00 GMT", // with ten minutes of skew
	} {
		synctest.Test(t, func(t *testing.T) {
			s := limited(Answer{}, Rate{Of: "requests", Per: "minute", Max: 1})
			s.Headers = Headers{RetryAfter: mode, ClockSkew: Duration(10 * time.Minute)}
			c := inMemory(t, s)
			c.chat(ask("gpt-oss-120b"))
			a := c.chat(ask("gpt-oss-120b"))
			got := ""
			for _, h := range []string{"Retry-After", "Retry-After-Ms"} {
				if v := a.header.Get(h); v != "" {
					got += h + ": " + v
				}
			}
			if got != want || a.header.Get("Date") != "Sat, 01 Jan 2000 00:10:00 GMT" {
				t.Errorf("%s: %q, want %q; date %s", mode, got, want, a.header.Get("Date"))
			}
		})
	}
}

func TestEveryThirdAnswerLacksTheLimits(t *testing.T) {
	s := limited(Answer{}, Rate{Of: "requests", Per: "day", Max: 4})
	s.Headers.MissingEvery = 3
	c := overTCP(t, s)
	var told []bool
	for range 6 {
		a := c.chat(ask("gpt-oss-120b"))
		told = append(told, a.header.Get("X-Ratelimit-Limit-Requests-Day") == "4")
		if a.status == 429 && (a.header.Get("Retry-After") != "") != told[len(told)-1] {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
	}
	if want := []bool{true, true, false, true, true, false}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestConcurrencyIsPerAccountOrPerModel(t *testing.T) {
	for _, perModel := range []bool{false, true} {
		t.Run(fmt.Sprint("per model ", perModel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, Script{
					Vendor: ZAI, Answer: Answer{FirstDelay: Duration(time.Minute)},
					Accounts: map[string]Limits{"*": {Concurrency: 1, PerModel: perModel}},
				})
				done := make(chan answered)
				go func() { done <- c.chat(ask("glm-5.3")) }()
				synctest.Wait()
				if a := c.chat(ask("glm-5.3")); a.status != 429 || a.get("error.code") != "1302" {
					t.Errorf("same model: %d %s", a.status, a.body)
				}
				want := map[bool]int{false: 429, true: 200}[perModel]
				if a := c.chat(ask("glm-4.6")); a.status != want {
					t.Errorf("other model: %d, want %d", a.status, want)
				}
				if a := <-done; a.status != 200 {
					t.Errorf("the first: %d", a.status)
				}
				if a := c.chat(ask("glm-5.3")); a.status != 200 {
					t.Errorf("after the first: %d", a.status)
				}
				if calls := c.Calls(); calls[1].InFlight != 1 || calls[0].InFlight != 0 {
					t.Errorf("in flight %d, %d", calls[0].InFlight, calls[1].InFlight)
				}
			})
		})
	}
}

func TestClientThatGoesFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Script{
			Vendor: ZAI, Answer: Answer{FirstDelay: Duration(time.Hour)},
			Accounts: map[string]Limits{"*": {Concurrency: 1}},
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.try(ctx, http.MethodPost, "/v4/chat/completions", "k", ask("glm-5.3")); err == nil {
			t.Fatal("an answer within a second")
		}
		synctest.Wait()
		if call := c.Calls()[0]; !call.Cancelled || !call.Done {
			t.Errorf("%+v", call)
		}
		if a := c.chat(ask("glm-5.3")); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestCallsToACoolingAccountAreMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := limited(Answer{}, Rate{Of: "requests", Per: "minute", Max: 1, Window: true})
		s.Keys = map[string]KeyScript{
			"ka": {Name: "a", Account: "one"}, "kb": {Name: "b", Account: "one"}, "kc": {Name: "c"},
		}
		c := inMemory(t, s)
		for _, step := range []struct {
			key  string
			wait time.Duration
		}{{"ka", 0}, {"ka", 10 * time.Second}, {"kb", 30 * time.Second}, {"kc", 0}, {"ka", 19 * time.Second}, {"ka", time.Second}} {
			time.Sleep(step.wait)
			c.do(http.MethodPost, "/v1/chat/completions", step.key, ask("gpt-oss-120b"))
		}
		var got []string
		for _, call := range c.Calls() {
			got = append(got, fmt.Sprint(call.Key, " ", call.Status, " ", call.Cooling, " ", time.Duration(call.CoolingFor)))
		}
		want := []string{
			"a 200 false 0s",
			"a 429 false 0s", // nobody had told it yet
			"b 429 true 30s", // the same account under another key
			"c 200 false 0s",
			"a 429 true 49s",
			"a 200 false 0s",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n := c.Count(); n["a"] != 4 || n["b"] != 1 || n["c"] != 1 {
			t.Errorf("%v", n)
		}
	})
}

func TestFixtureThatTellsAWaitCoolsTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Script{Faults: []Fault{{What: "cerebras/rpm", Wait: Duration(5 * time.Second), When: When{Times: 1}}}})
		c.chat(ask("demo-large"))
		time.Sleep(4 * time.Second)
		c.chat(ask("demo-large"))
		time.Sleep(time.Second)
		c.chat(ask("demo-large"))
		calls := c.Calls()
		if calls[0].Cooling || !calls[1].Cooling || calls[2].Cooling {
			t.Errorf("cooling %v %v %v", calls[0].Cooling, calls[1].Cooling, calls[2].Cooling)
		}
	})
}
