package dialect

// anthropic is the dialect of Anthropic's Messages, as its clients send it and as
// Z.ai and Synthetic serve it (docs.claude.com, anthropic-sdk-go v1.60.0 of
// 2026-07-23; Claude Code 2.1.197, measured 2026-11-20).
var anthropic adapter

func init() { // not where it is declared: its functions use the table of adapters
	anthropic = adapter{
		path: "/v1/messages",
		read: readAnthropic, decode: decodeAnthropic, fit: fitAnthropic, encode: encodeAnthropic,
		answers: newAnthropicAnswers, look: lookAnthropic, completion: completionAnthropic,
		pass: newAnthropicPass, passWhole: anthropicPassWhole,
		stream: newAnthropicStream, whole: anthropicWhole,
		fault: anthropicError, broken: anthropicErrorEvent,
		ping: []byte("event: ping\ndata: {\"type\":\"ping\"}\n\n"),
	}
}
