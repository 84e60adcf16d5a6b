package roster

import (
	"reflect"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/config"
)

func vendor() *config.Provider {
	return &config.Provider{
		ID: "acme",
		Roles: map[config.Role][]string{
			config.Large:  {"big-3", "big-2", "big-1"},
			config.Vision: {"eye-2"},
		},
		Models: map[string]config.ModelInfo{"big-2": {Context: 128_000, MaxOutput: 8_000, In: 1, Out: 2, Priced: true}},
	}
}

func TestARoleIsFilledByTheFirstModelThatIsThere(t *testing.T) {
	tests := []struct {
		name   string
		role   config.Role
		listed []string
		gone   []string
		want   string
		ok     bool
	}{
		{"the first preference while the list is not known", config.Large, nil, nil, "big-3", true},
		{"the next that is not gone while the list is not known", config.Large, nil, []string{"big-3"}, "big-2", true},
		{"the first that is listed", config.Large, []string{"big-1", "big-2"}, nil, "big-2", true},
		{"not one that is listed but gone", config.Large, []string{"big-1", "big-2"}, []string{"big-2"}, "big-1", true},
		{"the first preference if none is listed, for lists leave models out", config.Large, []string{"other"}, nil, "big-3", true},
		{"the first that is not gone if none is listed", config.Large, []string{"other"}, []string{"big-3"}, "big-2", true},
		{"nothing if all are gone", config.Large, nil, []string{"big-1", "big-2", "big-3"}, "", false},
		{"nothing if all are gone though listed", config.Vision, []string{"eye-2"}, []string{"eye-2"}, "", false},
		{"nothing if the provider names none for the role", config.Small, nil, nil, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := New()
			r.SetListed("acme", ids(tt.listed...))
			for _, id := range tt.gone {
				r.Gone("acme", id, time.Time{}, "404")
			}
			id, ok := r.Role(vendor(), tt.role)
			if id != tt.want || ok != tt.ok {
				t.Errorf("Role = %q, %v; want %q, %v", id, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestAListIsKnownOnlyOnceItWasTold(t *testing.T) {
	r := New()
	if listed, known := r.Lists("acme", "big-1"); listed || known {
		t.Errorf("before: Lists = %v, %v; want false, false", listed, known)
	}
	r.SetListed("acme", nil)
	if _, known := r.Lists("acme", "big-1"); known {
		t.Error("an empty list counts as known")
	}
	r.SetListed("acme", ids("big-1"))
	r.SetListed("acme", nil)
	if listed, known := r.Lists("acme", "big-1"); !listed || !known {
		t.Errorf("after: Lists = %v, %v; want true, true", listed, known)
	}
	if listed, known := r.Lists("acme", "big-2"); listed || !known {
		t.Errorf("another id: Lists = %v, %v; want false, true", listed, known)
	}
	if _, known := r.Lists("other", "big-1"); known {
		t.Error("another provider's list counts as known")
	}
	r.SetListed("acme", ids("big-2", "big-9"))
	if got, known := r.IDs("acme"); !known || !reflect.DeepEqual(got, []string{"big-2", "big-9"}) {
		t.Errorf("IDs = %q, %v", got, known)
	}
	if got, known := r.IDs("other"); known || len(got) != 0 {
		t.Errorf("IDs of a provider that was never asked = %q, %v", got, known)
	}
	if listed, _ := r.Lists("acme", "big-1"); listed {
		t.Error("a new list does not replace the old one")
	}
}

func TestAModelIsGoneForADayAndThatIsNewsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New()
		if !r.Gone("acme", "big-3", time.Time{}, "404 model_not_found") {
			t.Error("the first time is not news")
		}
		if r.Gone("acme", "big-3", time.Time{}, "404 again") {
			t.Error("the second time is news")
		}
		if r.IsGone("other", "big-3") || r.IsGone("acme", "big-2") {
			t.Error("more is gone than was said")
		}
		time.Sleep(Memory - time.Second)
		if !r.IsGone("acme", "big-3") {
			t.Error("forgotten before a day is over")
		}
		time.Sleep(time.Second)
		if r.IsGone("acme", "big-3") || len(r.Export()) != 0 || len(r.Snapshot()["acme"].Gone) != 0 {
			t.Error("still gone after a day")
		}
		if !r.Gone("acme", "big-3", time.Now().Add(time.Hour), "404") {
			t.Error("gone again after a day is not news")
		}
		time.Sleep(time.Hour)
		if r.IsGone("acme", "big-3") {
			t.Error("a deadline that was given is not kept")
		}
	})
}

func TestWhatIsGoneSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New()
		r.Gone("zeta", "z", time.Now().Add(time.Minute), "404")
		r.Gone("acme", "big-3", time.Time{}, "model_not_found")
		r.Gone("acme", "big-2", time.Time{}, "decommissioned")
		saved := r.Export()
		var got []string
		for _, g := range saved {
			got = append(got, g.Provider+"/"+g.ID+" "+g.Why)
		}
		want := []string{"acme/big-2 decommissioned", "acme/big-3 model_not_found", "zeta/z 404"}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("Export = %q, want %q", got, want)
		}
		time.Sleep(2 * time.Minute)
		next := New()
		next.Gone("acme", "big-3", time.Now().Add(time.Second), "newer")
		next.Restore(saved)
		if next.IsGone("zeta", "z") {
			t.Error("an expired one was taken up")
		}
		if !next.IsGone("acme", "big-2") || next.Gone("acme", "big-2", time.Time{}, "") {
			t.Error("a gone model is not taken up, or is news after a restart")
		}
		for _, g := range next.Export() {
			if g.ID == "big-3" && g.Why != "newer" {
				t.Error("what this run has learned was overwritten")
			}
		}
	})
}

func TestTheProvidersOwnWordLiesOverTheCatalogue(t *testing.T) {
	catalogue := config.ModelInfo{Context: 128_000, MaxOutput: 8_000, In: 1, Out: 2, Priced: true}
	tests := []struct {
		name   string
		listed *Listed
		want   config.ModelInfo
	}{
		{"the catalogue alone", nil, catalogue},
		{"a list that tells ids only", &Listed{ID: "big-2"}, catalogue},
		{
			"a list that tells everything",
			&Listed{ID: "big-2", Context: 256_000, MaxOutput: 32_000, Vision: true},
			config.ModelInfo{Context: 256_000, MaxOutput: 32_000, Vision: true, In: 1, Out: 2, Priced: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := New()
			if tt.listed != nil {
				r.SetListed("acme", []Listed{*tt.listed})
			}
			if got := r.Info(vendor(), "big-2"); got != tt.want {
				t.Errorf("Info = %+v, want %+v", got, tt.want)
			}
			if got := r.Info(vendor(), "unheard-of"); got != (config.ModelInfo{}) {
				t.Errorf("Info of an unknown model = %+v, want zero", got)
			}
		})
	}
}

func TestASnapshotIsACopy(t *testing.T) {
	r := New()
	r.SetListed("acme", ids("big-1", "big-2"))
	r.Gone("acme", "big-3", time.Time{}, "404")
	snap := r.Snapshot()["acme"]
	if !snap.Known || snap.At.IsZero() || len(snap.Listed) != 2 || len(snap.Gone) != 1 {
		t.Fatalf("Snapshot = %+v", snap)
	}
	snap.Listed[0].ID = "changed"
	if again := r.Snapshot()["acme"]; again.Listed[0].ID != "big-1" {
		t.Error("changing a snapshot changed the roster")
	}
}

func TestReadersAndWritersDoNotMeet(t *testing.T) {
	r := New()
	p := vendor()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				r.SetListed("acme", ids("big-1", "big-2"))
				r.Gone("acme", "x"+strconv.Itoa(i*1000+j), time.Time{}, "404")
			}
		})
		wg.Go(func() {
			for range 50 {
				r.Role(p, config.Large)
				r.Info(p, "big-2")
				r.Snapshot()
				r.Export()
			}
		})
	}
	wg.Wait()
	if got := len(r.Export()); got != 200 {
		t.Errorf("%d models are gone, want 200: a write was lost", got)
	}
}

func ids(names ...string) []Listed {
	out := make([]Listed, len(names))
	for i, name := range names {
		out[i].ID = name
	}
	return out
}

func TestWhatIsGoneIsBoundedWhateverClientsAskFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New()
		r.Gone("acme", "first", time.Time{}, "404")
		for i := range 2 * maxGone {
			time.Sleep(time.Second)
			r.Gone("acme", "model-"+strconv.Itoa(i), time.Time{}, "404")
		}
		if n := len(r.Export()); n != maxGone {
			t.Errorf("%d ids are remembered, want %d", n, maxGone)
		}
		if r.IsGone("acme", "first") || !r.IsGone("acme", "model-"+strconv.Itoa(2*maxGone-1)) {
			t.Error("it was not the oldest that made room")
		}
	})
}
