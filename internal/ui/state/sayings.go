package state

import "slices"

// sayings are the forms of what the program says with names and figures in it, for
// Told. A form that is more exact stands before one that would match as well.
var sayings = slices.Concat(ofRoutes, ofKeys, ofProviders, ofAgents, ofCommands, ofSettings)

// ofRoutes are why a rule holds or does not, why a target is left out, and why a
// model is taken: package route.
var ofRoutes = []string{
	Spoken("{{.Count}} images"),
	Spoken("{{.Tokens}} tokens, not over {{.Limit}}"),
	Spoken("{{.Tokens}} tokens > {{.Limit}}"),
	Spoken("model {{.Model}} does not match {{.Pattern}}"),
	Spoken("{{.Why}}, but no target is left"),
	Spoken("{{.Why}}, and no vision model can be used"),
	Spoken("model {{.Model}} matches {{.Pattern}}"),
	Spoken("no target holds {{.Tokens}} tokens, {{.Target}} holds most ({{.Limit}})"),
	Spoken("it has {{.Tokens}} tokens, and {{.Why}}"),
	Spoken("not of the {{.Share}} that try the canary"),
	Spoken("one of the {{.Share}} that try the canary"),
	Spoken("{{.Share}} to {{.Target}} first"),
	Spoken("not reached: pinned to {{.Provider}}"),
	Spoken("not reached: {{.Rule}} matched"),
	Spoken("glmtray is pinned to {{.Provider}}, but {{.Why}}"),
	Spoken("pinned to {{.Provider}}, but {{.Why}}"),
	Spoken("pinned to {{.Provider}}"),
	Spoken("the same as {{.Target}}"),
	Spoken("the settings have no provider {{.Provider}}"),
	Spoken("{{.Provider}} has no usable key"),
	Spoken("{{.Provider}} has no {{.Role}} model"),
	Spoken("every {{.Role}} model of {{.Provider}} is gone"),
	Spoken("{{.Model}} takes no images"),
	Spoken("{{.Model}} holds only {{.Limit}} tokens"),
	Spoken("its {{.Role}} model stands in"),
	Spoken("it stands in for a model that {{.Provider}} no longer has"),
	Spoken("{{.Model}} is gone from {{.Provider}}"),
	Spoken("{{.Model}} is an alias"),
	Spoken("whether {{.Provider}} has {{.Model}} is not known"),
	Spoken("{{.Model}} is not listed by {{.Provider}}"),
	Spoken("{{.Model}} is not known to take images"),
	Spoken("{{.Provider}} has no {{.Family}} for {{.Asked}}: {{.Model}} answers"),
	Spoken("{{.Provider}} no longer has {{.Model}}"),
	// Refusals.
	Spoken("the request has {{.Why}} and no vision model can be used: {{.Targets}}"),
	Spoken("no provider that could serve this request has a usable key: {{.Providers}}"),
	Spoken("no rule leads to a model that can be used: {{.Targets}}"),
	Spoken("add a key: {{.Command}}"),
	Spoken("or unpin {{.Provider}}"),
	Spoken("unpin {{.Provider}}"),
	// What becomes of a target.
	Spoken("waited for up to {{.Time}}: all its keys are busy"),
	Spoken("waited for: a key returns in {{.Time}}"),
	Spoken("refused here: its first key returns in {{.Time}}, and fallback_on_cooldown is off"),
	Spoken("passed over: its first key returns in {{.Time}}"),
	// Why nobody answered.
	Spoken("every key that could serve this request is cooling down; the first returns in {{.Time}}: {{.Why}}"),
	Spoken("no provider answered this request: {{.Why}}"),
	Spoken("no provider has a key that can serve this request: {{.Why}}"),
	Spoken("glmtray already serves {{.Count}} requests and its queue is full"),
	Spoken("the client took nothing of its answer for {{.Time}}"),
	Spoken("no provider lists a model {{.Model}}"),
}

// ofKeys are how a key stands, and what is left of its limits: package keypool.
var ofKeys = []string{
	Spoken("{{.Count}} days"),
	Spoken("busy ({{.Count}} at once)"),
	Spoken("not for {{.Model}}: {{.Why}}"),
	Spoken("not for {{.Model}}"),
	Spoken("the provider fails: {{.Why}}"),
	Spoken("paced at {{.Rate}} requests per second"),
	Spoken("next in {{.Time}}"),
	Spoken("back in {{.Time}} ({{.Why}})"),
	Spoken("back in {{.Time}}"),
	Spoken("{{.Key}} back in {{.Time}} ({{.Why}})"),
	Spoken("{{.Key}} back in {{.Time}}"),
	Spoken("{{.Key}} busy ({{.Count}} at once)"),
	Spoken("{{.Key}} parked: {{.Why}}"),
	Spoken("enough in {{.Time}}"),
	Spoken("again in {{.Time}}"),
	Spoken("and {{.Count}} more"),
	Spoken("{{.Kind}} per {{.Window}}: {{.Left}} of {{.Limit}} left, this needs {{.Count}}"),
	Spoken("{{.Kind}} per {{.Window}}: {{.Left}} left, this needs {{.Count}}"),
	Spoken("{{.Kind}}: {{.Left}} of {{.Limit}} left, this needs {{.Count}}"),
	Spoken("{{.Kind}}: {{.Left}} left, this needs {{.Count}}"),
	Spoken("{{.Kind}} per {{.Window}} used up"),
	Spoken("stored without a host: add it again to send it to {{.Host}}"),
	Spoken("stored for host {{.Host}}, not for {{.Other}}"),
}

// ofProviders are what came back of a try, where it is not the vendor who says it:
// package upstream.
var ofProviders = []string{
	Spoken("no host is called {{.Host}}"),
	Spoken("the name {{.Host}} cannot be looked up"),
	Spoken("no connection: {{.Why}}"),
	Spoken("no answer within {{.Time}}"),
	Spoken("no connection within {{.Time}}"),
	Spoken("no complete answer within {{.Time}}"),
	Spoken("no first word within {{.Time}}"),
	Spoken("an answer that is not HTTP: {{.Why}}"),
	Spoken("an answer that is not JSON: {{.Why}}"),
	Spoken("an unexpected answer ({{.What}})"),
	Spoken("the connection broke: {{.Why}}"),
	Spoken("the connection broke in the answer: {{.Why}}"),
	Spoken("its address redirects to {{.Host}}"),
	Spoken("blocked before the API (403): {{.Why}}"),
	Spoken("the provider answered {{.Status}} and did not say why"),
	Spoken("the provider broke the answer off ({{.What}})"),
	Spoken("stream {{.Why}}"),
}

// ofAgents are what there is to say of an agent's files: package connect, and what is
// done with it.
var ofAgents = []string{
	Spoken("{{.Name}} in {{.Where}}: {{.Why}}"),
	Spoken("{{.Path}} is no longer a file of {{.Name}}. Somebody has changed it since, which stays so: {{.Values}}."),
	Spoken("{{.Path}} was removed by somebody else since, so it is made anew."),
	Spoken("How it was before is kept in {{.Path}}."),
	Spoken("{{.Path}} held values of an earlier connection that nobody remembers: they are taken for ours, not for yours."),
	Spoken("{{.Path}} was changed since: {{.Values}}. What stands there now is what disconnecting puts back."),
	Spoken("conflict: {{.Name}} is set in {{.Path}} as well. Only one of it and our token may be, so it is emptied; disconnecting puts it back."),
	Spoken("conflict: apiKeyHelper in {{.Path}} may give Claude Code another key than ours."),
	Spoken("{{.Name}} stays connected: not all of its files could be put back."),
	Spoken("Disconnected {{.Name}}. Running sessions keep what they have read until they are started again."),
	Spoken("Disconnected {{.Name}}. Its key is accepted no longer; what you have written by hand stays."),
	Spoken("what stood there is kept in {{.Path}}"),
	Spoken("how it was before is kept in {{.Path}}"),
	Spoken("the file from before is kept in {{.Path}}"),
	Spoken("as before, but for what was changed since: {{.Values}}"),
	Spoken("this file cannot be edited by a program: {{.Why}}"),
	// Recipes.
	Spoken("In {{.Path}}, in the object \"env\":"),
	Spoken("In {{.Path}} (the first two lines above all tables):"),
	Spoken("In the user settings of VS Code ({{.Path}}):"),
	Spoken("In {{.Path}}:"),
	Spoken("And, so that it knows the limits, in {{.Path}}:"),
	Spoken("and the model {{.Model}}"),
	Spoken("and no ANTHROPIC_API_KEY beside them; any claude-… model, or {{.Model}}"),
}

// ofCommands are what the commands say that the window carries out.
var ofCommands = []string{
	// Questions and mistakes, as a key is added or changed.
	Spoken("{{.Key}} is there already. Replace its key?"),
	Spoken("This looks like a key of {{.Other}}, not of {{.Name}}. Add it nevertheless?"),
	Spoken("This is the key of {{.Key}}. Add it once more?"),
	Spoken("{{.Key}} has this name already"),
	Spoken("{{.Provider}} has a key {{.Name}} already"),
	Spoken("{{.Provider}} has no key {{.Name}}"),
	Spoken("unknown provider {{.Name}}"),
	Spoken("the name {{.Name}} is not made of 1 to 64 letters (a-z, A-Z), digits and . _ - with a letter, digit or _ in front"),
	Spoken("the key has a blank or another character that no key has, at place {{.Count}}"),
	Spoken("the key is too long for a keychain: {{.Count}} bytes, {{.Limit}} fit"),
	Spoken("storing {{.Key}}"),
	Spoken("reading {{.Key}}"),
	Spoken("removing {{.Key}}"),
	Spoken("it did not answer within {{.Time}}"),
	// How the test of a key ended.
	Spoken("{{.Key}} works: {{.Model}} answered in {{.Time}} at the {{.Endpoint}} endpoint"),
	Spoken("{{.Key}} works: {{.Model}} answered in {{.Time}}"),
	Spoken("{{.Key}} cannot be used: {{.Why}}"),
	Spoken("{{.Key}} rejected: the provider does not know this key"),
	Spoken("{{.Key}} out of money, or the account is stopped"),
	Spoken("{{.Key}} good, but its limit is used up for now"),
	Spoken("{{.Key}} good, but its quota is used up"),
	Spoken("{{.Key}} good, but in use by others right now"),
	Spoken("{{.Key}} good, but not for these models"),
	Spoken("{{.Key}} not told: the provider has none of the configured models"),
	Spoken("{{.Key}} not told: no connection to the provider"),
	Spoken("{{.Key}} not told: the provider did not answer in time"),
	Spoken("the running proxy was not told: {{.Why}}"),
	Spoken("{{.Key}} not told: {{.Why}}"),
	Spoken("it said: {{.Why}}"),
	Spoken("limit: {{.Left}} of {{.Limit}} {{.Kind}} per {{.Window}} left"),
	Spoken("stored: it belongs to the {{.Endpoint}} endpoint"),
	Spoken("note: {{.Why}}"),
	Spoken("it is from {{.Origin}}: set its base URL in the environment to that of the {{.Endpoint}} endpoint"),
	Spoken("the running proxy keeps its old settings: {{.Why}}"),
	// Where it listens, and where it cannot.
	Spoken("port {{.Port}} was taken before, so port {{.Next}} is kept"),
	Spoken("port {{.Port}} is taken by {{.Where}}"),
	Spoken("port {{.Port}} is used from now on"),
	Spoken("ports {{.Port}} to {{.Next}} are all taken"),
	Spoken("{{.Address}} is taken by {{.Where}}"),
	Spoken("another glmtray ({{.Address}})"),
	Spoken("glmtray serves already, without a window ({{.Address}}, process {{.Count}})"),
	Spoken("{{.Path}} exists already"),
}

// ofSettings are what is wrong with a value, and what there is to say of the settings
// as a whole: package config.
var ofSettings = []string{
	Spoken("must be {{.Why}}"),
	Spoken("unknown setting; known: {{.Values}}"),
	Spoken("unknown setting; did you mean {{.Name}}?"),
	Spoken("not TOML: {{.Why}}"),
	Spoken("a list of {{.Why}}"),
	Spoken("a whole number of at least {{.Count}}"),
	Spoken("{{.Target}} is no target; allowed: provider/role or provider/model"),
	Spoken("{{.Name}} is a malformed pattern; allowed: {{.Pattern}}, with *, ?, [a-z] and a leading ! to exclude"),
	Spoken("{{.Path}} is not there (yet): the defaults are used"),
	Spoken("{{.Name}}: the keys of {{.Origin}} stand in for the {{.Count}} in the settings during this run"),
	Spoken("{{.Origin}} is set but holds no key"),
	Spoken("{{.Origin}} has two entries named {{.Name}}: the second is used"),
	Spoken("{{.Origin}}: the key {{.Name}} looks like one of {{.Other}}"),
	Spoken("{{.Name}}: the key {{.Key}} of {{.Origin}} is the same as {{.Other}} and is left out"),
	Spoken("{{.Origin}} is not used: {{.Other}} is set"),
	Spoken("{{.Origin}} is not applied: the rules in {{.Path}} have their own tokens_over"),
}
