package value

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// keptForm is what a table of a shape keeps: a string, eight bytes, or nothing.
func keptForm(h shape, kept string, s digest.Sip) form {
	switch h {
	case withItems:
		return newForm([]byte(kept), s)
	case withWords:
		return wordForm(digest.WordAt(kept))
	}
	return form{}
}

// keptText is what a test says that a table keeps.
func keptText(h shape, kept Item) string {
	if h == withItems {
		return string(kept.Append(nil))
	}
	return string(kept.form)
}

// checkLayout checks that a table is what it may be with its entries, and goes through it: every leaf of a tree has the
// entries that belong there, in their order.
func checkLayout(t *testing.T, tab *table, m making) {
	t.Helper()
	entries, bytes := tab.Len(), tab.bytes()
	isPack, isRow := tab.trunk == nil, tab.trunk != nil && tab.trunk.row != nil
	var mustBePack, mayBePack, mustBeOrdered, mayBeOrdered bool
	if m.shape.hasOrder() {
		mustBePack, mayBePack = entries <= 64 && bytes <= 512, entries <= 128 && bytes <= 1024
		mustBeOrdered, mayBeOrdered = entries <= 256 && bytes <= 64<<10, entries <= 512 && bytes <= 128<<10
	} else {
		mayBePack = entries <= 128 && bytes <= 1024
		mustBePack, mustBeOrdered, mayBeOrdered = mayBePack, mayBePack, mayBePack
	}
	if isPack && !mayBePack || !isPack && mustBePack || (isPack || isRow) && !mayBeOrdered ||
		!isPack && !isRow && mustBeOrdered {
		t.Fatalf("%d entries of %d bytes: a pack %v, a row %v", entries, bytes, isPack, isRow)
	}
	switch {
	case isPack:
		checkPack(t, tab.entries(), entries, m, m.shape.hasOrder())
		return
	case isRow:
		checkRow(t, tab, m)
		return
	}
	if count, size := checkFork(t, tab.trunk.root, 0, topWayShift, m); count != tab.Len() || size != tab.bytes() {
		t.Fatalf("a tree has %d entries of %d bytes, and says %d of %d", count, size, tab.Len(), tab.bytes())
	}
}

func checkFork(t *testing.T, f *tableFork, prefix uint64, shift int, m making) (count, size int) {
	t.Helper()
	for way := 0; way < ways; way++ {
		node := f.next[way]
		before := count
		if node.fork != nil {
			below, bytes := checkFork(t, node.fork, prefix|uint64(way)<<shift, shift-wayBits, m)
			count, size = count+below, size+bytes
		} else {
			leaf := node.leaf
			if leaf.first(way) != way {
				t.Fatalf("a leaf of %d ways begins at way %d", leaf.ways, way)
			}
			checkPack(t, leaf.pack, int(leaf.count), m, false)
			if !leafFits(int(leaf.count), len(leaf.pack)) {
				t.Fatalf("a leaf has %d entries of %d bytes", leaf.count, len(leaf.pack))
			}
			last := way + int(leaf.ways) - 1
			m.shape.each(leaf.pack, func(key, _ Item) bool {
				hash := key.hash(m.state)
				strays := shift < topWayShift && hash>>(shift+wayBits) != prefix>>(shift+wayBits)
				if at := wayOf(hash, shift); at < way || at > last || strays {
					t.Fatalf("hash %016x is at way %d of %016x, shift %d", hash, way, prefix, shift)
				}
				return true
			})
			count, size = count+int(leaf.count), size+len(leaf.pack)
			for i := way; i <= last; i++ {
				if f.next[i].leaf != leaf || i > way && f.counts[i] != 0 {
					t.Fatalf("way %d does not lead to the leaf of way %d", i, way)
				}
			}
			way = last
		}
		first := way
		if node.leaf != nil {
			first = node.leaf.first(way)
		}
		if int(f.counts[first]) != count-before {
			t.Fatalf("way %d counts %d entries, and has %d", first, f.counts[first], count-before)
		}
	}
	return count, size
}

// checkRow goes through a row.
func checkRow(t *testing.T, tab *table, m making) {
	t.Helper()
	row := tab.trunk.row
	count, size := 0, 0
	var tags []byte
	for i := range row.leaves {
		leaf := &row.leaves[i]
		if leaf.count == 0 || !leafFits(int(leaf.count), len(leaf.pack)) {
			t.Fatalf("a leaf has %d entries of %d bytes", leaf.count, len(leaf.pack))
		}
		checkPack(t, leaf.pack, int(leaf.count), m, true)
		m.shape.each(leaf.pack, func(key, _ Item) bool {
			tags = append(tags, tagOf(key.hash(m.state)))
			return true
		})
		count, size = count+int(leaf.count), size+len(leaf.pack)
	}
	if count != tab.Len() || size != tab.bytes() || !bytes.Equal(tags, row.tags) {
		t.Fatalf("a row has %d entries of %d bytes, and says %d of %d", count, size, tab.Len(), tab.bytes())
	}
}

// checkPack checks the number of entries and, unless they have an order of their own, that they are in that of hashes.
func checkPack(t *testing.T, pack []byte, count int, m making, isOrdered bool) {
	t.Helper()
	var last Item
	n := 0
	m.shape.each(pack, func(key, _ Item) bool {
		if n > 0 && !isOrdered {
			before, here := last.hash(m.state), key.hash(m.state)
			if before > here || before == here && bytes.Compare(last.form, key.form) >= 0 {
				t.Fatal("a pack is not in order")
			}
		}
		last, n = key, n+1
		return true
	})
	if n != count {
		t.Fatalf("a pack has %d entries, and says %d", n, count)
	}
}

// partsOf are the parts of the image of a table, nil for an empty one.
func partsOf(t *testing.T, tab *table, h shape) [][]byte {
	t.Helper()
	if tab.Len() == 0 {
		return nil
	}
	return collectParts(t, func(buf []byte, emit func(part []byte) error) error { return tab.eachPart(h, buf, emit) })
}

// readTable makes a table of parts.
func readTable(parts [][]byte, m making) (table, bool) {
	r := tableReader{shape: m.shape}
	return readTableBy(&r, parts, m)
}

func readTableBy(r *tableReader, parts [][]byte, m making) (table, bool) {
	for _, part := range parts {
		if !r.add(part, 1<<20, m.state, m.generation) {
			return table{}, false
		}
	}
	return r.finish()
}

// randomText is a string that is short, a number, long or at an edge between these.
func randomText(r *rand.Rand) string {
	switch r.IntN(12) {
	case 0:
		edges := []int64{
			0, -1, minPackedInteger, minPackedInteger - 1, maxPackedInteger, maxPackedInteger + 1, math.MinInt64,
			math.MaxInt64, 31, 32, -32, -33,
		}
		return strconv.FormatInt(edges[r.IntN(len(edges))], 10)
	case 1:
		return []string{"", "-", "-0", "00", "01", "+1", "9223372036854775808", " 1", "1 "}[r.IntN(9)]
	case 2:
		lengths := []int{63, 64, 65, maxShortBytes - 1, maxShortBytes, maxShortBytes + 1}
		return strings.Repeat(string(rune('a'+r.IntN(26))), lengths[r.IntN(len(lengths))])
	case 3, 4, 5, 6:
		return strconv.Itoa(r.IntN(5000) - 1000)
	}
	return fmt.Sprintf("element:%d", r.IntN(3000))
}

func randomKept(r *rand.Rand, h shape) string {
	switch h {
	case withItems:
		if r.IntN(300) == 0 {
			return strings.Repeat("long", r.IntN(4000))
		}
		return randomText(r)
	case withWords:
		return string(binary.LittleEndian.AppendUint64(nil, r.Uint64()>>r.IntN(64)))
	}
	return ""
}

var shapes = map[string]shape{"keys": keysOnly, "items": withItems, "words": withWords}

// A table is what its model is, whatever the writes were, and what was frozen stays as it is.
func TestTableIsWhatItsEntriesAre(t *testing.T) {
	for name, h := range shapes {
		t.Run(name, func(t *testing.T) { modelTable(t, random(t, 1+uint64(h)), h) })
	}
}

// frozenTable is a table that a freeze holds, with what it held then.
type frozenTable struct {
	table table
	model *tableModel
}

func modelTable(t *testing.T, r *rand.Rand, h shape) {
	model := newTableModel(making{h, digest.NewSip(r.Uint64(), r.Uint64()), 1})
	var tab table
	var frozen []frozenTable
	growing := 0
	for step := range 30_000 {
		if step%3000 == 0 {
			growing = r.IntN(10)
		}
		if r.IntN(2500) == 0 {
			frozen = append(frozen, frozenTable{tab, model.clone()})
			model.generation++
		}
		key := randomText(r)
		_, had := model.kept[key]
		var existed bool
		if r.IntN(10) <= growing {
			kept := randomKept(r, h)
			tab, existed = tab.with([]byte(key), keptForm(h, kept, model.state), model.making)
			model.put(key, kept)
		} else {
			tab, existed = tab.without([]byte(key), model.making)
			model.remove(key)
		}
		if existed != had || tab.Len() != len(model.kept) {
			t.Fatalf("step %d: %q existed %v, want %v; %d entries, want %d",
				step, key, existed, had, tab.Len(), len(model.kept))
		}
		probe := randomText(r)
		kept, found := tab.find(h, []byte(probe))
		if want, ok := model.kept[probe]; ok != found || found && keptText(h, kept) != want {
			t.Fatalf("step %d: %q: found %v, want %v", step, probe, found, ok)
		}
		if step%1500 == 0 || step%200 == 0 && tab.Len() < 600 {
			model.check(t, &tab)
		}
	}
	model.check(t, &tab)
	for _, f := range frozen {
		f.model.check(t, &f.table)
	}
	for _, key := range slices.Sorted(maps.Keys(model.kept)) {
		tab, _ = tab.without([]byte(key), model.making)
		model.remove(key)
		if tab.Len() < 300 {
			model.check(t, &tab)
		}
	}
	if tab.Len() != 0 || tab.packed != nil || tab.trunk != nil || tab.digest() != 0 {
		t.Fatal("a table without entries is not the empty one")
	}
}

// Several changes in one edit make the table that they make one by one, and leave the one before as it was: a pack is
// changed in place only where the edit has made it. What is written takes no more memory than it needs.
func TestChangesInOneEditAreThoseOneByOne(t *testing.T) {
	for _, h := range []shape{keysOnly, withItems, withWords} {
		r := random(t, 21)
		model := newTableModel(making{h, digest.NewSip(3, 4), 1})
		m := model.making
		var tab table
		for round := range 2000 {
			before, had := tab, model.clone()
			image := bytes.Clone(before.packed)
			oneByOne, e := tab, edit(tab, m)
			for range r.IntN(12) {
				key := randomText(r)
				if r.IntN(3) == 0 {
					oneByOne, _ = oneByOne.without([]byte(key), m)
					e.remove([]byte(key))
					model.remove(key)
				} else {
					kept := randomKept(r, h)
					oneByOne, _ = oneByOne.with([]byte(key), keptForm(h, kept, m.state), m)
					e.put([]byte(key), keptForm(h, kept, m.state))
					model.put(key, kept)
				}
			}
			tab = e.written()
			if tab.trunk != nil || oneByOne.trunk != nil { // another generation would be needed to compare: begin anew
				model.check(t, &tab)
				tab, model = table{}, newTableModel(m)
				continue
			}
			if !bytes.Equal(tab.packed, oneByOne.packed) {
				t.Fatalf("round %d: the pack is another one", round)
			}
			if allocated.Size(cap(tab.packed)) > allocated.Size(len(tab.packed)) {
				t.Fatalf("round %d: a pack of %d bytes has room for %d", round, len(tab.packed), cap(tab.packed))
			}
			if before.trunk == nil && !bytes.Equal(before.packed, image) {
				t.Fatalf("round %d: the pack before has changed", round)
			}
			model.check(t, &tab)
			had.check(t, &before)
		}
	}
}

// At a depth where no bits of the hash are left, a leaf takes any number of entries.
func TestTableTakesEqualHashes(t *testing.T) {
	m := making{keysOnly, digest.NewSip(3, 4), 1}
	seed := m.state
	root := &tableFork{generation: 1}
	for way := range ways {
		root.lead(way, &tableLeaf{generation: 1, ways: 1})
	}
	e := tableEdit{table: table{trunk: &trunk{root: root, seed: &seed}}, making: m, owned: true}
	const entries = 1000
	for i := range entries {
		key, kept := newForm(strconv.AppendInt(nil, int64(i), 10), m.state), form{}
		way, f := wayOf(key.hash(m.state), 0), e.trunk.root // as if 15 forks were above
		for !e.putInLeaf(f, way, 0, &key, &kept, key.hash(m.state), false, maybeNew) {
		}
	}
	total := 0
	for way := range ways {
		leaf := root.next[way].leaf
		checkPack(t, leaf.pack, int(leaf.count), m, false)
		if leaf.ways != 1 || int(leaf.count) != int(root.counts[way]) {
			t.Fatalf("way %d: %d ways, %d entries", way, leaf.ways, leaf.count)
		}
		total += int(leaf.count)
	}
	if total != entries {
		t.Fatalf("%d entries of %d", total, entries)
	}
}

func TestScanOfATableShowsWhatStays(t *testing.T) {
	r := random(t, 21)
	m := making{keysOnly, digest.NewSip(r.Uint64(), r.Uint64()), 1}
	var tab table
	for i := range 3000 {
		tab, _ = tab.with(strconv.AppendInt(nil, int64(i), 10), form{}, m)
	}
	seen := map[string]int{}
	next := Position(0)
	for calls := 0; calls == 0 || next != 0; calls++ {
		left, last := 10, Position(0)
		from := next
		next = 0
		tab.scan(keysOnly, from, func(at Position, key, _ Item) bool {
			if at < from {
				t.Fatalf("position %d behind %d", at, from)
			}
			if left <= 0 && at != last {
				next = at
				return false
			}
			left, last = left-1, at
			seen[string(key.Append(nil))]++
			return true
		})
		for range 5 { // what is above 2000 comes and goes
			key := strconv.AppendInt(nil, int64(2000+r.IntN(3000)), 10)
			if r.IntN(3) == 0 {
				tab, _ = tab.with(key, form{}, m)
			} else {
				tab, _ = tab.without(key, m)
			}
		}
		if calls > 10_000 {
			t.Fatal("a scan does not end")
		}
	}
	for i := range 2000 {
		if n := seen[strconv.Itoa(i)]; n != 1 {
			t.Fatalf("%d was shown %d times", i, n)
		}
	}
	tab.scan(keysOnly, maxPosition+1, func(Position, Item, Item) bool {
		t.Fatal("there is something behind the end")
		return false
	})
}
