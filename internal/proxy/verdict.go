package proxy

import (
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// keyAct is what a reply means for the key that was used.
type keyAct string

const (
	keyKeep   keyAct = "kept"
	keyCool   keyAct = "cools down as told, or for the configured cooldown"
	keyUntil  keyAct = "cools down until the quota returns"
	keySlow   keyAct = "gets fewer requests at once"
	keyTold   keyAct = "cools down as told, else kept"
	keySecond keyAct = "cools down as told, or at the second in a row"
	keyBar    keyAct = "is barred for this model"
	keyPark   keyAct = "is parked until it is changed or enabled"
)

// then is what happens to the request next.
type then string

const (
	thenRelay    then = "the answer goes to the client as it is"
	thenSame     then = "the next key of this provider"
	thenSameOnce then = "this provider once more, then the next one"
	thenRole     then = "the provider's model of that role, else the next provider"
	thenNext     then = "the next provider"
	thenStop     then = "nothing: the client has left"
)

type verdict struct {
	key  keyAct
	then then
}

// Verdicts is the table that the program is: what came back, what it means for
// the key, what happens next. The README shows the same rows.
var Verdicts = map[upstream.Class]verdict{
	upstream.OK:              {keyKeep, thenRelay},
	upstream.RateLimited:     {keyCool, thenSame},
	upstream.Concurrency:     {keySlow, thenSame},
	upstream.QuotaUntil:      {keyUntil, thenSame},
	upstream.ServerError:     {keySecond, thenSameOnce},
	upstream.Reset:           {keyKeep, thenSameOnce},
	upstream.Refused:         {keyKeep, thenNext},
	upstream.Overloaded:      {keyTold, thenNext},
	upstream.Silent:          {keyKeep, thenNext},
	upstream.Malformed:       {keyKeep, thenNext},
	upstream.ContextExceeded: {keyKeep, thenNext},
	upstream.ModelGone:       {keyKeep, thenRole},
	upstream.NotEntitled:     {keyBar, thenSame},
	upstream.KeyRejected:     {keyPark, thenSame},
	upstream.AccountStopped:  {keyPark, thenSame},
	upstream.CallerFault:     {keyKeep, thenRelay},
	upstream.Cancelled:       {keyKeep, thenStop},
}

// FailureTable renders Verdicts as the Markdown rows of the README.
func FailureTable() string {
	var b strings.Builder
	b.WriteString("| what came back | the key | then |\n|---|---|---|\n")
	for c := upstream.OK + 1; c <= upstream.Cancelled; c++ {
		v := Verdicts[c]
		b.WriteString("| " + c.String() + " | " + string(v.key) + " | " + string(v.then) + " |\n")
	}
	return b.String()
}
