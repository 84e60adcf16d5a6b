package dialect

// openAI is the dialect of OpenAI's chat completions, as OpenAI's own clients
// and the providers have it (openai-go, 2026-08-21).
var openAI adapter

func init() { // not where it is declared: its functions use the table of adapters
	openAI = adapter{
		path: "/chat/completions",
		read: readOpenAI, decode: decodeOpenAI, fit: fitOpenAI, encode: encodeOpenAI,
		answers: newOpenAIAnswers, look: lookOpenAI, completion: completionOpenAI,
		pass:   func(Ask) Stream { return new(chatStream) },
		stream: newOpenAIStream, whole: openAIWhole,
		fault: openAIError, broken: openAIErrorEvent,
		ping: []byte(": ping\n\n"),
	}
}
