package proxy

import (
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// DialectRow is a feature of conversations, and how it fares between dialects.
type DialectRow struct {
	Feature string
	Fares   []Fare // for every client exactly one
}

// Fare is what becomes of a feature that clients of some dialects use.
type Fare struct {
	From []dialect.Name // nil: of any
	To   [3]string      // where the provider speaks OpenAI's dialect, or Anthropic's, or is Anthropic itself
}

// Told gives the word for one pair; kind is an index of [Fare].To.
func (r DialectRow) Told(front dialect.Name, kind int) string {
	for _, f := range r.Fares {
		if f.From == nil || slices.Contains(f.From, front) {
			return f.To[kind]
		}
	}
	return ""
}

// Whose client it is.
var (
	anyClient       []dialect.Name
	chatClient      = []dialect.Name{dialect.OpenAI}
	messagesClient  = []dialect.Name{dialect.Anthropic}
	responsesClient = []dialect.Name{dialect.Responses}
	fromOpenAI      = []dialect.Name{dialect.OpenAI, dialect.Responses}
	fromOthers      = []dialect.Name{dialect.Anthropic, dialect.Responses}
)

// everywhere is the same word for every kind of provider.
func everywhere(word string) [3]string { return [3]string{word, word, word} }

// DialectRows is what is promised of every pair of dialects. A test walks each
// cell, and the README shows the same rows. The provider of OpenAI's dialect that
// it is about takes thinking back and knows no JSON schema, as Z.ai.
func DialectRows() []DialectRow { return dialectRows }

var dialectRows = []DialectRow{
	{"text, whole and streamed", []Fare{
		{chatClient, [3]string{"byte for byte", "translated", "translated"}},
		{messagesClient, [3]string{"translated", "byte for byte", "byte for byte"}},
		{responsesClient, everywhere("translated")},
	}},
	{"parallel tool calls, whole or in fragments that interleave, and their results", []Fare{{anyClient, everywhere("yes")}}},
	{"tool names of more than 64 characters", []Fare{
		{chatClient, everywhere("as they are")},
		{fromOthers, [3]string{"shortened, and mapped back", "as they are", "as they are"}},
	}},
	{"thinking, shown", []Fare{{anyClient, everywhere("yes")}}},
	{"thinking, given back at the next turn", []Fare{
		{chatClient, [3]string{"yes", "left out", "left out"}},
		{fromOthers, [3]string{"yes", "yes, with its own signature", "yes, with its own signature"}},
	}},
	{"thinking of another provider, in the history", []Fare{{anyClient, [3]string{"as text", "left out", "left out"}}}},
	{"a picture in the latest turn", []Fare{{anyClient, everywhere("to a model that sees")}}},
	{"pictures of earlier turns", []Fare{{anyClient, [3]string{"a short note, if the model reads text only", "a short note, if the model reads text only", "yes"}}}},
	{"a PDF", []Fare{
		{chatClient, [3]string{"byte for byte", "refused, with a hint", "yes"}},
		{fromOthers, [3]string{"refused, with a hint", "refused, with a hint", "yes"}},
	}},
	{"a system message in the midst", []Fare{
		{chatClient, [3]string{"in its place", "in its place, as a reminder", "in its place, as a reminder"}},
		{messagesClient, [3]string{"in its place, as a reminder", "in its place, as a reminder", "in its place"}},
		{responsesClient, everywhere("in its place, as a reminder")},
	}},
	{"a JSON schema for the answer", []Fare{
		{chatClient, [3]string{"as a schema", "in the prompt", "as a schema"}},
		{messagesClient, [3]string{"in the prompt", "as a schema, and in the prompt", "as a schema"}},
		{responsesClient, [3]string{"in the prompt", "in the prompt", "as a schema"}},
	}},
	{"tokens read from the cache", []Fare{{anyClient, everywhere("told, counted the client's way")}}},
	{"the model that the answer names", []Fare{
		{chatClient, everywhere("the one that answered")},
		{fromOthers, everywhere("the one that was asked for")},
	}},
	{"an option that only the client's dialect has", []Fare{
		{chatClient, [3]string{"byte for byte", "left out, and recorded", "left out, and recorded"}},
		{messagesClient, [3]string{"left out, and recorded", "byte for byte", "byte for byte"}},
		{responsesClient, everywhere("left out, and recorded")},
	}},
	{"a request that the provider refuses", []Fare{{anyClient, everywhere("400, with the provider's words")}}},
	{"a prompt that is too long", []Fare{
		{chatClient, [3]string{"the provider's words", "context_length_exceeded", "context_length_exceeded"}},
		{messagesClient, everywhere("prompt is too long: N tokens > M maximum")},
		{responsesClient, everywhere("context_length_exceeded")},
	}},
	{"a used-up quota, dressed as an answer", []Fare{{anyClient, everywhere("429 with retry-after")}}},
	{"a stream that breaks off", []Fare{{anyClient, everywhere("an error event")}}},
	{"an error in the midst of a stream", []Fare{{anyClient, everywhere("an error event")}}},
}

// clientNames are the dialects as the README calls them.
var clientNames = map[dialect.Name]string{
	dialect.OpenAI: "OpenAI chat", dialect.Anthropic: "Anthropic", dialect.Responses: "Responses",
}

// DialectTable renders [DialectRows] as the Markdown rows of the README.
func DialectTable() string {
	var b strings.Builder
	b.WriteString("| what | from clients of | to a provider that speaks OpenAI's dialect | to one that speaks Anthropic's | to Anthropic itself |\n|---|---|---|---|---|\n")
	for _, r := range dialectRows {
		for _, f := range r.Fares {
			from := []string{"any"}
			if f.From != nil {
				from = nil
			}
			for _, name := range f.From {
				from = append(from, clientNames[name])
			}
			b.WriteString("| " + r.Feature + " | " + strings.Join(from, ", ") + " | " + strings.Join(f.To[:], " | ") + " |\n")
		}
	}
	return b.String()
}
