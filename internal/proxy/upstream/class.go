package upstream

// Class says what came back. What follows from it is the pipeline's table.
type Class int

// Every class there is. The order is that of the README's failure table.
const (
	OK              Class = iota // an answer, or a stream that has begun
	RateLimited                  // a window of the account is used up for now
	Concurrency                  // too many requests at once for the account
	QuotaUntil                   // a quota is used up until a time that may be told
	ServerError                  // the provider failed; the next try may not
	Reset                        // the connection broke before the answer began
	Refused                      // no connection, or an address that redirects
	Overloaded                   // the provider is busy, or a page stands before it
	Silent                       // no answer within patience
	Malformed                    // an answer that is none: cut, empty, not JSON, not what was asked
	ContextExceeded              // the request is too long for this model
	ModelGone                    // the provider does not know the model
	NotEntitled                  // this key may not use this model
	KeyRejected                  // the key is wrong or expired
	AccountStopped               // unpaid, locked or limited for misuse: a person must act
	CallerFault                  // the request is wrong, or refused for its content
	Cancelled                    // the caller went away; nobody is to blame
)

var classNames = [...]string{
	"ok", "rate limited", "too many at once", "quota used up", "server error", "connection reset", "no connection",
	"overloaded", "silent", "malformed answer", "context exceeded", "model gone", "not entitled", "key rejected",
	"account stopped", "request refused", "cancelled",
}

// String names the class in a few words for people, logs and metrics.
func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return "unknown"
	}
	return classNames[c]
}
