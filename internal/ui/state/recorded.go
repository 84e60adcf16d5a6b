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
	// What sayings are put together of: why it goes this way.
	Spoken("an image"), Spoken("1 image"), Spoken("the rule names it"), Spoken("as asked"),
	Spoken("the canary has no target left"), Spoken("not reached: vision never falls through to a text model"),
	Spoken("no rule of the routing table matches this request"), Spoken("add a rule without conditions at its end"),
	Spoken("glmtray is paused"), Spoken("resume it in the tray or with: glmtray resume"),
	Spoken("raise max_workers (MAX_WORKERS) if this happens often"), Spoken("see: glmtray keys list"),
	Spoken("this client key is not known to glmtray"), Spoken("this proxy wants a client key and none was sent"),
	Spoken("the provider's stream broke off before it was finished"), Spoken("the client left"),
	// How a key stands.
	Spoken("no key"), Spoken("since before the restart"), Spoken("one request tries it first"),
	Spoken("waits for the one request that tries it first"), Spoken("not asked while the provider fails"), Spoken("the provider fails"),
	Spoken("input tokens"), Spoken("output tokens"), Spoken("second"), Spoken("5 hours"), Spoken("subscription"),
	// What came back, where it is not the vendor who says it.
	Spoken("shared capacity is congested"), Spoken("payment required: see the provider's billing page"), Spoken("the key is wrong"),
	Spoken("refused for its content"), Spoken("refused for its content (content_filter)"),
	Spoken("refused for its content (content_policy_violation)"), Spoken("the provider broke off (network_error)"),
	Spoken("the request fills the model's whole context"), Spoken("no balance, or the key belongs to the other endpoint (1113)"),
	Spoken("unknown model (1211)"), Spoken("the prompt is too long (1261)"), Spoken("blocked by the provider's policy (1300)"),
	Spoken("refused for its content (1301)"), Spoken("too many requests at once (1302)"), Spoken("requests come too often (1303)"),
	Spoken("the day's calls are used up (1304)"), Spoken("temporarily overloaded (1305)"), Spoken("the plan has expired (1309)"),
	Spoken("the plan does not include this model (1311)"), Spoken("the model is overloaded (1312)"),
	Spoken("WARNING: limited under Z.ai's fair-use policy (1313); it bans an account at the third violation. "+
		"Stop using this key and read https://docs.z.ai/devpack/usage-policy"),
	Spoken("the subscription's limit is reached"), Spoken("refused without a word, as when the context is exceeded"),
	Spoken("connection refused"), Spoken("no way to the provider: is this machine online?"),
	Spoken("the provider's certificate is signed by nobody this machine trusts (a CA file can be set)"),
	Spoken("the provider's certificate is for another host"), Spoken("the address does not speak TLS"), Spoken("no connection in time"),
	Spoken("the caller went away"), Spoken("an empty answer"), Spoken("an answer that cannot be decompressed"),
	Spoken("the stream ended without an answer"), Spoken("the answer was cut off"), Spoken("the connection broke"),
	Spoken("the connection broke in the answer"), Spoken("correct the base URL"), Spoken("its base URL is none"),
	Spoken("an HTML page"), Spoken("a list without models"),
	// What an agent wants to be told, and to be read of its files.
	Spoken("New Claude Code sessions use it; running ones after a restart."),
	Spoken("Reload the window of VS Code (Developer: Reload Window)."),
	Spoken("Start it with: codex --profile glmtray (with --default, plain codex)."),
	Spoken("Start OpenCode again; its models stand under glmtray in /models."), Spoken("Zed takes it up at once."),
	Spoken("Continue takes it up when the file is saved."), Spoken("Start Kilo Code again."), Spoken("Start Crush again."),
	Spoken("Start aider again."), Spoken("Cline takes it up at once."), Spoken("Programs read it when they start."),
	Spoken("any program with an OpenAI SDK"), Spoken("any program with an Anthropic SDK"),
	Spoken("Cursor calls an own base URL from its servers, not from this machine, so it cannot reach localhost. "+
		"A public tunnel would show your proxy to everybody; use Claude Code or Codex in Cursor's terminal instead."),
	Spoken("In the program's environment:"), Spoken("In the program's environment (no /v1: the SDK adds it):"),
	Spoken("In Cline's settings, choose the API provider \"OpenAI Compatible\":"), Spoken("The command line asks for the same with: cline auth"),
	Spoken("Then, in the agent panel's settings, paste the key for glmtray (Zed keeps it in the keychain):"),
	Spoken("and no \"ANTHROPIC_API_KEY\" beside them."),
	Spoken("the environment"),
	Spoken("Claude Code asks about it, or uses it instead of our token; programs with an Anthropic SDK send it"),
	Spoken("programs with an Anthropic SDK send it; the settings of Claude Code count more"),
	Spoken("programs with an Anthropic SDK go there; the settings of Claude Code count more"),
	Spoken("programs with an OpenAI SDK send it, and clients may take it for their provider"),
	Spoken("programs with an OpenAI SDK go there, not to glmtray"),
	Spoken("as before"), Spoken("the copy from before"), Spoken("removed by somebody else since, which stays so"),
	Spoken("removed, there was none before"), Spoken("it is gone"),
	// Vendors' policies.
	Spoken("Z.ai's coding plan is for one person, inside the coding tools that Z.ai lists. Sharing, reselling, "+
		"pooling and proxying it are prohibited; Z.ai throttles, then freezes, and at the third violation bans "+
		"the account by itself. Do not put several people's plan keys together."),
	// Errors and their way out.
	Spoken("another program"), Spoken("end that program, or give another port with --addr"),
	Spoken("end that program, or give another port in the settings"), Spoken("give one with --addr"), Spoken("give one in the settings"),
	Spoken("it looks like 127.0.0.1:18080"), Spoken("the port is a number up to 65535"),
	Spoken("the keychain is not available"), Spoken("the keychain cannot be read"), Spoken("not in the keychain"),
	Spoken("it may be asking for its password"), Spoken("an earlier call is still waiting; it may be asking for its password"),
	Spoken("the key is empty"), Spoken("the name looks like a key"), Spoken("there is no D-Bus session"),
	Spoken("a key does not belong on the command line: it is asked for, or read from standard input"),
	Spoken("start a Secret Service (gnome-keyring or KWallet, in a D-Bus session) and unlock it, or "+
		"give keys by environment variables (CEREBRAS_API_KEYS, SYNTHETIC_API_KEY, ZAI_API_KEY)"),
	Spoken("unlock the login keychain (security unlock-keychain; over SSH it is locked), or "+
		"give keys by environment variables (CEREBRAS_API_KEYS, SYNTHETIC_API_KEY, ZAI_API_KEY)"),
	Spoken("log on as a user with a Credential Manager (services and some remote sessions have none), or "+
		"give keys by environment variables (CEREBRAS_API_KEYS, SYNTHETIC_API_KEY, ZAI_API_KEY)"),
	Spoken("unlock the keychain, or give keys by environment variables; a demo would hide that your keys cannot be read"),
	Spoken("clients must show a key, but there is none"), Spoken("glmtray is not running"), Spoken("start it with: glmtray serve"),
	Spoken("somebody else has just written this file"), Spoken("the record of connections cannot be read"),
	Spoken("the settings name no such key"), Spoken("the settings name such a key already"),
	Spoken("a client's key is made by glmtray; give the client a name"), Spoken("a client's name does not begin like a key"),
	Spoken("a client's name has printable characters and no blank at its ends"),
	Spoken("a client's name is no number: that would look like an id"),
	Spoken("see it with: glmtray status"), Spoken("end it to open the window"),
	// What a setting may be.
	Spoken("unknown setting; the table in the README, under Settings, has those there are"),
	Spoken("keys do not stand in this file: add one with `glmtray keys add`, or give it in the environment"),
	Spoken("is no setting"), Spoken("an address such as 127.0.0.1:18080"), Spoken("true or false"), Spoken("a path"), Spoken("a name"),
	Spoken("debug, info, warn or error"), Spoken("a proxy URL such as http://proxy.example:3128 (http, https, socks5)"),
	Spoken("a time such as \"60s\", \"10m\" or \"14d\", or a number of seconds"), Spoken("a size such as \"32MiB\" or a number of bytes"),
	Spoken("a label of letters, digits, - and _"), Spoken("names of hosts"), Spoken("origins such as \"http://localhost:3000\""),
	Spoken("shell patterns of model names such as \"claude-*\""), Spoken("requests per second, more than 0 and at most 10000"),
	Spoken("a share, more than 0 and at most 1"), Spoken("a list of providers such as \"synthetic\", \"zai\""),
	Spoken("at most 40 bytes"), Spoken("UTF-8"), Spoken("without slashes, and without blanks around it"),
	// What stands in the way of files, settings and the database, and what was done then.
	Spoken("starting the demo"), Spoken("taking back what was written"), Spoken("the client's key is not made yet"),
	Spoken("finding this program"), Spoken("HOME is not set"), Spoken("the program is ending"),
	Spoken("the queue is full: the disk is too slow, or a body too large"), Spoken("encoding a body file"),
	Spoken("no body file has this request"), Spoken("opening the log folder"),
	Spoken("body over the limit"), Spoken("no client was found whose files could be written"),
	Spoken("finding the clients' files"), Spoken("the port is known only when glmtray runs"),
	Spoken("set it to the home folder of the user whose clients are meant"), Spoken("this file cannot be edited by a program"),
	Spoken("changing settings"), Spoken("locking settings"), Spoken("making the settings' folder"), Spoken("touching settings"),
	Spoken("its top is no object"), Spoken("the change would mean something else in this file"),
	Spoken("this is not JSON, not even with comments"), Spoken("it stands there twice"), Spoken("there is nothing to put it in"),
	Spoken("what should hold it is something else"), Spoken("it is no JSON of ours"), Spoken("locking the record of connections"),
	Spoken("making the data folder"), Spoken("listening"),
	Spoken("the settings are not valid"), Spoken("no request has this id"),
	Spoken("several requests begin so"), Spoken("reading run.json"), Spoken("writing run.json"), Spoken("closing store"),
	Spoken("opening store"), Spoken("the store is closed"), Spoken("a single event is larger than 16 MiB"),
	Spoken("the stream is larger than 256 MiB"), Spoken("reading TOML"), Spoken("reading a TOML value: it is none"),
	Spoken("it is not connected"), Spoken("no such verb"), Spoken("removing the copy of how it was"),
	Spoken("taking the key back out of the keychain"), Spoken("adding a key"), Spoken("renaming a key"),
	Spoken("setting a key's account"), Spoken("no client has this name, id or key"), Spoken("several clients fit"),
	Spoken("adding a client"), Spoken("another process has it"), Spoken("the data folder cannot be locked"),
	Spoken("it may wait for the keychain's password, or for requests to end; see it with: glmtray status"),
	Spoken("see it with: glmtray status; end it first, or give another folder with --data-dir"),
	Spoken("copying the database before it is changed"), Spoken("migrating the database"),
	Spoken("no such provider"), Spoken("no such key"), Spoken("it has no usable key"),
	Spoken("admitting a client"), Spoken("it is no file"), Spoken("keeping what stands there"), Spoken("agents are still connected"),
	Spoken("putting an unreadable note aside"), Spoken("putting the unreadable record aside"), Spoken("there is no copy of how it was"),
)

func set(texts ...string) map[string]bool {
	all := make(map[string]bool, len(texts))
	for _, text := range texts {
		all[text] = true
	}
	return all
}
