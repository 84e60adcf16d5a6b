package dialect

import "github.com/glmtray/glmtray/internal/proxy/chat"

// option takes a member that says how the answer shall be. The session, which is
// all that metadata tells, was read before ([chat.Facts]).
func (d *anthropicDecoder) option() {
	switch string(d.key) {
	case "temperature":
		d.q.Temperature = d.number()
	case "top_p":
		d.q.TopP = d.number()
	case "top_k":
		d.q.TopK = d.number()
	case "stop_sequences":
		d.q.Stop = nil
		d.list(func() { d.q.Stop = append(d.q.Stop, d.text()) })
	case "thinking":
		d.thinking()
	case "output_config":
		d.object(d.outputConfig)
	case "output_format": // its name before it moved into output_config
		d.format()
	case "metadata", "cache_control":
		d.skip()
	default:
		key := string(d.key)
		if string(d.value()) != "null" {
			d.drop(key)
		}
	}
}

// thinking takes the switch of thinking. Not to give it means to Anthropic that
// nothing is thought, and to others what they like.
func (d *anthropicDecoder) thinking() {
	t := &d.q.Thinking
	t.Mode, t.Budget = chat.ThinkUnset, 0
	kind := d.typed(func() {
		if d.is("budget_tokens") {
			t.Budget = positive(d.value())
		} else {
			d.skip()
		}
	})
	switch kind {
	case "":
	case "enabled":
		t.Mode = chat.ThinkOn
	case "adaptive":
		t.Mode = chat.ThinkAdaptive
	case "disabled":
		t.Mode = chat.ThinkOff
	default:
		d.drop("thinking")
	}
	if t.Mode != chat.ThinkOn {
		t.Budget = 0
	}
}

func (d *anthropicDecoder) outputConfig() {
	switch string(d.key) {
	case "effort":
		d.q.Thinking.Effort = d.text()
	case "format":
		d.format()
	default:
		key := string(d.key)
		if string(d.value()) != "null" {
			d.drop("output_config." + key)
		}
	}
}

func (d *anthropicDecoder) format() {
	var f chat.Format
	kind := d.typed(func() {
		switch string(d.key) {
		case "name":
			f.Name = d.text()
		case "schema":
			if d.peek() == '{' {
				f.Schema = string(d.value())
			} else {
				d.skip()
			}
		default:
			d.skip()
		}
	})
	switch {
	case kind == "json_schema" && f.Schema != "":
		f.Kind = chat.FormatSchema
		d.q.Format = f
	case kind != "" && kind != "text":
		d.drop("output_config.format")
	}
}
