package hyperloglog

import "slices"

const (
	// The longest runs: of a value, of zeros in one byte, and the largest value.
	maxValueRun   = 4
	maxShortRun   = 64
	maxRunValue   = 32
	valueRun      = 0x80
	longZeroRun   = 0x40
	runKinds      = valueRun | longZeroRun
	mergeLookouts = 5
)

// run is some registers that follow each other and have one value.
type run struct {
	// value is 0 for zeros. length is how many registers, bytes how many bytes the run takes.
	value         byte
	length, bytes int
}

// runAt decodes the run at a position, which the string has. Redis's strings end with a zero byte that does not count:
// a long run that is cut off has it for its second byte.
func runAt(b []byte, at int) run {
	first := b[at]
	switch {
	case first&valueRun != 0:
		return run{value: first>>2&(maxRunValue-1) + 1, length: int(first&(maxValueRun-1)) + 1, bytes: 1}
	case first&longZeroRun == 0:
		return run{length: int(first) + 1, bytes: 1}
	}
	second := byte(0)
	if at+1 < len(b) {
		second = b[at+1]
	}
	return run{length: int(first&^longZeroRun)<<8 + int(second) + 1, bytes: 2}
}

// appendZeros appends a run of zeros, none for length 0.
func appendZeros(b []byte, length int) []byte {
	switch {
	case length == 0:
		return b
	case length <= maxShortRun:
		return append(b, byte(length-1))
	}
	return append(b, longZeroRun|byte((length-1)>>8), byte(length-1))
}

// appendValues appends a run of a value, none for length 0.
func appendValues(b []byte, value byte, length int) []byte {
	if length == 0 {
		return b
	}
	return append(b, valueRun|(value-1)<<2|byte(length-1))
}

// eachRun visits the runs of a sparse HyperLogLog, each with the index of its first register, until visit wants no
// more. It reports whether they are all registers, and no more, as in one that is sound.
func eachRun(b []byte, visit func(first int, r run) bool) (sound bool) {
	index := 0
	for at := headerBytes; at < len(b); {
		r := runAt(b, at)
		if !visit(index, r) {
			return false
		}
		at += r.bytes
		index += r.length
	}
	return index == registers
}

// toDense gives the dense form of a HyperLogLog. ok is false if it is damaged.
func toDense(b []byte) (made []byte, ok bool) {
	made = make([]byte, denseBytes)
	copy(made, b[:headerBytes])
	made[encodingAt] = dense
	ok = eachRun(b, func(first int, r run) bool {
		if r.value == 0 {
			return true
		}
		if first+r.length > registers {
			return false
		}
		for i := range r.length {
			denseSet(made[headerBytes:], first+i, r.value)
		}
		return true
	})
	return made, ok
}

// outcome is what became of an attempt to raise a register.
type outcome uint8

const (
	unchanged outcome = iota
	changed
	damaged
)

// raise raises a register to a count, unless it is as high. It gives the string, which it may have changed in place,
// and which is dense where it cannot be sparse any more: where it would be longer than maxSparse bytes, too.
func raise(b []byte, index int, count byte, maxSparse int) ([]byte, outcome) {
	if b[encodingAt] == sparse {
		return raiseSparse(b, index, count, maxSparse)
	}
	if denseGet(b[headerBytes:], index) >= count {
		return b, unchanged
	}
	denseSet(b[headerBytes:], index, count)
	return b, changed
}

// seek finds the run with a register: where it is, where the run before is, and the run's first register. at is behind
// the end if the string is damaged.
func seek(b []byte, index int) (at, previous, first int) {
	at, previous = headerBytes, headerBytes
	for at < len(b) {
		length, bytes := int(b[at]&(maxValueRun-1))+1, 1
		if b[at]&valueRun == 0 {
			r := runAt(b, at)
			length, bytes = r.length, r.bytes
		}
		if index < first+length {
			break
		}
		previous, first = at, first+length
		at += bytes
	}
	return at, previous, first
}

// raiseSparse is raise for a sparse string: it divides the run in which the register is, and merges what can be merged
// there.
func raiseSparse(b []byte, index int, count byte, maxSparse int) ([]byte, outcome) {
	if count > maxRunValue {
		return promote(b, index, count)
	}
	at, previous, first := seek(b, index)
	if at >= len(b) {
		return b, damaged
	}
	r := runAt(b, at)
	if r.value >= count {
		return b, unchanged
	}
	var room [5]byte
	split := room[:0]
	before, behind := index-first, first+r.length-1-index
	if r.value == 0 {
		split = appendZeros(split, before)
		split = appendValues(split, count, 1)
		split = appendZeros(split, behind)
	} else {
		split = appendValues(split, r.value, before)
		split = appendValues(split, count, 1)
		split = appendValues(split, r.value, behind)
	}
	length := len(b) + len(split) - r.bytes
	if len(split) > r.bytes && length > maxSparse {
		return promote(b, index, count)
	}
	b = slices.Replace(b, at, min(at+r.bytes, len(b)), split...)[:length] // the last run may be cut off: see runAt
	b = mergeFrom(b, previous)
	outdate(b)
	return b, changed
}

// mergeFrom merges neighbours among a few runs from a position on.
func mergeFrom(b []byte, at int) []byte {
	for left := mergeLookouts; at < len(b) && left > 0; left-- {
		r := runAt(b, at)
		if r.value == 0 || at+1 >= len(b) || b[at+1]&valueRun == 0 {
			at += r.bytes
			continue
		}
		next := runAt(b, at+1)
		if next.value != r.value || r.length+next.length > maxValueRun {
			at++
			continue
		}
		b[at+1] = appendValues(nil, r.value, r.length+next.length)[0]
		b = append(b[:at], b[at+1:]...) // and look again, whether the merged run can be merged with the next
	}
	return b
}

// promote makes a sparse string dense, and raises a register in it.
func promote(b []byte, index int, count byte) ([]byte, outcome) {
	made, ok := toDense(b)
	if !ok {
		return b, damaged
	}
	denseSet(made[headerBytes:], index, count)
	return made, changed
}
