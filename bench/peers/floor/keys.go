package main

import (
	"encoding/binary"
	"unsafe"
)

// keys are the keys of a node, for one thread.
type keys map[string][]byte

// entryHeaderBytes are the lengths of key and value.
const entryHeaderBytes = 8

// appendEntry appends the entry of a SET to a group.
func appendEntry(group, key, value []byte) []byte {
	group = binary.LittleEndian.AppendUint32(group, uint32(len(key)))
	group = binary.LittleEndian.AppendUint32(group, uint32(len(value)))
	return append(append(group, key...), value...)
}

// apply carries out a group. It keeps nothing of it.
func (k keys) apply(group []byte) {
	for len(group) > 0 {
		keyEnd := entryHeaderBytes + int(binary.LittleEndian.Uint32(group))
		end := keyEnd + int(binary.LittleEndian.Uint32(group[4:]))
		key, value := group[entryHeaderBytes:keyEnd], group[keyEnd:end]
		if old, found := k[text(key)]; found && len(old) == len(value) {
			copy(old, value)
		} else {
			k[string(key)] = append([]byte(nil), value...)
		}
		group = group[end:]
	}
}

// text is bytes as a text, until they change.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
