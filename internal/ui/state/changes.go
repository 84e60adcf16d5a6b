package state

import (
	"strings"
	"sync"
)

// ToldChange is what was done to a request before it was sent on, as its record has it
// in English (package dialect says so), in the reader's language. Names of members
// stand in it as they are.
func ToldChange(change string) string {
	what, times, _ := strings.Cut(change, " ×")
	said := what
	switch {
	case changed[what]:
		said = Tr(what)
	default:
		for i := range changes() {
			if fills := changes()[i].fills(what); fills != nil {
				said = Tr(changes()[i].text, fills...)
				break
			}
		}
	}
	if times != "" {
		said += " ×" + times
	}
	return said
}

// toldChanges are all that was done to one.
func toldChanges(all []string) string {
	told := make([]string, len(all))
	for i, change := range all {
		told[i] = ToldChange(change)
	}
	return strings.Join(told, ", ")
}

// changes are the forms of what was done to a named member. A form that is more exact
// stands before one that would match as well.
var changes = sync.OnceValue(func() []sentence {
	list := make([]sentence, 0, 20)
	for _, text := range []string{
		Spoken("dropped thinking, for there is no room for it below max_tokens {{.Number}}"),
		Spoken("dropped {{.Member}}, which is no number"),
		Spoken("dropped {{.Number}} broken events"),
		Spoken("dropped {{.Member}} that is no text, picture or document"),
		Spoken("dropped {{.Member}} without a source"),
		Spoken("dropped {{.Member}} without a name"),
		Spoken("dropped {{.Member}} by file_id"),
		Spoken("dropped {{.Member}} within {{.Other}}"),
		Spoken("dropped tools[] a second {{.Member}}"),
		Spoken("dropped {{.Member}}"),
		Spoken("removed {{.Member}}, there is {{.Other}}"),
		Spoken("removed an earlier {{.Member}}"),
		Spoken("removed {{.Member}}"),
		Spoken("renamed role {{.Member}} to {{.Other}}"),
		Spoken("renamed {{.Member}} to {{.Other}}"),
		Spoken("lowered {{.Member}} from {{.Other}} to {{.Number}}"),
		Spoken("lowered {{.Member}} to {{.Number}}"),
		Spoken("changed {{.Member}} to {{.Other}}"),
		Spoken("put into the prompt: {{.Member}}"),
		Spoken("added {{.Member}}"),
	} {
		list = append(list, newSentence(text))
	}
	return list
})

// changed are the other changes, word for word.
var changed = set(
	Spoken("added a failed result for a tool call without one"), Spoken("added a user's message in front"),
	Spoken("asked in the system prompt for the form of the answer"),
	Spoken("dropped a block that only Anthropic understands"), Spoken("dropped a format's schema that is no JSON object"),
	Spoken("dropped a part that is out of place"), Spoken("dropped a picture in a system message"),
	Spoken("dropped a reasoning effort that is not known"), Spoken("dropped a stop sequence"),
	Spoken("dropped a stop sequence of space alone"), Spoken("dropped a tool's schema that is no JSON object"),
	Spoken("dropped how much is to be thought"), Spoken("dropped temperature, top_p and top_k, for there is thinking"),
	Spoken("dropped thinking of others"), Spoken("dropped thinking, for a tool must be called"),
	Spoken("dropped tool_choice of a tool that is not offered"), Spoken("dropped tool_choice, for there are no tools"),
	Spoken("dropped tool_choice, which names no tool"), Spoken("dropped tool_choice, without tools"),
	Spoken("dropped top_p, for there is a temperature"),
	Spoken("joined several results of one tool call"),
	Spoken("left out a document of an older turn"), Spoken("left out a picture"), Spoken("left out a picture of the assistant's"),
	Spoken("left out a picture without data"), Spoken("left out a picture, for a model that reads text only"),
	Spoken("left out the tools, none of which may be called"),
	Spoken("moved a system message into system"), Spoken("moved a tool result to its call"),
	Spoken("removed a part of a system message that is no text"), Spoken("removed an empty text"),
	Spoken("removed further members that are given again"), Spoken("removed the billing block of system"),
	Spoken("removed tools[], of such as the provider would run"),
	Spoken("renamed the id of a tool call that another one has"),
	Spoken("switched off thinking, for which max_tokens leaves no room"),
	Spoken("turned a block that only Anthropic understands into text"), Spoken("turned a system message into a user's text"),
	Spoken("turned a tool result without a call into text"),
	Spoken("wrapped arguments that are no JSON object"),
)
