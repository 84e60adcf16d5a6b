package upstream

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
)

// told is everything that is known of a failure the provider told of.
type told struct {
	status    int
	header    http.Header
	fault     fault
	now       time.Time
	limits    []Limit
	synthetic bool // it comes from Synthetic, whose 429s differ by Retry-After
}

// verdict is what a failure is.
type verdict struct {
	class    Class
	words    string // for people, not yet scrubbed
	known    bool   // a row of the tables spoke, not the bare status
	midnight bool   // the quota returns at midnight in China if nothing else is told
}

// row is one line of the tables. Without words the vendor's message is shown.
type row struct {
	class Class
	words string
}

// codes are the vendors' codes, lower case. Sources: Cerebras' answers in public issues;
// Z.ai: docs.z.ai/api-reference/api-code and docs.bigmodel.cn; 2026-11-20.
var codes = map[string]row{
	// Cerebras, and what OpenAI-compatible servers share.
	"request_quota_exceeded": {RateLimited, ""}, "token_quota_exceeded": {RateLimited, ""}, // the text tells the window
	"rate_limit_exceeded":      {RateLimited, ""},
	"queue_exceeded":           {Overloaded, "shared capacity is congested"},
	"payment_required":         {AccountStopped, "payment required: see the provider's billing page"},
	"context_length_exceeded":  {ContextExceeded, ""},
	"model_not_found":          {ModelGone, ""},
	"wrong_api_key":            {KeyRejected, "the key is wrong"},
	"invalid_api_key":          {KeyRejected, "the key is wrong"},
	"insufficient_quota":       {AccountStopped, ""}, // OpenAI's word for an account that has to be paid for
	"account_deactivated":      {AccountStopped, ""},
	"content_filter":           {CallerFault, "refused for its content (content_filter)"}, // Azure's, and gateways'
	"content_policy_violation": {CallerFault, "refused for its content (content_policy_violation)"},
	// Finish reasons that come before any content.
	"network_error":                 {ServerError, "the provider broke off (network_error)"},
	"model_context_window_exceeded": {ContextExceeded, "the request fills the model's whole context"},
	// Z.ai.
	"1000": {KeyRejected, ""}, "1001": {KeyRejected, ""}, "1002": {KeyRejected, ""}, "1003": {KeyRejected, ""}, "1004": {KeyRejected, ""},
	"1100": {AccountStopped, ""}, "1110": {AccountStopped, ""}, "1111": {AccountStopped, ""}, "1112": {AccountStopped, ""},
	"1120": {AccountStopped, ""}, "1121": {AccountStopped, ""},
	"1113": {AccountStopped, "no balance, or the key belongs to the other endpoint (1113)"},
	"1210": {CallerFault, ""}, "1212": {CallerFault, ""}, "1213": {CallerFault, ""}, "1214": {CallerFault, ""}, "1215": {CallerFault, ""},
	"1211": {ModelGone, "unknown model (1211)"},
	"1220": {NotEntitled, ""}, "1221": {NotEntitled, ""}, "1222": {NotEntitled, ""},
	"1231": {CallerFault, ""},
	"1234": {ServerError, ""},
	"1261": {ContextExceeded, "the prompt is too long (1261)"},
	"1300": {CallerFault, "blocked by the provider's policy (1300)"},
	"1301": {CallerFault, "refused for its content (1301)"},
	"1302": {Concurrency, "too many requests at once (1302)"},
	"1303": {RateLimited, "requests come too often (1303)"},
	"1304": {QuotaUntil, "the day's calls are used up (1304)"},
	"1305": {Overloaded, "temporarily overloaded (1305)"},
	"1308": {QuotaUntil, ""},
	"1309": {AccountStopped, "the plan has expired (1309)"},
	"1310": {QuotaUntil, ""},
	"1311": {NotEntitled, "the plan does not include this model (1311)"},
	"1312": {Overloaded, "the model is overloaded (1312)"},
	"1313": {AccountStopped, "WARNING: limited under Z.ai's fair-use policy (1313); it bans an account at the third violation. " +
		"Stop using this key and read https://docs.z.ai/devpack/usage-policy"},
	"1316": {QuotaUntil, ""}, "1317": {QuotaUntil, ""}, "1318": {QuotaUntil, ""},
	"1319": {QuotaUntil, ""}, "1320": {QuotaUntil, ""}, "1321": {QuotaUntil, ""},
}

// kinds are error types that decide where no status does: in an error that
// came inside a 200. Source: Anthropic's errors page, OpenAI's SDK, 2026.
var kinds = map[string]row{
	"overloaded_error": {Overloaded, ""}, "rate_limit_error": {RateLimited, ""}, "api_error": {ServerError, ""},
	"server_error": {ServerError, ""}, "timeout_error": {Overloaded, ""}, "authentication_error": {KeyRejected, ""},
	"billing_error": {AccountStopped, ""}, "permission_error": {NotEntitled, ""}, "request_too_large": {ContextExceeded, ""},
	"invalid_request_error": {CallerFault, ""}, "too_many_requests_error": {RateLimited, ""},
	"too_many_tokens_error": {RateLimited, ""},
}

// textRow is a row found by what the message says. It counts only with one of
// its statuses, so that a message which quotes the request decides nothing.
type textRow struct {
	statuses []int
	says     func() *regexp.Regexp
	row
}

var (
	tooMany  = []int{429, 403, 200}
	badCalls = []int{400, 404, 422, 200}
)

// texts are read in order. Sources as above; the vendors change codes more often than words.
var texts = []textRow{
	{[]int{400, 413, 422, 500, 200}, lazy.Regexp(`(?i)longer than the model'?s context|context limit exceeded|maximum context length|` +
		`reduce the length of the messages|prompt (?:is )?too long|exceeds? (?:the )?(?:model'?s )?(?:maximum )?context|input is too long|backend: 400 status code \(no body\)`), row{ContextExceeded, ""}},
	{[]int{429, 403, 400, 200}, lazy.Regexp(`(?i)insufficient balance|no resource package|please recharge|余额不足|payment required|quota and token balance|credit balance is too low`), row{AccountStopped, ""}},
	{tooMany, lazy.Regexp(`(?i)usage limit reached|limit exhausted|limit will reset at|token quota is not enough|insufficient quota|subscription rate limits?|额度`), row{QuotaUntil, ""}},
	{tooMany, lazy.Regexp(`(?i)concurren|simultaneous|parallel requests?|并发`), row{Concurrency, "too many requests at once"}},
	{tooMany, lazy.Regexp(`(?i)per day limit|daily limit`), row{QuotaUntil, ""}},
	{tooMany, lazy.Regexp(`(?i)per (?:second|minute|hour) limit|rate limit (?:reached|exceeded)`), row{RateLimited, ""}},
	{tooMany, lazy.Regexp(`(?i)overloaded|high traffic|at capacity|queue (?:is )?(?:full|exceeded)|访问量过大`), row{Overloaded, ""}},
	{badCalls, lazy.Regexp(`(?i)unknown model|no such model|模型不存在|^model: \S+$|` +
		"\\bmodel\\b:?[ '\"`]+(?:[^\\s'\"`]+[ '\"`]+)?(?:was |is |has been )?(?:not found|does not exist|not exist|no longer available|retired|decommissioned)"), row{ModelGone, ""}},
	// OpenRouter: "Your chosen model requires moderation and your input was flagged"
	// (openrouter.ai/docs/errors, 2026-11-29). No other provider is to be asked instead.
	{[]int{403, 451, 200}, lazy.Regexp(`(?i)requires moderation|content[ _-]?filter|\b(?:input|prompt|content|messages?)\b[^.]{0,40}\b(?:flagged|filtered|moderated)\b`), row{CallerFault, "refused for its content"}},
	{[]int{400, 403, 200}, lazy.Regexp(`(?i)(?:incorrect|invalid|wrong|expired) (?:api|access)[ _-]?(?:key|token)|api key not valid`), row{KeyRejected, "the key is wrong"}},
}

// classify says what a failure is: by code, then by text, then by status.
func classify(t *told) verdict {
	t.unwrap()
	if v, ok := byCode(t); ok {
		return v
	}
	if t.status == http.StatusTooManyRequests && t.synthetic {
		return syntheticLimit(t)
	}
	if v, ok := byText(t); ok {
		return v
	}
	if r, ok := kinds[t.fault.kind]; ok && t.statusOr200() == 200 {
		return t.verdict(r, true)
	}
	return byStatus(t)
}

// unwrap takes the status that an error inside a 200 should have had, if its
// code tells it.
func (t *told) unwrap() {
	if t.statusOr200() != 200 {
		return
	}
	if n, err := strconv.Atoi(t.fault.code); err == nil && n >= 400 && n < 600 {
		t.status = n
	}
}

func byText(t *told) (verdict, bool) {
	if t.fault.page {
		return verdict{}, false // its words are about itself
	}
	for i := range texts {
		if r := &texts[i]; slices.Contains(r.statuses, t.statusOr200()) && r.says().MatchString(t.fault.message) {
			return t.verdict(r.row, true), true
		}
	}
	return verdict{}, false
}

// statusOr200 takes every good status for one.
func (t *told) statusOr200() int {
	if t.status >= 200 && t.status < 300 {
		return 200
	}
	return t.status
}

// byCode looks the code up, and where it says nothing the type.
func byCode(t *told) (verdict, bool) {
	for _, code := range [...]string{t.fault.code, t.fault.kind} {
		switch r, ok := codes[code]; {
		case code == "1230" && t.status == http.StatusBadRequest:
			return t.verdict(row{CallerFault, ""}, true), true
		case code == "1230":
			return t.verdict(row{ServerError, ""}, true), true
		case ok:
			if r.class == RateLimited && perDay().MatchString(t.fault.message) {
				r.class = QuotaUntil
			}
			v := t.verdict(r, true)
			v.midnight = code == "1304"
			return v, true
		}
	}
	return verdict{}, false
}

var perDay = lazy.Regexp(`(?i)per day`)

// syntheticLimit tells Synthetic's two 429s apart: the brief limit on parallel
// requests carries Retry-After, the subscription's does not (its users, 2026-10).
func syntheticLimit(t *told) verdict {
	const brief = 2 * time.Minute
	if wait, ok := retryAfter(t.header, clockOf(t.header, t.now)); ok && wait <= brief {
		return t.verdict(row{Concurrency, "too many requests at once"}, true)
	}
	return t.verdict(row{QuotaUntil, "the subscription's limit is reached"}, true)
}

// statuses decide where neither code nor text did. What is not here is a
// CallerFault below 500 and Overloaded from there (Cloudflare's 520 to 530).
var statuses = map[int]Class{
	200: ServerError,
	401: KeyRejected, 402: AccountStopped, 408: ServerError, 413: ContextExceeded, 425: Overloaded, 429: RateLimited,
	434: NotEntitled, // Z.ai: no permission for a beta API
	500: ServerError, 501: ServerError, 505: ServerError,
	502: Overloaded, 503: Overloaded, 504: Overloaded, 529: Overloaded,
}

func byStatus(t *told) verdict {
	status := t.statusOr200()
	class, ok := statuses[status]
	switch {
	case t.fault.embedded:
		return t.verdict(row{QuotaUntil, ""}, true)
	case status == http.StatusForbidden:
		return forbidden(t)
	case status == http.StatusBadRequest && t.fault == (fault{}):
		// Synthetic answers some overlong requests with an empty 400, and clients
		// report the same of Cerebras (clients' reports, 2026-11-20).
		return t.verdict(row{ContextExceeded, "refused without a word, as when the context is exceeded"}, true)
	case status == http.StatusNotFound && t.fault.param == "model":
		return t.verdict(row{class: ModelGone}, true)
	case ok:
	case status >= 500:
		class = Overloaded
	default:
		class = CallerFault
	}
	return t.verdict(row{class: class}, false)
}

var (
	ofEntitlement = lazy.Regexp(`(?i)\bmodels?\b|entitle|\bplans?\b|subscription|model_`)
	ofKey         = lazy.Regexp(`(?i)\b(?:api[ _-]?)?keys?\b|api_key|\btokens?\b|account|credential|authenticat|organi[sz]ation|suspended|deactivated`)
	ofPermission  = lazy.Regexp(`(?i)permission|not (?:authorized|allowed|permitted) to`)
)

// forbidden reads a 403. It says of the model, of the key, or (a block page of
// something in front of the API) of neither.
func forbidden(t *told) verdict {
	says := t.fault.code + " " + t.fault.message
	switch {
	case t.fault.page:
		return t.verdict(row{Overloaded, "blocked before the API (403): " + t.fault.message}, true)
	case ofEntitlement().MatchString(says):
		return t.verdict(row{class: NotEntitled}, true)
	case ofKey().MatchString(says):
		return t.verdict(row{class: KeyRejected}, true)
	case ofPermission().MatchString(says):
		return t.verdict(row{class: NotEntitled}, true)
	}
	return t.verdict(row{class: Overloaded}, false)
}

var window = lazy.Regexp(`(?i)\b(requests|tokens) per (second|minute|hour|day)\b`)

// verdict puts a row into words.
func (t *told) verdict(r row, known bool) verdict {
	v := verdict{class: r.class, words: r.words, known: known}
	if v.words != "" {
		return v
	}
	limited := r.class == RateLimited || r.class == QuotaUntil
	if m := window().FindStringSubmatch(t.fault.message); m != nil && limited {
		v.words = strings.ToLower(m[1]+" per "+m[2]) + " used up"
		return v
	}
	v.words = r.class.String() + " (" + strconv.Itoa(t.status)
	if t.fault.code != "" && t.fault.code != strconv.Itoa(t.status) {
		v.words += ", " + t.fault.code
	}
	v.words += ")"
	if t.fault.message != "" {
		v.words += ": " + t.fault.message
	}
	return v
}
