package ui

// settingSection is a part of the settings page.
type settingSection struct {
	name string
	rows []settingWords
}

// settingWords are what a setting is called, and what it does.
type settingWords struct{ name, title, help string }

// settingAtLogin is the setting that no file has: the system's own list of what
// to start at login.
const settingAtLogin = "start_at_login"

// settingSections are the parts of the page. A setting that is in none stands
// under "Others", by its own name.
var settingSections = []settingSection{
	{spoken("General"), []settingWords{
		{"close_to_tray", spoken("Close to the tray"), spoken("The window's cross hides it, and glmtray goes on.")},
		{"start_in_tray", spoken("Start in the tray"), spoken("The window stays away at the start; the icon opens it.")},
		{settingAtLogin, spoken("Start at login"), spoken("In the tray, so that connected agents always find it.")},
	}},
	{spoken("Server"), []settingWords{
		{"addr", spoken("Address"), spoken("Where clients find it. Connected agents follow by themselves.")},
		{"require_client_key", spoken("Client key required"), spoken("Who shows none is not served. Keys are made on the page Clients.")},
		{"max_workers", spoken("Requests at once"), spoken("Further ones wait.")},
	}},
	{spoken("Routing basics"), []settingWords{
		{"same_family_first", spoken("Same family first"), spoken("Who asks for GLM gets GLM where a provider has it, even if another is faster.")},
		{"fallback_on_cooldown", spoken("Fall back while keys cool"), spoken("Off: requests wait for the first provider's keys.")},
		{"token_threshold", spoken("Long from"), spoken("Tokens of a prompt from which the rule for long ones is used.")},
		{"continue_streams", spoken("Carry on broken streams"), spoken("An answer that breaks off after its first words is completed by the next provider.")},
		{"cooldown", spoken("Cooldown"), spoken("After a refusal that does not say how long: 30s, 2m.")},
		{"max_wait", spoken("Longest wait for a key"), spoken("Then the client is told to try again.")},
	}},
	{spoken("Logging and privacy"), []settingWords{
		{"log_requests", spoken("Keep bodies in files"), spoken("The text of requests and answers, without keys, on this computer alone.")},
		{"log_max_age", spoken("Keep them for"), spoken("Older ones are removed: 14d, 48h.")},
		{"log_level", spoken("Log level"), spoken("How much the program says of itself.")},
	}},
	{spoken("Network"), []settingWords{
		{"proxy", spoken("Outbound proxy"), spoken("For requests to providers: http://proxy.example:3128. Empty: as the system has it.")},
		{"ca_file", spoken("Certificates"), spoken("A PEM file of authorities that are trusted beside the system's.")},
	}},
	{spoken("Notifications"), []settingWords{
		{"notify_cooling", spoken("All keys cool down"), spoken("And when the first is back.")},
		{"notify_rejected", spoken("A key is not accepted"), spoken("It is wrong, or its account was stopped.")},
		{"notify_fallback", spoken("Another provider answers"), spoken("It took over, or gave back.")},
		{"notify_models", spoken("A model is gone"), spoken("A provider no longer has one that is configured.")},
		{"notify_family", spoken("Another family of models answers"), spoken("The first provider has not got what is asked for.")},
		{"notify_quota", spoken("A limit is nearly used up"), spoken("Less than a tenth is left, and it is not back within minutes.")},
	}},
}

// sectionAbout and sectionOthers are the parts that are no list of words.
const (
	sectionAbout  = "About"
	sectionOthers = "Others"
)

// sectionOf is the part that a setting stands in, and its place there.
func sectionOf(name string) (section string, place int, words settingWords) {
	for _, s := range settingSections {
		for i, w := range s.rows {
			if w.name == name {
				return s.name, i, w
			}
		}
	}
	return sectionOthers, 0, settingWords{name: name, title: title(name)}
}
