package route

import (
	"net/http"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Codes of the refusals, in the error's "code".
const (
	CodeNoKey    = "no_provider_key"    // no provider that a rule names has a usable key
	CodeNoVision = "no_vision_provider" // there are images and no vision model can be used
	CodeNoTarget = "no_target"          // there are keys, but no rule leads to a model that can be used
)

// refuseImages is the end of a request with images that no vision model can take.
func (d *decider) refuseImages(left []Left) {
	why, missing := summary(left)
	seen := pictures(d.Facts.Pictures)
	d.out.Reason = seen + ", and no vision model can be used"
	d.out.Refused = &chat.Error{
		Status:  http.StatusBadRequest,
		Type:    "invalid_request_error",
		Code:    CodeNoVision,
		Message: "the request has " + seen + " and no vision model can be used: " + strings.Join(why, ", "),
		Hint:    addKey(missing),
	}
}

// refuse is the end of a table in which no rule has matched.
func (d *decider) refuse() {
	var left []Left
	for _, t := range d.out.trace {
		left = append(left, t.Left...)
	}
	why, missing := summary(left)
	if len(why) == 0 {
		missing = d.allKeyless()
	}
	switch {
	case len(why) == 0 && len(missing) == 0:
		d.out.Reason = "no rule matched"
		d.unavailable(CodeNoTarget, "no rule of the routing table matches this request",
			"add a rule without conditions at its end")
	case len(why) <= len(missing):
		d.out.Reason = "no provider has a usable key"
		d.unavailable(CodeNoKey, "no provider that could serve this request has a usable key: "+either(missing), addKey(missing))
	case d.Facts.Images:
		d.refuseImages(left)
	default:
		d.out.Reason = "no model can be used"
		d.unavailable(CodeNoTarget, "no rule leads to a model that can be used: "+strings.Join(why, ", "), addKey(missing))
	}
}

// refusePinned is the end of a pin that cannot be followed.
func (d *decider) refusePinned(left Left) {
	message := "glmtray is pinned to " + d.Pin + ", but " + left.Why
	d.out.Reason = "pinned to " + d.Pin + ", but " + left.Why
	_, missing := summary([]Left{left})
	hint := "unpin " + d.Pin
	switch {
	case len(missing) > 0:
		d.unavailable(CodeNoKey, message, addKey(missing)+"; or "+hint)
	case d.Facts.Images:
		d.out.Refused = &chat.Error{
			Status: http.StatusBadRequest, Type: "invalid_request_error", Code: CodeNoVision, Message: message, Hint: hint,
		}
	default:
		d.unavailable(CodeNoTarget, message, hint)
	}
}

// unavailable is a refusal that only a person can lift: clients are told not to
// try again by themselves.
func (d *decider) unavailable(code, message, hint string) {
	d.out.Refused = &chat.Error{
		Status:  http.StatusServiceUnavailable,
		Type:    "server_error",
		Code:    code,
		Message: message,
		Hint:    hint,
		Header:  http.Header{"X-Should-Retry": {"false"}},
	}
}

// allKeyless lists every provider if none of them has a usable key.
func (d *decider) allKeyless() []string {
	providers := d.Settings.Providers
	ids := make([]string, len(providers))
	for i := range providers {
		if d.usable(&providers[i]) > 0 {
			return nil
		}
		ids[i] = providers[i].ID
	}
	return ids
}

// summary gives why targets were left out, each reason once and in order, and
// those of their providers that lack a key.
func summary(left []Left) (why, missing []string) {
	for _, l := range left {
		if slices.Contains(why, l.Why) {
			continue
		}
		why = append(why, l.Why)
		if provider, ok := strings.CutSuffix(l.Why, noKey); ok {
			missing = append(missing, provider)
		}
	}
	return why, missing
}

// addKey says how to add the keys that are missing.
func addKey(providers []string) string {
	if len(providers) == 0 {
		return ""
	}
	commands := make([]string, len(providers))
	for i, provider := range providers {
		commands[i] = "glmtray keys add " + provider
	}
	return "add a key: " + either(commands)
}
