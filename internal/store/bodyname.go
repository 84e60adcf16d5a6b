package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
)

// The layout of body files: DATE/DATE_TIME_MICROSECONDS_METHOD_path_id8.json,
// UTC, "/" and "\" in the path written as "_", the path cut to 50 characters.
// Existing scripts read it.
const (
	dayLayout  = "2006-01-02"
	timeLayout = "20060102_150405"
	maxPath    = 50
	maxMethod  = 16
)

var (
	dayShape  = lazy.Regexp(`^\d{4}-\d{2}-\d{2}$`)
	nameShape = lazy.Regexp(`^(\d{8}_\d{6})_(\d{6})_[A-Z]{1,16}_[A-Za-z0-9._-]{0,50}_[0-9a-f]{8}\.json$`)
)

// tempPrefix and tempSuffix surround a body file's name while it is written.
const (
	tempPrefix = "."
	tempSuffix = ".tmp"
)

// bodyName names a record's file and its day's folder. No text of a client can
// leave the folder: what is no letter, digit, dot, hyphen or underscore becomes
// an underscore, and the name begins with a date.
func bodyName(at time.Time, method, path, id8 string) (day, name string) {
	at = at.UTC()
	path = strings.TrimPrefix(path, "/")
	micro := at.Format(".000000")[1:]
	return at.Format(dayLayout), at.Format(timeLayout) + "_" + micro + "_" + safeMethod(method) + "_" + safePath(path) + "_" + id8 + ".json"
}

func safePath(path string) string {
	var b strings.Builder
	n := 0
	for _, r := range path {
		if n++; n > maxPath {
			break
		}
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

func safeMethod(method string) string {
	method = strings.ToUpper(method)
	for i := range len(method) {
		if method[i] < 'A' || method[i] > 'Z' || i >= maxMethod {
			return "OTHER"
		}
	}
	if method == "" {
		return "OTHER"
	}
	return method
}

// shortID gives the 8 hex digits of a request's id: its own first ones, if it
// begins with such, or a digest.
func shortID(id string) string {
	if len(id) >= 8 {
		head := strings.ToLower(id[:8])
		if _, err := hex.DecodeString(head); err == nil {
			return head
		}
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:4])
}

// bodyTime reads the time from a body file's name; false if the name is not of
// our pattern or does not belong into that day's folder.
func bodyTime(day, name string) (time.Time, bool) {
	m := nameShape().FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	at, err := time.Parse(timeLayout+".000000", m[1]+"."+m[2])
	if err != nil || at.Format(dayLayout) != day {
		return time.Time{}, false
	}
	return at, true
}

// parseDay reads a day's folder; false if it is none.
func parseDay(name string) (time.Time, bool) {
	if !dayShape().MatchString(name) {
		return time.Time{}, false
	}
	day, err := time.Parse(dayLayout, name)
	return day, err == nil
}
