package keyspace

import (
	"bytes"
	"fmt"
	"maps"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
)

const (
	// testSpaceSeed is the hash seed of spaces in tests; any number would do.
	testSpaceSeed = 0x5eed
	// testMaxValueBytes bounds the values of spaces in tests.
	testMaxValueBytes = 512 << 20
)

// single is a state whose keys are in database 0: for tests that are about a tree.
type single struct {
	*Space
	all *State
}

func singleOf(all State) *single { return &single{all.Open(0), &all} }

func (s *single) Advance(index uint64, stamp int64)             { s.all.Advance(index, stamp) }
func (s *single) Settle()                                       { s.all.Settle() }
func (s *single) StateHash() uint64                             { return s.all.StateHash() }
func (s *single) Freeze() Frozen                                { return s.all.Freeze() }
func (s *single) HeldBytes() int                                { return s.all.HeldBytes() }
func (s *single) Due() int64                                    { return s.all.Due() }
func (s *single) EndsBy(stamp int64) bool                       { return s.all.EndsBy(stamp) }
func (s *single) Sweep(limit int, scratch []byte) (int, []byte) { return s.all.Sweep(limit, scratch) }

// emptySpace is a key space before entry 1.
func emptySpace() *single { return singleOf(New(testSpaceSeed, testMaxValueBytes)) }

// appendTo lengthens the string of a key, as APPEND does.
func (s *single) appendTo(key, more []byte) {
	at := s.Place(key)
	old := s.Find(at, key)
	switch {
	case old == nil:
		s.Put(at, key, NewEntry(key, more))
	case len(more) > 0:
		s.Put(at, key, s.Overwritten(old, old.Size(), more))
	}
}

// content is the string of an entry.
func (e *Entry) content() []byte {
	text, _ := e.Text()
	return text.Append(nil)
}

// contents reads an image without the writer of images.
func contents(f *Frozen) map[string]string {
	all := map[string]string{}
	_ = f.walk(func(_ int, r ranked) error {
		all[r.entry.Key()] = string(r.entry.content())
		return nil
	})
	return all
}

// kept is an image and what it must hold.
type kept struct {
	image Frozen
	want  map[string]string
}

// TestTreeEqualsAMapThroughFreezes does random operations on the key space and on a Go map, with up to four images at
// once, and keys that crowd in few slots so that leaves are divided and merged often.
func TestTreeEqualsAMapThroughFreezes(t *testing.T) {
	const steps, distinct = 60_000, 3_000
	r := random(t, 1)
	s := emptySpace()
	model := map[string]string{}
	var images []kept
	for step := range steps {
		key := fmt.Appendf(nil, "{%d}%d", r.IntN(3), r.IntN(distinct))
		shrink := step/10_000%2 == 1 // grow and shrink by turns
		switch n := r.IntN(100); {
		case n == 0 && step%7 == 0:
			images = append(images, kept{s.Freeze(), maps.Clone(model)})
		case n < 30 && !shrink || n < 10:
			s.Set(key, fmt.Appendf(nil, "value %d", step))
			model[string(key)] = fmt.Sprintf("value %d", step)
		case n < 50 && !shrink || n < 20:
			more := bytes.Repeat([]byte{byte('a' + step%26)}, r.IntN(300))
			s.appendTo(key, more)
			model[string(key)] += string(more)
		default:
			_, there := model[string(key)]
			if s.Remove(key) != there {
				t.Fatalf("step %d: removing %s disagrees with the map", step, key)
			}
			delete(model, string(key))
		}
		if !agrees(s, model, string(key)) {
			t.Fatalf("step %d: %s differs", step, key)
		}
		if len(images) == 4 {
			checkKept(t, images[0])
			images = images[1:]
		}
		if step%1000 == 0 {
			s.checkTrees(t)
		}
	}
	images = append(images, kept{s.Freeze(), model})
	for _, f := range images {
		checkKept(t, f)
	}
	s.checkSum(t)
}

// checkTrees checks the trees of all slots: what leads where, and that every entry is where its hash leads.
func (s *Space) checkTrees(t *testing.T) {
	t.Helper()
	for number := range command.Slots {
		slot := s.root.slot(uint16(number))
		if slot.leaf != nil && slot.leaf.ways != 1 {
			t.Fatalf("the leaf of a slot has %d ways", slot.leaf.ways)
		}
		found := s.checkTree(t, slot, topShift, func(uint64) bool { return true })
		if found != s.slotStored(uint16(number)) {
			t.Fatalf("slot %d has %d entries in its tree, and counts %d", number, found, s.slotStored(uint16(number)))
		}
	}
}

// checkTree checks a tree whose hashes must belong to it, and counts its entries.
func (s *Space) checkTree(t *testing.T, at tree, shift int, belongs func(hash uint64) bool) (entries int) {
	t.Helper()
	if at.fork != nil {
		for way := 0; way < fanOut; way = at.fork.next(way) {
			child, end := at.fork.children[way], at.fork.next(way)
			if end-way > 1 && (child.leaf.first(way) != way || at.fork.children[end-1] != child) {
				t.Fatalf("a leaf has %d ways from %d on", end-way, way)
			}
			if child == (tree{}) || child.fork != nil && child.leaf != nil {
				t.Fatalf("a way leads to %+v", child)
			}
			entries += s.checkTree(t, child, shift-levelBits, func(hash uint64) bool {
				there := branch(hash, shift)
				return way <= there && there < end && belongs(hash)
			})
		}
		return entries
	}
	if at.leaf == nil {
		return 0
	}
	if len(at.leaf.entries) > leafEntries {
		t.Fatalf("a leaf has %d entries", len(at.leaf.entries))
	}
	for i := range at.leaf.entries {
		hash := s.Place([]byte(at.leaf.entries[i].Key())).hash
		if !belongs(hash) || at.leaf.tags[i] != tag(hash) {
			t.Fatalf("%q is in a leaf where its hash does not lead", at.leaf.entries[i].Key())
		}
	}
	return len(at.leaf.entries)
}

// TestLeavesAreFilled bounds what a key pays for the leaf that it is in, for any number of keys from a full leaf on,
// and also after most of many keys are gone.
func TestLeavesAreFilled(t *testing.T) {
	const minShare = 0.45 // of a leaf's entries
	s := emptySpace()
	slot := command.Slot([]byte("tag"))
	fill := func() (leaves, room int) {
		var visit func(at tree)
		visit = func(at tree) {
			if at.leaf != nil {
				leaves, room = leaves+1, room+cap(at.leaf.entries)
			}
			for way := 0; at.fork != nil && way < fanOut; way = at.fork.next(way) {
				visit(at.fork.children[way])
			}
		}
		visit(s.root.slot(slot))
		return leaves, room
	}
	check := func(keys int, minShare, maxRoom float64) {
		t.Helper()
		leaves, room := fill()
		share := float64(keys) / float64(leaves*leafEntries)
		if share < minShare || float64(room) > maxRoom*float64(keys) {
			t.Errorf("%d keys are in %d leaves, %.2f of what they hold, with room for %d", keys, leaves, share, room)
		}
	}
	const lastKey = 20_000
	for i := 1; i <= lastKey; i++ {
		s.Set(fmt.Appendf(nil, "{tag}%d", i), nil)
		if i >= 2*leafEntries && i%37 == 0 {
			check(i, minShare, 1.25)
		}
	}
	s.checkTrees(t)
	for i := lastKey; i > lastKey/10; i-- {
		s.Remove(fmt.Appendf(nil, "{tag}%d", i))
	}
	check(lastKey/10, 0.2, 1.75)
	s.checkTrees(t)
}

// A room is what Go's allocator hands out for that many entries, but for less than one entry more.
func TestRoomsFillWhatIsAllocated(t *testing.T) {
	for _, room := range rooms[:len(rooms)-1] { // a leaf has no more than the last
		if got := cap(append([]Entry(nil), make([]Entry, room)...)); got != room {
			t.Errorf("with room for %d there is room for %d", room, got)
		}
	}
	for entries := 1; entries < 200; entries++ {
		if room := roomFor(entries); room < entries || room-entries > roomStep {
			t.Errorf("room for %d is %d", entries, room)
		}
	}
}

func agrees(s *single, model map[string]string, key string) bool {
	want, there := model[key]
	e := s.Get([]byte(key))
	if e == nil {
		return !there
	}
	return there && string(e.content()) == want && e.Size() == len(want)
}

func checkKept(t *testing.T, f kept) {
	t.Helper()
	if got := contents(&f.image); !maps.Equal(got, f.want) {
		t.Fatalf("an image holds %d keys that are not the %d keys of its time", len(got), len(f.want))
	}
	f.image.Release()
}

// checkSum compares count and state hash, kept up with each write, with those of a space made at once.
func (s *single) checkSum(t *testing.T) {
	t.Helper()
	image := s.Freeze()
	fresh := emptySpace()
	_ = image.walk(func(_ int, r ranked) error {
		key := []byte(r.entry.Key())
		e := NewEntry(key, r.entry.content()).Keeping(r.entry)
		e.word = r.entry.version()
		fresh.store(fresh.Place(key), key, &e)
		return nil
	})
	if fresh.keys != s.keys || fresh.sum != s.sum {
		t.Fatalf("%d keys with sum %x, made at once %d with %x", s.keys, s.sum, fresh.keys, fresh.sum)
	}
}

func TestAnEmptiedKeySpaceHoldsNoNodes(t *testing.T) {
	r := random(t, 2)
	s := emptySpace()
	var keys [][]byte
	for i := range 20_000 {
		keys = append(keys, fmt.Appendf(nil, "{%d}%d", i%5, i))
		s.Set(keys[i], []byte("value"))
	}
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		if !s.Remove(key) {
			t.Fatalf("%s is missing", key)
		}
	}
	if s.keys != 0 || s.sum != 0 {
		t.Fatalf("%d keys with sum %x are left", s.keys, s.sum)
	}
	for slot := range command.Slots {
		if left := s.root.slot(uint16(slot)); left != (tree{}) {
			t.Fatalf("slot %d still holds %+v", slot, left)
		}
	}
}

// TestOneSlotOfManyKeysIsDividedEvenly proves the bound on what a write after a freeze copies.
func TestOneSlotOfManyKeysIsDividedEvenly(t *testing.T) {
	s := emptySpace()
	for i := range 100_000 {
		s.Set(fmt.Appendf(nil, "{tag}%d", i), []byte("v"))
	}
	var largest, deepest int
	var visit func(at tree, depth int)
	visit = func(at tree, depth int) {
		deepest = max(deepest, depth)
		if at.leaf != nil {
			largest = max(largest, len(at.leaf.entries))
		}
		if at.fork != nil {
			for way := 0; way < fanOut; way = at.fork.next(way) {
				visit(at.fork.children[way], depth+1)
			}
		}
	}
	visit(s.root.slot(command.Slot([]byte("tag"))), 0)
	if largest > leafEntries || deepest > 6 {
		t.Fatalf("the largest leaf has %d entries, the deepest is at level %d", largest, deepest)
	}
}

// TestKeysOfEqualHashShareALeaf drives a leaf beyond its size, as only equal hashes can.
func TestKeysOfEqualHashShareALeaf(t *testing.T) {
	const many = leafEntries + 40
	var l leaf
	key := func(i int) []byte { return fmt.Appendf(nil, "key %d", i) }
	for i := range many {
		l.insert(7, NewEntry(key(i), []byte("v")), 0)
	}
	for removed := range many {
		for i := range many {
			if at := l.search(Place{hash: 7}, key(i)); (at >= 0) != (i >= removed) {
				t.Fatalf("with %d removed, key %d is at %d", removed, i, at)
			}
		}
		l.delete(l.search(Place{hash: 7}, key(removed)))
		for _, beyond := range l.entries[len(l.entries):cap(l.entries)] {
			if beyond != (Entry{}) {
				t.Fatal("a removed entry is kept alive")
			}
		}
		if count := len(l.entries); count > 0 && cap(l.entries) > roomFor(roomFor(count+1)+1) {
			t.Fatalf("there is room for %d, and there are %d entries", cap(l.entries), count)
		}
	}
	if len(l.entries) != 0 {
		t.Fatalf("%d entries are left", len(l.entries))
	}
}

// TestFullLeafWithoutBitsLeftGrows builds the path of forks down to where the hash has no bits left, and a full
// leaf there, which must grow and not be divided.
func TestFullLeafWithoutBitsLeftGrows(t *testing.T) {
	s := emptySpace()
	key := []byte("key")
	at := s.Place(key)
	link := s.writable(at.slot)
	for shift := topShift; shift >= 0; shift -= levelBits {
		link.fork = &fork{generation: s.generation}
		for way := range fanOut {
			link.fork.lead(way, newLeaf(s.generation, 1, 0))
		}
		link = &link.fork.children[branch(at.hash, shift)]
		link.leaf = nil
	}
	link.leaf = newLeaf(s.generation, 1, 0)
	for i := range leafEntries {
		link.leaf.insert(tag(at.hash), NewEntry(fmt.Appendf(nil, "other %d", i), nil), 0)
	}
	s.Put(at, key, NewEntry(key, []byte("value")))
	if e := s.Find(at, key); e == nil || string(e.content()) != "value" {
		t.Fatal("the entry is not found")
	}
	if !s.Remove(key) || s.Find(at, key) != nil || len(link.leaf.entries) != leafEntries {
		t.Fatal("the entry is not removed")
	}
}
