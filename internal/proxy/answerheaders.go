package proxy

import (
	"net/http"
	"strconv"
	"strings"
)

// unwanted are headers of a provider that mean nothing, or the wrong thing,
// behind this proxy: those of the connection, those that the decoded body
// outdates, its front end's cookies and promises about its own host, and what
// it would have a browser do here. See also unwantedPrefixes.
var unwanted = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	"Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Content-Length": true, "Set-Cookie": true, "Alt-Svc": true, "Strict-Transport-Security": true,
	"Nel": true, "Report-To": true, "Reporting-Endpoints": true,
	"Timing-Allow-Origin": true, "Clear-Site-Data": true, "Service-Worker-Allowed": true, "Refresh": true,
}

// unwantedPrefixes are a provider's word on which web pages may read the answer,
// and words that only this proxy has.
var unwantedPrefixes = [...]string{"Access-Control-", "X-Glmtray-"}

// wanted reports whether a client gets to see a provider's header.
func wanted(name string) bool {
	for _, prefix := range unwantedPrefixes {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return !unwanted[name]
}

// noPage keeps a browser from taking a forwarded answer for a page: it would
// run with the rights of the one under /_ui/, whose origin is the same.
const noPage = "default-src 'none'; sandbox"

// answerHeaders copies the provider's headers and adds ours.
func (c *call) answerHeaders(h http.Header, a *answer) {
	for name, values := range a.reply.Header {
		if !wanted(name) || h[name] != nil && (name == "X-Request-Id" || name == "Request-Id") {
			continue
		}
		h[name] = values
	}
	dropNamed(h, a.reply.Header["Connection"])
	if !c.chat {
		h["Content-Security-Policy"], h["X-Content-Type-Options"] = []string{noPage}, []string{"nosniff"}
	}
	if c.chat && c.world.settings.TokenCounting {
		h["X-Token-Input"] = []string{strconv.Itoa(c.facts.Tokens)} // as zai-proxy sends it: an estimate
	}
	// One piece of memory for all the values.
	own := [...]string{
		a.step.Target.Provider, c.answered.model, headerText(a.lease.Key), strconv.Itoa(len(c.attempts)),
		headerText(c.decision.Rule + ": " + c.decision.Reason),
	}
	values := own[:]
	for i, name := range [...]string{"X-Glmtray-Provider", "X-Glmtray-Model", "X-Glmtray-Key", "X-Glmtray-Attempts", "X-Glmtray-Route"} {
		h[name] = values[i : i+1 : i+1]
	}
	if c.decision.Variant != "" { // the rule has a canary
		h["X-Glmtray-Variant"] = []string{c.variant}
	}
}

// dropNamed takes out what a provider's Connection header names: it belongs to
// that connection. The request's id is ours.
func dropNamed(h http.Header, connection []string) {
	for _, list := range connection {
		for name := range strings.SplitSeq(list, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); name != "X-Request-Id" {
				delete(h, name)
			}
		}
	}
}

// trueModel tells the model that the answer itself names: a provider may map one
// id to another (Z.ai's plans do since September 2026).
func (c *call) trueModel(h http.Header, model string) {
	if model == "" {
		return
	}
	c.answered.model = headerText(model)
	h["X-Glmtray-Model"] = []string{c.answered.model}
}

// headerText keeps what a header may hold; a client's own words (a model's
// name) stand in it.
func headerText(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return strconv.QuoteToASCII(text)
		}
	}
	return text
}
