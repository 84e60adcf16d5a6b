package dialect

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Names that are dropped come from outside: a request may consist of them.
const (
	maxDropped     = 32
	maxDroppedName = 64 // bytes
)

// drop notes in [chat.Request.Dropped] what the hub has no word for.
func drop(q *chat.Request, name string) {
	name = briefly(name)
	if len(q.Dropped) < maxDropped && !slices.Contains(q.Dropped, name) {
		q.Dropped = append(q.Dropped, name)
	}
}

// briefly gives a name from outside as it may be told.
func briefly(name string) string {
	if len(name) > maxDroppedName {
		name = name[:maxDroppedName] + "…"
	}
	return strings.ToValidUTF8(name, "\ufffd")
}
