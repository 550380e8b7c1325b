package access

import "sync/atomic"

// Load reads a word that readers may write meanwhile.
func Load(word *uint64) uint64 { return atomic.LoadUint64(word) }

// SetTop writes the upper 16 bits of a word beside others that do so. Nothing else may write the word meanwhile.
func SetTop(word *uint64, top uint16) {
	atomic.StoreUint64(word, atomic.LoadUint64(word)&(1<<topShift-1)|uint64(top)<<topShift)
}

// topShift is where the upper bits begin.
const topShift = 48

// Bytes are 64 bytes that are written one by one, by any number of goroutines. They are copied as a whole only where
// none writes.
type Bytes [16]uint32

// At reads a byte.
func (b *Bytes) At(i int) uint8 { return uint8(atomic.LoadUint32(&b[i/4]) >> (i % 4 * 8)) }

// Set writes a byte.
func (b *Bytes) Set(i int, to uint8) {
	word, shift := &b[i/4], i%4*8
	for {
		was := atomic.LoadUint32(word)
		is := was&^(0xff<<shift) | uint32(to)<<shift
		if is == was || atomic.CompareAndSwapUint32(word, was, is) {
			return
		}
	}
}
