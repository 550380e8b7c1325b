package value

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// drawnSet is a set with members among some, and a model of it. Sometimes it is nil.
func drawnSet(r *rand.Rand, names []string, draws int, m making) (*Set, map[string]string) {
	model := map[string]string{}
	for range r.IntN(draws + 1) {
		model[names[r.IntN(len(names))]] = ""
	}
	t := tableOf(model, m)
	return newSet(t), model
}

// checkCombined compares what a combination visits with the members that are wanted, and the set that is made of that
// with one that is made member by member.
func checkCombined(t *testing.T, what string, sets []*Set, models []map[string]string, m making,
	combine func([]*Set, digest.Sip, func(Item) bool), wanted func(models []map[string]string, name string) bool,
) {
	t.Helper()
	want := map[string]string{}
	for _, model := range models {
		for name := range model {
			if wanted(models, name) {
				want[name] = ""
			}
		}
	}
	made := NewSetBuilder(m.state, m.generation)
	visited := 0
	combine(sets, m.state, func(member Item) bool {
		made.Add(member)
		visited++
		return true
	})
	if visited != len(want) {
		t.Fatalf("%s of %d sets: %d members, want %d", what, len(sets), visited, len(want))
	}
	set := made.Set()
	if visited == 0 {
		if set != nil {
			t.Fatalf("%s: a set without members is %v", what, set)
		}
		return
	}
	checkTable(t, &set.elements, want, m)
	if other := newSet(tableOf(want, m)); set.Digest() != other.Digest() || set.Size() != other.Size() {
		t.Fatalf("%s: digest %x of %d bytes, want %x of %d", what, set.Digest(), set.Size(), other.Digest(), other.Size())
	}
	if memory, other := set.MemoryBytes(), newSet(tableOf(want, m)).MemoryBytes(); memory > other+other/4 {
		t.Errorf("%s: %d members take %d bytes, made one by one %d", what, len(want), memory, other)
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

// A walk goes through a table as each does, and knows the hashes of its keys.
func TestAWalkGoesThroughATable(t *testing.T) {
	m := making{withItems, digest.NewSip(1, 2), 1}
	for _, entries := range []int{0, 1, 2, 60, 128, 129, 1000, 40_000} {
		tab := largeTable(m, entries)
		var want, got [][]byte
		tab.each(withItems, func(key, kept Item) bool {
			want = append(want, key.form, kept.form)
			return true
		})
		for w := tab.walk(withItems, m.state); w.next(); {
			if got = append(got, w.key.form, w.kept.form); w.hash != w.key.hash(m.state) {
				t.Fatalf("the hash of a key is %x", w.hash)
			}
		}
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("a walk through %d entries finds %d", entries, len(got)/2)
		}
	}
}

// A set whose members come in another order than its own would find none of them again.
func TestASetIsBuiltInItsOrder(t *testing.T) {
	m := making{keysOnly, digest.NewSip(1, 2), 1}
	for _, entries := range []int{2, 1000} {
		from := newSet(largeTable(m, entries))
		for name, at := range map[string][]int{"twice": {0, 0}, "back": {entries - 1, 0}} {
			b := NewSetBuilder(m.state, m.generation)
			b.Add(from.At(at[0]))
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s, of %d: it was taken", name, entries)
					}
				}()
				b.Add(from.At(at[1]))
			}()
		}
	}
}
