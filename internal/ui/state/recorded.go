package state

// recorded are the fixed words of records and of the proxy's own state.
var recorded = set(
	// How a request ended.
	Spoken("ok"), Spoken("client left"), Spoken("broken off"), Spoken("cut"), Spoken("stalled"), Spoken("failed in mid-stream"),
	Spoken("all keys cooling"), Spoken("all providers failed"), Spoken("no usable key"), Spoken("at capacity"), Spoken("paused"),
	Spoken("context length exceeded"), Spoken("model not found"), Spoken("invalid api key"), Spoken("invalid json"),
	Spoken("request too large"),
	// What came back of a try.
	Spoken("rate limited"), Spoken("too many at once"), Spoken("quota used up"), Spoken("server error"), Spoken("connection reset"),
	Spoken("no connection"), Spoken("overloaded"), Spoken("silent"), Spoken("malformed answer"), Spoken("context exceeded"),
	Spoken("model gone"), Spoken("not entitled"), Spoken("key rejected"), Spoken("account stopped"), Spoken("request refused"),
	Spoken("cancelled"),
	// How a key stands, and why.
	Spoken(Ready), Spoken(Cooling), Spoken(Busy), Spoken(Parked), Spoken(Disabled), Spoken(Missing),
	Spoken("parked by hand"), Spoken("tokens per minute used up"), Spoken("requests per minute used up"),
	Spoken("too many requests at once"),
	// Why a rule holds or does not, and what becomes of a target.
	Spoken("no images"), Spoken("no model was named"), Spoken("no other rule matched"), Spoken("no rule matched"),
	Spoken("no provider has a usable key"), Spoken("no model can be used"),
	Spoken("taken"), Spoken("only if the targets before it fail"), Spoken("passed over: no key of it can serve"),
	// What is limited, and for how long.
	Spoken("tokens"), Spoken("requests"), Spoken("percent"), Spoken("minute"), Spoken("hour"), Spoken("day"), Spoken("week"),
	Spoken("month"), Spoken("window"),
	// Where a setting comes from.
	Spoken("default"), Spoken("this system"), Spoken("keychain"),
)

func set(texts ...string) map[string]bool {
	all := make(map[string]bool, len(texts))
	for _, text := range texts {
		all[text] = true
	}
	return all
}
