package dialect

import "strconv"

// changes gathers in words what was done to a request, for [Sent].
type changes struct{ notes []note }

// note is a kind of change and how often it was made.
type note struct {
	verb, what string
	n          int
}

// note writes a change down. There are few kinds: what comes from a client does
// not belong in the words.
func (c *changes) note(verb, what string) {
	for i := range c.notes {
		if c.notes[i].verb == verb && c.notes[i].what == what {
			c.notes[i].n++
			return
		}
	}
	c.notes = append(c.notes, note{verb, what, 1})
}

func (c *changes) words() []string {
	var out []string
	for _, n := range c.notes {
		text := n.verb + n.what
		if n.n > 1 {
			text += " ×" + strconv.Itoa(n.n)
		}
		out = append(out, text)
	}
	return out
}
