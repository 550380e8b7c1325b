package hyperloglog

import (
	"encoding/binary"
	"math/bits"
)

const (
	// indexBits of the hash of an element name its register; countedBits are those in which zeros are counted.
	indexBits   = 14
	registers   = 1 << indexBits
	countedBits = 64 - indexBits
	// registerBits is the width of a dense register, maxRegister what it holds at most.
	registerBits = 6
	maxRegister  = 1<<registerBits - 1
)

// A HyperLogLog begins with a header.
const (
	magic       = "HYLL"
	encodingAt  = len(magic)
	cardinality = 8
	headerBytes = 16
	// staleAt is the byte of which the highest bit says that the cardinality is out of date.
	staleAt, stale = headerBytes - 1, 0x80
)

// The encodings.
const (
	dense  = 0
	sparse = 1
)

// denseBytes is the length of a dense HyperLogLog.
const denseBytes = headerBytes + registers*registerBits/8

// hashSeed is Redis's.
const hashSeed = 0xadc83b19

// hash is MurmurHash64A.
func hash(data []byte) uint64 {
	const multiplier, shift = 0xc6a4a7935bd1e995, 47
	h := hashSeed ^ uint64(len(data))*multiplier
	for ; len(data) >= 8; data = data[8:] {
		word := binary.LittleEndian.Uint64(data) * multiplier
		word = (word ^ word>>shift) * multiplier
		h = (h ^ word) * multiplier
	}
	if len(data) > 0 {
		var rest [8]byte
		copy(rest[:], data)
		h = (h ^ binary.LittleEndian.Uint64(rest[:])) * multiplier
	}
	h = (h ^ h>>shift) * multiplier
	return h ^ h>>shift
}

// place is the register of an element, and what it has to hold at least.
func place(element []byte) (index int, count byte) {
	h := hash(element)
	zeros := bits.TrailingZeros64(h>>indexBits | 1<<countedBits)
	return int(h % registers), byte(zeros + 1)
}

// denseAt is where a dense register begins: the byte, counted from the first one behind the header, and the bit in it.
func denseAt(index int) (at, shift int) { return index * registerBits / 8, index * registerBits % 8 }

// registerIn reads the register that begins at a bit of the first of two bytes. The last register of all ends with the
// first one, and there is no second.
func registerIn(pair []byte, shift int) byte {
	word := uint(pair[0])
	if len(pair) > 1 {
		word |= uint(pair[1]) << 8
	}
	return byte(word>>shift) & maxRegister
}

// setRegisterIn writes it.
func setRegisterIn(pair []byte, shift int, count byte) {
	mask, number := uint(maxRegister)<<shift, uint(count)<<shift
	pair[0] = pair[0]&^byte(mask) | byte(number)
	if len(pair) > 1 {
		pair[1] = pair[1]&^byte(mask>>8) | byte(number>>8)
	}
}

// denseGet reads a register of the bytes behind the header.
func denseGet(b []byte, index int) byte {
	at, shift := denseAt(index)
	return registerIn(b[at:min(at+2, len(b))], shift)
}

// denseSet writes a register.
func denseSet(b []byte, index int, count byte) {
	at, shift := denseAt(index)
	setRegisterIn(b[at:min(at+2, len(b))], shift, count)
}

// newSparse is an empty HyperLogLog.
func newSparse() []byte {
	b := make([]byte, headerBytes, headerBytes+2)
	copy(b, magic)
	b[encodingAt] = sparse
	return appendZeros(b, registers)
}

// outdate notes that the cardinality is out of date.
func outdate(b []byte) { b[staleAt] |= stale }
