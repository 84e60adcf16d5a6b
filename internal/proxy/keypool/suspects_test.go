package keypool

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeysThatFallTogetherArePointedOut(t *testing.T) {
	for _, c := range []struct {
		name   string
		shared bool
	}{{"one account behind two keys", true}, {"two accounts with the same limits", false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("desk", "home")
				budget := map[string]int64{"desk": 1000, "home": 1000}
				for i := range 12 {
					avoid := []string{"desk", "home"}[i%2]
					l := take(t, p, Ask{Avoid: []string{avoid}})
					bucket := l.Key
					if c.shared {
						bucket = "desk"
					}
					budget[bucket]--
					l.Told([]Limit{perDay(1000, budget[bucket], time.Hour)})
					l.OK()
					l.Release()
				}
				got := p.Suspects()
				if !c.shared {
					want(t, "suspects", len(got), 0)
					return
				}
				want(t, "suspects", fmt.Sprint(got), "[{cerebras desk home desk and home seem to share one account: rotation gains nothing}]")
				want(t, "in the state", fmt.Sprint(stateOf(t, p, "home").SharesWith), "[desk]")
				want(t, "nothing is done about it", stateOf(t, p, "home").Account, "")
			})
		})
	}
}
