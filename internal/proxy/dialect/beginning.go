package dialect

import (
	"hash/maphash"
	"strconv"
)

// beginning is how a conversation begins: what the system and the user said
// first, as raw JSON. Agents send it again with every turn, so it tells which
// conversation a request belongs to where nothing else does.
type beginning struct{ system, user []byte }

// note takes a message in.
func (b *beginning) note(role, content []byte) {
	switch string(role) {
	case "system", "developer":
		if b.system == nil {
			b.system = content
		}
	case "user":
		if b.user == nil {
			b.user = content
		}
	}
}

// hashSeed makes ids differ from run to run, which nobody minds: they are kept by
// nobody.
var hashSeed = maphash.MakeSeed()

// mostHashed is how much of each text counts, in bytes. The date that some agents
// put into their prompt stands behind pages of it.
const mostHashed = 4 << 10

// Beginning names the conversation by how it begins: the same name for each of its
// turns, in this run of the program. "" if no user has said anything.
func (r *Request) Beginning() string {
	b := &r.first
	if len(b.user) == 0 {
		return ""
	}
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for _, text := range [...][]byte{b.system, b.user} {
		_, _ = h.Write(text[:min(len(text), mostHashed)]) // a hash takes everything
		_ = h.WriteByte(0)
	}
	return "#" + strconv.FormatUint(h.Sum64(), 36)
}
