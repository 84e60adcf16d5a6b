package dialect

import "github.com/glmtray/glmtray/internal/proxy/chat"

// latestTurn gives the index of the first message of the latest turn: the last
// message of the user that does not merely bring the results of tools. One that
// stands directly behind results belongs to their turn. It is 0 if there is no
// such message.
func latestTurn(q *chat.Request) int {
	for i := len(q.Messages) - 1; i >= 0; i-- {
		if m := &q.Messages[i]; m.Role == chat.User && !brings(m) && !behindResults(q.Messages[:i]) {
			return i
		}
	}
	return 0
}

// brings reports whether a message holds the result of a tool.
func brings(m *chat.Message) bool {
	for i := range m.Parts {
		if m.Parts[i].Kind == chat.Result {
			return true
		}
	}
	return false
}

// behindResults reports whether the last message brings results. What a system
// puts in between does not count.
func behindResults(before []chat.Message) bool {
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].Role != chat.System {
			return before[i].Role == chat.User && brings(&before[i])
		}
	}
	return false
}
