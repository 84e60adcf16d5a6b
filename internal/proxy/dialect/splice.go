package dialect

import "slices"

// splices are changes of a text by offsets of the original, one after the
// other.
type splices struct{ edits []splice }

type splice struct {
	from, to int
	by       string
}

func (s *splices) splice(from, to int, by string) {
	s.edits = append(s.edits, splice{from, to, by})
}

// apply gives the changed text, in room if that is large enough; the original
// itself if there is no change.
func (s *splices) apply(text, room []byte) []byte {
	if len(s.edits) == 0 {
		return text
	}
	size := len(text)
	for _, x := range s.edits {
		size += len(x.by)
	}
	if cap(room) < size {
		room = make([]byte, 0, size)
	}
	out, at := room[:0], 0
	for _, x := range s.edits {
		out = append(append(out, text[at:x.from]...), x.by...)
		at = x.to
	}
	return append(out, text[at:]...)
}

// gap takes members out of one object, together with the commas that go with
// them: a run of dropped members ends where the next kept one begins, or, at
// the object's end, reaches back to the end of the last kept one.
type gap struct {
	*splices
	from     int  // the end of the last kept member, or the place after "{"
	some     bool // a member was kept
	dropping bool
	at, end  int // the run that is being dropped
}

func (g *gap) drop(at, end int) {
	if !g.dropping {
		g.dropping, g.at = true, at
	}
	g.end = end
}

// keep is called before a kept member is changed, kept after it.
func (g *gap) keep(at int) {
	if g.dropping {
		g.splice(g.at, at, "")
		g.dropping = false
	}
}

func (g *gap) kept(end int) { g.from, g.some = end, true }

// close ends the object with further members, "" for none.
func (g *gap) close(add string) {
	if add != "" && g.some {
		add = "," + add
	}
	switch {
	case g.dropping && g.some:
		g.splice(g.from, g.end, add)
	case g.dropping:
		g.splice(g.at, g.end, add)
	case add != "":
		g.splice(g.from, g.from, add)
	}
}

// strip walks over an object, takes the members out that are refused, and notes
// them down under verb. keep walks over the value of each other one. The caller
// closes the gap.
func (s *scanner) strip(to *splices, notes *changes, verb string, refused []string, keep func()) gap {
	g := gap{splices: to, from: s.i + 1}
	s.object(func() {
		at := s.keyAt
		if i := among(refused, s.key); i >= 0 {
			s.skip()
			g.drop(at, s.i)
			notes.note(verb, refused[i])
			return
		}
		g.keep(at)
		keep()
		g.kept(s.i)
	})
	return g
}

// among gives the index of the name that key is; -1 if it is none of them.
func among(names []string, key []byte) int {
	return slices.IndexFunc(names, func(name string) bool { return name == string(key) })
}
