package connect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
)

// tomlDoc is a TOML document. Values stand at the top or in tables with headers
// of their own; only such a table is a holder.
type tomlDoc struct{ text *config.Text }

func newTOML(data []byte) (*tomlDoc, error) {
	text, err := config.NewText(data)
	return &tomlDoc{text}, err
}

func (d *tomlDoc) bytes() []byte { return d.text.Bytes() }

func (d *tomlDoc) empty() bool { return len(bytes.TrimSpace(d.bytes())) == 0 }

// split gives the table and the name of a value.
func split(path []string) (table, name string) {
	return strings.Join(path[:len(path)-1], "."), path[len(path)-1]
}

func (d *tomlDoc) value(path []string) (string, bool) { return d.text.Value(split(path)) }

func (d *tomlDoc) set(path []string, value string) (Placed, error) {
	table, name := split(path)
	p, err := d.text.Set(table, name, value)
	return Placed{Placed: p}, cannot(err)
}

func (d *tomlDoc) holds(path []string) bool { return d.text.HasTable(strings.Join(path, ".")) }

// hold adds the header of the innermost table alone: those above need none.
func (d *tomlDoc) hold(path []string, _ string) (string, Placed, error) {
	if len(path) < 2 {
		return "", Placed{}, nil
	}
	p, err := d.text.AddTable(strings.Join(path, "."))
	return "{}", Placed{Placed: p}, cannot(err)
}

func (d *tomlDoc) remove(path []string, placed Placed) error {
	table, name := split(path)
	return cannot(d.text.Remove(table, name, placed.Placed))
}

func (d *tomlDoc) release(path []string, _ string, placed Placed) (bool, error) {
	removed, err := d.text.RemoveTable(strings.Join(path, "."), placed.Placed)
	return removed, cannot(err)
}

func (d *tomlDoc) meaning(text string) (string, error) {
	v, err := config.ReadTOML(text)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(v)
	return string(raw), err
}

func (d *tomlDoc) write(value any) string {
	switch v := value.(type) {
	case string:
		return config.TOMLText(v)
	case int:
		return strconv.Itoa(v)
	}
	return fmt.Sprint(value) // a bool
}

// cannot marks an error of an editor.
func cannot(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrCannotEdit, err)
}
