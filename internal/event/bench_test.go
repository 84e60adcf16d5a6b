package event

import (
	"fmt"
	"testing"
)

// BenchmarkGrowth publishes to windows and pages that do not keep up, whose
// rings are full.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{0, 1, 5, 20} {
		b.Run(fmt.Sprintf("subscribers, one event/%d", n), func(b *testing.B) {
			var bus Bus
			for range n {
				s := bus.Subscribe(256)
				defer s.Close()
			}
			for b.Loop() {
				bus.Publish(Finished{ID: "1"})
			}
		})
	}
}
