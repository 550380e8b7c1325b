package keyspace

import (
	"math"
	"math/bits"
	"slices"
	"sort"

	"github.com/tidwall/btree"
)

// deadlines is an index of keys with a deadline: which key to remove next, and how many stored keys are overdue. One
// holds the relative deadlines, by log time, another one the absolute ones, by wall time. It is no part of the state:
// images leave it out, and a restore makes it from the entries.
//
// It has the place of a key and not its name: so it holds no pointers, keeps no old record alive, and does not change
// when a write keeps the deadline, as INCR does. Two keys of one place and deadline, which have equal hashes of 64
// bits, share a line that counts them.
type deadlines struct {
	tree *btree.BTreeG[dueKey]
	// unsorted are the keys that a restore has read so far, while there is no tree. See load.
	unsorted []dueKey
	// shared counts the keys beyond the first of their line.
	shared int
	// overdue counts the stored keys whose deadline the state time has reached.
	overdue int
	// next is the earliest deadline that the state time has not reached, 0 if there is none. It holds between entries.
	next int64
	// sum is that of all deadlines.
	sum sum
}

// sum is a sum of deadlines. It has 128 bits: ten million deadlines of today need 64.
type sum struct{ high, low uint64 }

func (s *sum) add(deadline int64) {
	var carry uint64
	s.low, carry = bits.Add64(s.low, uint64(deadline), 0)
	s.high += carry
}

func (s *sum) subtract(deadline int64) {
	var borrow uint64
	s.low, borrow = bits.Sub64(s.low, uint64(deadline), 0)
	s.high -= borrow
}

// mean is the sum divided by the number of its parts, of which there is one at least.
func (s *sum) mean(parts int) int64 {
	mean, _ := bits.Div64(s.high, s.low, uint64(parts)) // no part exceeds 63 bits, so high is below parts
	return int64(mean)
}

// dueKey is a line of the index; the order of its fields needs the least memory.
type dueKey struct {
	ends int64
	hash uint64
	slot uint16
	// more counts the keys of this place and moment beyond the first.
	more uint32
}

func newDueKey(at Place, ends int64) dueKey {
	return dueKey{ends: ends, hash: at.hash, slot: at.slot}
}

// before orders by moment, then by place: an order of the content alone, the same on every node.
func (d dueKey) before(other dueKey) bool {
	if d.ends != other.ends {
		return d.ends < other.ends
	}
	if d.slot != other.slot {
		return d.slot < other.slot
	}
	return d.hash < other.hash
}

func (d dueKey) compare(other dueKey) int {
	switch {
	case d.before(other):
		return -1
	case other.before(d):
		return 1
	}
	return 0
}

func newDeadlines() deadlines {
	// Readers and the writer exclude each other by the machine's rules, so the tree needs no lock of its own.
	return deadlines{tree: btree.NewBTreeGOptions(dueKey.before, btree.Options{NoLocks: true})}
}

// load makes the tree of the keys that add collected. To sort them and fill the tree from left to right takes a quarter
// of the time of entering them in the order of an image: see BenchmarkRestoreWithDeadlines.
func (d *deadlines) load() {
	lines := d.unsorted
	slices.SortFunc(lines, dueKey.compare)
	*d = newDeadlines()
	for i := 0; i < len(lines); {
		line := lines[i]
		d.sum.add(line.ends)
		for i++; i < len(lines) && lines[i] == lines[i-1]; i++ {
			line.more++
			d.shared++
			d.sum.add(line.ends)
		}
		d.tree.Load(line)
	}
}

// add enters a key.
func (d *deadlines) add(at Place, ends, time int64) {
	line := newDueKey(at, ends)
	if d.tree == nil {
		d.unsorted = append(d.unsorted, line)
		return
	}
	d.sum.add(ends)
	if old, there := d.tree.Set(line); there {
		line.more = old.more + 1
		d.tree.Set(line)
		d.shared++
	}
	if ends <= time {
		d.overdue++
	}
}

// remove takes out a key that was entered.
func (d *deadlines) remove(at Place, ends, time int64) {
	line, there := d.tree.Delete(newDueKey(at, ends))
	if !there {
		panic("keyspace: a key's deadline is not in the index")
	}
	d.sum.subtract(ends)
	if line.more > 0 {
		line.more--
		d.tree.Set(line)
		d.shared--
	}
	if ends <= time {
		d.overdue--
	}
}

// keys is the number of keys.
func (d *deadlines) keys() int { return d.tree.Len() + d.shared }

// meanLeft is the mean of the times from now to the deadlines, 0 if there is none.
func (d *deadlines) meanLeft(now int64) int64 {
	if d.keys() == 0 {
		return 0
	}
	return d.sum.mean(d.keys()) - now
}

// endsBy reports whether a key that is not overdue ends at a time or before.
func (d *deadlines) endsBy(time int64) bool { return d.next != 0 && d.next <= time }

// first is the earliest line.
func (d *deadlines) first() (dueKey, bool) { return d.tree.Min() }

// advance counts the keys that are overdue at a time. It costs the same for any number of keys: a hundred thousand keys
// may have one deadline, and no entry may pay for all of them.
func (d *deadlines) advance(time int64) {
	if first, any := d.first(); !any || first.ends > time {
		d.overdue = 0
		return
	}
	d.overdue = sort.Search(d.tree.Len(), func(i int) bool {
		line, _ := d.tree.GetAt(i)
		return line.ends > time
	})
	if d.shared == 0 {
		return
	}
	d.tree.Scan(func(line dueKey) bool { // as good as never
		if line.ends > time {
			return false
		}
		d.overdue += int(line.more)
		return true
	})
}

// settle finds the next deadline behind a time.
func (d *deadlines) settle(time int64) {
	d.next = 0
	behind := dueKey{ends: time, slot: math.MaxUint16} // no slot has this number
	d.tree.Ascend(behind, func(line dueKey) bool {
		d.next = line.ends
		return false
	})
}
