package fsm

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
)

// seedVariable names the variable of the environment that makes the random tests explore another seed.
const seedVariable = "FSM_SEED"

// random is a source for a test, of a fixed seed or that of the environment; it prints how to run it again.
func random(t *testing.T, seed uint64) *rand.Rand {
	t.Helper()
	if text := os.Getenv(seedVariable); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
		seed = given
	}
	t.Logf("seed %d; again: %s=%d go test ./fsm -run '^%s$'", seed, seedVariable, seed, t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}

// contents reads an image without the writer of images.
func contents(i *Image) map[string]string {
	all := map[string]string{}
	_ = i.walk(func(r ranked) error {
		all[r.entry.key()] = string(r.entry.appendValue(nil))
		return nil
	})
	return all
}

// frozen is an image and what it must hold.
type frozen struct {
	image *Image
	want  map[string]string
}

// TestTreeEqualsAMapThroughFreezes does random operations on the key space and on a Go map, with up to four images at
// once, and keys that crowd in few slots so that leaves are divided and merged often.
func TestTreeEqualsAMapThroughFreezes(t *testing.T) {
	const steps, distinct = 60_000, 3_000
	r := random(t, 1)
	m := newMachine(t)
	model := map[string]string{}
	var images []frozen
	for step := range steps {
		key := fmt.Appendf(nil, "{%d}%d", r.IntN(3), r.IntN(distinct))
		shrink := step/10_000%2 == 1 // grow and shrink by turns
		switch n := r.IntN(100); {
		case n == 0 && step%7 == 0:
			images = append(images, frozen{m.Freeze(), maps.Clone(model)})
		case n < 30 && !shrink || n < 10:
			m.space.set(key, fmt.Appendf(nil, "value %d", step))
			model[string(key)] = fmt.Sprintf("value %d", step)
		case n < 50 && !shrink || n < 20:
			more := bytes.Repeat([]byte{byte('a' + step%26)}, r.IntN(300))
			do(m, [][]byte{[]byte("append"), key, more})
			model[string(key)] += string(more)
		default:
			_, there := model[string(key)]
			if m.space.remove(key) != there {
				t.Fatalf("step %d: removing %s disagrees with the map", step, key)
			}
			delete(model, string(key))
		}
		if !agrees(m, model, string(key)) {
			t.Fatalf("step %d: %s differs", step, key)
		}
		if len(images) == 4 {
			checkFrozen(t, images[0])
			images = images[1:]
		}
	}
	images = append(images, frozen{m.Freeze(), model})
	for _, f := range images {
		checkFrozen(t, f)
	}
	checkHash(t, m)
}

func agrees(m *Machine, model map[string]string, key string) bool {
	want, there := model[key]
	e := m.space.get([]byte(key))
	if e == nil {
		return !there
	}
	return there && string(e.appendValue(nil)) == want && e.length() == len(want)
}

func checkFrozen(t *testing.T, f frozen) {
	t.Helper()
	if got := contents(f.image); !maps.Equal(got, f.want) {
		t.Fatalf("an image holds %d keys that are not the %d keys of its time", len(got), len(f.want))
	}
	f.image.Release()
}

// checkHash compares count and state hash, kept up with each write, with those of a machine made at once.
func checkHash(t *testing.T, m *Machine) {
	t.Helper()
	image := m.Freeze()
	defer image.Release()
	fresh := newSpace(testSeed)
	_ = image.walk(func(r ranked) error {
		key := []byte(r.entry.key())
		fresh.put(fresh.place(key), key, newEntry(key, r.entry.appendValue(nil)).keeping(r.entry))
		return nil
	})
	if fresh.keys != m.space.keys || fresh.sum != m.space.sum {
		t.Fatalf("%d keys with sum %x, made at once %d with %x", m.space.keys, m.space.sum, fresh.keys, fresh.sum)
	}
}

func TestAnEmptiedKeySpaceHoldsNoNodes(t *testing.T) {
	r := random(t, 2)
	m := newMachine(t)
	var keys [][]byte
	for i := range 20_000 {
		keys = append(keys, fmt.Appendf(nil, "{%d}%d", i%5, i))
		m.space.set(keys[i], []byte("value"))
	}
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		if !m.space.remove(key) {
			t.Fatalf("%s is missing", key)
		}
	}
	if m.space.keys != 0 || m.space.sum != 0 {
		t.Fatalf("%d keys with sum %x are left", m.space.keys, m.space.sum)
	}
	for slot := range command.Slots {
		if left := m.space.root.slot(uint16(slot)); left != (tree{}) {
			t.Fatalf("slot %d still holds %+v", slot, left)
		}
	}
}

// TestOneSlotOfManyKeysIsDividedEvenly proves the bound on what a write after a freeze copies.
func TestOneSlotOfManyKeysIsDividedEvenly(t *testing.T) {
	m := newMachine(t)
	for i := range 100_000 {
		m.space.set(fmt.Appendf(nil, "{tag}%d", i), []byte("v"))
	}
	var largest, deepest int
	var visit func(at tree, depth int)
	visit = func(at tree, depth int) {
		deepest = max(deepest, depth)
		if at.leaf != nil {
			largest = max(largest, len(at.leaf.entries))
		}
		if at.fork != nil {
			for _, child := range at.fork.children {
				visit(child, depth+1)
			}
		}
	}
	visit(m.space.root.slot(command.Slot([]byte("tag"))), 0)
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
		l.insert(7, newEntry(key(i), []byte("v")))
	}
	for removed := range many {
		for i := range many {
			if at := l.search(7, key(i)); (at >= 0) != (i >= removed) {
				t.Fatalf("with %d removed, key %d is at %d", removed, i, at)
			}
		}
		l.delete(l.search(7, key(removed)))
		for _, beyond := range l.entries[len(l.entries):cap(l.entries)] {
			if beyond != (entry{}) {
				t.Fatal("a removed entry is kept alive")
			}
		}
		if room := cap(l.entries) - len(l.entries); room >= 2*leafStep {
			t.Fatalf("there is room for %d more than %d entries", room, len(l.entries))
		}
	}
	if len(l.entries) != 0 {
		t.Fatalf("%d entries are left", len(l.entries))
	}
}

// TestAFullLeafWithoutBitsLeftTakesMore builds the path of forks down to where the hash has no bits left, and a full
// leaf there, which must grow and not be divided.
func TestAFullLeafWithoutBitsLeftTakesMore(t *testing.T) {
	s := newSpace(testSeed)
	key := []byte("key")
	at := s.place(key)
	link := s.writable(at.slot)
	for shift := topShift; shift >= 0; shift -= levelBits {
		link.fork = &fork{generation: s.generation}
		link = &link.fork.children[branch(at.hash, shift)]
	}
	for i := range leafEntries {
		s.ownLeaf(link).insert(tag(at.hash), newEntry(fmt.Appendf(nil, "other %d", i), nil))
	}
	s.put(at, key, newEntry(key, []byte("value")))
	if e := s.find(at, key); e == nil || e.inline() != "value" {
		t.Fatal("the entry is not found")
	}
	if !s.remove(key) || s.find(at, key) != nil || len(link.leaf.entries) != leafEntries {
		t.Fatal("the entry is not removed")
	}
}
