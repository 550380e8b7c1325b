package fsm

import (
	"slices"
	"testing"
)

// lines is what an index holds, in its order.
func (d *deadlines) lines() (all []dueKey) {
	d.tree.Scan(func(line dueKey) bool {
		all = append(all, line)
		return true
	})
	return all
}

// TestALoadedIndexIsThatOfKeysEnteredOneByOne also where keys share place and deadline, and it goes on like that one.
func TestALoadedIndexIsThatOfKeysEnteredOneByOne(t *testing.T) {
	const keys, time = 20_000, 500
	r := random(t, 4)
	one, all := newDeadlines(), deadlines{}
	var places []place
	var deadline []int64
	for range keys {
		at := place{slot: uint16(r.IntN(3)), hash: r.Uint64N(1000)}
		places, deadline = append(places, at), append(deadline, 1+r.Int64N(1000))
		one.add(at, deadline[len(deadline)-1], 0)
		all.add(at, deadline[len(deadline)-1], 0)
	}
	all.load()
	same := func() {
		t.Helper()
		for _, d := range []*deadlines{&one, &all} {
			d.advance(time)
			d.settle(time)
		}
		if one.shared == 0 || one.shared != all.shared || one.overdue != all.overdue || one.next != all.next ||
			!slices.Equal(one.lines(), all.lines()) || all.unsorted != nil {
			t.Fatalf("loaded: %d shared, %d overdue, next %d; one by one: %d, %d, %d",
				all.shared, all.overdue, all.next, one.shared, one.overdue, one.next)
		}
	}
	same()
	for i := range keys / 2 {
		for _, d := range []*deadlines{&one, &all} {
			d.remove(places[i], deadline[i], time)
			d.add(places[i], deadline[i]+7, time)
		}
	}
	same()
}

// BenchmarkRestoreWithDeadlines restores an image in which every key has a deadline.
func BenchmarkRestoreWithDeadlines(b *testing.B) {
	places, deadline := make([]place, benchKeys), make([]int64, benchKeys)
	r := sequence(1)
	for i := range places {
		places[i] = place{slot: uint16(i * 16384 / benchKeys), hash: r.next()}
		deadline[i] = 1 + int64(r.next()>>40)
	}
	for name, begin := range map[string]func() deadlines{
		"one by one": newDeadlines, "loaded": func() deadlines { return deadlines{} },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d := begin()
				for i := range places {
					d.add(places[i], deadline[i], 0)
				}
				if d.tree == nil {
					d.load()
				}
			}
		})
	}
}
