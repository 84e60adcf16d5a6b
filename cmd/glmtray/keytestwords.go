package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// verdicts are the words for people; every other class speaks for itself.
var verdicts = map[upstream.Class]string{
	upstream.KeyRejected:    "rejected: the provider does not know this key",
	upstream.AccountStopped: "out of money, or the account is stopped",
	upstream.RateLimited:    "good, but its limit is used up for now",
	upstream.QuotaUntil:     "good, but its quota is used up",
	upstream.Concurrency:    "good, but in use by others right now",
	upstream.NotEntitled:    "good, but not for these models",
	upstream.ModelGone:      "not told: the provider has none of the configured models",
	upstream.Refused:        "not told: no connection to the provider",
	upstream.Silent:         "not told: the provider did not answer in time",
}

// lasted writes 8 as "8 ms", 420 as "0.4 s".
func lasted(ms int64) string {
	if ms < 100 {
		return fmt.Sprintf("%d ms", max(ms, 1))
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}

func (k *keyTest) print(w io.Writer) {
	var b strings.Builder
	id := k.Provider + "/" + k.Name
	switch {
	case k.Works:
		fmt.Fprintf(&b, "%s works: %s answered in %s", id, dash(k.Model), lasted(k.TookMS))
		if len(k.provider.Endpoints) > 1 {
			fmt.Fprintf(&b, " at the %s endpoint", k.Endpoint)
		}
	case k.key.Secret.Empty():
		fmt.Fprintf(&b, "%s cannot be used: %s", id, k.Reason)
	default:
		words, ok := verdicts[k.class]
		if !ok {
			words = "not told: " + k.Result
		}
		fmt.Fprintf(&b, "%s %s", id, words)
		if k.Reason != "" {
			fmt.Fprintf(&b, "\n  it said: %s", k.Reason)
		}
		if time.Until(k.Until) > 0 {
			fmt.Fprintf(&b, "\n  back in %s", back(k.Until))
		}
	}
	for _, l := range k.Limits {
		fmt.Fprintf(&b, "\n  limit: %s of %s %s per %s left", thousands(l.Remaining), thousands(l.Limit), l.Kind, l.Window)
	}
	if k.Stored != "" {
		fmt.Fprintf(&b, "\n  stored: it belongs to the %s endpoint", k.Stored)
	}
	if k.Note != "" {
		fmt.Fprintf(&b, "\n  note: %s", k.Note)
	}
	_, _ = fmt.Fprintln(w, b.String()) // the exit code says the rest
}
