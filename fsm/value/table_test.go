package value

import (
	"bytes"
	"encoding/binary"
	"errors"
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

// A table that grows and shrinks through the bounds of packs, of rows and of an order has the order that follows from
// its contents at each step: by its entries, and by their bytes.
func TestTableHasAnOrderWhileItIsSmall(t *testing.T) {
	for _, h := range []shape{keysOnly, withItems} {
		model := newTableModel(making{h, digest.NewSip(5, 6), 1})
		m := model.making
		var tab table
		check := func() {
			if n := tab.Len(); n%64 < 3 || n%64 > 61 || n%10 == 0 {
				model.check(t, &tab)
			}
		}
		put := func(key, kept string) {
			t.Helper()
			if h == keysOnly {
				kept = ""
			}
			tab, _ = tab.with([]byte(key), keptForm(h, kept, m.state), m)
			model.put(key, kept)
			check()
		}
		remove := func(key string) {
			t.Helper()
			tab, _ = tab.without([]byte(key), m)
			model.remove(key)
			check()
		}
		is := func(want arrangement) {
			t.Helper()
			if got := tab.arrangement(); got != want {
				t.Fatalf("%d entries of %d bytes are in arrangement %d, want %d", tab.Len(), tab.bytes(), got, want)
			}
		}
		name := func(i int) string { return "m" + strconv.Itoa(i*7919%1000) }
		for i := range 512 {
			put(name(i), "1")
		}
		is(inserted)
		put(name(5), "2") // keeps its place
		put(name(512), "1")
		is(byHash)
		for i := range 256 {
			is(byHash)
			remove(name(i))
		}
		is(byHash)
		remove(name(256))
		is(inserted)
		for i := range 256 {
			put(name(i), "1")
		}
		is(inserted)
		for i := range 500 {
			remove(name(i))
		}
		is(inserted)
		for i := range 3 { // one entry of a length that a table with an order has room for, or has not
			room := 128<<10 - model.bytes - 1 + i
			key, long := "", strings.Repeat("x", room-len("\x80\x80\x08")-itemHashBytes)
			if key = long; h == withItems {
				key, long = "k", long[len("\x02k"):]
			}
			put(key, long)
			if want := []arrangement{inserted, inserted, byHash}[i]; tab.arrangement() != want {
				t.Fatalf("%d bytes are in arrangement %d, want %d", tab.bytes(), tab.arrangement(), want)
			}
			remove(key)
			is(inserted)
		}
	}
}

// A set of integers is in their order until a member comes that is none.
func TestSetsOfIntegersAscend(t *testing.T) {
	r := random(t, 31)
	for _, entries := range []int{1, 2, 100, 128, 129, 511, 512, 513} {
		model := newTableModel(making{keysOnly, digest.NewSip(5, 6), 1})
		m := model.making
		var tab table
		for tab.Len() < entries {
			key := strconv.FormatInt(r.Int64()>>(r.IntN(64))-r.Int64()>>1, 10)
			tab, _ = tab.with([]byte(key), form{}, m)
			model.put(key, "")
			model.check(t, &tab)
			m.generation += uint64(r.IntN(2))
		}
		if ascends := tab.arrangement() == ascending; ascends != (entries <= 512) {
			t.Fatalf("%d integers ascend: %v", entries, ascends)
		}
		for _, key := range []string{"1", "-", "0", "-1"} {
			tab, _ = tab.with([]byte(key), form{}, m)
			model.put(key, "")
			model.check(t, &tab)
		}
		for _, key := range slices.Clone(model.keys()) {
			tab, _ = tab.without([]byte(key), m)
			model.remove(key)
			model.check(t, &tab)
		}
	}
}

// Tables with the same entries in different orders differ in image and digest, and so do those that would go on in
// different ways.
func TestTheOrderIsAPartOfTheContents(t *testing.T) {
	m := making{keysOnly, digest.NewSip(5, 6), 1}
	of := func(keys ...string) *table {
		var tab table
		for _, key := range keys {
			if key[0] == '!' {
				tab, _ = tab.without([]byte(key[1:]), m)
			} else {
				tab, _ = tab.with([]byte(key), form{}, m)
			}
		}
		return &tab
	}
	differ := []*table{
		of("a", "b", "c"), of("a", "c", "b"), of("b", "a", "c"), of("b", "c", "a"), of("c", "a", "b"), of("c", "b", "a"),
		of("1", "2", "3"), of("x", "1", "2", "3", "!x"), of("x", "3", "2", "1", "!x"), of("1"), of("x", "1", "!x"),
	}
	for i, tab := range differ {
		for j, other := range differ {
			equal := bytes.Equal(slices.Concat(partsOf(t, tab, keysOnly)...), slices.Concat(partsOf(t, other, keysOnly)...))
			if equal != (i == j) || (tab.digest() == other.digest()) != (i == j) {
				t.Errorf("tables %d and %d: equal images %v, digests %x and %x", i, j, equal, tab.digest(), other.digest())
			}
		}
	}
	for i, ways := range [][2]*table{
		{of("a", "b", "c"), of("a", "x", "b", "y", "c", "!y", "b", "!x")},
		{of("b", "c", "a"), of("a", "b", "c", "!a", "a")},
		{of("1", "2", "3"), of("3", "2", "9", "1", "!9")},
	} {
		if ways[0].digest() != ways[1].digest() || !bytes.Equal(ways[0].packed, ways[1].packed) {
			t.Errorf("%d: two ways to one order make different tables", i)
		}
	}
}

func TestReaderOfTablesGivesWhatWasWritten(t *testing.T) {
	for _, h := range []shape{keysOnly, withItems} {
		r := random(t, 11+uint64(h))
		m := making{h, digest.NewSip(r.Uint64(), r.Uint64()), 1}
		reader := tableReader{shape: h} // one for all, as images have them
		for _, size := range []int{1, 2, 10, 60, 128, 129, 512, 513, 5000} {
			for _, integers := range []bool{false, true} {
				model := newTableModel(m)
				for len(model.kept) < size {
					key := strconv.Itoa(r.IntN(100_000))
					if !integers {
						key = randomText(r) + randomText(r)
					}
					model.put(key, randomKept(r, h))
				}
				tab := model.table()
				parts := partsOf(t, &tab, h)
				again, ok := readTableBy(&reader, parts, m)
				if !ok {
					t.Fatalf("%d entries: refused", size)
				}
				model.check(t, &again)
				again, ok = readTableBy(&reader, cutAnew(r, parts), m)
				if !ok || again.digest() != tab.digest() {
					t.Fatalf("%d entries in other parts: %v", size, ok)
				}
			}
		}
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
	sets := making{keysOnly, m.state, 1}
	good := newTableModel(m)
	for key, kept := range map[string]string{"a": "1", "b": "2", "c": strings.Repeat("x", maxShortBytes+1)} {
		good.put(key, kept)
	}
	tab := good.table()
	parts := partsOf(t, &tab, withItems)
	stream := parts[1]
	a, b := []byte{2, 'a', 2, 'x'}, []byte{2, 'b', 2, 'x'}
	large := newTableModel(m)
	for i := range 600 {
		large.put("k"+strconv.Itoa(i), "")
	}
	first := func(count int, order arrangement) []byte {
		return binary.AppendUvarint(nil, uint64(count)<<2|uint64(order))
	}
	// entries are the first ones of a large table by their hashes, or behind a long one.
	entries := func(count int, long string) (stream []byte) {
		if long != "" {
			stream = append(append(stream, 2, 'l'), binary.AppendUvarint(nil, uint64(2*len(long)))...)
			stream = append(stream, long...)
		}
		for _, key := range large.keys()[:count] {
			stream = append(append(stream, byte(2*len(key))), key...)
			stream = append(stream, 0)
		}
		return stream
	}
	for name, parts := range map[string][][]byte{
		"as written":         parts,
		"in one order":       {first(2, inserted), slices.Concat(a, b)},
		"in the other order": {first(2, inserted), slices.Concat(b, a)},
		"512 in an order":    {first(512, inserted), entries(512, "")},
		"257 by hashes":      {first(257, byHash), entries(257, "")},
	} {
		if _, ok := readTable(parts, m); !ok {
			t.Errorf("%s: refused", name)
		}
	}
	for name, parts := range map[string][][]byte{
		"nothing":               {},
		"no entries":            {first(0, inserted)},
		"count only":            {first(1, inserted)},
		"long count":            {{0x84, 0}, a},
		"more behind the count": {append(first(1, inserted), a...)},
		"no count":              {{0x80}},
		"no arrangement":        {first(2, 3), slices.Concat(a, b)},
		"an entry too few":      {first(3, inserted), slices.Concat(a, b)},
		"an entry too many":     {first(1, inserted), slices.Concat(a, b)},
		"twice":                 {first(2, inserted), slices.Concat(a, a)},
		"twice, not together":   {first(3, inserted), slices.Concat(a, b, a)},
		"twice, late":           {first(400, inserted), entries(399, ""), entries(1, "")},
		"a hash that ascends":   {first(2, ascending), {3, 0, 5, 0}},
		"too many in an order":  {first(513, inserted), entries(513, "")},
		"too long in an order":  {first(2, inserted), entries(1, strings.Repeat("x", 128<<10))},
		"few by hashes":         {first(256, byHash), entries(256, "")},
		"short by hashes":       {first(1, byHash), entries(0, strings.Repeat("x", 60<<10))},
		"cut off":               {parts[0], stream[:len(stream)-1]},
		"integer as text":       {first(1, inserted), {2, '7', 0}},
		"value as text":         {first(1, inserted), {2, 'a', 4, '1', '2'}},
		"long integer":          {first(1, inserted), {0x83, 0, 0}},
		"long length":           {first(1, inserted), {0x82, 0, 'a', 0}},
		"no length":             {first(1, inserted), {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
		"too long":              {first(1, inserted), binary.AppendUvarint(nil, 2*(1<<20+1))},
	} {
		if _, ok := readTable(parts, m); ok {
			t.Errorf("%s: taken", name)
		}
	}
	mixed := slices.Concat(entries(300, "")) // in the order of hashes
	last := entries(301, "")[len(mixed):]
	if _, ok := readTable([][]byte{first(301, byHash), last, mixed}, m); ok {
		t.Error("wrong order of hashes: taken")
	}
	for name, c := range map[string]struct {
		stream []byte
		ok     bool
	}{
		"ascending":   {[]byte{3, 5, 9}, true}, // -1, 1, 2
		"descending":  {[]byte{5, 3, 9}, false},
		"equal":       {[]byte{3, 3, 9}, false},
		"no integer":  {[]byte{3, 5, 2, 'a'}, false},
		"with a text": {slices.Concat([]byte{3, 5}, []byte{38}, []byte("9223372036854775807")), true},
	} {
		if _, ok := readTable([][]byte{first(3, ascending), c.stream}, sets); ok != c.ok {
			t.Errorf("%s: taken %v", name, ok)
		}
	}
}

// FuzzReaderOfTables gives a reader any parts: what it takes has the same image again.
func FuzzReaderOfTables(f *testing.F) {
	for _, h := range []shape{keysOnly, withItems} {
		for _, keys := range [][]string{{"a", "bb", "-7"}, {"-7", "12"}} {
			model := newTableModel(making{h, digest.NewSip(9, 10), 1})
			for _, key := range keys {
				model.put(key, strings.Repeat("x", 300))
			}
			tab := model.table()
			var image []byte
			_ = tab.eachPart(h, make([]byte, 0, MaxPartBytes), func(part []byte) error {
				image = append(image, part...)
				return nil
			})
			f.Add(uint8(h), image, uint8(3))
		}
	}
	f.Add(uint8(keysOnly), []byte{6, 15, 2, 'a'}, uint8(1))
	f.Fuzz(func(t *testing.T, h uint8, data []byte, cut uint8) {
		m := making{shape(h % 2), digest.NewSip(9, 10), 1}
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
