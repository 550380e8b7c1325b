package value

import (
	"bytes"
	"cmp"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/number"
)

// tableModel is what a table is to be: a map, and an order while that is its own.
type tableModel struct {
	making
	kept map[string]string
	// order are the keys, unless they are arranged by their hashes.
	order       []string
	arrangement arrangement
	// bytes is how long all entries are in packs.
	bytes int
}

func newTableModel(m making) *tableModel {
	model := &tableModel{making: m, kept: map[string]string{}}
	model.clear()
	return model
}

// clear gives an empty table the order that it begins with.
func (o *tableModel) clear() {
	o.order = nil
	switch {
	case o.shape == keysOnly:
		o.arrangement = ascending
	case o.shape == withItems:
		o.arrangement = inserted
	default:
		o.arrangement = byHash
	}
}

func (o *tableModel) clone() *tableModel {
	model := *o
	model.kept, model.order = maps.Clone(o.kept), slices.Clone(o.order)
	return &model
}

func (o *tableModel) sizeOf(key, kept string) int {
	first, second := newForm([]byte(key), o.state), keptForm(o.shape, kept, o.state)
	return first.size() + second.size()
}

func (o *tableModel) put(key, kept string) {
	before, had := o.kept[key]
	if o.kept[key] = kept; had {
		o.bytes -= o.sizeOf(key, before)
	}
	o.bytes += o.sizeOf(key, kept)
	if !had && o.arrangement != byHash {
		at := len(o.order)
		if o.arrangement == ascending {
			if n, isInteger := number.Parse(key); isInteger {
				at, _ = slices.BinarySearchFunc(o.order, n, func(other string, n int64) int {
					there, _ := number.Parse(other)
					return cmp.Compare(there, n)
				})
			} else {
				o.arrangement = inserted
			}
		}
		o.order = slices.Insert(o.order, at, key)
	}
	o.settle()
}

func (o *tableModel) remove(key string) {
	kept, had := o.kept[key]
	if !had {
		return
	}
	delete(o.kept, key)
	o.bytes -= o.sizeOf(key, kept)
	o.order = slices.DeleteFunc(o.order, func(other string) bool { return other == key })
	if len(o.kept) == 0 {
		o.clear()
		return
	}
	o.settle()
}

// settle takes the order from a table that is too large for one, and gives it one that is small again.
func (o *tableModel) settle() {
	entries := len(o.kept)
	switch {
	case !o.shape.hasOrder():
	case o.arrangement != byHash && (entries > 512 || o.bytes > 128<<10):
		o.arrangement, o.order = byHash, nil
	case o.arrangement == byHash && entries <= 256 && o.bytes <= 64<<10:
		o.arrangement, o.order = inserted, o.keysByHash()
	}
}

// keysByHash are all keys in the order of (hash, form).
func (o *tableModel) keysByHash() []string {
	return slices.SortedFunc(maps.Keys(o.kept), func(x, y string) int {
		first, second := newForm([]byte(x), o.state), newForm([]byte(y), o.state)
		if order := cmp.Compare(first.hash(o.state), second.hash(o.state)); order != 0 {
			return order
		}
		return bytes.Compare(first.bytes(), second.bytes())
	})
}

// keys are all keys in the order of the table.
func (o *tableModel) keys() []string {
	if o.arrangement == byHash {
		return o.keysByHash()
	}
	return o.order
}

// digest is that of the table, as docs/format.md describes it.
func (o *tableModel) digest() (sum uint64) {
	if len(o.kept) == 0 {
		return 0
	}
	if o.shape.hasOrder() {
		sum = uint64(o.arrangement)
	}
	before := uint64(0)
	for i, key := range o.keys() {
		form, kept := newForm([]byte(key), o.state), keptForm(o.shape, o.kept[key], o.state)
		hash := form.hash(o.state)
		sum += o.shape.entryHash(hash, Item{kept.bytes()}, o.state)
		if i > 0 && o.arrangement == inserted {
			sum += o.state.Word(orderDomain).Word(before).Finish(hash)
		}
		before = hash
	}
	return sum
}

// table makes the table of a model by one way that leads there.
func (o *tableModel) table() table {
	arrangement := o.arrangement
	if !o.shape.hasOrder() {
		arrangement = inserted // does not matter
	}
	var b tableBuilder
	b.begin(o.making, arrangement)
	for _, key := range o.keys() {
		form, kept := newForm([]byte(key), o.state), keptForm(o.shape, o.kept[key], o.state)
		b.append(&form, &kept, form.hash(o.state))
	}
	return b.finish()
}

// check compares a table with the model: its layout, its entries and their order, its digest and its image.
func (o *tableModel) check(t *testing.T, tab *table) {
	t.Helper()
	checkLayout(t, tab, o.making)
	if tab.Len() != len(o.kept) || tab.bytes() != o.bytes {
		t.Fatalf("%d entries of %d bytes, want %d of %d", tab.Len(), tab.bytes(), len(o.kept), o.bytes)
	}
	if o.shape.hasOrder() && tab.Len() > 0 && tab.arrangement() != o.arrangement {
		t.Fatalf("%d entries are in arrangement %d, want %d", tab.Len(), tab.arrangement(), o.arrangement)
	}
	keys, number := o.keys(), 0
	tab.each(o.shape, func(key, kept Item) bool {
		text := string(key.Append(nil))
		if number >= len(keys) || text != keys[number] || o.kept[text] != keptText(o.shape, kept) {
			t.Fatalf("entry %d of %d is %q with %q, want %q", number, len(keys), text, keptText(o.shape, kept), keys)
		}
		if there, _ := tab.at(o.shape, number); !bytes.Equal(there.form, key.form) {
			t.Fatalf("number %d is %q, want %q", number, there.form, key.form)
		}
		found, is := tab.find(o.shape, []byte(text))
		if !is || !bytes.Equal(found.form, kept.form) {
			t.Fatalf("%q is not found", text)
		}
		number++
		return true
	})
	if number != len(keys) {
		t.Fatalf("a walk finds %d entries of %d", number, len(keys))
	}
	if tab.digest() != o.digest() {
		t.Fatalf("the digest of %d entries is %x, want %x", number, tab.digest(), o.digest())
	}
	fresh := o.table()
	checkLayout(t, &fresh, o.making)
	if fresh.digest() != tab.digest() {
		t.Fatal("the digest depends on the history")
	}
	if o.shape.hasOrder() && !reflect.DeepEqual(partsOf(t, &fresh, o.shape), partsOf(t, tab, o.shape)) {
		t.Fatal("the image depends on the history")
	}
}
