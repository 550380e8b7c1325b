package keyspace

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

// TestLoadedIndexEqualsOneByOne also where keys share place and deadline, and it goes on like that one.
func TestLoadedIndexEqualsOneByOne(t *testing.T) {
	const keys, time = 20_000, 500
	r := random(t, 4)
	one, all := newDeadlines(), deadlines{}
	var places []Place
	var deadline []int64
	for range keys {
		at := Place{slot: uint16(r.IntN(3)), hash: r.Uint64N(1000)}
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
	const benchKeys = 1 << 20
	places, deadline := make([]Place, benchKeys), make([]int64, benchKeys)
	r := Sequence(1)
	for i := range places {
		places[i] = Place{slot: uint16(i * 16384 / benchKeys), hash: r.Next()}
		deadline[i] = 1 + int64(r.Next()>>40)
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

// TestKeysOfOnePlaceAndDeadlineShareALine drives the index as only equal hashes can.
func TestKeysOfOnePlaceAndDeadlineShareALine(t *testing.T) {
	d := newDeadlines()
	at := Place{slot: 7, hash: 42}
	for range 3 {
		d.add(at, 100, 50)
	}
	d.add(Place{slot: 7, hash: 43}, 100, 50)
	d.add(at, 101, 50)
	if d.tree.Len() != 3 || d.shared != 2 || d.overdue != 0 {
		t.Fatalf("%d lines, %d shared, %d overdue", d.tree.Len(), d.shared, d.overdue)
	}
	if d.advance(99); d.overdue != 0 {
		t.Fatalf("at 99 %d are overdue", d.overdue)
	}
	if d.advance(100); d.overdue != 4 {
		t.Fatalf("at 100 %d are overdue, want 4", d.overdue)
	}
	if d.settle(100); d.next != 101 {
		t.Fatalf("the next after 100 is at %d", d.next)
	}
	for left := 3; left >= 0; left-- {
		if d.overdue != left+1 {
			t.Fatalf("%d are overdue, want %d", d.overdue, left+1)
		}
		if left == 0 {
			at = Place{slot: 7, hash: 43}
		}
		d.remove(at, 100, 100)
	}
	if first, any := d.first(); !any || first.ends != 101 || d.shared != 0 || d.overdue != 0 {
		t.Fatalf("what is left is %+v, %d shared, %d overdue", first, d.shared, d.overdue)
	}
	wantPanicOf(t, func() { d.remove(at, 100, 100) })
}

func wantPanicOf(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	f()
}
