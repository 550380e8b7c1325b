package value

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// drawnSet is a set with members among some, and a model of it. Sometimes it is nil.
func drawnSet(r *rand.Rand, names []string, draws int, m making) (*Set, map[string]string) {
	model := newTableModel(m)
	for range r.IntN(draws + 1) {
		model.put(names[r.IntN(len(names))], "")
	}
	return newSet(model.table()), model.kept
}

// checkCombined compares what a combination visits with the members that are wanted, and the set that is made of that
// with one that is made member by member.
func checkCombined(t *testing.T, what string, sets []*Set, models []map[string]string, m making,
	combine func([]*Set, digest.Sip, func(Item) bool), wanted func(models []map[string]string, name string) bool,
) {
	t.Helper()
	all, want := newTableModel(m), newTableModel(m)
	for _, model := range models {
		for name := range model {
			if wanted(models, name) {
				all.put(name, "")
			}
		}
	}
	keys := all.keysByHash()
	for _, key := range keys {
		want.put(key, "")
	}
	made := NewSetBuilder(m.state, m.generation)
	visited := 0
	combine(sets, m.state, func(member Item) bool {
		made.Add(member)
		visited++
		return true
	})
	if visited != len(keys) {
		t.Fatalf("%s of %d sets: %d members, want %d", what, len(sets), visited, len(keys))
	}
	set := made.Set()
	if visited == 0 {
		if set != nil {
			t.Fatalf("%s: a set without members is %v", what, set)
		}
		return
	}
	want.check(t, &set.elements)
	e := (*Set)(nil).Edit(m.state, m.generation)
	for _, key := range keys {
		e.Add([]byte(key))
	}
	if memory, other := set.MemoryBytes(), e.Set().MemoryBytes(); memory > other+other/4 {
		t.Errorf("%s: %d members take %d bytes, made one by one %d", what, len(keys), memory, other)
	}
	left := 1 + visited/2
	combine(sets, m.state, func(Item) bool { left--; return left > 0 })
	if left != 0 {
		t.Errorf("%s: a visit that wants no more leaves %d", what, left)
	}
}

// What is made of several sets is what the members say, whatever the sets are: absent, packs, trees, some of them many
// times as large as others, with integers and with long members.
func TestCombinationsOfSetsFollowTheirMembers(t *testing.T) {
	r := random(t, 71)
	m := making{keysOnly, digest.NewSip(3, 4), 5}
	names := make([]string, 4000)
	for i := range names {
		switch i % 5 {
		case 0:
			names[i] = fmt.Sprint(i * 7)
		case 1:
			names[i] = strings.Repeat("m", i%700) + fmt.Sprint(i)
		default:
			names[i] = fmt.Sprintf("member%d", i)
		}
	}
	for range 60 {
		sets := make([]*Set, 1+r.IntN(6))
		models := make([]map[string]string, len(sets))
		for i := range sets {
			sets[i], models[i] = drawnSet(r, names[:1+r.IntN(len(names))], []int{0, 3, 40, 300, 6000}[r.IntN(5)], m)
		}
		in := func(models []map[string]string, name string) (count int) {
			for _, model := range models {
				if _, is := model[name]; is {
					count++
				}
			}
			return count
		}
		checkCombined(t, "any", sets, models, m, EachOfAny, func([]map[string]string, string) bool { return true })
		checkCombined(t, "all", sets, models, m, EachOfAll, func(models []map[string]string, name string) bool {
			return in(models, name) == len(models)
		})
		checkCombined(t, "first", sets, models, m, EachOfFirst, func(models []map[string]string, name string) bool {
			return in(models[:1], name) == 1 && in(models[1:], name) == 0
		})
	}
}

// A walk goes through the entries of a table in the order of hashes, and knows the hashes of its keys.
func TestAWalkGoesThroughATable(t *testing.T) {
	m := making{withItems, digest.NewSip(1, 2), 1}
	for _, entries := range []int{0, 1, 2, 60, 128, 129, 1000, 40_000} {
		tab := largeTable(m, entries)
		want := map[string]string{}
		tab.each(withItems, func(key, kept Item) bool {
			want[string(key.form)] = string(kept.form)
			return true
		})
		last := uint64(0)
		for w := tab.walk(withItems, m.state); w.next(); {
			if w.hash != w.key.hash(m.state) || w.hash < last {
				t.Fatalf("the hash of a key is %x behind %x", w.hash, last)
			}
			if last = w.hash; want[string(w.key.form)] != string(w.kept.form) {
				t.Fatalf("%q keeps %q", w.key.form, w.kept.form)
			}
			delete(want, string(w.key.form))
		}
		if len(want) > 0 {
			t.Errorf("a walk through %d entries misses %d", entries, len(want))
		}
	}
}

// A set whose members come in another order than its own would find none of them again.
func TestASetIsBuiltInItsOrder(t *testing.T) {
	m := making{keysOnly, digest.NewSip(1, 2), 1}
	for _, entries := range []int{2, 1000} {
		model := newTableModel(m)
		for i := range entries {
			model.put(strconv.Itoa(i), "")
		}
		keys := model.keysByHash()
		item := func(key string) Item {
			form := newForm([]byte(key), m.state)
			return Item{form.bytes()}
		}
		for name, at := range map[string][]int{"twice": {0, 0}, "back": {entries - 1, 0}} {
			b := NewSetBuilder(m.state, m.generation)
			b.Add(item(keys[at[0]]))
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s, of %d: it was taken", name, entries)
					}
				}()
				b.Add(item(keys[at[1]]))
			}()
		}
	}
}
