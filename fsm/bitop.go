package fsm

import "github.com/raftredis/raftredis/internal/reply"

// bitOp combines strings bit by bit and puts the result at a key, or removes that key if the result is empty. The
// result is as long as the longest of them; the others count as if zeros followed.
func bitOp(m *Machine, c call) []byte {
	operation, target, sources := c.args[1], c.args[2], c.args[3:]
	combine, ok := bitOperation(operation)
	switch {
	case !ok:
		return c.error(reply.Syntax)
	case combine == nil && len(sources) != 1:
		return c.error(reply.BitOpNot)
	}
	entries := make([]*entry, len(sources))
	length := 0
	for i, key := range sources {
		if entries[i] = m.space.get(key); entries[i] != nil {
			length = max(length, entries[i].length())
		}
	}
	if length == 0 {
		m.space.remove(target)
		return c.integer(0)
	}
	result := buildEntry(target, length, func(part []byte, offset int) {
		entries[0].readPadded(part, offset)
		if combine == nil {
			for i := range part {
				part[i] = ^part[i]
			}
			return
		}
		var other [chunkBytes]byte
		for _, e := range entries[1:] {
			e.readPadded(other[:len(part)], offset)
			combine(part, other[:len(part)])
		}
	})
	m.space.put(m.space.place(target), target, result)
	return c.integer(int64(length))
}

// bitOperation is the function of an operation, which changes its first argument by its second; nil for NOT, which has
// none.
func bitOperation(name []byte) (combine func(part, other []byte), ok bool) {
	switch {
	case is(name, "AND"):
		return func(part, other []byte) {
			for i, b := range other {
				part[i] &= b
			}
		}, true
	case is(name, "OR"):
		return func(part, other []byte) {
			for i, b := range other {
				part[i] |= b
			}
		}, true
	case is(name, "XOR"):
		return func(part, other []byte) {
			for i, b := range other {
				part[i] ^= b
			}
		}, true
	}
	return nil, is(name, "NOT")
}

// readPadded fills part with what the string has from an offset on, and zeros behind its end. No entry is an empty
// string.
func (e *entry) readPadded(part []byte, offset int) {
	n := 0
	if e != nil && offset < e.length() {
		n = e.readAt(part, offset)
	}
	clear(part[n:])
}
