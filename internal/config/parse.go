package config

import (
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxTime bounds every time that can be set: a year, far from where a
// time.Duration overflows.
const maxTime = 366 * 24 * time.Hour

const (
	allowTime = `a time such as "60s", "10m" or "14d", or a number of seconds`
	allowSize = `a size such as "32MiB" or a number of bytes`
	allowBool = "true or false"
	allowPath = "a path"
	allowURL  = "an https URL without user, query and fragment (plain http only to this machine: localhost, 127.0.0.1, [::1])"
)

// parseTime reads "60s", "14d", or bare seconds ("60", "0.5").
func parseTime(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	days, isDays := strings.CutSuffix(text, "d")
	number, unit := text, time.Second
	if isDays {
		number, unit = days, 24*time.Hour
	}
	if x, err := strconv.ParseFloat(number, 64); err == nil {
		if math.IsNaN(x) || x < 0 || x > maxTime.Seconds() || x*unit.Seconds() > maxTime.Seconds() {
			return 0, false
		}
		return time.Duration(x * float64(unit)), true
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxTime {
		return 0, false
	}
	return d, true
}

// units are the sizes' suffixes. The decimal ones come after the binary ones,
// whose ending they share.
var units = []struct {
	suffix string
	bytes  float64
}{
	{"kib", 1 << 10},
	{"mib", 1 << 20},
	{"gib", 1 << 30},
	{"kb", 1e3},
	{"mb", 1e6},
	{"gb", 1e9},
	{"k", 1 << 10},
	{"m", 1 << 20},
	{"g", 1 << 30},
	{"b", 1},
}

// maxSize bounds every size that can be set: a pebibyte.
const maxSize = 1 << 50

// parseSize reads "32MiB", "32M", "33554432".
func parseSize(text string) (int64, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	unit := 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			text, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || x < 0 || x*unit > maxSize {
		return 0, false
	}
	return int64(x * unit), true
}

// parseBool reads what the predecessors' users write. In any case: "TRUE" was
// true there.
func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}

// parseURL reads a base URL that keys are sent to.
func parseURL(text string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())) {
		return "", false
	}
	if _, err := strconv.ParseUint("0"+u.Port(), 10, 16); err != nil {
		return "", false
	}
	u.Host = strings.ToLower(u.Host)
	return strings.TrimRight(u.String(), "/"), true
}

// Loopback reports whether a host name or address, without port, is this
// machine's own.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// parseAddr reads "127.0.0.1:18080". An empty host means every interface, as
// everywhere in Go.
func parseAddr(text string) (string, bool) {
	host, port, err := net.SplitHostPort(strings.TrimSpace(text))
	if err != nil {
		return "", false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", false
	}
	if strings.ContainsAny(host, " /@\t\r\n") {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

// parseProxy reads an outbound proxy's URL. Plain http is usual there: what
// goes through it to a provider is TLS all the same.
func parseProxy(text string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u.String(), true
	}
	return "", false
}
