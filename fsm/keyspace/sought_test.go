package keyspace

import (
	"fmt"
	"testing"
)

// TestFetchFindsPlaces fetches keys that there are, and others, in slots of one leaf and in one with forks.
func TestFetchFindsPlaces(t *testing.T) {
	state := New(1, 1<<20)
	s := state.Open(0)
	key := func(i int) []byte { return fmt.Appendf(nil, []string{"key %d", "{slot}%d"}[i%2], i) }
	const keys = 3000
	for i := range keys {
		s.Set(key(i), fmt.Append(nil, i))
	}
	found := 0
	for begin := 0; begin < 2*keys; begin += 29 {
		var sought []Sought
		for i := range 29 {
			sought = append(sought, Sought{Key: key(begin + i), Space: s})
		}
		Fetch(sought)
		for i := range sought {
			at, want := sought[i].Place, s.Get(key(begin+i))
			if e := s.Find(at, key(begin+i)); e != want {
				t.Fatalf("key %d is %p, want %p", begin+i, e, want)
			}
			if want != nil && at.near > 0 {
				found++
			}
		}
	}
	if found < keys {
		t.Fatalf("%d of %d keys were found by their tags", found, keys)
	}
	Fetch(nil)
	Fetch([]Sought{{Key: []byte("key"), Space: state.Space(7)}})
}

// TestNearProvesNothing looks for keys with every idea of where they may be.
func TestNearProvesNothing(t *testing.T) {
	state := New(1, 1<<20)
	s := state.Open(0)
	for i := range 40 {
		s.Set(fmt.Appendf(nil, "{slot}%d", i), []byte("v"))
	}
	for i := range 50 {
		key := fmt.Appendf(nil, "{slot}%d", i)
		at := s.Place(key)
		want := s.Find(at, key)
		for near := range 256 {
			at.near = uint8(near)
			if s.Find(at, key) != want {
				t.Fatalf("key %d is another one if it is sought at %d", i, near-1)
			}
		}
	}
	at := s.Place([]byte("{slot}0"))
	at.near = 40
	s.Put(at, []byte("{slot}0"), NewEntry([]byte("{slot}0"), []byte("other")))
	if text, _ := s.Get([]byte("{slot}0")).Text(); s.Size() != 40 || string(text.Append(nil)) != "other" {
		t.Fatalf("%d keys, and the value is %q", s.Size(), text.Append(nil))
	}
}
