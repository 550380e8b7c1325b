package command

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

// argumentWork is what each argument of a write counts beside its bytes: a key to be found, an element to be put.
const argumentWork = 256

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

// Audience tells what this node knows of the clients that listen to messages. A Stored may be one.
type Audience interface {
	// Hearing is how much work it is to hand a message to those that listen to its channel.
	Hearing(channel, message []byte, sharded bool) int
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
	if s.Cost == nil || !s.MayWrite(args) {
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
		if s.KeyFlags(at, args)[0] != LooksAt[0] {
			visit(args[at])
		}
	}
}

// ReadWork estimates a read: its arguments, and what goes through the values at its keys, or through all keys.
func (s *Spec) ReadWork(args [][]byte, stored StoredKeys) int {
	work := argumentWork * len(args)
	switch {
	case s.Asks:
		return work
	case s.Cost != nil:
		return work + s.Cost(s, args, stored).Work
	case !s.Linear:
		return work
	case s.keys.first == 0:
		return work + KeyWork*stored.Keys()
	}
	var few [8]int
	for _, at := range s.Keys(few[:0], args) {
		work += stored.Weigh(args[at])
	}
	return work
}

// MayBeLong reports whether a read may be more work than MaxPresentWork: without it ReadWork need not be asked.
func (s *Spec) MayBeLong(args [][]byte) bool {
	return !s.Asks && (s.Linear || s.Cost != nil) || len(args) > MaxPresentWork/argumentWork
}

// KeyWork is what it costs to look at a key among all.
const KeyWork = 128
