package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

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
