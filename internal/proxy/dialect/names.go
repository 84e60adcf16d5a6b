package dialect

// names is a set of names. It may claim to have one that it has not, which costs
// a walk in vain, but never denies one that it has. In return it takes no
// memory, whatever a request is full of.
type names uint64

func (n *names) add(name []byte) { *n |= bit(name) }

// has reports whether the name may be in the set.
func (n names) has(name string) bool { return n&bit(name) != 0 }

// any reports whether one of the names may be.
func (n names) any(wanted []string) bool {
	for _, name := range wanted {
		if n.has(name) {
			return true
		}
	}
	return false
}

// bit gives the place of a name. The factors are such that the names which
// requests are made of have places of their own.
func bit[T string | []byte](name T) names {
	size := len(name)
	if size == 0 {
		return 1
	}
	return 1 << ((size + int(name[0]) + int(name[size/2]) + 5*int(name[size-1])) & 63)
}
