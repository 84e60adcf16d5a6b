package dialect

import (
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// maxToolName is how long a tool's name may be in chat completions (OpenAI's
// reference, 2026-08). Names of MCP tools with 86 bytes were sent by Claude Code
// (2.1.197, measured 2026-11-20).
const maxToolName = 64

// toolNames makes the names of one request's tools fit: at most 64 of the
// letters that are allowed everywhere. Which name a tool gets depends on the
// client's name alone, as far as that is unique, so that a provider's prompt
// cache survives. The zero value with a request in it is ready.
type toolNames struct {
	q    *chat.Request
	sent map[string]string // the client's name → the one that is sent, of those that do not fit
	back map[string]string // and the other way round, for [Sent]
}

// fit gives the name that is sent for the client's.
func (n *toolNames) fit(name string) string {
	if nameFits(name) {
		return name
	}
	if n.sent == nil {
		n.collect()
	}
	return n.sent[name]
}

// collect names all tools that do not fit, those that are offered first: they
// are the same in each turn, while calls are added.
func (n *toolNames) collect() {
	n.sent, n.back = map[string]string{}, map[string]string{}
	taken := map[string]bool{}
	eachName(n.q, func(name string) {
		if nameFits(name) {
			taken[name] = true
		}
	})
	eachName(n.q, func(name string) {
		if _, done := n.sent[name]; done || nameFits(name) {
			return
		}
		fitting := shortened(name, "")
		for i := 2; taken[fitting]; i++ {
			fitting = shortened(name, strconv.Itoa(i))
		}
		taken[fitting] = true
		n.sent[name], n.back[fitting] = fitting, name
	})
}

// eachName calls found for every tool name of a request.
func eachName(q *chat.Request, found func(string)) {
	for i := range q.Tools {
		found(q.Tools[i].Name)
	}
	for i := range q.Messages {
		for j := range q.Messages[i].Parts {
			if p := &q.Messages[i].Parts[j]; p.Kind == chat.Call {
				found(p.Name)
			}
		}
	}
	if q.Choice.Mode == chat.ChooseOne {
		found(q.Choice.Name)
	}
}

func nameFits(name string) bool {
	if name == "" || len(name) > maxToolName {
		return false
	}
	for i := range len(name) {
		if !nameLetter(rune(name[i])) {
			return false
		}
	}
	return true
}

func nameLetter(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// shortened gives a name that fits: as much of it as there is room for, and a
// hash of the whole. salt makes another one of it.
func shortened(name, salt string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name + salt))
	hash := strconv.FormatUint(uint64(h.Sum32()), 16)
	hash = strings.Repeat("0", 8-len(hash)) + hash
	begin := strings.Map(nameRune, name)
	return begin[:min(len(begin), maxToolName-len("_")-len(hash))] + "_" + hash
}
