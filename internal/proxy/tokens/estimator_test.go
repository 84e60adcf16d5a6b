package tokens

import (
	"math"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestEstimateBeginsWithFourBytesPerToken(t *testing.T) {
	e := NewEstimator()
	for _, c := range []struct {
		name  string
		facts chat.Facts
		want  int
	}{
		{"nothing", chat.Facts{}, 0},
		{"text, rounded up", chat.Facts{TextBytes: 401}, 101},
		{"a picture", chat.Facts{TextBytes: 400, Pictures: 2}, 100 + 2*PictureTokens},
	} {
		if got := e.Estimate("p", "m", c.facts); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestEstimatorLearnsTheRatioOfEachModel(t *testing.T) {
	e := NewEstimator()
	for range 40 {
		e.Learn("cerebras", "fast", chat.Facts{TextBytes: 5000}, chat.Usage{Prompt: 1000})
		e.Learn("zai", "large", chat.Facts{TextBytes: 3000}, chat.Usage{Prompt: 1000, Cached: 900})
	}
	for _, c := range []struct {
		name, provider, model string
		want                  float64
	}{
		{"what it saw", "cerebras", "fast", 5},
		{"what it saw elsewhere", "zai", "large", 3},
		{"a sibling's, for a new model", "zai", "small", 3},
		{"the start's, for a new provider", "synthetic", "fast", 4},
	} {
		if got := e.Ratio(c.provider, c.model); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOneFigureMovesTheRatioByAFifth(t *testing.T) {
	e := NewEstimator()
	e.Learn("p", "m", chat.Facts{TextBytes: 5000}, chat.Usage{Prompt: 1000})
	if got := e.Ratio("p", "m"); math.Abs(got-4.2) > 1e-9 {
		t.Errorf("got %v, want 4.2", got)
	}
}

func TestEstimatorPassesOverWhatTeachesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts chat.Facts
		usage chat.Usage
	}{
		{"no usage", chat.Facts{TextBytes: 5000}, chat.Usage{Completion: 7}},
		{"a small prompt", chat.Facts{TextBytes: 5000}, chat.Usage{Prompt: 15}},
		{"little text", chat.Facts{TextBytes: 63}, chat.Usage{Prompt: 16}},
		{"pictures", chat.Facts{TextBytes: 5000, Images: true, Pictures: 1}, chat.Usage{Prompt: 1000}},
		{"more tokens than bytes", chat.Facts{TextBytes: 500}, chat.Usage{Prompt: 1000}},
		{"hardly any tokens", chat.Facts{TextBytes: 500_000}, chat.Usage{Prompt: 100}},
	} {
		e := NewEstimator()
		e.Learn("p", "m", c.facts, c.usage)
		if got := e.Ratio("p", "m"); got != 4 || len(e.Snapshot()) != 0 {
			t.Errorf("%s: learned %v", c.name, got)
		}
	}
}

func TestRatiosStayWithinBounds(t *testing.T) {
	e := NewEstimator()
	for range 100 {
		e.Learn("p", "high", chat.Facts{TextBytes: 10_000}, chat.Usage{Prompt: 1000})
		e.Learn("q", "low", chat.Facts{TextBytes: 1500}, chat.Usage{Prompt: 1000})
	}
	if high, low := e.Ratio("p", "high"), e.Ratio("q", "low"); math.Abs(high-6) > 0.01 || math.Abs(low-2.5) > 0.01 {
		t.Errorf("got %v and %v, want 6 and 2.5", high, low)
	}
}

func TestWhatWasLearnedOutlivesARestart(t *testing.T) {
	e := NewEstimator()
	e.Learn("p", "m", chat.Facts{TextBytes: 5000}, chat.Usage{Prompt: 1000})
	again := NewEstimator()
	again.Restore(append(e.Snapshot(), Learned{"p", "odd", math.NaN()}, Learned{"p", "far", 99}, Learned{"", "x", 3}))
	if got := again.Ratio("p", "m"); got != e.Ratio("p", "m") {
		t.Errorf("got %v, want %v", got, e.Ratio("p", "m"))
	}
	if got := again.Ratio("p", "far"); got != 6 {
		t.Errorf("a figure out of bounds became %v, want 6", got)
	}
	if got := len(again.Snapshot()); got != 3 {
		t.Errorf("%d entries, want 3", got)
	}
}

func TestEstimatorIsSafeForManyAtOnce(t *testing.T) {
	e := NewEstimator()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 200 {
				e.Learn("p", string(rune('a'+i)), chat.Facts{TextBytes: 5000}, chat.Usage{Prompt: 1000})
				e.Estimate("p", "a", chat.Facts{TextBytes: 100})
				e.Snapshot()
			}
		})
	}
	wg.Wait()
	if got := len(e.Snapshot()); got != 17 {
		t.Errorf("%d entries, want 17", got)
	}
	if got := e.Ratio("p", "a"); math.Abs(got-5) > 0.01 {
		t.Errorf("got %v, want 5", got)
	}
}

func TestEstimatorKeepsABoundedNumberOfModels(t *testing.T) {
	e := NewEstimator()
	var all []Learned
	for i := range maxKept + 50 {
		all = append(all, Learned{"p", string(rune(i + 1)), 5})
	}
	e.Restore(all[:100])
	if n := len(e.Snapshot()); n != 100 {
		t.Fatalf("%d entries, want 100", n)
	}
	e.Restore(all)
	if n := len(e.Snapshot()); n != maxKept {
		t.Errorf("%d entries, want %d", n, maxKept)
	}
	e.Learn("p", "one more", chat.Facts{TextBytes: 5000}, chat.Usage{Prompt: 1000})
}
