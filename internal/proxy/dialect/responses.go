package dialect

// responses is the dialect of OpenAI's Responses, as Codex and OpenAI's SDKs
// speak it (openai/codex and openai-go, 2026). No provider does, so that only
// the half towards clients is here.
var responses adapter

func init() { // not where it is declared: its functions use the table of adapters
	responses = adapter{
		read: readResponses, decode: decodeResponses,
		stream: newResponsesStream, whole: responsesWhole,
		fault: openAIError, broken: responsesErrorEvent,
		ping: []byte(": ping\n\n"),
	}
}
