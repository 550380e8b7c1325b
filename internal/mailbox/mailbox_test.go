package mailbox

import (
	"sync"
	"testing"
)

func TestTakeHandsOverEverythingInOrder(t *testing.T) {
	m := New[int](10)
	for i := range 10 {
		if !m.Put(i, 1) {
			t.Fatalf("item %d refused below the limit", i)
		}
	}
	if m.Put(10, 1) {
		t.Fatal("item above the limit accepted")
	}
	there := m.Len()
	got := m.Take(nil)
	if there != 10 || len(got) != 10 || m.Len() != 0 {
		t.Fatalf("took %d items of %d and left %d, want 10, 10 and 0", len(got), there, m.Len())
	}
	for i, v := range got {
		if v != i {
			t.Fatalf("item %d is %d", i, v)
		}
	}
	if !m.Put(11, 10) {
		t.Fatal("the limit did not come free with the take")
	}
}

func TestOneItemAboveTheLimitPassesAnEmptyMailbox(t *testing.T) {
	m := New[string](4)
	if !m.Put("large", 100) {
		t.Fatal("an empty mailbox refused a large item")
	}
	if m.Put("small", 1) {
		t.Fatal("a full mailbox accepted an item")
	}
	if !m.Force("completion", 1) {
		t.Fatal("a forced item was refused by an open mailbox")
	}
}

// One producer fills the mailbox: each other one has its share all the same, and one item of any cost; no more.
func TestOneProducerKeepsNobodyOut(t *testing.T) {
	const limit, share = 16 * 10, 10
	m := New[int](limit)
	put := func(id uint64, cost int, want bool) {
		t.Helper()
		if got := m.PutOf(id, cost, cost); got != want {
			t.Errorf("producer %d puts %d: %v, want %v", id, cost, got, want)
		}
	}
	put(1, limit, true)
	put(1, 1, false) // it has all of it
	put(2, 1, true)
	put(2, share-1, true)
	put(2, 1, false) // it has its share
	put(3, 2*share, true)
	put(3, 1, false) // its one item was larger than the share
	put(4, share-1, true)
	put(4, 2, false)
	put(4, 1, true)
	m.Take(nil)
	put(1, 1, true)
	put(2, limit-1, true)
	put(1, share-1, true)
	put(1, 1, false)
	m.Close()
	put(5, 1, false)
}

func TestCloseReturnsWhatNobodyTook(t *testing.T) {
	m := New[int](4)
	m.Put(1, 1)
	if left := m.Close(); len(left) != 1 || left[0] != 1 {
		t.Fatalf("close returned %v", left)
	}
	if m.Put(2, 1) || m.Force(3, 1) {
		t.Fatal("a closed mailbox accepted an item")
	}
}

func TestManyProducersLoseNothing(t *testing.T) {
	const producers, each = 8, 1000
	m := New[int](1 << 20)
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for i := range each {
				m.Put(i, 1)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var taken []int
	total := 0
	for total < producers*each {
		<-m.Woken()
		taken = m.Take(taken)
		total += len(taken)
	}
	<-done
	if total != producers*each {
		t.Fatalf("took %d, want %d", total, producers*each)
	}
}
