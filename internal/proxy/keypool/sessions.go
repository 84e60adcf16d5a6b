package keypool

import "hash/maphash"

// maxSessions bounds how many sessions of a provider are remembered; the one
// that was not heard of for longest is forgotten first.
const maxSessions = 4096

var sessionSeed = maphash.MakeSeed()

// sessionID keeps a session's name out of memory; 0: none. That two collide
// costs a prompt cache once in 2^52 pairs.
func sessionID(name string) uint64 {
	if name == "" {
		return 0
	}
	return maphash.String(sessionSeed, name) | 1
}

// sessions remembers which key served a session last. The ring's mutex guards
// it.
type sessions struct {
	at         map[uint64]int32
	list       []session // linked, newest first; grows up to maxSessions
	head, tail int32
}

type session struct {
	id         uint64
	key        *key
	prev, next int32 // -1: none
}

func (s *sessions) key(id uint64) *key {
	if i, ok := s.at[id]; ok {
		return s.list[i].key
	}
	return nil
}

func (s *sessions) keep(id uint64, k *key) {
	if i, ok := s.at[id]; ok {
		s.list[i].key = k
		if i != s.head {
			s.unlink(i)
			s.push(i)
		}
		return
	}
	if s.at == nil {
		s.at, s.head, s.tail = map[uint64]int32{}, -1, -1
	}
	i := s.tail
	if len(s.list) < maxSessions {
		i = int32(len(s.list)) //nolint:gosec // at most maxSessions
		s.list = append(s.list, session{})
	} else {
		s.unlink(i)
		delete(s.at, s.list[i].id)
	}
	s.list[i].id, s.list[i].key = id, k
	s.at[id] = i
	s.push(i)
}

func (s *sessions) unlink(i int32) {
	x := &s.list[i]
	if x.prev >= 0 {
		s.list[x.prev].next = x.next
	} else {
		s.head = x.next
	}
	if x.next >= 0 {
		s.list[x.next].prev = x.prev
	} else {
		s.tail = x.prev
	}
}

func (s *sessions) push(i int32) {
	x := &s.list[i]
	x.prev, x.next = -1, s.head
	if s.head >= 0 {
		s.list[s.head].prev = i
	}
	s.head = i
	if s.tail < 0 {
		s.tail = i
	}
}
