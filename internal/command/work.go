package command

import "github.com/raftredis/raftredis/internal/number"

// While an entry is applied, all other clients of the node wait, on every node. So a run is cut before it is proposed,
// by an estimate of the work that its writes are. The unit is a byte that is read, hashed, copied or made: a processor
// does about one in a nanosecond. An estimate may be wrong, and differ between nodes: it decides into which entries
// writes are cut, and where a read is executed, and never what any of them does.

// MaxEntryWork is how much work an entry has: some two milliseconds. A call that is more by itself has an entry for
// itself.
const MaxEntryWork = 2 << 20

// MaxPresentWork is how much a read may be that is executed while entries wait for it, or while one is applied. One
// that is more is executed on a frozen state.
const MaxPresentWork = 256 << 10

const (
	// argumentWork is what each argument of a write counts beside its bytes: a key to be found, an element to be put.
	argumentWork = 256
	// chunkWork is what it costs to copy and hash the chunk of a long string in which a byte is changed, and the way to
	// it.
	chunkWork = 8 << 10
)

// Stored tells what this node knows of the values at keys.
type Stored interface {
	// Weigh is how much work it is to go through the value at a key: for a string, its length. An absent key has none.
	Weigh(key []byte) int
}

// StoredKeys tells of a whole state.
type StoredKeys interface {
	Stored
	// Keys is how many keys there are.
	Keys() int
}

// Estimate is about a call.
type Estimate struct {
	// Work is how much the call is.
	Work int
	// Made is the weight of the values that the call leaves at the keys that it changes, where that is more than the
	// length of its arguments.
	Made int
}

// Cost estimates a call of a command whose cost does not follow from its arguments' length alone.
type Cost func(s *Spec, args [][]byte, stored Stored) Estimate

// Estimate estimates a call, whose number of arguments the command accepts. bytes is the length of the arguments.
func (s *Spec) Estimate(args [][]byte, bytes int, stored Stored) Estimate {
	e := Estimate{Work: bytes + argumentWork*len(args)}
	if s.Wraps > 0 {
		inner, within, fault := s.inner(args)
		if fault != NoFault {
			return e
		}
		s, args = inner, within
	}
	if s.Cost == nil || s.Class != Write {
		return e
	}
	own := s.Cost(s, args, stored)
	own.Work += e.Work
	return own
}

// Changed visits the keys of a call that it may change.
func (s *Spec) Changed(args [][]byte, visit func(key []byte)) {
	var few [8]int
	for _, at := range s.Keys(few[:0], args) {
		if s.KeyFlags(at, args)[0] != looksAt[0] {
			visit(args[at])
		}
	}
}

// costOfBitOp is the cost of BITOP operation destination key …, which makes a string as long as the longest.
func costOfBitOp(_ *Spec, args [][]byte, stored Stored) (e Estimate) {
	for _, key := range args[3:] {
		length := stored.Weigh(key)
		e.Work += length
		e.Made = max(e.Made, length)
	}
	e.Work += e.Made
	return e
}

// maxCopied is how much of a value is copied into a reply while the entry is applied: what is longer is left to the
// connection.
const maxCopied = LeftOutBytes

// answersWith is the cost of a write that answers with the value at its first key.
func answersWith(s *Spec, args [][]byte, stored Stored) Estimate {
	return Estimate{Work: min(stored.Weigh(args[s.keys.first]), maxCopied)}
}

// costOfSet is the cost of SET, which reads what is there if its options say so. For the others nothing is looked up: a
// look takes a lock, and SET with EX is as common as SET.
func costOfSet(_ *Spec, args [][]byte, stored Stored) Estimate {
	if !contains(args, 3, "get", "ifeq", "ifne", "ifdeq", "ifdne") {
		return Estimate{}
	}
	return Estimate{Work: stored.Weigh(args[1])}
}

// comparesWith is the cost of a command that may compare the string at its key.
func comparesWith(_ *Spec, args [][]byte, stored Stored) Estimate {
	return Estimate{Work: stored.Weigh(args[1])}
}

// costOfMove is the cost of RENAME and COPY: a long value is shared, and a short one is copied.
func costOfMove(_ *Spec, args [][]byte, stored Stored) Estimate {
	moved := stored.Weigh(args[1])
	return Estimate{Work: min(moved, 2*chunkWork), Made: moved}
}

// reaching is the cost of a change of a string that ends at a byte.
func reaching(key []byte, end int, stored Stored) Estimate {
	length := max(end, stored.Weigh(key))
	return Estimate{Work: min(length, 2*chunkWork), Made: length}
}

// maxReach is above every place in a string: what is there is refused.
const maxReach = 1 << 30

// costOfAppend is the cost of APPEND.
func costOfAppend(_ *Spec, args [][]byte, stored Stored) Estimate {
	there := stored.Weigh(args[1])
	return Estimate{Work: min(there, chunkWork), Made: there + len(args[2])}
}

// costOfSetRange is the cost of SETRANGE key offset part.
func costOfSetRange(_ *Spec, args [][]byte, stored Stored) (e Estimate) {
	if offset, ok := number.Parse(args[2]); ok && offset >= 0 && offset <= maxReach {
		e = reaching(args[1], int(offset)+len(args[3]), stored)
	}
	return e
}

// costOfSetBit is the cost of SETBIT key offset bit.
func costOfSetBit(_ *Spec, args [][]byte, stored Stored) (e Estimate) {
	if offset, ok := number.Parse(args[2]); ok && offset >= 0 && offset/8 <= maxReach {
		e = reaching(args[1], int(offset/8)+1, stored)
	}
	return e
}

// costOfBitField is the cost of BITFIELD, which reaches as far as the farthest field that it writes. Their values are
// as large as clients like: taken for places, they made a transaction look like hundreds of megabytes.
func costOfBitField(_ *Spec, args [][]byte, stored Stored) Estimate {
	var far int64
	for i := 2; i+3 < len(args); {
		if !contains(args[i:i+1], 0, "set", "incrby") {
			i++
			continue
		}
		place, width := args[i+2], int64(1)
		if len(place) > 0 && place[0] == '#' {
			place, width = place[1:], maxFieldBits
		}
		if n, ok := number.Parse(place); ok && n > 0 && n <= 8*maxReach/width {
			far = max(far, n*width)
		}
		i += bitFieldArguments + 1
	}
	e := reaching(args[1], int(far/8)+1, stored)
	e.Work *= max(1, (len(args)-2)/bitFieldArguments)
	return e
}

// maxFieldBits is the largest width of a field of BITFIELD, bitFieldArguments how many arguments one has at least.
const maxFieldBits, bitFieldArguments = 64, 3

// ReadWork estimates a read: its arguments, and what goes through the values at its keys, or through all keys.
func (s *Spec) ReadWork(args [][]byte, stored StoredKeys) int {
	work := argumentWork * len(args)
	switch {
	case s.Cost != nil:
		return work + s.Cost(s, args, stored).Work
	case !s.Linear:
		return work
	case s.keys.first == 0:
		return work + keyWork*stored.Keys()
	}
	var few [8]int
	for _, at := range s.Keys(few[:0], args) {
		work += stored.Weigh(args[at])
	}
	return work
}

// MayBeLong reports whether a read may be more work than MaxPresentWork: without it ReadWork need not be asked.
func (s *Spec) MayBeLong(args [][]byte) bool {
	return s.Linear || s.Cost != nil || len(args) > MaxPresentWork/argumentWork
}

// keyWork is what it costs to look at a key among all.
const keyWork = 128

// costOfScan is the cost of SCAN and its like, which look at as many keys as COUNT says.
func costOfScan(_ *Spec, args [][]byte, _ Stored) (e Estimate) {
	for i := 1; i+1 < len(args); i++ {
		if count, ok := number.Parse(args[i+1]); ok && contains(args[i:i+1], 0, "count") {
			e.Work = keyWork * int(min(max(count, 0), maxScanned))
		}
	}
	return e
}

// maxScanned is more than a scan looks at, whatever its COUNT is.
const maxScanned = 1 << 20
