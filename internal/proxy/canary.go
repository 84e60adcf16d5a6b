package proxy

import (
	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/route"
)

// diceOf turns the name of a conversation into a number in [0, 1): the same name
// gives the same number, today and after a restart, so that a conversation stays
// on its side of a canary and its prompt cache stays warm.
func diceOf(name string) float64 {
	const offset, prime = 0xcbf29ce484222325, 0x100000001b3 // FNV-1a
	h := uint64(offset)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * prime
	}
	// Names that differ in their last letter alone are still near each other;
	// this is the finish of MurmurHash3.
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return float64(h>>11) / (1 << 53)
}

// variantOf is what records and metrics call the side of a canary that a
// decision is on.
func variantOf(settings *config.Settings, d *route.Decision) string {
	if d.Variant == route.Canary {
		return config.CanaryVariant
	}
	return settings.Variant
}
