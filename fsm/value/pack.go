package value

import (
	"bytes"
	"encoding/binary"
	"math"
	"sort"
	"strconv"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
)

// A container keeps its elements in packs: blocks of bytes without a pointer, in which entry follows entry. An entry is
// an item, which is the key, and behind it what the container keeps for that key: see shape. An item is a string:
//
//	uvarint 2n+1              the integer n in zigzag form, where the string is its canonical spelling
//	uvarint 2n, bytes         n bytes of any other string of up to maxShortBytes
//	uvarint 2n, hash, bytes   a longer one, behind the 8 bytes of its hash
//
// So one string has one form, and equal strings are found by comparing forms. The hash of a long string is made once:
// a change of its neighbours must not cost what the string is long.
//
// The entries of a pack are in the order of their table: see arrangement. In the leaf of a tree that is the order of
// (hash of the key, form of the key), which depends on the keys and on the seed of the cluster alone.

// Item is a string in a pack. It is valid until the container is written, and for ever if it is long: see Stable.
type Item struct{ form []byte }

const (
	// maxShortBytes is the length of a string up to which it is hashed whenever its hash is needed.
	maxShortBytes = 256
	// itemHashBytes is how many bytes the hash of a long string takes.
	itemHashBytes = 8
	// minPackedInteger and maxPackedInteger bound what is kept as an integer: zigzag form and flag fill 64 bits.
	minPackedInteger, maxPackedInteger = math.MinInt64 / 2, math.MaxInt64 / 2
	// maxDigits is the length of the longest spelling of an integer.
	maxDigits = len("-9223372036854775808")
)

func isPackedInteger(n int64) bool { return minPackedInteger <= n && n <= maxPackedInteger }

// shape says what follows a key in an entry.
type shape uint8

const (
	// keysOnly is nothing, withItems another item, withWords a word of wordBytes.
	keysOnly shape = iota
	withItems
	withWords
)

const wordBytes = 8

// form is an item on its way into a pack, or to be looked for in one. text is not copied.
type form struct {
	// head is what precedes the text, headBytes of it without the hash of a long one.
	head      [binary.MaxVarintLen64 + itemHashBytes]byte
	length    uint8
	headBytes uint8
	text      []byte
}

// wantedForm is the form of a string that is looked for: it lacks the hash of a long one.
func wantedForm(text []byte) (f form) {
	if n, ok := number.Parse(text); ok && isPackedInteger(n) {
		f.headBytes = uint8(binary.PutUvarint(f.head[:], zigzag(n)<<1|1))
	} else {
		f.headBytes = uint8(binary.PutUvarint(f.head[:], uint64(len(text))<<1))
		f.text = text
	}
	f.length = f.headBytes
	return f
}

// newForm is the whole form of a string.
func newForm(text []byte, s digest.Sip) form {
	f := wantedForm(text)
	f.complete(s)
	return f
}

// complete adds the hash that a wanted form lacks.
func (f *form) complete(s digest.Sip) {
	if len(f.text) > maxShortBytes {
		f.completeWith(digest.Of(s, f.text))
	}
}

// completeWith is complete where the hash of the text is known, which does not matter for a short one.
func (f *form) completeWith(text uint64) {
	if len(f.text) > maxShortBytes {
		binary.LittleEndian.PutUint64(f.head[f.headBytes:], text)
		f.length = f.headBytes + itemHashBytes
	}
}

// asForm is the form of an item. It is valid as the item is.
func (i Item) asForm() (f form) {
	head, n := binary.Uvarint(i.form)
	f.headBytes, f.length = uint8(n), uint8(n)
	if head&1 == 0 && head>>1 > maxShortBytes {
		f.length += itemHashBytes
	}
	copy(f.head[:], i.form[:f.length])
	f.text = i.form[f.length:]
	return f
}

// wordForm is the form of a word.
func wordForm(word uint64) (f form) {
	binary.LittleEndian.PutUint64(f.head[:], word)
	f.length, f.headBytes = wordBytes, wordBytes
	return f
}

// size is the length in a pack.
func (f *form) size() int { return int(f.length) + len(f.text) }

// put writes a whole form to the beginning of b, and gives what is behind it.
func (f *form) put(b []byte) []byte {
	b = b[copy(b, f.head[:f.length]):]
	return b[copy(b, f.text):]
}

// bytes is the form in one piece.
func (f *form) bytes() []byte {
	b := make([]byte, f.size())
	f.put(b)
	return b
}

// is reports whether the item at the beginning of b is that string.
func (f *form) is(b []byte) bool {
	if len(b) < int(f.headBytes)+len(f.text) || string(b[:f.headBytes]) != string(f.head[:f.headBytes]) {
		return false
	}
	b = b[f.headBytes:]
	if len(f.text) > maxShortBytes {
		b = b[itemHashBytes:]
	}
	return len(b) >= len(f.text) && string(b[:len(f.text)]) == string(f.text)
}

// zigzag makes small numbers of small ones of either sign; unzigzag is its inverse.
func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// skipItem is where the item that begins at a place ends.
func skipItem(b []byte, at int) int {
	head := uint64(b[at])
	if head < 0x80 { // most are as short
		return at + 1 + int(head>>1)*int(head&1^1)
	}
	head, n := binary.Uvarint(b[at:])
	at += n
	switch length := int(head >> 1); {
	case head&1 == 1:
		return at
	case length > maxShortBytes:
		return at + itemHashBytes + length
	default:
		return at + length
	}
}

// skip is where the entry that begins at a place ends.
func (h shape) skip(b []byte, at int) int {
	at = skipItem(b, at)
	switch h {
	case withItems:
		return skipItem(b, at)
	case withWords:
		return at + wordBytes
	}
	return at
}

// split cuts the entry at a place into its key and what it keeps.
func (h shape) split(b []byte, at int) (key, kept Item, end int) {
	middle := skipItem(b, at)
	end = h.skip(b, at)
	return Item{b[at:middle:middle]}, Item{b[middle:end:end]}, end
}

// find looks for a key in a pack: where its entry begins and ends, and where in it the key ends.
func (h shape) find(b []byte, key *form) (at, middle, end int, found bool) {
	first := key.head[0]
	for at < len(b) {
		if b[at] == first && key.is(b[at:]) {
			middle = skipItem(b, at)
			return at, middle, h.skip(b, at), true
		}
		at = h.skip(b, at)
	}
	return at, at, at, false
}

// manyEntries is how many places of entries have room on the stack.
const manyEntries = 128

// places appends where each entry of a pack begins.
func (h shape) places(dst []int32, b []byte) []int32 {
	for at := 0; at < len(b); at = h.skip(b, at) {
		dst = append(dst, int32(at))
	}
	return dst
}

// rank is where the entry with a number, counted from 0, begins.
func (h shape) rank(b []byte, number int) (at int) {
	for ; number > 0; number-- {
		at = h.skip(b, at)
	}
	return at
}

// room is where an entry belongs whose key, which the pack lacks, has a form and a hash.
func (h shape) room(b []byte, key *form, hash uint64, s digest.Sip) int {
	var buf [manyEntries]int32
	places := h.places(buf[:0], b)
	i := sort.Search(len(places), func(i int) bool {
		other := Item{b[places[i]:skipItem(b, int(places[i]))]}
		if there := other.hash(s); there != hash {
			return there > hash
		}
		return bytes.Compare(other.form, key.bytes()) > 0
	})
	if i == len(places) {
		return len(b)
	}
	return int(places[i])
}

// cut is where the entries begin whose keys take a way or a later one at a fork, and how many there are before.
func (h shape) cut(b []byte, way, shift int, s digest.Sip) (at, before int) {
	var buf [manyEntries]int32
	places := h.places(buf[:0], b)
	before = sort.Search(len(places), func(i int) bool {
		return wayOf(Item{b[places[i]:skipItem(b, int(places[i]))]}.hash(s), shift) >= way
	})
	if before == len(places) {
		return len(b), before
	}
	return int(places[before]), before
}

// Domains keep hashes apart that are made for different ends.
const (
	integerDomain, textDomain, longDomain, entryDomain, orderDomain = 1, 2, 3, 4, 5
)

// hash is the hash of an item: that of the string, made of its form.
func (i Item) hash(s digest.Sip) uint64 {
	head, n := binary.Uvarint(i.form)
	text := i.form[n:]
	switch {
	case head&1 == 1:
		return s.Word(integerDomain).Finish(head)
	case head>>1 > maxShortBytes:
		return s.Word(longDomain).Finish(digest.WordAt(text))
	}
	return digest.Of(s.Word(textDomain), text)
}

// hash is that of the item that the form makes.
func (f *form) hash(s digest.Sip) uint64 {
	switch {
	case f.head[0]&1 == 1:
		head, _ := binary.Uvarint(f.head[:])
		return s.Word(integerDomain).Finish(head)
	case len(f.text) <= maxShortBytes:
		return digest.Of(s.Word(textDomain), f.text)
	case f.length > f.headBytes:
		return s.Word(longDomain).Finish(digest.WordAt(f.head[f.headBytes:]))
	}
	return s.Word(longDomain).Finish(digest.Of(s, f.text))
}

// formHash is entryHash for what is on its way into a pack.
func (h shape) formHash(key uint64, kept *form, s digest.Sip) uint64 {
	s = s.Word(entryDomain).Word(key)
	switch h {
	case withItems:
		return s.Finish(kept.hash(s))
	case withWords:
		return s.Finish(digest.WordAt(kept.head[:]))
	}
	return s.Finish(0)
}

// entryHash is what an entry adds to the digest of its container.
func (h shape) entryHash(key uint64, kept Item, s digest.Sip) uint64 {
	s = s.Word(entryDomain).Word(key)
	switch h {
	case withItems:
		return s.Finish(kept.hash(s))
	case withWords:
		return s.Finish(digest.WordAt(kept.form))
	}
	return s.Finish(0)
}

// integer is the item as a number, if it is kept as one.
func (i Item) integer() (int64, bool) {
	head, _ := binary.Uvarint(i.form)
	return unzigzag(head >> 1), head&1 == 1
}

// Integer is the string as a number, if it is the canonical spelling of one.
func (i Item) Integer() (int64, bool) {
	if n, ok := i.integer(); ok {
		return n, true
	}
	return number.Parse(i.text())
}

// text is the string of an item that is not kept as an integer.
func (i Item) text() []byte {
	head, n := binary.Uvarint(i.form)
	if head>>1 > maxShortBytes {
		n += itemHashBytes
	}
	return i.form[n:]
}

// Digits is room for an integer in decimal.
type Digits [maxDigits]byte

// Text is the string. It lies in the container, or in buf where that keeps a number.
func (i Item) Text(buf *Digits) []byte {
	if n, ok := i.integer(); ok {
		return strconv.AppendInt(buf[:0], n, 10)
	}
	text := i.text()
	return text[:len(text):len(text)]
}

// Append appends the string to dst.
func (i Item) Append(dst []byte) []byte {
	if n, ok := i.integer(); ok {
		return strconv.AppendInt(dst, n, 10)
	}
	return append(dst, i.text()...)
}

// Len is the length of the string.
func (i Item) Len() int {
	if _, ok := i.integer(); ok {
		var buf Digits
		return len(i.Text(&buf))
	}
	return len(i.text())
}

// Stable reports whether Text stays as it is whatever becomes of the container.
func (i Item) Stable() bool { return len(i.form) > maxChangedBytes }
