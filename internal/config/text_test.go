package config

import (
	"bytes"
	"strings"
	"testing"
)

// wishes is what a client is given, in the order of writing.
var wishes = []struct{ table, name, value string }{
	{"", "model", `"glmtray-large"`},
	{"", "model_provider", `"glmtray"`},
	{"model_providers.glmtray", "base_url", `"http://127.0.0.1:18080/v1"`},
	{"model_providers.glmtray", "stream_idle_timeout_ms", `300000`},
}

// put writes the wishes and gives what takes them out again.
func putAll(t *testing.T, d *Text) (undo func() error, err error) {
	t.Helper()
	var back []func() error
	undo = func() error {
		for i := len(back) - 1; i >= 0; i-- {
			if err := back[i](); err != nil {
				return err
			}
		}
		return nil
	}
	for _, w := range wishes {
		if !d.HasTable(w.table) {
			placed, err := d.AddTable(w.table)
			if err != nil {
				return undo, err
			}
			back = append(back, func() error { _, err := d.RemoveTable(w.table, placed); return err })
		}
		before, had := d.Value(w.table, w.name)
		placed, err := d.Set(w.table, w.name, w.value)
		if err != nil {
			return undo, err
		}
		back = append(back, func() error {
			if had {
				_, err := d.Set(w.table, w.name, before)
				return err
			}
			return d.Remove(w.table, w.name, placed)
		})
	}
	return undo, nil
}

func TestATextOfSomebodyElseComesBackAsItWas(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comments alone": "# mine\n", "no end of line": "a = 1", "a table first": "[t]\nx = 1", "a comment above the first table": "# top\n\n# of t\n[t]\nx = 1\n",
		"ours is set already": "model = \"gpt-5\" # mine\nmodel_provider='openai'\n", "the table stands": "[model_providers.glmtray] # old\nbase_url = \"x\"\n[z]\n",
		"a neighbour": "[model_providers.other]\nbase_url = \"y\"\n\n\n", "Windows": "\ufeffa = 1\r\n\r\n[t]\r\n", "many lines": "a = [\n  1, # one\n]\nb = \"\"\"\n[model_providers.glmtray]\n\"\"\"\n",
		"blank lines": "\n\n\n", "an inline neighbour": "model_providers.other = { base_url = \"x\" }\n",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := NewText([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			undo, err := putAll(t, d)
			if err != nil {
				if name == "an inline neighbour" && string(d.Bytes()) != text {
					return // TOML lets nobody extend it
				}
				t.Fatal(err)
			}
			for _, w := range wishes {
				if v, ok := d.Value(w.table, w.name); !ok || v != w.value {
					t.Errorf("%s.%s is %q", w.table, w.name, v)
				}
			}
			if err := undo(); err != nil || string(d.Bytes()) != text {
				t.Errorf("%v, got %q, want %q", err, d.Bytes(), text)
			}
		})
	}
}

func TestWhatWasWrittenSinceStays(t *testing.T) {
	for _, c := range []struct{ name, before, from, to, want string }{
		{"a line below", "a = 1", "\nmodel_provider = \"glmtray\"\n", "\nmodel_provider = \"glmtray\"\nb = 2\n", "a = 1\nb = 2\n"},
		{"a comment behind ours", "a = 1\n", "300000", "300000 # long", "a = 1\n # long\n"},
		{"a key in our table", "a = 1\n", "300000\n", "300000\nextra = true\n", "a = 1\n\n[model_providers.glmtray]\nextra = true\n"},
		{"a table below", "", "300000\n", "300000\n\n[next]\nx = 1\n", "\n[next]\nx = 1\n"},
		{"a table below one without its end", "a = 1", "300000\n", "300000\n\n[next]\nx = 1\n", "a = 1\n\n[next]\nx = 1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewText([]byte(c.before))
			if err != nil {
				t.Fatal(err)
			}
			undo, err := putAll(t, d)
			if err != nil || !bytes.Contains(d.Bytes(), []byte(c.from)) {
				t.Fatalf("%v, got %q", err, d.Bytes())
			}
			d.doc.data = bytes.Replace(d.doc.data, []byte(c.from), []byte(c.to), 1)
			if err := undo(); err != nil || string(d.Bytes()) != c.want {
				t.Errorf("%v, got %q, want %q", err, d.Bytes(), c.want)
			}
		})
	}
}

func TestATextThatCannotBeChangedIsLeftAlone(t *testing.T) {
	for name, text := range map[string]string{
		"an inline table": "model_providers = { glmtray = { base_url = \"x\" } }\n", "dotted keys": "model_providers.glmtray.base_url = \"x\"\n",
		"a list of tables": "[[model_providers.glmtray]]\nbase_url = \"x\"\n", "a quoted name with dots": "[\"model_providers.glmtray\"]\nbase_url = \"x\"\n[model_providers]\nglmtray = 1\n",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := NewText([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			undo, err := putAll(t, d)
			if err == nil {
				t.Fatalf("it was changed to %q", d.Bytes())
			}
			if err := undo(); err != nil || string(d.Bytes()) != text {
				t.Errorf("%v, got %q", err, d.Bytes())
			}
		})
	}
	if _, err := NewText([]byte("a = 1\nb = \"csk-canary\n")); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// FuzzText puts values into foreign documents and takes them out again.
func FuzzText(f *testing.F) {
	for _, seed := range []string{sample, "", "# c", "a = 1", "[t]", "model='''\n'''#x\r\n[model_providers]\nglmtray.base_url=1", "[model_providers.glmtray]\n\n# c", "x = nan", "[[a]]\n[a.b]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := NewText(data)
		if err != nil {
			return
		}
		undo, _ := putAll(t, d) // what is refused half-way comes back as well
		if err := undo(); err != nil || !bytes.Equal(d.Bytes(), data) {
			t.Errorf("%q: %v, came back as %q", data, err, d.Bytes())
		}
	})
}
