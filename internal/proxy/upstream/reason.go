package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
	"unicode"
)

// maxReason is how long a Reason may be, in runes. A vendor's message gets what
// a line in a window holds; our own words are shorter.
const maxReason = 240

// say makes foreign words fit to be shown: without keys, on one line, short.
// Keys are taken out first, since half a key would not be recognised.
func (s *Sender) say(text string) string {
	text = s.opt.Scrub.Text(text[:min(len(text), maxFault)])
	var b strings.Builder
	n, blank := 0, false
	for _, r := range strings.ToValidUTF8(text, "") {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			blank = n > 0
			continue
		}
		if n >= maxReason || (blank && n+1 >= maxReason) { // no blank before the ellipsis
			b.WriteString("…")
			break
		}
		if blank {
			b.WriteByte(' ')
			n++
		}
		blank = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// refusal says in words why there is no connection.
func refusal(err error) string {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		record    tls.RecordHeaderError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no host is called " + dns.Name
	case errors.As(err, &dns):
		return "the name " + dns.Name + " cannot be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no way to the provider: is this machine online?"
	case errors.As(err, &authority):
		return "the provider's certificate is signed by nobody this machine trusts (a CA file can be set)"
	case errors.As(err, &name):
		return "the provider's certificate is for another host"
	case errors.As(err, &record):
		return "the address does not speak TLS"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no connection in time"
	}
	return "no connection: " + innermost(err).Error()
}

// because is why a connection broke, as the end of a sentence; nothing where net/http
// has no cause to tell ("readLoopPeekFailLocked: %!w(<nil>)", Go 1.26).
func because(err error) string {
	cause := innermost(err).Error()
	if strings.Contains(cause, "%!") {
		return ""
	}
	return ": " + cause
}

// innermost is the cause at the end of a chain: "connection reset by peer"
// without the addresses that stand before it.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
