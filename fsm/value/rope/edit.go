package rope

import (
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/listpack"
	"github.com/raftredis/raftredis/internal/allocated"
	"github.com/raftredis/raftredis/internal/stepwise"
)

// Edit is what a change of a rope is made with. It serves for one change, or for several of one generation.
type Edit struct {
	state digest.Sip
	radix radix
	// Generation is that of the key space. What it made is changed in place, and what is older is copied first.
	Generation uint64
	// base is B, 0 until it is wanted; raised is B to the power of exponent, which was wanted last by raise.
	base, raised uint64
	exponent     int
}

// NewEdit begins a change; state is a fresh one of the hash of values.
func NewEdit(s digest.Sip, generation uint64) *Edit {
	return &Edit{state: s, radix: radixOf(s), Generation: generation}
}

// step is B.
func (w *Edit) step() uint64 {
	if w.base == 0 {
		w.base = w.radix.power(1)
	}
	return w.base
}

// raise is B to the power of n, which is often one more than the time before: a million elements that are pushed one by
// one cost a multiplication each.
func (w *Edit) raise(n int) uint64 {
	switch {
	case w.raised == 0 || n < w.exponent || n > w.exponent+1:
		w.raised = w.radix.power(n)
	case n == w.exponent+1:
		w.raised = mulMod(w.raised, w.step())
	}
	w.exponent = n
	return w.raised
}

// fresh is a block with one element. It will grow at the front, or behind.
func (w *Edit) fresh(element []byte, front bool) *block {
	b := &block{generation: w.Generation, count: 1, sum: hashElement(w.state, element)}
	if len(element) > MaxPackedBytes {
		b.begin, b.entries = alone, stepwise.Append(nil, element)
		return b
	}
	var buf [maxPackedEntry]byte
	entry := listpack.Append(buf[:0], element)
	b.entries = make([]byte, allocated.Size(len(entry)))
	if front {
		b.begin = int32(len(b.entries) - len(entry))
	}
	b.entries = b.entries[:int(b.begin)+len(entry)]
	copy(b.entries[b.begin:], entry)
	return b
}

// move moves the entries into a buffer that takes them, to its end if they will grow at the front.
func (b *block) move(buf []byte, front bool) {
	used, to := b.size(), 0
	if front {
		to = len(buf) - used
	}
	copy(buf[to:], b.entries[b.begin:])
	b.entries, b.begin = buf[:to+used], int32(to)
}

// own gives a block that this generation may change, with the contents of b and room for more bytes of entries on one
// side: b itself, or a copy. Memory that it takes for that is room at least. It is nil if b takes no more bytes.
func (w *Edit) own(b *block, more, room int, front bool) *block {
	used := b.size()
	if b.begin == alone || used+more > BlockBytes {
		return nil
	}
	if b.generation < w.Generation {
		again := *b
		again.generation = w.Generation
		again.move(make([]byte, roomOfBlock(used+more, room)), front)
		return &again
	}
	switch free := cap(b.entries) - used; {
	case front && int(b.begin) >= more, !front && cap(b.entries)-len(b.entries) >= more:
	case free >= more && free >= cap(b.entries)/8: // or it would be moved again at each change
		b.move(b.entries[:cap(b.entries)], front)
	case cap(b.entries) >= BlockBytes:
		return nil
	default:
		b.move(make([]byte, roomOfBlock(used+more, room)), front)
	}
	return b
}

// roomOfBlock is how much memory a block gets for so many bytes of entries: a quarter to spare, up to BlockBytes.
func roomOfBlock(used, room int) int { return allocated.Size(min(max(used+used/4, room), BlockBytes)) }

// push adds an element before or behind the others. It gives nil if b takes no more, and then did nothing. Memory that
// it takes is room at least.
func (w *Edit) push(b *block, element []byte, room int, front bool) *block {
	if len(element) > MaxPackedBytes {
		return nil
	}
	var buf [maxPackedEntry]byte
	entry := listpack.Append(buf[:0], element)
	if b = w.own(b, len(entry), room, front); b == nil {
		return nil
	}
	added := hashElement(w.state, element)
	if front {
		b.begin -= int32(len(entry))
		copy(b.entries[b.begin:], entry)
		b.sum = addMod(mulMod(added, w.raise(int(b.count))), b.sum)
	} else {
		b.entries = append(b.entries, entry...)
		b.sum = addMod(mulMod(b.sum, w.step()), added)
	}
	b.count++
	return b
}

// hashOf hashes the entries from one position to another.
func (w *Edit) hashOf(entries []byte, from, to int) (sum hashed) {
	var scratch [listpack.MaxNumberBytes]byte
	base := w.step()
	for at := from; at < to; at = listpack.End(entries, at) {
		own := hashElement(w.state, listpack.Element(entries, at, &scratch))
		sum = hashed{addMod(mulMod(sum.sum, base), own), sum.count + 1}
	}
	return sum
}

// withoutEnd is b without k elements at one end, fewer than all.
func (w *Edit) withoutEnd(b *block, k int, front bool) *block {
	if k == 0 {
		return b
	}
	b = w.own(b, 0, 0, front)
	cut := b.position(k)
	if !front {
		cut = b.position(int(b.count) - k)
	}
	b.sum = w.hashWithoutEnd(b, cut, k, front)
	if b.count -= int32(k); front {
		b.begin = int32(cut)
	} else {
		b.entries = b.entries[:cut]
	}
	w.tighten(b, front)
	return b
}

// hashWithoutEnd is the hash of what stays of b if k elements at one end go, up to or from a position. It hashes what
// goes or what stays, whichever is less.
func (w *Edit) hashWithoutEnd(b *block, cut, k int, front bool) uint64 {
	begin, end := int(b.begin), len(b.entries)
	switch few := 2*k <= int(b.count); {
	case front && few:
		return w.radix.withoutFirst(b.hash(), w.hashOf(b.entries, begin, cut)).sum
	case front:
		return w.hashOf(b.entries, cut, end).sum
	case few:
		return w.radix.withoutLast(b.hash(), w.hashOf(b.entries, cut, end)).sum
	}
	return w.hashOf(b.entries, begin, cut).sum
}

// tighten gives back memory of a block of this generation that uses less than a quarter.
func (w *Edit) tighten(b *block, front bool) {
	if used := b.size(); used < cap(b.entries)/4 {
		b.move(make([]byte, roomOfBlock(used, 0)), front)
	}
}

// filed is a block that will not grow any more: it gives back the memory that it does not need, if that is much.
func (w *Edit) filed(b *block) *block {
	if used := b.size(); b.begin != alone && b.generation == w.Generation && allocated.Size(used) < cap(b.entries)*7/8 {
		b.move(make([]byte, allocated.Size(used)), false)
	}
	return b
}

// replaced is b with another element in place of element k, as one block or as several. What it gives is new, unless it
// is one block.
func (w *Edit) replaced(b *block, k int, element []byte) []*block {
	if b.begin == alone || len(element) > MaxPackedBytes {
		return w.pressed(w.part(b, 0, k), w.part(b, k+1, int(b.count)), element)
	}
	var buf [maxPackedEntry]byte
	entry := listpack.Append(buf[:0], element)
	from := b.position(k)
	own := w.own(b, max(from+len(entry)-listpack.End(b.entries, from), 0), 0, false)
	if own == nil {
		return w.pressed(w.part(b, 0, k), w.part(b, k+1, int(b.count)), element)
	}
	from = own.position(k)
	var scratch [listpack.MaxNumberBytes]byte
	old := hashElement(w.state, listpack.Element(own.entries, from, &scratch))
	change := subMod(hashElement(w.state, element), old)
	own.sum = addMod(own.sum, mulMod(change, w.radix.power(int(own.count)-1-k)))
	own.splice(from, listpack.End(own.entries, from), entry)
	w.tighten(own, false)
	return []*block{own}
}

// inserted is b with an element before element k, or behind all, as one block or as several. What it gives is new,
// unless it is one block, or has b at the side on which the element is not.
func (w *Edit) inserted(b *block, k int, element []byte) []*block {
	if b.begin == alone || len(element) > MaxPackedBytes {
		return w.pressed(w.part(b, 0, k), w.part(b, k, int(b.count)), element)
	}
	var buf [maxPackedEntry]byte
	entry := listpack.Append(buf[:0], element)
	own := w.own(b, len(entry), 0, false)
	switch {
	case own != nil:
	case k == 0 || k == int(b.count):
		return w.pressed(w.part(b, 0, k), w.part(b, k, int(b.count)), element)
	default:
		middle := b.middle()
		left, right := w.part(b, 0, middle), w.part(b, middle, int(b.count))
		if k <= middle {
			return append(w.inserted(left, k, element), right)
		}
		return append([]*block{left}, w.inserted(right, k-middle, element)...)
	}
	at := own.position(k)
	own.splice(at, at, entry)
	own.count++
	own.sum = w.hashOf(own.entries, int(own.begin), len(own.entries)).sum
	return []*block{own}
}

// splice puts an entry in place of the bytes from one position to another. There is room behind.
func (b *block) splice(from, to int, entry []byte) {
	end := len(b.entries) + len(entry) - (to - from)
	copy(b.entries[from+len(entry):max(end, len(b.entries))], b.entries[to:])
	b.entries = b.entries[:end]
	copy(b.entries[from:], entry)
}

// pressed puts an element between two blocks, each of which may be nil: into one of them if it takes it.
func (w *Edit) pressed(before, behind *block, element []byte) (all []*block) {
	if before != nil {
		if own := w.push(before, element, 0, false); own != nil {
			return compact(own, behind)
		}
	}
	if behind != nil {
		if own := w.push(behind, element, 0, true); own != nil {
			return compact(before, own)
		}
	}
	return compact(before, w.fresh(element, false), behind)
}

// compact leaves out blocks that are nil.
func compact(blocks ...*block) (all []*block) {
	for _, b := range blocks {
		if b != nil {
			all = append(all, b)
		}
	}
	return all
}

// middle is the first element behind the middle of the entries of a block that has several.
func (b *block) middle() (k int) {
	half := int(b.begin) + b.size()/2
	for at := int(b.begin); at < half; k++ {
		at = listpack.End(b.entries, at)
	}
	return min(k, int(b.count)-1)
}

// part is a new block with the elements of b from one on to before another: b if that is all, nil if it is none.
func (w *Edit) part(b *block, from, to int) *block {
	switch {
	case from == to:
		return nil
	case to-from == int(b.count):
		return b
	}
	begin, end := b.position(from), b.position(to)
	own := &block{generation: w.Generation, count: int32(to - from), entries: b.entries[begin:end]}
	own.sum = w.hashOf(own.entries, 0, len(own.entries)).sum
	own.move(make([]byte, roomOfBlock(len(own.entries), 0)), false)
	return own
}

// merged is a block with the elements of two, or nil if they are too much for one.
func (w *Edit) merged(a, b *block) *block {
	if a.begin == alone || b.begin == alone || a.size()+b.size() > maxMergedBytes {
		return nil
	}
	own := w.own(a, b.size(), 0, false)
	if own == nil {
		return nil
	}
	own.sum = w.radix.join(own.hash(), b.hash()).sum
	own.entries = append(own.entries, b.entries[b.begin:]...)
	own.count += b.count
	return own
}

// without is b without some of the elements that are an element, at most so many, and how many it left out. It is nil
// if none is left, and b if none was found. fromEnd says that the last ones go first.
func (w *Edit) without(b *block, gone *wanted, limit int, fromEnd bool) (rest *block, removed int) {
	var places []int
	note := func(k int) bool {
		places = append(places, k)
		return len(places) < limit
	}
	if fromEnd {
		b.findBack(gone, int(b.count), note)
	} else {
		b.find(gone, 0, note)
	}
	switch removed = len(places); {
	case removed == 0:
		return b, 0
	case removed == int(b.count):
		return nil, removed
	}
	if fromEnd {
		slices.Reverse(places)
	}
	own := &block{generation: w.Generation, count: b.count - int32(removed)}
	own.entries = make([]byte, 0, roomOfBlock(b.size(), 0))
	at := int(b.begin)
	for k := 0; at < len(b.entries); k++ {
		end := listpack.End(b.entries, at)
		if len(places) > 0 && places[0] == k {
			places = places[1:]
		} else {
			own.entries = append(own.entries, b.entries[at:end]...)
		}
		at = end
	}
	own.sum = w.hashOf(own.entries, 0, len(own.entries)).sum
	w.tighten(own, false)
	return own, removed
}
