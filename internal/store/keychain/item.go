package keychain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/secret"
)

var hostShape = lazy.Regexp(`^[A-Za-z0-9.:_\[\]-]{1,260}$`)

// encode writes an item's text. Errors never hold the key.
func encode(item Item) (string, error) {
	key := item.Secret.Reveal()
	if key == "" {
		return "", errors.New("the key is empty")
	}
	for i := range len(key) {
		// A key travels in a header, which takes printing ASCII alone.
		if key[i] < 0x21 || key[i] > 0x7e {
			return "", fmt.Errorf("the key has a blank or another character that no key has, at place %d", i+1)
		}
	}
	text := key
	if item.Host != "" {
		if !hostShape().MatchString(item.Host) {
			return "", fmt.Errorf("%.80q is no host", item.Host)
		}
		text += "\nhost=" + item.Host
	}
	if len(text) > maxText {
		return "", fmt.Errorf("the key is too long for a keychain: %d bytes, %d fit", len(text), maxText)
	}
	return text, nil
}

// decode reads an item's text, be it ours or a bare key. Attributes that are
// not known are left out.
func decode(text string) Item {
	key, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	item := Item{Secret: secret.New(key)}
	for line := range strings.Lines(rest) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == "host" && hostShape().MatchString(value) {
			item.Host = value
		}
	}
	return item
}
