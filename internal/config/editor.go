package config

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Doc is a settings file's text while [Edit] changes it. Its methods splice the
// text where the parser says that things stand; all else stays byte for byte.
// Not for concurrent use.
type Doc struct {
	data []byte
	bom  bool
	eol  string
}

func newDoc(data []byte) *Doc {
	clean := trimBOM(data)
	d := &Doc{data: bytes.Clone(clean), bom: len(clean) != len(data), eol: "\n"}
	if i := bytes.IndexByte(clean, '\n'); i > 0 && clean[i-1] == '\r' {
		d.eol = "\r\n"
	}
	return d
}

func (d *Doc) text() []byte {
	if d.bom {
		return append([]byte("\ufeff"), d.data...)
	}
	return d.data
}

// blocks reads the text as it is now.
func (d *Doc) blocks() ([]block, error) {
	if _, problem := tree(d.data); problem != nil {
		problem.File = fileName
		return nil, fmt.Errorf("changing settings: %w", Problems{*problem})
	}
	blocks, err := outline(d.data)
	if err != nil {
		return nil, fmt.Errorf("changing settings: %s", scrub(err))
	}
	if blocks[0].pair("key") != nil {
		return nil, fmt.Errorf("changing settings: %w", Problems{{Field: "key", Text: "the keys stand in one list: write each as [[key]]"}})
	}
	return blocks, nil
}

func (d *Doc) splice(s span, text string) {
	out := make([]byte, 0, len(d.data)+len(text))
	out = append(out, d.data[:s.from]...)
	out = append(out, text...)
	d.data = append(out, d.data[s.to:]...)
}

// find gives the blocks and the index of one key's.
func (d *Doc) find(provider, name string) ([]block, int, error) {
	blocks, err := d.blocks()
	if err != nil {
		return nil, 0, err
	}
	for i := range blocks {
		if blocks[i].is(provider, name) {
			return blocks, i, nil
		}
	}
	return nil, 0, fmt.Errorf("%s key %s: %w", provider, quote(name), ErrNoKey)
}

// AddKey names one more key, behind all others. Its secret is not written: of k
// only Name, Account, Endpoint and Disabled are. The first key also leaves
// keys_named = true, which stays when keys are removed.
func (d *Doc) AddKey(provider string, k Key) error {
	if text, ok := checkKeyName(k.Name); !ok {
		return fmt.Errorf("adding a key: its name %s", text)
	}
	if text, ok := checkAccount(k.Account); !ok {
		return fmt.Errorf("adding a key: its account %s", text)
	}
	if err := d.SetScalar("keys_named", "true"); err != nil {
		return err
	}
	blocks, err := d.blocks()
	if err != nil {
		return err
	}
	end := len(d.data)
	for i := range blocks {
		if blocks[i].is(provider, k.Name) {
			return fmt.Errorf("%s key %s: %w", provider, quote(k.Name), ErrKeyExists)
		}
		if blocks[i].array && blocks[i].name == "key" {
			end = blocks[i].span.to
		}
	}
	lines := []string{"[[key]]", "provider = " + tomlText(provider), "name = " + tomlText(k.Name)}
	if k.Account != "" {
		lines = append(lines, "account = "+tomlText(k.Account))
	}
	if k.Endpoint != "" {
		lines = append(lines, "endpoint = "+tomlText(k.Endpoint))
	}
	if k.Disabled {
		lines = append(lines, "disabled = true")
	}
	d.insert(end, strings.Join(lines, d.eol)+d.eol)
	return nil
}

// insert puts lines at the beginning of a line, or at the end of the text, with
// a blank line before them.
func (d *Doc) insert(at int, text string) {
	if at > 0 && d.data[at-1] != '\n' {
		text = d.eol + text
	}
	if at > 0 && !d.blankBefore(at) {
		text = d.eol + text
	}
	d.splice(span{at, at}, text)
}

func (d *Doc) blankBefore(at int) bool {
	if d.data[at-1] != '\n' {
		return false
	}
	return len(bytes.TrimSpace(d.data[lineStart(d.data, at-1):at])) == 0
}

// RemoveKey takes a key's table out. What stands between the tables stays.
func (d *Doc) RemoveKey(provider, name string) error {
	blocks, i, err := d.find(provider, name)
	if err != nil {
		return err
	}
	d.cut(blocks[i].span)
	return d.rememberKeys()
}

// rememberKeys keeps in the file that it has named a key, for files in which a
// person wrote the keys.
func (d *Doc) rememberKeys() error { return d.SetScalar("keys_named", "true") }

// cut takes whole lines out, and one of the blank lines that then meet.
func (d *Doc) cut(s span) string {
	text := string(d.data[s.from:s.to])
	if s.to < len(d.data) && (s.from == 0 || d.blankBefore(s.from)) {
		if end := lineEnd(d.data, s.to); len(bytes.TrimSpace(d.data[s.to:end])) == 0 {
			s.to = end
		}
	}
	d.splice(s, "")
	return text
}

// RenameKey gives a key another name. Its secret has to be renamed as well, by
// the caller.
func (d *Doc) RenameKey(provider, name, to string) error {
	if text, ok := checkKeyName(to); !ok {
		return fmt.Errorf("renaming a key: the new name %s", text)
	}
	blocks, i, err := d.find(provider, name)
	if err != nil {
		return err
	}
	for j := range blocks {
		if j != i && blocks[j].is(provider, to) {
			return fmt.Errorf("%s key %s: %w", provider, quote(to), ErrKeyExists)
		}
	}
	d.splice(blocks[i].pair("name").value, tomlText(to))
	return nil
}

// MoveKey moves a key before another of its provider, or behind the last of
// them if before is "". The order of other providers' keys stays.
func (d *Doc) MoveKey(provider, name, before string) error {
	if name == before {
		return nil
	}
	blocks, i, err := d.find(provider, name)
	if err != nil {
		return err
	}
	if before != "" {
		if _, _, err := d.find(provider, before); err != nil {
			return err
		}
	}
	if before == "" && lastOf(blocks, provider) == i {
		return nil
	}
	text := strings.TrimRight(d.cut(span{blocks[i].lead, blocks[i].span.to}), "\r\n") + d.eol
	if blocks, err = d.blocks(); err != nil {
		return err
	}
	if before == "" {
		d.insert(blocks[lastOf(blocks, provider)].span.to, text)
		return nil
	}
	for j := range blocks {
		if blocks[j].is(provider, before) {
			d.insert(blocks[j].lead, text+d.eol)
			break
		}
	}
	return nil
}

// lastOf is the index of a provider's last key.
func lastOf(blocks []block, provider string) int {
	last := -1
	for i := range blocks {
		if n := blocks[i].pair("name"); n != nil && blocks[i].is(provider, strings.TrimSpace(n.text)) {
			last = i
		}
	}
	return last
}

// SetKeyEnabled switches a key on or off.
func (d *Doc) SetKeyEnabled(provider, name string, on bool) error {
	blocks, i, err := d.find(provider, name)
	if err != nil {
		return err
	}
	if on && blocks[i].pair("disabled") == nil {
		return nil
	}
	d.set(&blocks[i], "disabled", strconv.FormatBool(!on))
	return nil
}

// SetKeyAccount says to which account a key belongs; "" for one of its own.
func (d *Doc) SetKeyAccount(provider, name, account string) error {
	if text, ok := checkAccount(account); !ok {
		return fmt.Errorf("setting a key's account: it %s", text)
	}
	return d.setKeyText(provider, name, "account", account)
}

// SetKeyEndpoint says to which endpoint a key belongs; "" for the first.
func (d *Doc) SetKeyEndpoint(provider, name, endpoint string) error {
	return d.setKeyText(provider, name, "endpoint", endpoint)
}

func (d *Doc) setKeyText(provider, name, field, text string) error {
	blocks, i, err := d.find(provider, name)
	if err != nil {
		return err
	}
	if text == "" && blocks[i].pair(field) == nil {
		return nil
	}
	d.set(&blocks[i], field, tomlText(text))
	return nil
}

// set replaces a pair's value in a block, or adds the pair at the block's end.
func (d *Doc) set(b *block, name, value string) {
	if p := b.pair(name); p != nil {
		d.splice(p.value, value)
		return
	}
	text := name + " = " + value + d.eol
	if b.span.to > 0 && d.data[b.span.to-1] != '\n' {
		text = d.eol + text
	}
	d.splice(span{b.span.to, b.span.to}, text)
}

// SetScalar sets one of [ScalarNames] at the top of the file, from text as a
// variable would have it.
func (d *Doc) SetScalar(name, text string) error {
	if err := CheckScalar(name, text); err != nil {
		return fmt.Errorf("changing settings: %w", err)
	}
	c := scalarNamed(name)
	blocks, err := d.blocks()
	if err != nil {
		return err
	}
	top := &blocks[0]
	if len(top.pairs) == 0 {
		// Above the first table, or behind whatever comments the file consists of.
		at := len(d.data)
		if len(blocks) > 1 {
			at = blocks[1].lead
		}
		top.span = span{at, at}
	}
	fresh := top.pair(name) == nil
	before := len(d.data)
	d.set(top, name, c.toml(text))
	if end := top.span.to + len(d.data) - before; fresh && len(top.pairs) == 0 && end < len(d.data) {
		d.splice(span{end, end}, d.eol)
	}
	return nil
}

// DropScalar takes a setting out of the file, so that its default is in force
// again. A comment behind it stays.
func (d *Doc) DropScalar(name string) error {
	blocks, err := d.blocks()
	if err != nil {
		return err
	}
	p := blocks[0].pair(name)
	if p == nil {
		return nil
	}
	cut := p.whole
	if end := lineEnd(d.data, cut.to); len(bytes.TrimSpace(d.data[cut.to:end])) == 0 {
		cut.to = end
	}
	d.splice(cut, "")
	return nil
}

// toml writes a scalar's value as it stands in the file.
func (c *scalar) toml(text string) string {
	if c.list {
		items := splitList(text)
		for i := range items {
			items[i] = tomlText(items[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	if b, ok := parseBool(text); ok && c.allowed == allowBool {
		return strconv.FormatBool(b)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	return tomlText(text)
}

// tomlText writes a TOML string on one line.
func tomlText(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range strings.ToValidUTF8(text, "\ufffd") {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case isControl(c):
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
