package dialect

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// callIDs gives the calls of one answer ids that no other call of the
// conversation has. A provider's own id stays wherever it can: it comes back in
// the history, and then goes to the provider as it is, so that nothing need be
// remembered.
//
// Models that count from zero in each answer use an id again and again, and
// Claude Code drops a call whose id it has seen, result and all, so that the
// model calls for ever (2.1.197, measured 2026-11-20). OpenCode refuses a call
// without an id (1.18.33).
type callIDs struct {
	ask  Ask
	used map[string]int // ids that are taken, with how many were made of each; nil until the first call
}

func newCallIDs(ask Ask) *callIDs { return &callIDs{ask: ask} }

// use gives the id for a call; id is the provider's, index counts the calls of
// the answer. The same request and the same answer give the same ids.
func (c *callIDs) use(id string, index int) string {
	if c.used == nil {
		c.collect()
	}
	if id == "" {
		id = "call_" + c.ask.ID + "_" + strconv.Itoa(index)
	}
	fresh := id
	for n, taken := c.used[id]; taken; _, taken = c.used[fresh] {
		fresh = id + "_" + c.suffix(n)
		n++
		c.used[id] = n
	}
	c.used[fresh] = 0
	return fresh
}

// collect notes the ids that the conversation has.
func (c *callIDs) collect() {
	c.used = map[string]int{}
	q, err := c.ask.Request.Hub()
	if err != nil {
		return // a provider of the client's own dialect has understood it
	}
	for i := range q.Messages {
		for j := range q.Messages[i].Parts {
			if p := &q.Messages[i].Parts[j]; p.Kind == chat.Call {
				c.used[p.ID] = 0
			}
		}
	}
}

// suffix is short and another one in each request.
func (c *callIDs) suffix(n int) string {
	h := fnv.New32a()
	_, _ = h.Write(strconv.AppendInt([]byte(c.ask.ID), int64(n), 10))
	return fmt.Sprintf("%06x", h.Sum32()&0xffffff)
}
