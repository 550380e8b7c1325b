package value

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

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
		check := func() {
			if n := tab.Len(); n%64 < 3 || n%64 > 61 || n%10 == 0 {
				model.check(t, &tab)
			}
		}
		for tab.Len() < entries {
			key := strconv.FormatInt(r.Int64()>>(r.IntN(64))-r.Int64()>>1, 10)
			tab, _ = tab.with([]byte(key), form{}, m)
			model.put(key, "")
			check()
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
			check()
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
