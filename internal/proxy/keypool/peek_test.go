package keypool

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestALookAheadLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("desk")
		tell(t, p, nil, minute(30_000, 3_000))
		ask := costs(20_000)
		ask.Provider = prov
		now, soon := time.Now(), in(time.Minute)
		ready := func(at time.Time) int {
			r := p.Outlook(&ask, at)
			return r.Ready
		}
		want(t, "enough is left now", ready(now), 0)
		want(t, "enough is left in a minute", ready(soon), 1)
		want(t, "who serves in a minute", p.Next(&ask, soon), "desk")
		if s := p.Standing(&ask, soon); len(s) != 1 || !s[0].Open {
			t.Errorf("in a minute it stands so: %+v", s)
		}
		if s := p.At(prov, soon); len(s) != 1 || s[0].Limits[0].Remaining != 30_000 {
			t.Errorf("in a minute its limits are %+v", s)
		}
		want(t, "enough is left now, after the look ahead", ready(now), 0)
		want(t, "what is left now", left(t, p, "desk"), 3_000)
		want(t, "who serves now", p.Next(&ask, now), "")
		if s := p.Standing(&ask, now); len(s) != 1 || s[0].Open || s[0].Until.IsZero() || s[0].Words == "" {
			t.Errorf("now it stands so: %+v", s)
		}
	})
}
