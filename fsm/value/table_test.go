package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
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

// tableOf makes a table of a model.
func tableOf(model map[string]string, m making) table {
	var t table
	for key, kept := range model {
		t, _ = t.with([]byte(key), keptForm(m.shape, kept, m.state), m)
	}
	return t
}

// checkLayout goes through a tree and checks that every leaf has the entries that belong there, in their order.
func checkLayout(t *testing.T, tab *table, m making) {
	t.Helper()
	if is := packFits(tab.Len(), tab.bytes()); is != (tab.trunk == nil) {
		t.Fatalf("%d entries of %d bytes: a pack %v", tab.Len(), tab.bytes(), tab.trunk == nil)
	}
	if tab.trunk == nil {
		checkPack(t, tab.entries(), tab.Len(), m)
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
			checkPack(t, leaf.pack, int(leaf.count), m)
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

func checkPack(t *testing.T, pack []byte, count int, m making) {
	t.Helper()
	var last Item
	n := 0
	m.shape.each(pack, func(key, _ Item) bool {
		if n > 0 {
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

// checkTable compares a table with a model.
func checkTable(t *testing.T, tab *table, model map[string]string, m making) {
	t.Helper()
	checkLayout(t, tab, m)
	if tab.Len() != len(model) {
		t.Fatalf("%d entries, want %d", tab.Len(), len(model))
	}
	number := 0
	tab.each(m.shape, func(key, kept Item) bool {
		text := string(key.Append(nil))
		if want, ok := model[text]; !ok || want != keptText(m.shape, kept) {
			t.Fatalf("%q keeps %q, want %q, %v", text, keptText(m.shape, kept), want, ok)
		}
		if there, _ := tab.at(m.shape, number); !bytes.Equal(there.form, key.form) {
			t.Fatalf("number %d is %q, want %q", number, there.form, key.form)
		}
		number++
		return true
	})
	if number != len(model) {
		t.Fatalf("a walk finds %d entries of %d", number, len(model))
	}
	fresh := tableOf(model, m)
	if fresh.digest() != tab.digest() {
		t.Fatal("the digest depends on the history")
	}
	if !reflect.DeepEqual(partsOf(t, &fresh, m.shape), partsOf(t, tab, m.shape)) {
		t.Fatal("the image depends on the history")
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

// A table is what a map is, whatever the order of writes, and what was frozen stays as it is.
func TestTableIsWhatItsEntriesAre(t *testing.T) {
	for name, h := range shapes {
		t.Run(name, func(t *testing.T) { modelTable(t, random(t, 1+uint64(h)), h) })
	}
}

// frozenTable is a table that a freeze holds, with what it held then.
type frozenTable struct {
	table table
	model map[string]string
}

func modelTable(t *testing.T, r *rand.Rand, h shape) {
	m := making{h, digest.NewSip(r.Uint64(), r.Uint64()), 1}
	var tab table
	model := map[string]string{}
	var frozen []frozenTable
	growing := 0
	for step := range 30_000 {
		if step%3000 == 0 {
			growing = r.IntN(10)
		}
		if r.IntN(2500) == 0 {
			frozen = append(frozen, frozenTable{tab, maps.Clone(model)})
			m.generation++
		}
		key := randomText(r)
		_, had := model[key]
		var existed bool
		if r.IntN(10) <= growing {
			kept := randomKept(r, h)
			tab, existed = tab.with([]byte(key), keptForm(h, kept, m.state), m)
			model[key] = kept
		} else {
			tab, existed = tab.without([]byte(key), m)
			delete(model, key)
		}
		if existed != had || tab.Len() != len(model) {
			t.Fatalf("step %d: %q existed %v, want %v; %d entries, want %d", step, key, existed, had, tab.Len(), len(model))
		}
		probe := randomText(r)
		kept, found := tab.find(h, []byte(probe))
		if want, ok := model[probe]; ok != found || found && keptText(h, kept) != want {
			t.Fatalf("step %d: %q: found %v, want %v", step, probe, found, ok)
		}
		if step%1500 == 0 {
			checkTable(t, &tab, model, m)
		}
	}
	checkTable(t, &tab, model, m)
	for _, f := range frozen {
		checkTable(t, &f.table, f.model, m)
	}
	for key := range model {
		tab, _ = tab.without([]byte(key), m)
		if len(model) < 300 || tab.Len() < 300 {
			checkLayout(t, &tab, m)
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
		m := making{h, digest.NewSip(3, 4), 1}
		var tab table
		model := map[string]string{}
		for round := range 2000 {
			before, had := tab, maps.Clone(model)
			image := bytes.Clone(before.packed)
			oneByOne, e := tab, edit(tab, m)
			for range r.IntN(12) {
				key := randomText(r)
				if r.IntN(3) == 0 {
					oneByOne, _ = oneByOne.without([]byte(key), m)
					e.remove([]byte(key))
					delete(model, key)
				} else {
					kept := randomKept(r, h)
					oneByOne, _ = oneByOne.with([]byte(key), keptForm(h, kept, m.state), m)
					e.put([]byte(key), keptForm(h, kept, m.state))
					model[key] = kept
				}
			}
			tab = e.written()
			if tab.trunk != nil || oneByOne.trunk != nil { // another generation would be needed to compare: begin anew
				checkTable(t, &tab, model, m)
				tab, model = table{}, map[string]string{}
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
			checkTable(t, &tab, model, m)
			checkTable(t, &before, had, m)
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
		checkPack(t, leaf.pack, int(leaf.count), m)
		if leaf.ways != 1 || int(leaf.count) != int(root.counts[way]) {
			t.Fatalf("way %d: %d ways, %d entries", way, leaf.ways, leaf.count)
		}
		total += int(leaf.count)
	}
	if total != entries {
		t.Fatalf("%d entries of %d", total, entries)
	}
}

// A table that shrinks through the bounds of a pack, and grows through them, is a pack exactly below them.
func TestTableIsAPackWhileItFits(t *testing.T) {
	m := making{withItems, digest.NewSip(5, 6), 1}
	var tab table
	model := map[string]string{}
	put := func(key, kept string) {
		tab, _ = tab.with([]byte(key), newForm([]byte(kept), m.state), m)
		model[key] = kept
		checkTable(t, &tab, model, m)
	}
	for i := range maxPackEntries + 1 {
		put(strconv.Itoa(i), "1")
	}
	for i := range 2 {
		tab, _ = tab.without([]byte(strconv.Itoa(i)), m)
		delete(model, strconv.Itoa(i))
		checkTable(t, &tab, model, m)
	}
	if tab.trunk != nil {
		t.Fatal("as many entries as a pack has are a tree")
	}
	room := maxPackBytes - tab.bytes() - len("k")*2
	for _, length := range []int{room - itemHashBytes, room, room + 1, 10 * room, 1, maxShortBytes, 0} {
		put("k", strings.Repeat("x", max(length, 0)))
	}
}

func TestReaderOfTablesGivesWhatWasWritten(t *testing.T) {
	for name, h := range shapes {
		t.Run(name, func(t *testing.T) {
			r := random(t, 11+uint64(h))
			m := making{h, digest.NewSip(r.Uint64(), r.Uint64()), 1}
			reader := tableReader{shape: h} // one for all, as images have them
			for _, size := range []int{1, 2, 10, 60, maxPackEntries, maxPackEntries + 1, 5000} {
				model := map[string]string{}
				for len(model) < size {
					model[randomText(r)+randomText(r)] = randomKept(r, h)
				}
				tab := tableOf(model, m)
				parts := partsOf(t, &tab, h)
				again, ok := readTableBy(&reader, parts, m)
				if !ok {
					t.Fatalf("%d entries: refused", size)
				}
				checkTable(t, &again, model, m)
				again, ok = readTableBy(&reader, cutAnew(r, parts), m)
				if !ok || again.digest() != tab.digest() {
					t.Fatalf("%d entries in other parts: %v", size, ok)
				}
			}
		})
	}
}

// cutAnew cuts the stream behind the first part at other places.
func cutAnew(r *rand.Rand, parts [][]byte) [][]byte {
	stream := slices.Concat(parts[1:]...)
	again := [][]byte{parts[0]}
	for len(stream) > 0 {
		n := min(1+r.IntN(40), len(stream))
		again = append(again, stream[:n])
		stream = stream[n:]
	}
	return again
}

func TestReaderOfTablesRefusesWhatIsNone(t *testing.T) {
	m := making{withItems, digest.NewSip(7, 8), 1}
	good := tableOf(map[string]string{"a": "1", "b": "2", "c": strings.Repeat("x", maxShortBytes+1)}, m)
	parts := partsOf(t, &good, withItems)
	if _, ok := readTable(parts, m); !ok {
		t.Fatal("the image of a table is refused")
	}
	stream := parts[1]
	a, b := []byte{2, 'a', 2, 'x'}, []byte{2, 'b', 2, 'x'}
	first, second := a, b
	if (Item{a[:2]}).hash(m.state) > (Item{b[:2]}).hash(m.state) {
		first, second = b, a
	}
	if _, ok := readTable([][]byte{{2}, slices.Concat(first, second)}, m); !ok {
		t.Fatal("two entries in their order are refused")
	}
	for name, parts := range map[string][][]byte{
		"nothing":               {},
		"no entries":            {{0}},
		"count only":            {{1}},
		"long count":            {{0x81, 0}, first},
		"more behind the count": {append([]byte{1}, first...)},
		"no count":              {{0x80}},
		"an entry too few":      {{3}, slices.Concat(first, second)},
		"an entry too many":     {{1}, slices.Concat(first, second)},
		"wrong order":           {{2}, slices.Concat(second, first)},
		"twice":                 {{2}, slices.Concat(first, first)},
		"cut off":               {parts[0], stream[:len(stream)-1]},
		"integer as text":       {{1}, {2, '7', 0}},
		"value as text":         {{1}, {2, 'a', 4, '1', '2'}},
		"long integer":          {{1}, {0x83, 0, 0}},
		"long length":           {{1}, {0x82, 0, 'a', 0}},
		"no length":             {{1}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
		"too long":              {{1}, binary.AppendUvarint(nil, 2*(1<<20+1))},
	} {
		if _, ok := readTable(parts, m); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

// FuzzReaderOfTables gives a reader any parts: what it takes has the same image again.
func FuzzReaderOfTables(f *testing.F) {
	m := making{withItems, digest.NewSip(9, 10), 1}
	tab := tableOf(map[string]string{"a": "1", "bb": "", "-7": strings.Repeat("x", 300)}, m)
	_ = tab.eachPart(withItems, make([]byte, 0, MaxPartBytes), func(part []byte) error {
		f.Add(uint8(withItems), bytes.Clone(part), uint8(3))
		return nil
	})
	f.Add(uint8(keysOnly), []byte{1, 15, 2, 'a'}, uint8(1))
	f.Add(uint8(withWords), []byte{1, 15, 0, 0, 0, 0, 0, 0, 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, h uint8, data []byte, cut uint8) {
		m := making{shape(h % 3), digest.NewSip(9, 10), 1}
		parts := [][]byte{data[:min(1, len(data))]}
		for rest := data[len(parts[0]):]; len(rest) > 0; {
			n := min(int(cut)+1, len(rest))
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		tab, ok := readTable(parts, m)
		if !ok {
			return
		}
		checkLayout(t, &tab, m)
		if got := slices.Concat(partsOf(t, &tab, m.shape)...); !bytes.Equal(got, data) {
			t.Fatalf("image %x of %x", got, data)
		}
	})
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

var errFull = errors.New("full")

func TestImageOfATableEndsAtAnError(t *testing.T) {
	m := making{keysOnly, digest.NewSip(1, 1), 1}
	var tab table
	for i := range 30_000 {
		tab, _ = tab.with([]byte("element:"+strconv.Itoa(i)), form{}, m)
	}
	for fails := range 3 {
		calls := 0
		err := tab.eachPart(keysOnly, make([]byte, 0, MaxPartBytes), func([]byte) error {
			if calls++; calls > fails {
				return errFull
			}
			return nil
		})
		if !errors.Is(err, errFull) || calls != fails+1 {
			t.Fatalf("%v after %d parts", err, calls)
		}
	}
}
